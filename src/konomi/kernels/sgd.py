"""Stochastic gradient descent for matrix factorisation, one block of ratings or interactions at a time.

The model is  z = μ + b_u + b_i + p_u·q_i,  or with biases inside  z = μ + (p_u + b_u 1)·(q_i + b_i 1).  Each entry (u, i, y)
makes one step against the gradient of

    ½(y − z)²  or  −y log σ(z) − (1 − y) log(1 − σ(z))    +    ½(λ_u |p_u|² + λ_i |q_i|² + λ_bu b_u² + λ_bi b_i²)

the first loss for a rating y, the second for a label y of 1 or 0. The penalty of a row grows with its number of entries (Koren,
Bell & Volinsky 2009, eq. 5). With respect to z the gradient of either loss is −e, e being the error: y − z, or y − σ(z).

Dropout of a share δ (Srivastava et al. 2014; "inverted", so that nothing changes when it is off): for each entry, coordinates
of the two factors are dropped at random and independently, and the others divided by 1 − δ. In the product the two masks are
one: 1 / (1 − δ)² with probability (1 − δ)², else 0.

Symbols: D factors, γ the learning rate. An argument that is None is compiled away. `reference/sgd.py` has the same in NumPy.
"""

import math

import numba
import numpy as np

from konomi.kernels.random import uniform

NONE, OUTSIDE, INSIDE = 0, 1, 2  # where the biases are


@numba.njit(nogil=True, fastmath=True, error_model="numpy", cache=True)
def sgd_block(user, item, y, P, Q, bu, bi, sums, dropout, mean, rate, held, biases, logistic):
    """One pass over N entries; updates P, Q, bu, bi in place. Returns the sum of (y − z)², or of log losses, before each step.

    user, item i32[N]; y f32[N]; P f32[U, D]; Q f32[I, D]; bu f32[U]; bi f32[I]; mean (μ), rate f32.
    held: (f32[U], f32[I], f32[U], f32[I]), the penalties of the rows of P, Q, bu and bi, per entry.
    sums: None for SGD; for Adagrad the running sums of squared gradients of (P, Q, bu, bi), above zero at first.
    dropout: None, or (key u64, first i64, keep f32): entry n draws its mask, which keeps a coordinate with probability
    keep = (1 − δ)², from the numbers first + nD … of the key's stream. biases: NONE, OUTSIDE or INSIDE, which needs a dropout
    (keep = 1 drops nothing). logistic: True for labels, else None.
    """
    total = 0.0
    dim = P.shape[1]
    mask = None if dropout is None else np.empty(dim, np.float32)
    for n in range(len(user)):
        u, i = user[n], item[n]
        p, q, held_p, held_q = P[u], Q[i], held[0][u], held[1][i]
        gp, gq, gu, gi = (None, None, None, None) if sums is None else (sums[0][u], sums[1][i], sums[2], sums[3])
        inside_u, inside_i = (bu[u], bi[i]) if biases == INSIDE else (np.float32(0), np.float32(0))
        if dropout is not None:
            draw_mask(dropout, n * dim, mask)
        z = mean + dot(p, q, inside_u, inside_i, mask)
        if biases == OUTSIDE:
            z += bu[u] + bi[i]
        e, loss = error(y[n], z, logistic)
        total += loss
        if biases == OUTSIDE:
            descend(bu, u, e, held[2][u], rate, gu)
            descend(bi, i, e, held[3][i], rate, gi)
        slope_u, slope_i = np.float32(0), np.float32(0)  # of z along biases inside
        for d in range(dim):
            slope_p, slope_q = factor(q, d, inside_i, mask), factor(p, d, inside_u, mask)
            if mask is not None:
                slope_u += slope_p
                slope_i += slope_q
            descend(p, d, e * slope_p, held_p, rate, gp)
            descend(q, d, e * slope_q, held_q, rate, gq)
        if biases == INSIDE:
            descend(bu, u, e * slope_u, held[2][u], rate, gu)
            descend(bi, i, e * slope_i, held[3][i], rate, gi)
    return total


@numba.njit(nogil=True, fastmath=True, error_model="numpy", cache=True)
def draw_mask(dropout, start, mask):
    """The mask of one entry, f32[D] in place: 1 / keep with probability keep, else 0."""
    key, first, keep = dropout
    for d in range(len(mask)):
        mask[d] = np.float32(1) / keep if uniform(key, first + start + d) < keep else np.float32(0)


@numba.njit(nogil=True, fastmath=True, error_model="numpy", cache=True)
def factor(v, d, inside, mask):
    """Coordinate d of a factor of the dot product, masked: the slope of z along the same coordinate of the other factor."""
    return v[d] if mask is None else mask[d] * (v[d] + inside)


@numba.njit(nogil=True, fastmath=True, error_model="numpy", cache=True)
def dot(p, q, inside_u, inside_i, mask):
    """p·q, or with a mask the sum of m_d (p_d + b_u) (q_d + b_i)."""
    z = np.float32(0)
    for d in range(len(p)):
        z += p[d] * q[d] if mask is None else factor(p, d, inside_u, mask) * (q[d] + inside_i)
    return z


@numba.njit(nogil=True, fastmath=True, error_model="numpy", cache=True)
def error(y, z, logistic):
    """(e, loss): y − z and its square, or y − σ(z) and the log loss; without overflow at any z."""
    if logistic is not None:
        small = math.exp(-abs(z))  # in (0, 1]
        p = (np.float32(1) if z > 0 else small) / (np.float32(1) + small)
        return y - p, max(z, np.float32(0)) - y * z + math.log1p(small)
    return y - z, (y - z) * (y - z)


@numba.njit(nogil=True, fastmath=True, error_model="numpy", cache=True)
def descend(weights, k, downhill, penalty, rate, sums):
    """One step of weights[k] along downhill − penalty · weights[k]: SGD, or Adagrad (Duchi, Hazan & Singer 2011, eq. 1)."""
    if sums is None:
        weights[k] = (np.float32(1) - rate * penalty) * weights[k] + rate * downhill
    else:
        step = downhill - penalty * weights[k]
        sums[k] += step * step
        weights[k] += rate * step / np.sqrt(sums[k])


@numba.njit(nogil=True, fastmath=True, error_model="numpy", cache=True)
def predict_pairs(user, item, P, Q, bu, bi, mean):
    """z of N pairs, f32[N], from the rows of `sgd_block`, biases outside."""
    out = np.empty(len(user), np.float32)
    for n in range(len(user)):
        u, i = user[n], item[n]
        out[n] = mean + bu[u] + bi[i] + dot(P[u], Q[i], np.float32(0), np.float32(0), None)
    return out
