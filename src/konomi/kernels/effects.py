"""Gibbs sampling of the effects of features on the rows of a factorisation, one feature after the other.

    R_r = W_r − m − Σ_j f_rj y_j ~ N(0, (ω_r Λ)⁻¹)        y_j ~ N(0, (τ_j Λ_Y)⁻¹)

With Λ = TTᵀ and Λ_Y = T S Tᵀ, S diagonal, the coordinates of w = Tᵀ y do not depend on each other. With s_j = Σ_r f_rj² ω_r,

    w_j ~ N((Σ_r f_rj ω_r R_r + s_j w_j) / (τ_j S + s_j), 1 / (τ_j S + s_j))

and R, turned likewise, is kept up to date (Park & Casella 2008 sample coefficients likewise; Rendle 2012, "Factorization
machines with libFM", eq. 13 and 21–22: one pass over the entries for each coordinate).
"""

import math

import numba
import numpy as np

from konomi.kernels.random import normals, stream

WIDE = 16  # coordinates drawn by one task


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def draw_effects(start, row, weight, omega, tau, spread, key, noise, rest, effect):
    """Draw `WIDE` coordinates of the effects of J features, in place.

    start i64[J+1], row i32[N], weight f32[N]: the rows that have feature j, and f; omega f32[R]; tau f32[J]; spread f32[WIDE]:
    S; rest f32[R, WIDE]: R; effect f32[J, WIDE]: w. Feature j uses the stream of `key` and j; noise: 1, or 0 for the means.
    """
    wide = rest.shape[1]  # known at run time alone, so that the compiler makes loops of it, and those into vector instructions
    total, z = np.empty(wide, np.float32), np.empty(wide)
    for j in range(len(effect)):
        s = np.float32(0)
        total[:] = 0
        for e in range(start[j], start[j + 1]):
            r = row[e]
            f = weight[e] * omega[r]
            s += f * weight[e]
            for d in range(wide):
                total[d] += f * rest[r, d]
        normals(stream(key, j), z)
        for d in range(wide):
            precision = tau[j] * spread[d] + s
            new = (total[d] + s * effect[j, d]) / precision + np.float32(noise * z[d]) / math.sqrt(precision)
            total[d] = new - effect[j, d]
            effect[j, d] = new
        for e in range(start[j], start[j + 1]):
            r, f = row[e], weight[e]
            for d in range(wide):
                rest[r, d] -= f * total[d]


@numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def add_effects(indptr, feature, weight, effect, start, stop, out):
    """out[r] = Σ_j f_rj y_j for rows start to stop, f32[R, K]; indptr i64[R+1], feature i32[N], weight f32[N], effect
    f32[J, K]."""
    K = out.shape[1]
    for r in range(start, stop):
        total = out[r]
        total[:] = 0
        for e in range(indptr[r], indptr[r + 1]):
            f, y = weight[e], effect[feature[e]]
            for d in range(K):
                total[d] += f * y[d]
