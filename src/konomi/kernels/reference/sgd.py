"""The definitions of `sgd.py` in plain NumPy."""

import numpy as np
from scipy.special import expit

from konomi.kernels.random import uniform
from konomi.kernels.sgd import INSIDE, NONE, OUTSIDE


def sgd_block(user, item, y, P, Q, bu, bi, sums, dropout, mean, rate, held, biases, logistic):
    """Twin of `sgd.sgd_block`."""
    total = 0.0
    for n, (u, i) in enumerate(zip(user, item, strict=True)):
        mask = draw_mask(dropout, n, P.shape[1])
        left, right = (P[u] + bu[u], Q[i] + bi[i]) if biases == INSIDE else (P[u], Q[i])
        z = mean + (mask * left) @ right + (bu[u] + bi[i] if biases == OUTSIDE else 0)
        e = y[n] - (expit(z) if logistic else z)
        total += np.logaddexp(0, z) - y[n] * z if logistic else e**2
        steps = [(0, u, e * mask * right - held[0][u] * P[u]), (1, i, e * mask * left - held[1][i] * Q[i])]
        if biases != NONE:
            slopes = (mask @ right, mask @ left) if biases == INSIDE else (1, 1)
            steps += [(2, u, e * slopes[0] - held[2][u] * bu[u]), (3, i, e * slopes[1] - held[3][i] * bi[i])]
        for which, row, downhill in steps:
            if sums is not None:
                sums[which][row] += downhill**2
            (P, Q, bu, bi)[which][row] += rate * downhill / (1 if sums is None else np.sqrt(sums[which][row]))
    return total


def draw_mask(dropout, n, dim):
    """The mask of entry n, f64[D]."""
    if dropout is None:
        return np.ones(dim)
    key, first, keep = dropout
    drawn = [uniform(key, first + n * dim + d) for d in range(dim)]
    return np.where(np.array(drawn) < keep, 1 / keep, 0)


def predict_pairs(user, item, P, Q, bu, bi, mean):
    """Twin of `sgd.predict_pairs`."""
    return mean + bu[user] + bi[item] + (P[user] * Q[item]).sum(axis=1)
