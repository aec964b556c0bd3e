"""A symmetric matrix of bytes of which the part below the diagonal is kept, row after row; the diagonal is 0.

A_ji with i < j is steps[j (j − 1) / 2 + i], steps i8[M (M − 1) / 2]. So a row is one stretch up to the diagonal, and beyond it
one number of each later row.
"""

import numba
import numpy as np


@numba.njit(nogil=True, cache=True)
def start(j):
    """Where row j begins."""
    return j * (j - 1) // 2


@numba.njit(nogil=True, cache=True, fastmath={"contract"})
def sums_of_rows(indptr, place, weight, steps, out):
    """out_u = Σ weight[n] A_place[n] over the entries n of each person, indptr[u] to indptr[u+1], with ascending places; place
    i32[N], weight f32[N], out f32[U, M]."""
    for u in range(len(out)):
        first, last, sums = indptr[u], indptr[u + 1], out[u]
        before = first  # the first entry whose place is not before i
        for i in range(len(sums)):
            while before < last and place[before] < i:
                before += 1
            row, total = steps[start(i) : start(i + 1)], np.float32(0)
            places, weights = place[first:before], weight[first:before]
            for n in range(len(places)):
                total += weights[n] * np.float32(row[np.uint32(places[n])])  # unsigned: none is counted from the end
            sums[i] = total
        for n in range(first, last):
            j = np.int64(place[n])
            row, some, times = steps[start(j) : start(j + 1)], sums[:j], weight[n]
            for i in range(len(some)):
                some[i] += times * np.float32(row[i])
