"""One optimiser step for some rows of a table: updates the weights and their state in place.

table f32[N, D]; rows i64[n], distinct; gradient f32[n, D]; rate γ; start, stop: the range of `rows` to update.
`neural/embedding.py` has the same in torch, with the papers. The error model is NumPy's: Python's checks for a division by zero
at every weight, which prevents vectorised loops.
"""

import numba
import numpy as np


@numba.njit(nogil=True, fastmath=True, error_model="numpy", cache=True)
def sgd(table, rows, gradient, rate, start, stop):
    """w −= γ g."""
    for n in range(start, stop):
        w, g = table[rows[n]], gradient[n]
        for d in range(len(g)):
            w[d] -= rate * g[d]


@numba.njit(nogil=True, fastmath=True, error_model="numpy", cache=True)
def adagrad(table, squares, rows, gradient, rate, epsilon, start, stop):
    """s += g², w −= γ g / (√s + ε); squares f32[N, D]."""
    for n in range(start, stop):
        w, s, g = table[rows[n]], squares[rows[n]], gradient[n]
        for d in range(len(g)):
            s[d] += g[d] * g[d]
            w[d] -= rate * g[d] / (np.sqrt(s[d]) + epsilon)


@numba.njit(nogil=True, fastmath=True, error_model="numpy", cache=True)
def rowwise_adagrad(table, squares, rows, gradient, rate, epsilon, start, stop):
    """s += the mean of g², w −= γ g / (√s + ε); squares f32[N, 1]."""
    for n in range(start, stop):
        w, g = table[rows[n]], gradient[n]
        total = np.float32(0)
        for d in range(len(g)):
            total += g[d] * g[d]
        squares[rows[n], 0] += total / np.float32(len(g))
        step = rate / (np.sqrt(squares[rows[n], 0]) + epsilon)
        for d in range(len(g)):
            w[d] -= step * g[d]


@numba.njit(nogil=True, fastmath=True, error_model="numpy", cache=True)
def adam(table, means, squares, rows, gradient, rate, beta_1, beta_2, epsilon, start, stop):
    """m = β₁ m + (1 − β₁) g, v = β₂ v + (1 − β₂) g², w −= γ m / (√v + ε); means, squares f32[N, D].

    The bias correction of step t is in the rate, γ √(1 − β₂ᵗ) / (1 − β₁ᵗ), and in ε, times √(1 − β₂ᵗ).
    """
    one = np.float32(1)
    for n in range(start, stop):
        w, m, v, g = table[rows[n]], means[rows[n]], squares[rows[n]], gradient[n]
        for d in range(len(g)):
            m[d] = beta_1 * m[d] + (one - beta_1) * g[d]
            v[d] = beta_2 * v[d] + (one - beta_2) * g[d] * g[d]
            w[d] -= rate * m[d] / (np.sqrt(v[d]) + epsilon)
