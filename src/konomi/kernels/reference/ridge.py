"""The definitions of `ridge.py` in plain NumPy and SciPy."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit


def fold_in(indptr, item, target, Q, penalty, start, stop, out):
    """Twin of `ridge.fold_in`: the normal equations, person by person."""
    for b in range(start, stop):
        entries = slice(indptr[b], indptr[b + 1])
        X, y, n = Q[item[entries]].astype(float), target[entries].astype(float), indptr[b + 1] - indptr[b]
        if n:
            whole = np.diag(n * penalty[0] + penalty[1])
            out[b] = np.linalg.solve(X.T @ X + whole, X.T @ y + whole @ out[b])


def penalised(w, X, y, offset, penalty, a):
    """The objective of `ridge.fold_in_labels` for one person, and its gradient: (f64, f64[K])."""
    z, whole = offset + X @ w, len(y) * penalty[0] + penalty[1]
    value = np.sum(np.logaddexp(0, z) - y * z) + whole @ (w - a) ** 2 / 2
    return value, X.T @ (expit(z) - y) + whole * (w - a)


def fold_in_labels(indptr, item, label, offset, Q, penalty, start, stop, out):
    """Twin of `ridge.fold_in_labels`: SciPy's minimiser, person by person."""
    for b in range(start, stop):
        entries = slice(indptr[b], indptr[b + 1])
        if indptr[b + 1] > indptr[b]:
            a = out[b].astype(float)
            person = (Q[item[entries]].astype(float), label[entries].astype(float), offset[entries].astype(float), penalty, a)
            out[b] = minimize(penalised, a, person, "BFGS", jac=True, options={"gtol": 1e-9}).x
