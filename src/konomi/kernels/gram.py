"""The Gram matrix of people's profiles, XᵀX."""

import numba
import numpy as np
import scipy.sparse as sp

from konomi.arrays import I32, I64

Form = tuple[I64, I32, I32]
"""indptr, the other side of each entry, and its value."""


@numba.njit(nogil=True, cache=True)
def gram(item_indptr, user, item_value, indptr, item, value, start, stop, out):
    """Rows start to stop of the lower triangle of XᵀX into out, f32[n, n] or i64[n, n].

    X of whole numbers, in two forms: compressed columns (people with item j: user[item_indptr[j]:item_indptr[j+1]], ascending,
    with item_value) and compressed rows (indptr, item, value; items ascending); values i32[N]. Sums are whole numbers below
    2⁶³, so they do not depend on the order of people, and i64 sums over groups of people add up to the sums over all.
    """
    row = np.empty(out.shape[1], np.int64)
    for j in range(start, stop):
        row[: j + 1] = 0
        for n in range(item_indptr[j], item_indptr[j + 1]):
            u, x = user[n], np.int64(item_value[n])
            for k in range(indptr[u], indptr[u + 1]):
                i = item[k]
                if i > j:
                    break
                row[i] += x * value[k]
        out[j, : j + 1] = row[: j + 1]


def both_forms(rows: sp.csr_matrix) -> tuple[Form, Form]:
    """X as compressed columns and as compressed rows, ((indptr, user, value), (indptr, item, value)) as `gram` takes it, from a
    SciPy matrix of compressed rows with values i32[N]; within each, rows and columns ascend."""
    rows = rows.sorted_indices()
    columns = rows.tocsc()
    by_column, by_row = ((f.indptr.astype(np.int64), f.indices.astype(np.int32), f.data) for f in (columns, rows))
    return by_column, by_row
