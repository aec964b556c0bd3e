"""What each rating does to a fold-in: its part in it, and the fold-ins without each in turn, from one factorisation.

The fold-in of n ratings without rating j solves (A − x_j x_jᵀ) w_j = Xᵀy − y_j x_j, with A = XᵀX + Λ_{n−1}, since the penalty
grows with the number of ratings, Λ_n = n Λ + Λ₀ (`ridge.py`). By the rank-one downdate (Golub & Van Loan 2013, §2.1.4:
"Sherman–Morrison"), with v = A⁻¹Xᵀy, u_j = A⁻¹x_j and h_j = x_jᵀu_j < 1,

    w_j = v − u_j (y_j − x_jᵀv) / (1 − h_j)

In the dual form, with G = XΛ_{n−1}⁻¹Xᵀ + I: 1 − h_j = (G⁻¹)_jj and y − Xv = G⁻¹y, so

    w_j = Λ_{n−1}⁻¹Xᵀ (α − G⁻¹_·j α_j / (G⁻¹)_jj)        α = G⁻¹y
"""

import numba
import numpy as np

from konomi.kernels.ridge import vectors, weighted_ridge


@numba.njit(nogil=True, cache=True)
def leave_one_out(item, target, Q, penalty):
    """The effect of each rating on a person's vector, f64[n, K]: in row j, the vector of `fold_in` less that without rating j.

    item i32[n]; target f32[n], less the average person's; Q f32[I, K]; penalty f64[2, K] (above zero), per rating and once.
    """
    n, K = len(item), Q.shape[1]
    X, y = vectors(item, Q), target.astype(np.float64)
    whole = weighted_ridge(X, None, y, n * penalty[0] + penalty[1])
    fewer = (n - 1) * penalty[0] + penalty[1]
    out = np.empty((n, K))
    if n < K:
        S = X / fewer  # n × K
        G = np.dot(S, X.T)
        for j in range(n):
            G[j, j] += 1
        inverse = np.linalg.inv(G)
        alpha = np.dot(inverse, y)
        U = np.dot(inverse, S)  # n × K; row j is u_j
        rest = whole - np.dot(S.T, alpha)
        for j in range(n):
            out[j] = rest + U[j] * (alpha[j] / inverse[j, j])
        return out
    A = np.dot(X.T, X)
    for k in range(K):
        A[k, k] += fewer[k]
    inverse = np.linalg.inv(A)
    U, v = np.dot(X, inverse), np.dot(inverse, np.dot(X.T, y))  # n × K; row j is u_j
    rest = whole - v
    for j in range(n):
        out[j] = rest + U[j] * ((y[j] - np.dot(X[j], v)) / (1 - np.dot(X[j], U[j])))
    return out


def parts_of_fold_in(item, target, Q, penalty):
    """The part of each rating in a person's vector, f64[n, K]: A⁻¹ x_j y_j, which add up to the vector of `fold_in`.

    Arguments as in `leave_one_out`; A = XᵀX + Λ_n.
    """
    X, y = Q[item].astype(np.float64), target.astype(np.float64)
    A = X.T @ X + np.diag(len(item) * penalty[0] + penalty[1])
    return np.linalg.solve(A, (X * y[:, None]).T).T
