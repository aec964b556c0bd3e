"""Integer ids ↔ rows through a table that is indexed by the id: no hashing, no sorting."""

import threading

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
def mark_present(ids, low, found):
    """Mark in found (bool[span], in place) which of the integers low, low + 1, … occur among `ids`, all of which lie there."""
    for value in ids:
        found[value - low] = True


@numba.njit(nogil=True, cache=True)
def look_up(ids, low, table, row):
    """row[n] = table[ids[n] − low] for every id (i32[N], in place); −1 for ids that the table does not reach."""
    for n in range(len(ids)):
        place = ids[n] - low
        row[n] = table[place] if 0 <= place < len(table) else -1


def warm_up() -> threading.Thread:
    """Load what Numba needs before its first kernel (a third of a second) on a thread, while something else is waited for."""
    thread = threading.Thread(target=extremes, args=(np.zeros(1, np.int32),), daemon=True)
    thread.start()
    return thread
