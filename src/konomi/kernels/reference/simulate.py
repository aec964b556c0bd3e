"""The definitions of `kernels/simulate.py` in plain Python, NumPy and SciPy."""

import numpy as np
from scipy.special import expit, ndtr, ndtri

from konomi.kernels.simulate import status_of

WORD = 2**64


def mix(z):
    """The output function of SplitMix64, on whole numbers below 2^64."""
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % WORD
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % WORD
    return z ^ (z >> 31)


def stream(seed, u):
    """The random numbers of one person, one after the other."""
    golden = 0x9E3779B97F4A7C15
    z = mix((seed + golden) % WORD) ^ mix((u * golden + 0xBF58476D1CE4E5B9) % WORD)
    while True:
        yield (mix(z) >> 11) / 2**53
        z = (z + golden) % WORD


def rate(opinion, noise, v):
    """clip(round(a + σ ε), 1, 10) with ε = Φ⁻¹(v), elementwise; exactly between two ratings, the lower one."""
    return np.clip(np.ceil(opinion + noise * ndtri(v) - 0.5), 1, 10)


def moments(opinion, noise):
    """Mean and variance, f64[N] each, of the ratings that clean opinions f64[N] give: sums over the ten ratings."""
    edges = np.concatenate([[-np.inf], np.arange(1.5, 10), [np.inf]])
    chance = np.diff(ndtr((edges - opinion[:, None]) / np.reshape(noise, (-1, 1))), axis=1)  # [N, 10]
    ratings = np.arange(1, 11)
    mean = chance @ ratings
    return mean, np.sum(chance * (ratings - mean[:, None]) ** 2, axis=1)


def simulate_list(seed, u, rows, scored, features, weights, level, spread, sigma, pull, reserve, keep, other):
    """The list of person u: (item, rating, status, clean opinion) of each of its `rows` rows, in order."""
    random, taken = stream(seed, u), set()
    entries: list[tuple[int, int, int, float]] = []
    while len(entries) < rows:
        place = next(random) * len(features)
        i = int(place) if place % 1 < keep[int(place)] else int(other[int(place)])
        if i in taken:
            continue
        each = weights[u].astype(float) * features[i].astype(float)
        taste, interest = float(each.sum()), float(each[1:].sum())
        if next(random) >= expit(pull * interest - reserve):
            continue
        taken.add(i)
        opinion = level[u] + spread[u] * taste
        has_rating, v, w = len(entries) < scored, next(random), next(random)
        rating = int(rate(opinion, sigma * spread[u], v)) if has_rating else 0
        entries.append((i, rating, status_of.py_func(taste, has_rating, w), opinion))
    return entries
