"""Sums of rows of a sparse matrix whose weights are small whole numbers, in units of their row.

W_ji = scale[j] level[e] for the entries e of row j, indptr[j] to indptr[j+1], with columns target[e] that ascend within a row.
indptr i64[n+1], target u16[E] or i32[E], level i8[E] or i16[E], scale f32[n].
"""

import numba
import numpy as np

from konomi.arrays import F32, I8, I16, I64


def whole_numbers(indptr: I64, weight: F32, kind: type[np.int8 | np.int16]) -> tuple[I8 | I16, F32]:
    """(level[E] of this kind, scale f32[n]) nearest to weight f32[E]; the largest of a row has the largest level."""
    user = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    most = np.zeros(len(indptr) - 1, np.float32)
    np.maximum.at(most, user, np.abs(weight))
    scale: F32 = most / np.float32(np.iinfo(kind).max)
    level = np.rint(weight / np.where(scale > 0, scale, 1)[user])
    return level.astype(np.int8) if kind is np.int8 else level.astype(np.int16), scale


@numba.njit(nogil=True, cache=True)
def sums_of_rows(given, item, x, indptr, target, level, scale, start, stop, out):
    """out_u = Σ x W_j over the entries of each person, start to stop; given i64[U+1], item i32[N], x f32[N], out f32[U, n]."""
    for u in range(start, stop):
        out[u] = 0
        for k in range(given[u], given[u + 1]):
            j = item[k]
            unit = x[k] * scale[j]
            for e in range(indptr[j], indptr[j + 1]):
                out[u, target[e]] += unit * np.float32(level[e])


@numba.njit(nogil=True, cache=True)
def parts_of_rows(item, x, indptr, target, level, scale, place, out):
    """out[k, place[i]] = x_k W_ji for the entries k of one person, f32[N, k], 0 before; place i32[n]: −1 = not wanted."""
    for k in range(len(item)):
        j = item[k]
        unit = x[k] * scale[j]
        for e in range(indptr[j], indptr[j + 1]):
            at = place[target[e]]
            if at >= 0:
                out[k, at] = unit * np.float32(level[e])
