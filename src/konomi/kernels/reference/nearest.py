"""The definition of `nearest.py` in plain NumPy."""

import numpy as np


def ridge_on_nearest(X, penalty, near, weight, told):
    """Twin of `nearest.ridge_on_nearest` for all items, from the dense X, f64[people, n]."""
    G, K = X.T @ X, near.shape[1]
    near[:], weight[:], told[:] = -1, 0, 0
    for i in range(len(G)):
        others = np.flatnonzero((G[:, i] > 0) & (np.arange(len(G)) != i))
        gain = G[others, i] ** 2 / (G.diagonal() + penalty)[others]
        chosen = np.sort(others[np.argsort(-gain, kind="stable")[:K]])
        A = G[np.ix_(chosen, chosen)] + np.diag(penalty[chosen])
        near[i, : len(chosen)] = chosen
        weight[i, : len(chosen)] = np.linalg.solve(A, G[chosen, i])
        told[i] = G[chosen, i] @ np.linalg.solve(A, G[chosen, i])
