"""Many small Bayesian linear regressions at once: one for each person, or for each item, of a factorisation.

    target_rj = x_j·W_r + ε,  ε ~ N(0, 1/(α_r ρ_j²))        W_r ~ N(prior_r, (ω_r Λ)⁻¹)

    A_r = ω_r Λ + α_r Σ_j ρ_j² x_j x_jᵀ        b_r = ω_r Λ prior_r + α_r Σ_j ρ_j² x_j target_rj        W_r ~ N(A_r⁻¹ b_r, A_r⁻¹)

(Salakhutdinov & Mnih 2008, eq. 12–13.) The last coordinate of a row of W is its bias: x_j is the other side's row with a 1 in
its place, and the other side's bias is taken from the target. With A = LLᵀ, W_r = L⁻ᵀ(L⁻¹b + z) for z ~ N(0, I).

Products are added up in float32, row by row; then `LANES` rows are factored side by side, a vector instruction for each step.
"""

import math

import numba
import numpy as np

from konomi.kernels.random import normals, stream

LANES = 8  # regressions solved side by side
STEP = 8  # entries whose products are added up at once

ONE = np.float32(1)


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def moments(item, target, X, root, Z, t, G, h):
    """G f32[K, K] = Σ ρ² x xᵀ and h f32[K] = Σ ρ² x target, over n entries: item i32[n] with rows of X f32[I, K] and of
    ρ = root f32[I], target f32[n]. Z f32[STEP, K], t f32[STEP]: room."""
    K, n = X.shape[1], len(item)
    G[:] = 0
    h[:] = 0
    for first in range(0, n, STEP):
        many = min(STEP, n - first)
        for k in range(many):
            i = item[first + k]
            for c in range(K):
                Z[k, c] = root[i] * X[i, c]
            t[k] = root[i] * target[first + k] - Z[k, K - 1]
            Z[k, K - 1] = root[i]
        add_products(many, Z, t, G, h)


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def add_products(many, Z, t, G, h):
    """Add Σ z zᵀ to G f32[K, K] and Σ z t to h f32[K], over the first rows of Z f32[STEP, K] and t f32[STEP]; clears the
    others."""
    K = Z.shape[1]
    Z[many:] = 0
    t[many:] = 0
    for c in range(K):
        h[c] += _eight(t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], Z, c)
    for a in range(K):
        z0, z1, z2, z3, z4, z5, z6, z7 = Z[0, a], Z[1, a], Z[2, a], Z[3, a], Z[4, a], Z[5, a], Z[6, a], Z[7, a]
        for c in range(K):
            G[a, c] += _eight(z0, z1, z2, z3, z4, z5, z6, z7, Z, c)


@numba.njit(nogil=True, inline="always")
def _eight(z0, z1, z2, z3, z4, z5, z6, z7, Z, c):
    """Σ_k z_k Z[k, c]."""
    left = (z0 * Z[0, c] + z1 * Z[1, c]) + (z2 * Z[2, c] + z3 * Z[3, c])
    return left + ((z4 * Z[4, c] + z5 * Z[5, c]) + (z6 * Z[6, c] + z7 * Z[7, c]))


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def factor(A):
    """Cholesky factors, in place in the lower triangles of A f32[K, K, LANES], with the reciprocals on the diagonal."""
    K = A.shape[0]
    row = np.empty(LANES, np.float32)
    for k in range(K):
        whole = k // STEP * STEP
        for i in range(k, K):
            for n in range(LANES):
                row[n] = A[i, k, n]
            for m in range(0, whole, STEP):
                for n in range(LANES):
                    left = (A[i, m, n] * A[k, m, n] + A[i, m + 1, n] * A[k, m + 1, n]) + (
                        A[i, m + 2, n] * A[k, m + 2, n] + A[i, m + 3, n] * A[k, m + 3, n]
                    )
                    right = (A[i, m + 4, n] * A[k, m + 4, n] + A[i, m + 5, n] * A[k, m + 5, n]) + (
                        A[i, m + 6, n] * A[k, m + 6, n] + A[i, m + 7, n] * A[k, m + 7, n]
                    )
                    row[n] -= left + right
            for m in range(whole, k):
                for n in range(LANES):
                    row[n] -= A[i, m, n] * A[k, m, n]
            if i == k:
                for n in range(LANES):
                    A[k, k, n] = ONE / math.sqrt(row[n])
            else:
                for n in range(LANES):
                    A[i, k, n] = row[n] * A[k, k, n]


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def forward(L, b):
    """b ← L⁻¹ b, f32[K, LANES], with L of `factor`."""
    for i in range(len(b)):
        for k in range(i):
            for n in range(LANES):
                b[i, n] -= L[i, k, n] * b[k, n]
        for n in range(LANES):
            b[i, n] *= L[i, i, n]


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def backward(L, b):
    """b ← L⁻ᵀ b, f32[K, LANES], with L of `factor`."""
    for i in range(len(b) - 1, -1, -1):
        for n in range(LANES):
            b[i, n] *= L[i, i, n]
        for k in range(i):
            for n in range(LANES):
                b[k, n] -= L[i, k, n] * b[i, n]


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def draw_rows(indptr, item, target, X, root, alpha, omega, precision, pull, key, noise, over, before, start, stop, out):
    """Draw rows start to stop of W f32[R, K] into out.

    indptr i64[R+1], item i32[N], target f32[N]; X f32[I, K] and root f32[I]: the other side, ρ its roots of noise precision;
    alpha, omega f32[R]; precision f32[K, K]: Λ; pull f32[R, K]: Λ prior_r. Row r uses the numbers of the stream of `key` and r;
    noise: 1, or 0 for the means A⁻¹b.
    The same bytes wherever rows are cut into tasks.
    """
    K = X.shape[1]
    Z, t = np.empty((STEP, K), np.float32), np.empty(STEP, np.float32)
    G, h = np.empty((K, K), np.float32), np.empty(K, np.float32)
    A, b = np.empty((K, K, LANES), np.float32), np.empty((K, LANES), np.float32)
    z = np.empty((LANES, K))
    for first in range(start, stop, LANES):
        for n in range(LANES):
            r = min(first + n, stop - 1)
            entries = slice(indptr[r], indptr[r + 1])
            moments(item[entries], target[entries], X, root, Z, t, G, h)
            for a in range(K):
                b[a, n] = omega[r] * pull[r, a] + alpha[r] * h[a]
                for c in range(a + 1):
                    A[a, c, n] = omega[r] * precision[a, c] + alpha[r] * G[a, c]
            normals(stream(key, r), z[n])
        factor(A)
        forward(A, b)
        for a in range(K):
            for n in range(LANES):
                b[a, n] = (ONE - over) * b[a, n] + np.float32(noise * z[n, a])
        backward(A, b)
        for n in range(min(LANES, stop - first)):
            for a in range(K):
                out[first + n, a] = b[a, n] + over * before[first + n, a]


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def pair_dots(row, item, W, V, out):
    """out[n] = p·q + b_u + b_i of N pairs, f32[N]: row, item i32[N]; W f32[R, K], V f32[I, K], biases in the last column."""
    K = W.shape[1]
    for n in range(len(out)):
        r, i = row[n], item[n]
        dot = W[r, K - 1] + V[i, K - 1]
        for c in range(K - 1):
            dot += W[r, c] * V[i, c]
        out[n] = dot


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def squared_errors(indptr, item, target, W, V, start, stop, out):
    """out[r] = Σ (target − p·q − b_u − b_i)² over the entries of rows start to stop, f64[R]; as in `draw_rows`."""
    K = W.shape[1]
    for r in range(start, stop):
        out[r] = 0
        for e in range(indptr[r], indptr[r + 1]):
            i = item[e]
            rest = target[e] - W[r, K - 1] - V[i, K - 1]
            for c in range(K - 1):
                rest -= W[r, c] * V[i, c]
            out[r] += rest * rest
