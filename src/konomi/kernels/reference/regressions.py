"""The definitions of `regressions.py`, `expectations.py`, `effects.py` and `fold_bayes.py` in plain NumPy, in float64."""

import numpy as np

from konomi.kernels import random


def row_posterior(item, target, X, root, alpha, omega, precision, prior):
    """(A, the mean A⁻¹b) of one row, see `regressions.py`; prior f64[K]."""
    x = np.array(X[item], np.float64)
    rest = target - x[:, -1]
    x[:, -1] = 1
    weight = alpha * np.array(root[item], np.float64) ** 2
    A = omega * precision + (x * weight[:, None]).T @ x
    return A, np.linalg.solve(A, omega * precision @ prior + (x * weight[:, None]).T @ rest)


def draw_rows(indptr, item, target, X, root, alpha, omega, precision, pull, key, noise, over, before, start, stop, out):
    """Twin of `regressions.draw_rows`."""
    z = np.empty(X.shape[1])
    for r in range(start, stop):
        entries = slice(indptr[r], indptr[r + 1])
        prior = np.linalg.solve(precision, pull[r])
        A, mean = row_posterior(item[entries], target[entries], X, root, alpha[r], omega[r], precision, prior)
        random.normals(np.uint64(random.stream(key, r)), z)
        out[r] = mean + over * (before[r] - mean) + noise * np.linalg.solve(np.linalg.cholesky(A).T, z)


def expect_row(item, target, X, root, alpha, omega, precision, prior, others):
    """(mean f64[K], covariance f64[K, K], expected Σ ρ² e²) of one row, see `expectations.py`; others f64[I, K, K]."""
    K = X.shape[1]
    A, b, total = omega * precision.astype(np.float64), omega * precision @ prior, []
    for i, t in zip(item, target, strict=True):
        weight, x, rest = float(root[i]) ** 2, np.append(X[i, :-1], 1.0), t - X[i, -1]
        second, cross = np.outer(x, x), rest * x
        second[:-1, :-1] += others[i, :-1, :-1]
        cross[:-1] -= others[i, :-1, -1]
        A, b = A + alpha * weight * second, b + alpha * weight * cross
        total.append((weight, rest**2 + others[i, -1, -1], cross, second))
    covariance = np.linalg.inv(A)
    mean = covariance @ b
    spread = np.outer(mean, mean) + covariance
    squares = sum(w * (whole - 2 * mean @ cross + (spread * second).sum()) for w, whole, cross, second in total)
    assert covariance.shape == (K, K)
    return mean, covariance, squares


def pair_dots(row, item, W, V, out):
    """Twin of `regressions.pair_dots`."""
    out[:] = np.einsum("nk,nk->n", W[row, :-1], V[item, :-1]) + W[row, -1] + V[item, -1]


def squared_errors(indptr, item, target, W, V, start, stop, out):
    """Twin of `regressions.squared_errors`."""
    row = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    found = np.empty(len(item))
    pair_dots(row, item, W.astype(np.float64), V.astype(np.float64), found)
    out[start:stop] = np.bincount(row, (target - found) ** 2, minlength=len(indptr) - 1)[start:stop]


def draw_effects(start, row, weight, omega, tau, spread, key, noise, rest, effect):
    """Twin of `effects.draw_effects`."""
    z = np.empty(rest.shape[1])
    for j in range(len(effect)):
        entries = slice(start[j], start[j + 1])
        f = weight[entries]
        s = (f**2 * omega[row[entries]]).sum()
        precision = tau[j] * spread + s
        mean = ((f * omega[row[entries]]) @ rest[row[entries]] + s * effect[j]) / precision
        random.normals(np.uint64(random.stream(key, j)), z)
        new = mean + noise * z / np.sqrt(precision)
        rest[row[entries]] -= f[:, None] * (new - effect[j])
        effect[j] = new


def add_effects(indptr, feature, weight, effect, start, stop, out):
    """Twin of `effects.add_effects`."""
    for r in range(start, stop):
        entries = slice(indptr[r], indptr[r + 1])
        out[r] = weight[entries] @ effect[feature[entries]]


def fold_person(item, place, target, drawn, vectors, precision, noise, shape, freedom, prior, steps):
    """(mean f64[S, K], α, ω, d f64[S]) of one person, as `fold_bayes.fold_people`; precision f64[S, K, K], prior f64[S, K]."""
    S, K = prior.shape
    mean, found = np.empty((S, K)), np.empty((3, S))
    for s in range(S):
        X = np.array([drawn[p, s] if p < len(drawn) else vectors[i, s] for i, p in zip(item, place, strict=True)]).reshape(
            -1, K
        )
        ones, rows = np.ones(len(X)), np.arange(len(X))
        alpha, omega, known = float(noise[s]), 1.0, 0.0
        for step in range(steps + 1):
            A, w = row_posterior(rows, target, X, ones, alpha, omega, precision[s].astype(np.float64), prior[s])
            if step == steps or not len(item):
                break
            known = min(K - omega * np.trace(np.linalg.solve(A, precision[s])), len(item))
            missed = ((target - X[:, :-1] @ w[:-1] - X[:, -1] - w[-1]) ** 2).sum()
            away = w - prior[s]
            alpha = (shape + (len(item) - known) / 2) / (shape / noise[s] + missed / 2)
            if freedom:
                omega = (freedom + known) / (freedom + away @ precision[s] @ away)
        mean[s], found[:, s] = w, (alpha, omega, known)
    return mean, *found


def prior_means(indptr, place, tell, typical, few, out):
    """Twin of `fold_bayes.prior_means`, with the terms as `models/bayes.py` has them."""
    for b in range(len(out)):
        places = place[indptr[b] : indptr[b + 1]]
        n = len(places)
        if n:
            t = n / (n + few)
            F = tell[places[places < len(tell)]].sum(axis=0) / np.sqrt(n)
            out[b] += t * F + (1 - t) * (typical[0] + t * (F - np.sqrt(n) * typical[1])) - typical[0]
