"""The k best items of every row of scores, without seen items and items that are not allowed.

First a lower bound is found: the k-th largest of the maxima of G disjoint groups of items is at most the k-th score of all.
With G not much more than k, few more than k items reach it, and only these are sorted. Everything else is loops without
branches over integers that are ordered like the scores, which the processor vectorises.
"""

import numba
import numpy as np

from konomi.arrays import F32, I32, I64, Bools
from konomi.runtime import blocks, workers

ROWS = 64  # rows of one task
GROUPS = 256  # groups of items, at least
FEW = 512  # up to so many items are sorted by counting the better ones of each
NEVER = np.int32(-(2**31))  # below every score: an item that must not be returned


def topk(scores: F32, k: int, indptr: I64, seen: I32, allowed: Bools, threads: int = 1) -> tuple[I32, F32]:
    """The k highest scores of every row, best first; equal scores in ascending order of item.

    scores f32[B, I]; indptr i64[B+1] and seen i32[N]: row b must not get the items seen[indptr[b]:indptr[b+1]], in any order;
    allowed bool[I]. A NaN score is never returned. Returns items i32[B, k], padded with −1, and their scores f32[B, k], padded
    with NaN; the same at any number of threads. ValueError for scores of another shape.
    """
    if scores.shape != (len(indptr) - 1, len(allowed)):
        raise ValueError(f"scores of shape {scores.shape} for {len(indptr) - 1} profiles and {len(allowed)} items")
    items = np.full((len(scores), k), -1, np.int32)
    best = np.full((len(scores), k), np.nan, np.float32)
    if k > 0:
        offset = np.where(allowed, np.float32(0), np.float32(np.nan))
        with workers(threads) as each:
            each(lambda rows: _topk_rows(scores, *rows, indptr, seen, offset, items, best), blocks(len(scores), ROWS))
    return items, best


@numba.njit(nogil=True, cache=True)
def groups(k):
    """The number of groups for the bound of the k-th best: 2.5 k or more, so that few more than k items reach it."""
    return max(GROUPS, (5 * k // 2 // 64 + 1) * 64)


@numba.njit(nogil=True, cache=True)
def _topk_rows(scores, start, stop, indptr, seen, offset, items, best):
    """Rows start to stop of `topk`, into items and best; offset f32[I] is NaN where an item is not allowed, else 0."""
    n_items, k = scores.shape[1], items.shape[1]
    value, found, at = np.empty(n_items, np.int32), np.empty(n_items, np.int32), np.empty(n_items, np.int32)
    highest, key = np.empty(groups(k), np.int32), np.empty(n_items, np.int64)
    for b in range(start, stop):
        sortable(scores[b], offset, value)
        for n in range(indptr[b], indptr[b + 1]):
            value[seen[n]] = NEVER
        size = collect(value, bound(value, k, highest), 0, found, at)
        if size > FEW:
            size = best_only(found, at, size, k)
        put_in_order(found, at, size, key, items[b])
        for place in range(min(size, k)):
            best[b, place] = scores[b, items[b, place]]


@numba.njit(nogil=True, cache=True)
def sortable(scores, offset, value):
    """value i32[I]: integers in the order of scores f32[I] + offset f32[I], equal where these are equal; `NEVER` for NaN."""
    for i in range(len(scores)):
        score = scores[i] + offset[i]
        bits = np.float32(score).view(np.int32)  # for negative numbers larger bits mean a lower number
        value[i] = np.int32(bits ^ ((bits >> 31) & 0x7FFFFFFF)) if score == score else NEVER


@numba.njit(nogil=True, cache=True)
def bound(value, k, highest):
    """A value that at least k of value i32[I] reach, or the least above `NEVER`; highest i32[G] is a scratch array."""
    size = len(highest)
    highest[:] = NEVER
    if len(value) < 2 * size:
        return np.int32(NEVER + 1)
    for start in range(0, len(value), size):
        block = value[start : start + size]
        for g in range(len(block)):
            highest[g] = max(highest[g], block[g])
    return max(kth(highest, size, k), np.int32(NEVER + 1))


@numba.njit(nogil=True, cache=True)
def kth(value, size, k):
    """The k-th highest of value[:size] (i32), by halving the range of integers; `NEVER` where there are fewer than k."""
    low, high = np.int64(NEVER), np.int64(2**31)  # at least k values reach low, fewer than k reach high
    block = value[:size]
    while high - low > 1:
        middle = np.int32((low + high) >> 1)
        reach = np.int32(0)
        for n in range(len(block)):
            reach += np.int32(block[n] >= middle)
        if reach >= k:
            low = np.int64(middle)
        else:
            high = np.int64(middle)
    return np.int32(low)


@numba.njit(nogil=True, cache=True)
def collect(value, least, size, found, at):
    """Append the values that reach `least` to found[:size] and their places to at[:size]; returns the new size."""
    for i in range(len(value)):
        if value[i] >= least:
            found[size], at[size] = value[i], i
            size += 1
    return size


@numba.njit(nogil=True, cache=True)
def best_only(found, at, size, k):
    """Keep only the k highest of found[:size] and their at, of equal ones the first; returns the new size. at is ascending."""
    if size <= k:
        return size
    least = kth(found, size, k)
    equal = k
    for n in range(size):
        equal -= found[n] > least
    kept = 0
    for n in range(size):
        if found[n] > least or (found[n] == least and equal > 0):
            equal -= found[n] == least
            found[kept], at[kept] = found[n], at[n]
            kept += 1
    return kept


@numba.njit(nogil=True, cache=True)
def put_in_order(found, at, size, key, items):
    """Write the at of the highest found[:size] to items i32[k], best first, equal ones in ascending order of at."""
    k = len(items)
    some = key[:size]
    for n in range(size):
        some[n] = (np.int64(found[n]) << 32) | (0x7FFFFFFF - at[n])
    if size > FEW:
        some.sort()
        for place in range(min(size, k)):
            items[place] = 0x7FFFFFFF - (some[size - 1 - place] & 0xFFFFFFFF)
    else:
        for n in range(size):
            better = np.int64(0)
            for other in range(size):
                better += np.int64(some[other] > some[n])
            if better < k:
                items[better] = at[n]


def best_of(scores: F32, k: int) -> tuple[I32, F32]:
    """The k best by scores f32[B, I], NaN = not offered."""
    nothing = np.zeros(len(scores) + 1, np.int64), np.empty(0, np.int32)
    return topk(scores, k, *nothing, np.ones(scores.shape[1], np.bool_))
