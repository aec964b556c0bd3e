"""A fixed grid of user blocks × item blocks, so that threads can learn at the same time and give the same bytes.

Blocks on one diagonal share no user and no item (Gemulla et al. 2011, "strata"), so they give the same result in any order or
at the same time. The grid, and so the result, does not depend on the number of threads.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from konomi.arrays import F32, I32, I64, U8

GRID = 16  # blocks a side: up to 16 threads


class Strata(NamedTuple):
    """Ratings in block order: user, item i32[N]; target f32[N]; block (g, h) is start[g·GRID + h] to start[g·GRID + h + 1]."""

    user: I32
    item: I32
    target: F32
    start: I64


def make_strata(indptr: npt.NDArray[Any], item: npt.NDArray[Any], target: npt.NDArray[Any], n_items: int) -> Strata:
    """Strata from compressed rows (indptr i64[U+1], item i32[N], target f32[N]).

    Blocks are ranges of rows that hold about the same number of ratings; within a block ratings stay sorted by user, so that a
    user's row stays in the cache while it is learnt.
    """
    user_block = _even_blocks(np.diff(indptr))
    item_block = _even_blocks(np.bincount(item, minlength=n_items))
    return Strata(*_scatter(indptr, item, target, user_block, item_block))


def diagonals(order: Sequence[int] | npt.NDArray[Any]) -> list[list[int]]:
    """For each diagonal in `order` (a permutation of range(GRID)): the numbers of its blocks."""
    return [[g * GRID + (g + d) % GRID for g in range(GRID)] for d in order]


def _even_blocks(count: npt.NDArray[Any]) -> U8:
    """The block (0 to GRID − 1) of each row, u8, such that blocks hold about equal counts."""
    before = np.cumsum(count) - count
    block: U8 = np.minimum(before * GRID // max(count.sum(), 1), GRID - 1).astype(np.uint8)
    return block


@numba.njit(nogil=True, cache=True)
def _scatter(indptr, item, target, user_block, item_block):
    start = np.zeros(GRID * GRID + 1, np.int64)
    for u in range(len(indptr) - 1):
        for n in range(indptr[u], indptr[u + 1]):
            start[user_block[u] * GRID + item_block[item[n]] + 1] += 1
    start = np.cumsum(start)
    place = start[:-1].copy()
    users, items, targets = np.empty(len(item), np.int32), np.empty(len(item), np.int32), np.empty(len(item), np.float32)
    for u in range(len(indptr) - 1):
        for n in range(indptr[u], indptr[u + 1]):
            block = user_block[u] * GRID + item_block[item[n]]
            k = place[block]
            place[block] += 1
            users[k], items[k], targets[k] = u, item[n], target[n]
    return users, items, targets, start
