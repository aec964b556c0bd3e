"""Metrics of lists of recommendations, as pure functions: how many relevant items they hold, and what else they hold.

hit bool[B, K], best place first: whether a place holds a relevant item; count i64[B], at least 1: how many items are relevant
to a person, whether the list can hold them or not.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from konomi.arrays import F64, I32, I64, U8, Bools
from konomi.data.profiles import Profiles

# relevant items in lists: f64[B], one value for each person


def hits(items: I32, relevant: Profiles) -> Bools:
    """bool[B, K]: whether each of the items i32[B, K], padded with −1, is relevant to its person."""
    width = np.int64(max(items.max(initial=-1), relevant.item.max(initial=-1))) + 2
    key = relevant.user * width + relevant.item + 1  # ascending
    listed = np.arange(len(items))[:, None] * width + items + 1
    place = np.searchsorted(key, listed.ravel())
    found: Bools = (np.append(key, -1)[place].reshape(items.shape) == listed) & (items >= 0)
    return found


def ndcg(hit: Bools, count: I64, k: int) -> F64:
    """Σ_n hit_n / log₂(n + 1) over the first k places n, divided by the highest sum that a list can have.

    (Järvelin & Kekäläinen 2002, with gains of 0 and 1 and the discount of Burges et al. 2005.)
    """
    discount = 1 / np.log2(np.arange(k) + 2)
    ideal = np.concatenate([[0], np.cumsum(discount)])[np.minimum(count, k)]
    found: F64 = hit[:, :k] @ discount[: hit.shape[1]] / ideal
    return found


def recall(hit: Bools, count: I64, k: int) -> F64:
    """The share of the relevant items that are among the first k."""
    found: F64 = hit[:, :k].sum(axis=1) / count
    return found


def precision(hit: Bools, k: int) -> F64:
    """The share of the first k places that are hits; an empty place is no hit."""
    found: F64 = hit[:, :k].sum(axis=1) / k
    return found


def average_precision(hit: Bools, count: I64, k: int) -> F64:
    """The sum of the precisions at each hit among the first k, over min(count, k): 1 for a perfect list.

    Divided by `count` instead, a person with more than k relevant items could not reach 1.
    """
    first = hit[:, :k]
    at = np.cumsum(first, axis=1) / (np.arange(first.shape[1]) + 1)
    mean: F64 = (first * at).sum(axis=1) / np.minimum(count, k)
    return mean


def reciprocal_rank(hit: Bools, k: int) -> F64:
    """1 / place of the first hit among the first k; 0 where there is none."""
    found: F64 = hit_rate(hit, k) / (np.argmax(hit[:, :k], axis=1) + 1)
    return found


def hit_rate(hit: Bools, k: int) -> F64:
    """1 if there is a hit among the first k, else 0."""
    found: Bools = np.any(hit[:, :k], axis=1)
    return found.astype(np.float64)


# other properties of lists


def coverage(items: I32, n_items: int) -> float:
    """The share of the catalogue that is in at least one of the lists, items i32[B, K] padded with −1."""
    return len(np.unique(items[items >= 0])) / n_items


def gini(items: I32, n_items: int) -> float:
    """The Gini coefficient of how often items are listed: 0 = all equally often, near 1 = everybody gets the same few.

    Σ_j (2j − I − 1) c_j / (I Σ c), with c_1 ≤ … ≤ c_I how often each is listed; NaN where all lists are empty.
    """
    times = np.sort(np.bincount(items[items >= 0], minlength=n_items)).astype(np.float64)
    total = n_items * times.sum()
    return float((2 * np.arange(1, n_items + 1) - n_items - 1) @ times / total) if total else float("nan")


def novelty(items: I32, share: F64) -> F64:
    """The mean over a list of −log₂ of the share of people who have the item, in bits, f64[B]; NaN for an empty list.

    (Zhou et al. 2010, "self-information".) share f64[I] in (0, 1].
    """
    listed = items >= 0
    bits = np.where(listed, -np.log2(share)[items], 0).sum(axis=1)
    return _over(bits, listed.sum(axis=1))


def intra_list_diversity(items: I32, genres: U8) -> F64:
    """The mean over pairs of a list of 1 − the cosine of their genres, f64[B]: 0 = all alike, 1 = no two share a genre.

    (Ziegler et al. 2005, as a mean and as a distance.) genres u8[I, G]. Items without genres are left out; NaN where fewer than
    two are left. The sum of the cosines over all pairs of m items is (|Σ_i g_i/|g_i||² − m) / 2.
    """
    length = np.sqrt(genres.sum(axis=1, dtype=np.float64))[:, None]
    unit = np.divide(genres, length, out=np.zeros(genres.shape), where=length > 0)
    m = ((items >= 0) & (length[items, 0] > 0)).sum(axis=1)
    total = np.stack([unit[row[row >= 0]].sum(axis=0) for row in items]) if len(items) else np.zeros((0, genres.shape[1]))
    apart: F64 = 1 - _over((total**2).sum(axis=1) - m, m * (m - 1))
    return apart


def _over(total: npt.NDArray[Any], count: npt.NDArray[Any]) -> F64:
    """total / count, NaN where count is 0."""
    mean: F64 = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
    return mean
