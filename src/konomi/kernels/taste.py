"""Sums of people's ratings over the items with each tag; linear in the number of tags of rated items."""

import numba
import numpy as np


@numba.njit(nogil=True, cache=True)
def taste(indptr, item, rating, base, tag_indptr, tag, damp, start, stop, offset, spread, total, count):
    """For people start to stop, e = rating − base of their ratings (item i32[N], rating f32[N], base f32[I]):

    offset f32[U]: Σ e / (n + damp) · spread f32[U]: Σ (e − offset)² · total f32[U, T]: Σ (e − offset) over items with a tag
    · count f32[U, T]: their number. Item i has the tags tag[tag_indptr[i]:tag_indptr[i+1]].
    """
    for u in range(start, stop):
        whole = 0.0
        for n in range(indptr[u], indptr[u + 1]):
            whole += rating[n] - base[item[n]]
        many = indptr[u + 1] - indptr[u]
        mean = whole / (many + damp) if many else 0.0
        square = 0.0
        for n in range(indptr[u], indptr[u + 1]):
            rest = rating[n] - base[item[n]] - mean
            square += rest * rest
            for k in range(tag_indptr[item[n]], tag_indptr[item[n] + 1]):
                total[u, tag[k]] += np.float32(rest)
                count[u, tag[k]] += np.float32(1)
        offset[u], spread[u] = mean, square
