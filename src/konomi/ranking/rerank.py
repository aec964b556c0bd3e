"""A list as a whole: a title counts for less if one like it stands above, or if the list strays from the person's genres.

Greedily, place after place, the title with the highest

    s_i − d · max_{j ∈ L} cos(v_i, v_j) − c · KL(p ‖ q_{L ∪ i})        over the list L so far

"Maximal marginal relevance" (Carbonell & Goldstein 1998) with the dial "diverse", d, and calibrated recommendations (Steck
2018, eq. 6) with the dial "calibrate", c: p is the genre mix of what the person liked, q that of the list.
"""

import numpy as np

from konomi.arrays import F32, I64, U8

SMOOTH = 0.01  # α: how much of p is mixed into q, so that the divergence is finite (Steck 2018, eq. 7)


def rerank(scores: F32, k: int, vectors: F32, mixes: F32, own: F32, diverse: float, calibrate: float) -> I64:
    """The places of the k titles chosen among M candidates, in order, i64[k] (all M where there are fewer).

    scores f32[M], the best first; vectors f32[M, D], of length 1 or 0; mixes f32[M, G], the genre mix of each (sums to 1 or 0);
    own f32[G], the person's (sums to 1 or 0, which asks for nothing).
    """
    chosen: list[int] = []
    left = np.ones(len(scores), bool)
    nearest = np.zeros(len(scores), np.float32)  # the largest cosine with a chosen one
    total = np.zeros(mixes.shape[1])  # the sum of the mixes of the chosen
    p = own.astype(np.float64)
    for place in range(min(k, len(scores))):
        gain = scores - diverse * nearest
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
    """The rows at length 1; rows of zeros stay."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    rows: F32 = np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)
    return rows


def mix(genres: U8) -> F32:
    """Each row's share per genre, f32[n, G]; a row without genres stays 0."""
    many = np.maximum(genres.sum(axis=1, keepdims=True, dtype=np.float32), 1)
    shares: F32 = (genres / many).astype(np.float32)
    return shares
