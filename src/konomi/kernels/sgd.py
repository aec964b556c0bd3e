"""Stochastic gradient descent for matrix factorisation, one block of ratings at a time.

The model predicts  r̂ = μ + b_u + b_i + p_u·q_i  and each rating (u, i, r) takes one step against the gradient of

    (r − r̂)² + λ (|p_u|² + |q_i|²) + λ_b (b_u² + b_i²)

so the penalty of a row grows with its number of ratings (Koren, Bell & Volinsky 2009, eq. 5; the factor 2 is in the rate).
Symbols: D factors, γ the learning rate, e = r − r̂ the error; `target` is r − μ. `reference.py` has the same in NumPy.
"""

import numba
import numpy as np


@numba.njit(nogil=True, fastmath=True, cache=True)
def sgd_block(user, item, target, P, Q, bu, bi, rate, l2, l2_bias, biased):
    """One pass of SGD over N ratings; updates P, Q, bu, bi in place and returns the sum of e² before each step.

    user, item i32[N]; target f32[N]; P f32[U, D]; Q f32[I, D]; bu f32[U]; bi f32[I]; rate, l2, l2_bias f32; biased bool.
    """
    total = 0.0
    dim = P.shape[1]
    keep = np.float32(1) - rate * l2
    for n in range(len(user)):
        u, i = user[n], item[n]
        p, q = P[u], Q[i]
        dot = np.float32(0)
        for d in range(dim):
            dot += p[d] * q[d]
        e = target[n] - dot
        if biased:
            e -= bu[u] + bi[i]
            bu[u] += rate * (e - l2_bias * bu[u])
            bi[i] += rate * (e - l2_bias * bi[i])
        total += e * e
        step = rate * e
        for d in range(dim):
            p_d = p[d]
            p[d] = keep * p_d + step * q[d]
            q[d] = keep * q[d] + step * p_d
    return total


@numba.njit(nogil=True, fastmath=True, cache=True)
def adagrad_block(user, item, target, P, Q, bu, bi, GP, GQ, gu, gi, rate, l2, l2_bias, biased):
    """One pass of Adagrad: each weight's rate is γ / √(the sum of its squared gradients).

    Duchi, Hazan & Singer 2011, eq. 1 with the diagonal of G. As `sgd_block`, with the running sums GP f32[U, D], GQ f32[I, D],
    gu f32[U], gi f32[I], which must start above zero.
    """
    total = 0.0
    dim = P.shape[1]
    for n in range(len(user)):
        u, i = user[n], item[n]
        p, q, gp, gq = P[u], Q[i], GP[u], GQ[i]
        dot = np.float32(0)
        for d in range(dim):
            dot += p[d] * q[d]
        e = target[n] - dot
        if biased:
            e -= bu[u] + bi[i]
            down_u, down_i = e - l2_bias * bu[u], e - l2_bias * bi[i]
            gu[u] += down_u * down_u
            gi[i] += down_i * down_i
            bu[u] += rate * down_u / np.sqrt(gu[u])
            bi[i] += rate * down_i / np.sqrt(gi[i])
        total += e * e
        for d in range(dim):
            down_p, down_q = e * q[d] - l2 * p[d], e * p[d] - l2 * q[d]
            gp[d] += down_p * down_p
            gq[d] += down_q * down_q
            p[d] += rate * down_p / np.sqrt(gp[d])
            q[d] += rate * down_q / np.sqrt(gq[d])
    return total


@numba.njit(nogil=True, fastmath=True, cache=True)
def predict_pairs(user, item, P, Q, bu, bi, mean):
    """r̂ of N pairs, f32[N], from the rows of `sgd_block`."""
    out = np.empty(len(user), np.float32)
    for n in range(len(user)):
        p, q = P[user[n]], Q[item[n]]
        dot = np.float32(0)
        for d in range(len(p)):
            dot += p[d] * q[d]
        out[n] = mean + bu[user[n]] + bi[item[n]] + dot
    return out
