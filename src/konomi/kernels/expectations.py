"""The regressions of `regressions.py` in variational Bayes: the other side's rows are known by their means and covariances.

    A_r = ω_r Λ + α_r Σ_j ρ_j² E x_j x_jᵀ        E x xᵀ = x̄ x̄ᵀ + Cov x        W_r ~ N(A_r⁻¹ b_r, A_r⁻¹)

(Lim & Teh 2007, "Variational Bayesian approach to movie rating prediction", section 3.) The last coordinate of x is a 1; the
other side's bias, which is taken from the target, is correlated with the rest of its row, so b has −α Σ ρ² Cov(q_j, b_j).

A covariance is kept as its lower triangle, row by row: T = K (K + 1) / 2 numbers.
"""

import numba
import numpy as np

from konomi.kernels.regressions import LANES, STEP, backward, factor, forward, moments


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def expect_rows(
    indptr, item, target, X, root, alpha, omega, precision, pull, others, start, stop, mean, own, loose, squares, scatter
):
    """Rows start to stop: mean f32[R, K], own f32[R, T]: their covariances, loose f32[R] = tr(Λ A_r⁻¹), squares f64[R] = the
    expected Σ ρ² e²; adds Σ ω_r A_r⁻¹ to scatter f64[K, K].

    others f32[I, T]: covariances of the other side; the rest as in `regressions.draw_rows`.
    """
    K, T = X.shape[1], others.shape[1]
    Z, t = np.empty((STEP, K), np.float32), np.empty(STEP, np.float32)
    G, h = np.empty((LANES, K, K), np.float32), np.empty((LANES, K), np.float32)
    D, whole = np.empty((LANES, T), np.float32), np.empty(LANES)
    A, b = np.empty((K, K, LANES), np.float32), np.empty((K, LANES), np.float32)
    for first in range(start, stop, LANES):
        for n in range(LANES):
            r = min(first + n, stop - 1)
            entries = slice(indptr[r], indptr[r + 1])
            moments(item[entries], target[entries], X, root, Z, t, G[n], h[n])
            whole[n] = add_covariances(item[entries], target[entries], X, root, others, D[n])
            for c in range(K - 1):
                h[n, c] -= D[n, T - K + c]
            place = 0
            for a in range(K):
                b[a, n] = omega[r] * pull[r, a] + alpha[r] * h[n, a]
                for c in range(a + 1):
                    if a < K - 1:
                        G[n, a, c] += D[n, place]
                    place += 1
                    A[a, c, n] = omega[r] * precision[a, c] + alpha[r] * G[n, a, c]
        factor(A)
        forward(A, b)
        backward(A, b)
        for n in range(min(LANES, stop - first)):
            r, inverse, place = first + n, inverse_of(A, n), 0
            total = whole[n] + D[n, T - 1]
            loose[r] = 0
            for a in range(K):
                mean[r, a] = b[a, n]
                total -= 2 * b[a, n] * h[n, a]
                for c in range(a + 1):
                    own[r, place] = inverse[a, c]
                    place += 1
                    twice = 1 if a == c else 2
                    total += twice * G[n, a, c] * (b[a, n] * b[c, n] + inverse[a, c])
                    loose[r] += twice * precision[a, c] * inverse[a, c]
                for c in range(K):
                    scatter[a, c] += omega[r] * inverse[a, c]
            squares[r] = max(total, 0.0)


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def add_covariances(item, target, X, root, others, out):
    """out f32[T] = Σ ρ² Cov over n entries; returns Σ ρ² (target − b)²."""
    total, last = 0.0, X.shape[1] - 1
    out[:] = 0
    for e in range(len(item)):
        i = item[e]
        weight, covariance = root[i] * root[i], others[i]
        rest = target[e] - X[i, last]
        total += weight * rest * rest
        for place in range(len(out)):
            out[place] += weight * covariance[place]
    return total


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def inverse_of(L, n):
    """(LLᵀ)⁻¹ f32[K, K] of lane n of the factors f32[K, K, LANES], which have the reciprocals on their diagonals."""
    K = L.shape[0]
    X = np.zeros((K, K), np.float32)  # row j is column j of L⁻¹
    for j in range(K):
        X[j, j] = L[j, j, n]
        for i in range(j + 1, K):
            dot = np.float32(0)
            for k in range(j, i):
                dot += L[i, k, n] * X[j, k]
            X[j, i] = -dot * L[i, i, n]
    return np.dot(X, X.T)
