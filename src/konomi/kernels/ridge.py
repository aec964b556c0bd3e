"""Fold-in: a person's vector from their entries alone, given the items' vectors; no training.

With Q the vectors of a person's n items (a last 1 for the user bias), y the ratings less all terms that do not depend on the
person, and a the vector of the average person, w minimises

    |y − Q w|² + (w − a)ᵀ Λ_n (w − a)        Λ_n = n Λ + Λ₀        so        w = a + (QᵀQ + Λ_n)⁻¹ Qᵀ (y − Q a)

With Λ alone, and a = 0, it is the objective of `sgd.py` for one user with everything else fixed (Zhou et al. 2008, eq. 4:
"ALS-WR"). That penalty grows with the number of ratings, so it shrinks a vector from one rating no more than one from a
hundred. Λ₀ does not grow: it is the prior of a person, the variance of the noise over the variance of w (Hastie, Tibshirani &
Friedman 2009, exercise 3.6), and matters less with every rating.

For labels the squares become log losses, the penalty is halved, and Newton's method solves a weighted ridge regression in every
step (the same book, eq. 4.26: "iteratively reweighted least squares").
"""

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from konomi.arrays import F32, F64, I32

NEWTON_STEPS = 20  # at most; about five are needed
HALVINGS = 10  # of one step, at most
CONVERGED = 1e-7  # the last step is the one that should lower the objective by less than this, per entry


@numba.njit(nogil=True, cache=True)
def fold_in(indptr, item, target, Q, penalty, start, stop, out):
    """Rows start to stop of the vectors of B people: out f32[B, K] in place, a before and w after.

    indptr i64[B+1]; item i32[N]; target f32[N]; Q f32[I, K]; penalty f64[2, K] (above zero): Λ, per rating, and Λ₀, once.
    Computed in float64. With fewer ratings than K the dual form is solved, w = a + Λ_n⁻¹Qᵀ (Q Λ_n⁻¹ Qᵀ + I)⁻¹ (y − Q a).
    People without ratings keep a.
    """
    for b in range(start, stop):
        n = indptr[b + 1] - indptr[b]
        if n == 0:
            continue
        X = vectors(item[indptr[b] : indptr[b + 1]], Q)
        y = target[indptr[b] : indptr[b + 1]].astype(np.float64)
        a = out[b].astype(np.float64)
        out[b] = a + weighted_ridge(X, None, y - np.dot(X, a), n * penalty[0] + penalty[1])


def parts_of_fold_in(item: I32, target: F32, Q: F32, penalty: F64) -> npt.NDArray[Any]:
    """The part of each of one person's ratings in w − a, f64[n, K]: A⁻¹ x_j (y_j − x_jᵀa), A = QᵀQ + Λ_n. They add up to it.

    item i32[n]; target f32[n], less the average person's; Q and penalty as in `fold_in`.
    """
    X, y = Q[item].astype(np.float64), target.astype(np.float64)
    A = X.T @ X + np.diag(len(item) * penalty[0] + penalty[1])
    return np.linalg.solve(A, (X * y[:, None]).T).T


@numba.njit(nogil=True, cache=True)
def fold_in_labels(indptr, item, label, offset, Q, penalty, start, stop, out):
    """As `fold_in` for labels: label f32[N], 1 or 0; offset f32[N], the logit of an entry without the person.

    The objective is  Σ log(1 + exp z) − y z + ½ (w − a)ᵀ Λ_n (w − a)  with  z = offset + Q w.  Newton's method starts at a; a
    step is halved until it lowers the objective.
    """
    for b in range(start, stop):
        n = indptr[b + 1] - indptr[b]
        if n == 0:
            continue
        X = vectors(item[indptr[b] : indptr[b + 1]], Q)
        y = label[indptr[b] : indptr[b + 1]].astype(np.float64)
        a = out[b].astype(np.float64)
        fixed = offset[indptr[b] : indptr[b + 1]] + np.dot(X, a)
        w, whole = np.zeros(len(a)), n * penalty[0] + penalty[1]  # from here on w is w − a
        taste = np.zeros(n)
        loss = penalised(fixed, y, w, whole)
        for _ in range(NEWTON_STEPS):
            chance = 1 / (1 + np.exp(-(fixed + taste)))
            weight = chance * (1 - chance)
            step = weighted_ridge(X, weight, weight * taste + y - chance, whole) - w
            along = np.dot(X, step)
            slope = np.dot(y - chance, along) - np.dot(whole * w, step)  # the decrease of the objective, to first order
            for _ in range(HALVINGS):
                lower = penalised(fixed + taste + along, y, w + step, whole)
                if lower <= loss:
                    break
                step, along = step / 2, along / 2
            w, taste, loss = w + step, taste + along, lower
            if slope < CONVERGED * n:
                break
        out[b] = a + w


@numba.njit(nogil=True, cache=True)
def vectors(item, Q):
    """The rows of Q for a person's items, f64[n, K]."""
    X = np.empty((len(item), Q.shape[1]))
    for k in range(len(item)):
        X[k] = Q[item[k]]
    return X


@numba.njit(nogil=True, cache=True)
def weighted_ridge(X, weight, y, penalty):
    """(XᵀWX + Λ)⁻¹ Xᵀ y, f64[K]; X f64[n, K]; y f64[n]; penalty f64[K] of the diagonal Λ; weight f64[n] of W, or None for I.

    With fewer rows than columns: Λ⁻¹Xᵀ (W X Λ⁻¹ Xᵀ + I)⁻¹ y.
    """
    n, K = X.shape
    if n < K:
        S = X / penalty  # n × K
        A = np.dot(S, X.T)
        for k in range(n):
            if weight is not None:
                A[k] *= weight[k]
            A[k, k] += 1
        return np.dot(S.T, np.linalg.solve(A, y))
    A = np.dot(X.T, X if weight is None else X * weight.reshape(n, 1))
    for k in range(K):
        A[k, k] += penalty[k]
    return np.linalg.solve(A, np.dot(X.T, y))


@numba.njit(nogil=True, cache=True)
def penalised(z, y, w, penalty):
    """Log loss of the logits z f64[n] plus half the penalties of w."""
    return np.sum(np.maximum(z, 0) - y * z + np.log1p(np.exp(-np.abs(z)))) + np.dot(penalty * w, w) / 2
