"""Fold-in: a person's vector from their ratings alone, given the items' vectors; exact, no training.

With Q the vectors of the n rated items (a last 1 for the user bias) and y their targets, w minimises

    |y − Q w|² + n (λ |w_1..D|² + λ_b w_{D+1}²)        so        w = (QᵀQ + n Λ)⁻¹ Qᵀ y

which is the objective of `sgd.py` for one user with everything else held fixed (Zhou et al. 2008, eq. 4: "ALS-WR").
"""

import numba
import numpy as np


@numba.njit(nogil=True, cache=True)
def fold_in(indptr, item, target, Q, penalty, start, stop, out):
    """Rows start to stop of the vectors of B people: out f32[B, K] in place; people without ratings are left as they are.

    indptr i64[B+1]; item i32[N]; target f32[N]; Q f32[I, K]; penalty f64[K] (above zero), per rating. The work is done in
    float64. Where a person has fewer ratings than K the dual form is solved: w = Λ⁻¹Qᵀ (Q Λ⁻¹ Qᵀ + n I)⁻¹ y.
    """
    K = Q.shape[1]
    for b in range(start, stop):
        n = indptr[b + 1] - indptr[b]
        if n == 0:
            continue
        X = np.empty((n, K))
        y = np.empty(n)
        for k in range(n):
            X[k] = Q[item[indptr[b] + k]]
            y[k] = target[indptr[b] + k]
        if n < K:
            S = X / penalty  # n × K
            A = np.dot(S, X.T)
            for k in range(n):
                A[k, k] += n
            out[b] = np.dot(S.T, np.linalg.solve(A, y))
        else:
            A = np.dot(X.T, X)
            for k in range(K):
                A[k, k] += n * penalty[k]
            out[b] = np.linalg.solve(A, np.dot(X.T, y))
