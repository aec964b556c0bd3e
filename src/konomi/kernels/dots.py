"""Dot products of pairs in compressed rows: row u has the pairs indptr[u] to indptr[u+1], with other sides other i32[N]."""

import numba
import numpy as np


@numba.njit(nogil=True, fastmath=True, cache=True)
def dots(indptr, other, left, right, start, stop, out):
    """out[n] = left_u · right_other[n] of the pairs of rows start to stop; left f32[U, D], right f32[I, D], out f32[N]."""
    for u in range(start, stop):
        for n in range(indptr[u], indptr[u + 1]):
            z = np.float32(0)
            for d in range(left.shape[1]):
                z += left[u, d] * right[other[n], d]
            out[n] = z


@numba.njit(nogil=True, fastmath=True, cache=True)
def weighted_sums(indptr, other, weight, right, start, stop, out):
    """out_u = Σ_n weight[n] right_other[n] over the pairs of each row, start to stop: the gradient of `dots`. out f32[U, D]."""
    for u in range(start, stop):
        out[u] = 0
        for n in range(indptr[u], indptr[u + 1]):
            for d in range(right.shape[1]):
                out[u, d] += weight[n] * right[other[n], d]
