"""Entries in any order → compressed rows, sorted by user and item. Linear in the entries but for sorting each user's entries.

The caller allocates arrays as long as the entries: NumPy uses large pages, Numba does not, and touching a hundred megabytes for
the first time takes longer than filling them. For the same reason an empty `order` stands for the order of the entries
themselves.
"""

import numba
import numpy as np


@numba.njit(nogil=True, cache=True)
def is_sorted(key):
    """Whether no value is smaller than the one before it."""
    for k in range(1, len(key)):
        if key[k] < key[k - 1]:
            return False
    return True


@numba.njit(nogil=True, cache=True)
def stable_order(key, n, order, out):
    """The entries of `order` (i32[N]) sorted by key[entry] (i32[N], in [0, n)), into out; equal keys stay in their order."""
    start = np.zeros(n + 1, np.int64)
    for k in key:
        start[k + 1] += 1
    for k in range(n):
        start[k + 1] += start[k]
    for entry in order:
        k = key[entry]
        out[start[k]] = entry
        start[k] += 1


@numba.njit(nogil=True, cache=True)
def mark_last(user, item, order, n_items, last):
    """Mark in last (bool[N], by entry) the last entries of each (user, item) in `order`, which is sorted by user."""
    owner = np.full(n_items, -1, np.int32)  # the user of the item's latest entry, going backwards
    for k in range(len(user) - 1, -1, -1):
        entry = order[k] if len(order) else k
        last[entry] = owner[item[entry]] != user[entry]
        owner[item[entry]] = user[entry]


@numba.njit(nogil=True, cache=True)
def count_marked(key, n, marked):
    """How many marked entries each key has: i64[n] from key i32[N] and marked bool[N]."""
    count = np.zeros(n, np.int64)
    for entry in range(len(key)):
        count[key[entry]] += marked[entry]
    return count


@numba.njit(nogil=True, cache=True)
def unmark_others(user, item, keep_user, keep_item, marked):
    """Unmark, in place, every entry whose user or item is not kept; returns how many were unmarked for (item, user)."""
    by_item, by_user = 0, 0
    for entry in range(len(user)):
        if marked[entry]:
            if not keep_item[item[entry]]:
                by_item += 1
                marked[entry] = False
            elif not keep_user[user[entry]]:
                by_user += 1
                marked[entry] = False
    return by_item, by_user


@numba.njit(nogil=True, cache=True)
def marked_only(order, marked, out):
    """The n entries of `order` that are marked, in order, into out (i32[n])."""
    n = 0
    for k in range(len(marked)):
        entry = order[k] if len(order) else k
        if marked[entry]:
            out[n] = entry
            n += 1


@numba.njit(nogil=True, cache=True)
def gather(values, order, out):
    """out[k] = values[order[k]]."""
    for k in range(len(order)):
        out[k] = values[order[k]]


@numba.njit(nogil=True, cache=True)
def sort_rows(indptr, item, order, start, stop):
    """Sort the entries of rows start to stop in `order` by item, in place; no row has an item twice."""
    for row in range(start, stop):
        entries = order[indptr[row] : indptr[row + 1]]
        key = np.empty(len(entries), np.int64)
        for k in range(len(entries)):
            key[k] = (np.int64(item[entries[k]]) << 32) | entries[k]
        key.sort()
        for k in range(len(entries)):
            entries[k] = key[k] & 0x7FFFFFFF


@numba.njit(nogil=True, cache=True)
def ascend(indptr, item, n_items, start, stop):
    """Whether the items (i32[N]) of each of the rows start to stop are in [0, n_items) and ascend, without repeats."""
    for row in range(start, stop):
        before = -1
        for entry in range(indptr[row], indptr[row + 1]):
            if item[entry] <= before or item[entry] >= n_items:
                return False
            before = item[entry]
    return True


@numba.njit(nogil=True, cache=True)
def mark_first(indptr, key, firsts, seconds, first, second, mark):
    """In each row, by ascending key f64[N], set mark of firsts[row] entries to `first`, of seconds[row] more to `second`."""
    for row in range(len(indptr) - 1):
        order = np.argsort(key[indptr[row] : indptr[row + 1]])
        for k in range(firsts[row] + seconds[row]):
            mark[indptr[row] + order[k]] = first if k < firsts[row] else second


@numba.njit(nogil=True, cache=True)
def kept_indptr(indptr, kept):
    """The indptr, i64[U+1], of the entries marked in kept (bool[N]) alone."""
    bounds = np.zeros_like(indptr)
    for row in range(len(indptr) - 1):
        bounds[row + 1] = bounds[row]
        for entry in range(indptr[row], indptr[row + 1]):
            bounds[row + 1] += kept[entry]
    return bounds


@numba.njit(nogil=True, cache=True)
def count_and_sum(item, rating, n_items, unit):
    """How many ratings each item has and their sum, i64[I] both, from item i32[N] and rating f32[N], NaN = not scored.

    Each rating is rounded to a multiple of 1 / unit (f64), and sums are multiples of it: the same in any order of adding.
    """
    count, total = np.zeros(n_items, np.int64), np.zeros(n_items, np.int64)
    for n in range(len(item)):
        if not np.isnan(rating[n]):
            count[item[n]] += 1
            total[item[n]] += np.int64(np.rint(np.float64(rating[n]) * unit))
    return count, total


@numba.njit(nogil=True, cache=True)
def power_sums(rating, unit):
    """The number of ratings f32[N] (NaN = none), their sum and the sum of their squares, in units of 1 / unit: i64 each.

    Each rating is rounded to a multiple of 1 / unit (f64) before it is squared.
    """
    count, total, square = np.int64(0), np.int64(0), np.int64(0)
    for r in rating:
        if not np.isnan(r):
            whole = np.int64(np.rint(np.float64(r) * unit))
            count += 1
            total += whole
            square += whole * whole
    return count, total, square
