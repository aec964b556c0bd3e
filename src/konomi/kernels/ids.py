"""Integer ids ↔ rows by a table that is indexed by id, without hashing or sorting."""

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
    """Mark in found (bool[span], in place) which of the integers low, low + 1, … occur in `ids`; all ids are in this range."""
    for value in ids:
        found[value - low] = True


@numba.njit(nogil=True, cache=True)
def look_up(ids, low, table, row):
    """row[n] = table[ids[n] − low] for every id (i32[N], in place); −1 for ids outside the table."""
    for n in range(len(ids)):
        place = ids[n] - low
        row[n] = table[place] if 0 <= place < len(table) else -1


def warm_up() -> threading.Thread:
    """Load Numba's compiler (a third of a second) on a thread, while the program waits for something else."""
    thread = threading.Thread(target=extremes, args=(np.zeros(1, np.int32),), daemon=True)
    thread.start()
    return thread
