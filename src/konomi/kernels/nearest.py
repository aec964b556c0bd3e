"""Ridge regressions of each item on the few items that tell most of it, from the Gram matrix XᵀX, which is never made whole.

    w_i = (G_NN + Λ_N)⁻¹ G_Ni     G = XᵀX,  Λ diagonal,  N the K items that item i is regressed on

The entries of G that are needed are added up from people's entries; only those of the best known items among themselves, which
most regressions ask for, are kept. So a regression takes K² numbers, and all of them K for each item.
"""

import numba
import numpy as np

from konomi.arrays import F32
from konomi.kernels.gram import Form, gram
from konomi.runtime import Each, blocks

LONG = 16  # a profile with so many times the entries that are looked for is searched, a shorter one gone through
GRAM_ROWS = 8  # rows of the kept part of G that are one task


def kept_gram(columns: Form, rows: Form, many: int, unit: float, each: Each) -> F32:
    """G of the first `many` items, the best known ones, f32[many, many]; only the lower triangle is filled.

    columns, rows: X as in `gram.gram`; unit: what 1 in them is worth; each: of `Run.workers`. The same bytes at any number of
    threads.
    """
    head = np.zeros((many, many), np.float32)
    each(lambda span: gram(*columns, *rows, *span, head), blocks(many, GRAM_ROWS)[::-1])  # the longest rows first
    head *= np.float32(unit**2)
    return head


@numba.njit(nogil=True, cache=True)
def ridge_on_nearest(columns, rows, head, diagonal, penalty, unit, start, stop, near, weight, told):
    """The K nearest of items start to stop, into near i32[n, K], ascending, −1 beyond; w, into weight f32[n, K]; and how much
    of G_ii they tell, wᵀ G_Ni, into told f64[n].

    Nearest are the items j with the largest G_ji² / (G_jj + Λ_jj): how much better the regression on j alone is than none.
    columns and rows are X as in `gram.gram`, unit what 1 in them is worth; head as in `kept_gram`; diagonal f64[n] of G and
    penalty f64[n] > 0 of Λ. Items with G_ji ≤ 0 are no neighbours.
    """
    n, K = near.shape
    row, met, found, gain = np.zeros(n, np.int64), np.zeros(n, np.bool_), np.empty(n, np.int32), np.empty(n)
    place = np.full(n, -1, np.int32)
    for i in range(start, stop):
        kept = 0
        for m in range(co_occurrences(columns, rows, i, row, met, found)):
            j = found[m]
            met[j] = False
            if j != i and row[j] > 0:
                gain[kept] = (row[j] * unit * unit) ** 2 / (diagonal[j] + penalty[j])
                found[kept] = j
                kept += 1
        chosen = best(gain[:kept], found[:kept], K)
        m = len(chosen)
        right = (row[chosen] * unit * unit).astype(np.float32)
        A = normal_matrix(columns, rows, head, diagonal, penalty, unit, chosen, place)
        near[i, :m], near[i, m:] = chosen, -1
        w = solved(A, right)
        weight[i, :m], weight[i, m:], told[i] = w, 0, np.dot(w, right)


@numba.njit(nogil=True, cache=True)
def co_occurrences(columns, rows, i, row, met, found):
    """Row i of G, in units², into row i64[n], for the items that share a person with i: they are put into found i32[n] and
    marked in met bool[n], False before; returns how many they are."""
    item_indptr, user, item_value = columns
    indptr, item, value = rows
    size = 0
    for m in range(item_indptr[i], item_indptr[i + 1]):
        u, x = user[m], np.int64(item_value[m])
        for k in range(indptr[u], indptr[u + 1]):
            j = item[k]
            if not met[j]:
                met[j], row[j] = True, 0
                found[size] = j
                size += 1
            row[j] += x * value[k]
    return size


@numba.njit(nogil=True, cache=True)
def best(gain, item, most):
    """The items with the `most` largest gains, ascending; of equal ones the first. gain f64[m], item i32[m]."""
    if len(item) <= most:
        return np.sort(item)
    least = np.partition(gain, len(gain) - most)[len(gain) - most]
    above, equal = item[gain > least], np.sort(item[gain == least])
    return np.sort(np.concatenate((above, equal[: most - len(above)])))


@numba.njit(nogil=True, cache=True)
def normal_matrix(columns, rows, head, diagonal, penalty, unit, chosen, place):
    """G + Λ of the chosen items, ascending i32[m], f32[m, m]; place i32[n] is a scratch array of −1."""
    item_indptr, user, item_value = columns
    indptr, item, value = rows
    m, known = len(chosen), np.searchsorted(chosen, len(head))  # the first so many are in head
    A, sums = np.empty((m, m), np.float32), np.empty(m, np.int64)
    for a in range(m):
        place[chosen[a]] = a
    for a in range(m):
        if a < known:
            for b in range(a):
                A[a, b] = A[b, a] = head[chosen[a], chosen[b]]
        else:
            sums[:] = 0
            for k in range(item_indptr[chosen[a]], item_indptr[chosen[a] + 1]):
                u, x = user[k], np.int64(item_value[k])
                first, last = indptr[u], indptr[u + 1]
                if last - first > LONG * m:
                    for b in range(a):
                        first += np.searchsorted(item[first:last], chosen[b])
                        if first < last and item[first] == chosen[b]:
                            sums[b] += x * value[first]
                else:
                    for e in range(first, last):
                        b = place[item[e]]
                        if b >= 0:
                            sums[b] += x * value[e]
            for b in range(a):
                A[a, b] = A[b, a] = sums[b] * unit * unit
        A[a, a] = diagonal[chosen[a]] + penalty[chosen[a]]
    for a in range(m):
        place[chosen[a]] = -1
    return A


@numba.njit(nogil=True, cache=True)
def solved(A, right):
    """A⁻¹ right, f32[m], by Cholesky's factor; A f32[m, m] symmetric and positive definite."""
    w = right.copy()
    if len(w) == 0:
        return w
    L = np.linalg.cholesky(A)
    for a in range(len(w)):
        w[a] = (w[a] - np.dot(L[a, :a], w[:a])) / L[a, a]
    for a in range(len(w) - 1, -1, -1):
        w[a] /= L[a, a]
        w[:a] -= w[a] * L[a, :a]
    return w
