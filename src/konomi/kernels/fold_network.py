"""Fold-in for the network of `pairs.py`: a person's code from their entries alone, everything else frozen.

The code θ = [e (D) | b (O)] minimises the training objective over the person's n entries, plus a prior around the average code
θ₀,

    Σ_n [ w_r (z_r − y_n)² + w_c (log(1 + exp z_c) − t_n z_c) ] + n θᵀΛθ + (θ − θ₀)ᵀΛ₀(θ − θ₀)

(an entry without a rating y or a label t lacks that term) by damped Gauss–Newton steps (Nocedal & Wright 2006, eq. 10.23): z is
linearised around θ, which is exact where no hidden unit switches, and a step that does not lower the objective is halved.
"""

import math

import numba
import numpy as np

STEPS, HALVINGS = 8, 4  # at most: Gauss–Newton steps until the minimum, halvings of a step
ENOUGH = 1e-7  # stop when a step lowers the objective by less than this share of it


@numba.njit(nogil=True, cache=True)
def fold_in(indptr, item, rating, label, right, W, bias, V, constant, heads, weights, penalty, steps, start, stop, out):
    """Rows start to stop of out f32[B, D + O] in place: θ₀ before, θ after. Rows of people without entries do not change.

    indptr i64[B+1]; item i32[N]; rating f32[N], NaN = none; label i8[N], −1 = none; right f32[I, H + P + O] (P is D or 0);
    W f64[D, H]; bias f64[H]; V f64[O, H]; constant f64[O]; heads (r, c): the outputs that are the rating and the interaction,
    −1 = none; weights f64[2] of the two terms; penalty f64[2, D + O]: Λ, per entry, and Λ₀, once; steps: at most so many.
    """
    D, H = W.shape
    O, width = len(V), right.shape[1] - len(V)
    for b in range(start, stop):
        n = indptr[b + 1] - indptr[b]
        if n == 0:
            continue
        y, t = rating[indptr[b] : indptr[b + 1]], label[indptr[b] : indptr[b + 1]]
        C = np.empty((n, width + O))
        for k in range(n):
            C[k] = right[item[indptr[b] + k]]
        theta = out[b].astype(np.float64)
        ridge, once, start_row = n * penalty[0], penalty[1], theta.copy()
        loss = objective(theta, C, y, t, W, bias, V, constant, heads, weights, ridge, once, start_row)
        for _ in range(steps):
            a = np.dot(theta[:D], W) + bias
            A, g = np.diag(2 * (ridge + once)), 2 * (ridge * theta + once * (theta - start_row))
            for o in range(O):
                S = np.empty((n, H))  # slopes of z along the hidden units' inputs
                X = np.zeros((n, D + O))  # slopes of z along θ
                for k in range(n):
                    for h in range(H):
                        S[k, h] = V[o, h] if a[h] + C[k, h] > 0 else 0.0
                X[:, :D] = np.dot(S, W.T)
                for k in range(n):
                    for d in range(width - H):
                        X[k, d] += C[k, H + d]
                    X[k, D + o] = 1
                curve = np.empty(n)
                for k in range(n):
                    z = output(o, a, theta, C[k], V, constant, D, H, width)
                    curve[k], slope = terms(o, z, y[k], t[k], heads, weights)
                    g += slope * X[k]
                A += np.dot((X * curve.reshape(n, 1)).T, X)
            step = np.linalg.solve(A, g)
            before = loss
            for _ in range(HALVINGS):
                after = objective(theta - step, C, y, t, W, bias, V, constant, heads, weights, ridge, once, start_row)
                if after < loss:
                    theta -= step
                    loss = after
                    break
                step *= 0.5
            if before - loss <= ENOUGH * before:
                break
        out[b] = theta


@numba.njit(nogil=True, cache=True)
def output(o, a, theta, c, V, constant, D, H, width):
    """z_o of one item's row c."""
    z = constant[o] + theta[D + o] + c[width + o]
    for h in range(H):
        z += V[o, h] * max(a[h] + c[h], 0.0)
    for d in range(width - H):
        z += theta[d] * c[H + d]
    return z


@numba.njit(nogil=True, cache=True)
def terms(o, z, y, t, heads, weights):
    """(curvature, slope) of one entry's term along z_o."""
    if o == heads[0] and not np.isnan(y):
        return 2 * weights[0], 2 * weights[0] * (z - y)
    if o == heads[1] and t >= 0:
        p = 1 / (1 + math.exp(-z)) if z > -30 else math.exp(z)
        return weights[1] * max(p * (1 - p), 1e-6), weights[1] * (p - t)
    return 0.0, 0.0


@numba.njit(nogil=True, cache=True)
def objective(theta, C, y, t, W, bias, V, constant, heads, weights, ridge, once, start_row):
    """The objective of one person."""
    D, H = W.shape
    width = C.shape[1] - len(V)
    a = np.dot(theta[:D], W) + bias
    total = np.sum(ridge * theta * theta + once * (theta - start_row) ** 2)
    for k in range(len(C)):
        if heads[0] >= 0 and not np.isnan(y[k]):
            total += weights[0] * (output(heads[0], a, theta, C[k], V, constant, D, H, width) - y[k]) ** 2
        if heads[1] >= 0 and t[k] >= 0:
            z = output(heads[1], a, theta, C[k], V, constant, D, H, width)
            total += weights[1] * (max(z, 0.0) - t[k] * z + math.log1p(math.exp(-abs(z))))
    return total
