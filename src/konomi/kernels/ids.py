"""Integer ids ↔ rows through a table that is indexed by the id: no hashing, no sorting."""

import numba
import numpy as np


@numba.njit(nogil=True, cache=True)
def extremes(ids):
    """The smallest and the largest of N ≥ 1 integers."""
    low, high = ids[0], ids[0]
    for value in ids:
        low, high = min(low, value), max(high, value)
    return low, high


@numba.njit(nogil=True, cache=True)
def present(ids, low, span):
    """Which of the integers low, low + 1, …, low + span − 1 occur among `ids`, all of which lie between. bool[span]."""
    found = np.zeros(span, np.bool_)
    for value in ids:
        found[value - low] = True
    return found


@numba.njit(nogil=True, cache=True)
def look_up(ids, low, table):
    """table[id − low] for every id, i32[N]; −1 for ids that the table does not reach."""
    row = np.full(len(ids), -1, np.int32)
    for n in range(len(ids)):
        place = ids[n] - low
        if 0 <= place < len(table):
            row[n] = table[place]
    return row
