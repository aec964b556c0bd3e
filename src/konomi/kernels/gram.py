"""Which items go together: the Gram matrix of people's profiles, XᵀX."""

import numba
import numpy as np


@numba.njit(nogil=True, cache=True)
def gram(item_indptr, user, item_value, indptr, item, value, start, stop, out):
    """Rows start to stop of the lower triangle of XᵀX into out f32[n, n]; sums are made in float64, person by person.

    X twice, in compressed columns (those who have item j: user[item_indptr[j]:item_indptr[j+1]], ascending, with item_value)
    and in compressed rows (indptr, item, value; items ascending). With whole numbers for values the sums are exact.
    """
    row = np.empty(out.shape[1])
    for j in range(start, stop):
        row[: j + 1] = 0
        for n in range(item_indptr[j], item_indptr[j + 1]):
            u, x = user[n], item_value[n]
            for k in range(indptr[u], indptr[u + 1]):
                i = item[k]
                if i > j:
                    break
                row[i] += x * value[k]
        out[j, : j + 1] = row[: j + 1]
