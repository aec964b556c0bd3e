"""The k best items of every row of scores, without those that are seen or not allowed.

A heap of the k best so far has the worst of them at its root, so an item costs one comparison unless it is among the k best
of the items up to it: O(I + k log k log I) a row for scores in random order. No score is copied or written.
"""

import numba
import numpy as np
import numpy.typing as npt

from konomi.kernels.threads import blocks, workers

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]

ROWS = 64  # rows of one task


def topk(
    scores: F32, k: int, indptr: npt.NDArray[np.int64], seen: I32, allowed: npt.NDArray[np.bool_], threads: int = 1
) -> tuple[I32, F32]:
    """The k highest scores of every row, best first; equal scores in ascending order of item.

    scores f32[B, I]; indptr i64[B+1] and seen i32[N]: row b must not get the items seen[indptr[b]:indptr[b+1]], which are in
    ascending order; allowed bool[I]. A NaN score is never returned. Returns items i32[B, k], padded with −1, and their scores
    f32[B, k], padded with NaN; the same at any number of threads.
    """
    items = np.full((len(scores), k), -1, np.int32)
    best = np.full((len(scores), k), np.nan, np.float32)
    if k > 0:
        with workers(threads) as each:
            each(lambda rows: _topk_rows(scores, *rows, indptr, seen, allowed, items, best), blocks(len(scores), ROWS))
    return items, best


@numba.njit(nogil=True, cache=True)
def _topk_rows(scores, start, stop, indptr, seen, allowed, items, best):
    """Rows start to stop of `topk`, into items and best."""
    k = items.shape[1]
    for b in range(start, stop):
        size = 0
        next_seen, end = indptr[b], indptr[b + 1]
        for i in range(scores.shape[1]):
            if next_seen < end and seen[next_seen] == i:
                next_seen += 1
                continue
            score = scores[b, i]
            if np.isnan(score) or not allowed[i]:
                continue
            if size < k:
                items[b, size], best[b, size] = i, score
                _sift_up(items[b], best[b], size)
                size += 1
            elif score > best[b, 0]:  # an equal score loses: its item comes later
                items[b, 0], best[b, 0] = i, score
                _sift_down(items[b], best[b], size)
        while size > 1:  # the worst goes to the end, then the next worst before it
            size -= 1
            _swap(items[b], best[b], 0, size)
            _sift_down(items[b], best[b], size)


@numba.njit(nogil=True, cache=True)
def _worse(item, score, a, b):
    return score[a] < score[b] or (score[a] == score[b] and item[a] > item[b])


@numba.njit(nogil=True, cache=True)
def _swap(item, score, a, b):
    item[a], item[b] = item[b], item[a]
    score[a], score[b] = score[b], score[a]


@numba.njit(nogil=True, cache=True)
def _sift_up(item, score, child):
    """Restore "no parent is better than its child" on the way from `child` to the root."""
    while child > 0:
        parent = (child - 1) // 2
        if not _worse(item, score, child, parent):
            break
        _swap(item, score, child, parent)
        child = parent


@numba.njit(nogil=True, cache=True)
def _sift_down(item, score, size):
    """Restore it on the way from the root of a heap of `size`."""
    parent = 0
    while 2 * parent + 1 < size:
        child = 2 * parent + 1
        if child + 1 < size and _worse(item, score, child + 1, child):
            child += 1
        if not _worse(item, score, child, parent):
            break
        _swap(item, score, child, parent)
        parent = child
