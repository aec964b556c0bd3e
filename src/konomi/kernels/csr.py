"""From entries in any order to compressed rows: stable counting sorts and counts. Linear in time, four bytes an entry."""

import numba
import numpy as np


@numba.njit(nogil=True, cache=True)
def stable_order(key, n, order):
    """The entries of `order` (i32[N]) sorted by key[entry] (i32[N], in [0, n)); equal keys stay in their order. i32[N]."""
    start = np.zeros(n + 1, np.int64)
    for k in key:
        start[k + 1] += 1
    for k in range(n):
        start[k + 1] += start[k]
    sorted_order = np.empty_like(order)
    for entry in order:
        k = key[entry]
        sorted_order[start[k]] = entry
        start[k] += 1
    return sorted_order


@numba.njit(nogil=True, cache=True)
def mark_last(user, item, order):
    """Which places of `order` (sorted by user, then item) hold the last entry of their (user, item). bool[N]."""
    last = np.ones(len(order), np.bool_)
    for k in range(len(order) - 1):
        a, b = order[k], order[k + 1]
        last[k] = user[a] != user[b] or item[a] != item[b]
    return last


@numba.njit(nogil=True, cache=True)
def count_marked(key, n, marked):
    """How many marked entries each key has: i64[n] from key i32[N] and marked bool[N]."""
    count = np.zeros(n, np.int64)
    for entry in range(len(key)):
        if marked[entry]:
            count[key[entry]] += 1
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
