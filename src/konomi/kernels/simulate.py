"""Simulated people who choose titles and rate them, in blocks. docs/simulation.md has the model and its constants.

    x_ui = w_u · f_i                        taste: the person's weights times the title's features
    a_ui = m_u + k_u x_ui                   clean opinion: level m_u, spread k_u
    r_ui = clip(round(a_ui + σ_u ε), 1, 10)     ε standard normal, σ_u = σ k_u
    P(u takes i next) ∝ p_i / (1 + e^(c − β y_ui))  among the titles not yet taken; p_i is the popularity, y_ui the taste
                                                    without quality, which everybody likes

The rating is drawn from one uniform number v = Φ(ε): r ≤ k exactly where v ≤ F_k = Φ((k + ½ − a) / σ), and the same nine F_k
give its variance. Random numbers are a function of (seed, person, how many were drawn before), so that neither threads nor
blocks change anything. No fastmath: every machine sums in the same order.
"""

import math

import numba
import numpy as np

from konomi.kernels.random import GOLDEN, MIX_1, mix, uniform

LOW, HIGH = 1, 10
WATCHING, COMPLETED, ON_HOLD, DROPPED, PLANNED = 1, 2, 3, 4, 6  # as labels.STATUS


@numba.njit(nogil=True, cache=True)
def alias_table(weight):
    """Walker's alias table (Vose 1991) of weight f64[I]: keep f64[I], other i32[I].

    To draw: i uniform in [0, I); take i with probability keep[i], else other[i].
    """
    n = len(weight)
    keep = weight * (n / weight.sum())
    other = np.arange(n).astype(np.int32)
    light, heavy = np.empty(n, np.int32), np.empty(n, np.int32)
    lights = heavies = 0
    for i in range(n):
        if keep[i] < 1.0:
            light[lights] = i
            lights += 1
        else:
            heavy[heavies] = i
            heavies += 1
    while lights > 0 and heavies > 0:
        lights -= 1
        small, large = light[lights], heavy[heavies - 1]
        other[small] = large
        keep[large] -= 1.0 - keep[small]
        if keep[large] < 1.0:
            heavies -= 1
            light[lights] = large
            lights += 1
    return keep, other


@numba.njit(nogil=True, cache=True)
def draw_rating(opinion, noise, v):
    """One rating from a clean opinion: (rating 1 to 10, the variance that ratings of this opinion have).

    With F_k = P(r ≤ k):  E r = 10 − Σ F_k  and  E r² = 100 − Σ (2k + 1) F_k,  k = 1 … 9.
    """
    rating, mean, square = LOW, float(HIGH), float(HIGH * HIGH)
    for k in range(LOW, HIGH):
        below = 0.5 * math.erfc((opinion - k - 0.5) / (noise * math.sqrt(2.0)))
        mean -= below
        square -= (2 * k + 1) * below
        if v > below:
            rating = k + 1
    return rating, max(square - mean * mean, 0.0)


@numba.njit(nogil=True, cache=True)
def status_of(taste, scored, v):
    """A watching status, in the shares of real lists. Dropped depends on taste, not on the rating: it is independent of ε."""
    if scored:
        dropped = 1.0 / (1.0 + math.exp(4.5 + 3.0 * taste))
        if v < dropped:
            return DROPPED
        rest = (v - dropped) / (1.0 - dropped)
        return WATCHING if rest < 0.027 else ON_HOLD if rest < 0.038 else COMPLETED
    return PLANNED if v < 0.53 else COMPLETED if v < 0.84 else WATCHING if v < 0.90 else ON_HOLD if v < 0.96 else DROPPED


@numba.njit(nogil=True, cache=True)
def simulate_block(seed, first, last, indptr, scored, features, weights, level, spread, sigma, pull, reserve, keep, other,
                   item, rating, status, variance):  # fmt: skip
    """The lists of people first to last − 1; writes their entries of item, rating, status and variance.

    seed u64; indptr i64[U+1], rows of each list; scored i64[U], how many of them have a rating (they come first);
    features f32[I, F], weights f32[U, F], level, spread f64[U]; keep, other: the alias table of popularity.
    Out: item i32[N], rating u8[N] (0 = not scored), status u8[N]; variance f64[U], the sum of Var r over a person's ratings.
    """
    n_items, dim = features.shape
    taken_by = np.full(n_items, -1, np.int64)
    for u in range(first, last):
        key = mix(seed + GOLDEN) ^ mix(np.uint64(u) * GOLDEN + MIX_1)
        draws, row, total = 0, indptr[u], 0.0
        rated_end = indptr[u] + scored[u]
        while row < indptr[u + 1]:
            place = uniform(key, draws) * n_items
            i = int(place)
            if place - i >= keep[i]:
                i = other[i]
            draws += 1
            if taken_by[i] == u:
                continue
            interest = 0.0
            for f in range(1, dim):
                interest += float(weights[u, f]) * float(features[i, f])
            taste = float(weights[u, 0]) * float(features[i, 0]) + interest
            chance = 1.0 / (1.0 + math.exp(reserve - pull * interest))
            draws += 1
            if uniform(key, draws - 1) >= chance:
                continue
            taken_by[i] = u
            item[row] = i
            rating[row] = 0
            if row < rated_end:
                rating[row], var = draw_rating(level[u] + spread[u] * taste, sigma * spread[u], uniform(key, draws))
                total += var
            status[row] = status_of(taste, row < rated_end, uniform(key, draws + 1))
            draws += 2
            row += 1
        variance[u] = total
