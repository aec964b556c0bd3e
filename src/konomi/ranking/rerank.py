"""A ranking chosen as a whole: a title scores less if one like it stands above, or if it strays from the person's genres.

Each place, from the first on, goes to the title with the highest

    s_i − d · max_{j ∈ L} cos(v_i, v_j) − c · KL(p ‖ q_{L ∪ i})        L: the titles chosen so far

d is the dial "diverse" (maximal marginal relevance, Carbonell & Goldstein 1998), c the dial "calibrate" (calibrated
recommendations, Steck 2018, eq. 6); p is the genre mix of what the person liked, q that of the titles chosen. For the first
place, L is empty and the maximum 0.
"""

import numpy as np

from konomi.arrays import F32, I64, U8

SMOOTH = 0.01  # α: how much of p is mixed into q, so that the divergence is finite (Steck 2018, eq. 7)


def rerank(scores: F32, k: int, vectors: F32, mixes: F32, liked: F32, diverse: float, calibrate: float) -> I64:
    """The places of the k titles chosen among M candidates, in order, i64[k] (all M where there are fewer).

    scores f32[M], the best first; vectors f32[M, D], of length 1 or 0; mixes f32[M, G], the genre mix of each title (sum 1 or
    0); liked f32[G], the person's (sum 1, or 0 = none).
    """
    chosen: list[int] = []
    left = np.ones(len(scores), bool)
    nearest = np.full(len(scores), -np.inf, np.float32)  # the largest cosine with a chosen one
    total = np.zeros(mixes.shape[1])  # the sum of the mixes of the chosen
    p = liked.astype(np.float64)
    for place in range(min(k, len(scores))):
        gain = scores - diverse * nearest if chosen else scores
        if calibrate and p.any():
            q = (1 - SMOOTH) * (total + mixes) / (place + 1) + SMOOTH * p  # M × G
            with np.errstate(divide="ignore", invalid="ignore"):
                gain = gain - calibrate * np.where(p > 0, p * np.log(p / q), 0).sum(axis=1)
        best = int(np.where(left, gain, -np.inf).argmax())  # the first of equals
        chosen.append(best)
        left[best] = False
        np.maximum(nearest, vectors @ vectors[best], out=nearest)
        total += mixes[best]
    return np.array(chosen, np.int64)


def unit(vectors: F32) -> F32:
    """The rows scaled to length 1; rows of zeros stay."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    rows: F32 = np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)
    return rows


def mix(genres: U8) -> F32:
    """Each row's share per genre, f32[n, G]; a row without genres stays 0."""
    many = np.maximum(genres.sum(axis=1, keepdims=True, dtype=np.float32), 1)
    shares: F32 = (genres / many).astype(np.float32)
    return shares
