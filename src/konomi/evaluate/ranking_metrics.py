"""Metrics of lists of recommendations, as pure functions: how many relevant items they hold, and what else they hold.

hit bool[B, K], best place first: whether a place holds a relevant item; count i64[B], at least 1: how many items are relevant
to a person, whether the list can hold them or not.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from konomi.arrays import F64, I32, I64, U8, Bools
from konomi.data.gains import hits as hits
from konomi.data.gains import ndcg as ndcg
from konomi.data.profiles import Profiles

SHARES = (0.5, 0.3, 0.2)  # of the training entries: those of the items of each class of popularity

# relevant items in lists: f64[B], one value for each person


def recall(hit: Bools, count: I64, k: int) -> F64:
    """The share of the relevant items that are among the first k."""
    found: F64 = hit[:, :k].sum(axis=1) / count
    return found


def capped_recall(hit: Bools, count: I64, k: int) -> F64:
    """The hits among the first k over min(count, k), so that 1 can be reached. (Liang et al. 2018.)"""
    found: F64 = hit[:, :k].sum(axis=1) / np.minimum(count, k)
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


def weighted_ndcg(items: I32, hit: Bools, wanted: Profiles, weight: F64, k: int) -> F64:
    """NDCG with a gain of weight_i for item i, so that the best list has the heaviest relevant items first.

    wanted: the relevant items of each person; weight f64[I+1], the last of an unknown item. With inverse propensities it is
    the self-normalised estimator of Yang et al. 2018, eq. 9, but for its norm, which is that of the best list instead of
    that of all relevant items, so that 1 can be reached.
    """
    discount = 1 / np.log2(np.arange(k) + 2)
    gain = np.where(hit[:, :k], weight[items[:, :k]], 0) @ discount[: hit.shape[1]]
    user, heavy = wanted.user, weight[wanted.item]
    order = np.lexsort((-heavy, user))
    place = np.arange(len(order)) - wanted.indptr[:-1].repeat(wanted.counts)
    first = place < k
    best = np.bincount(user[first], heavy[order[first]] * discount[place[first]], len(wanted))
    found: F64 = gain / best
    return found


def weighted_recall(items: I32, hit: Bools, wanted: Profiles, weight: F64, k: int) -> F64:
    """Σ of weight_i over the relevant items among the first k, over that of all relevant items; NaN where that is 0.

    With inverse propensities it is the self-normalised estimator of Yang et al. 2018, eq. 9; with weights of 0 and 1 the recall
    of one class of items.
    """
    gain = np.where(hit[:, :k], weight[items[:, :k]], 0).sum(axis=1)
    return _over(gain, np.bincount(wanted.user, weight[wanted.item], len(wanted)))


# other properties of lists


def popularity(count: I64) -> U8:
    """The class of popularity of each item, u8[I], by its training entries i64[I].

    0 = the most rated items, which together have half of the entries; 1 = those with the next 30 %; 2 = those with the last
    20 %, and those without any.
    """
    order = np.argsort(-count, kind="stable")
    before = np.cumsum(count[order]) - count[order]  # entries of the items that are better known
    classes = np.searchsorted(np.cumsum(SHARES[:-1]) * max(int(count.sum()), 1), before, side="right").astype(np.uint8)
    classes[count[order] == 0] = len(SHARES) - 1
    out = np.empty_like(classes)
    out[order] = classes
    return out


def overlap(items: I32, n_items: int) -> float:
    """The mean over pairs of people of the share of their lists, i32[P, k], that is the same.

    Σ_i c_i (c_i − 1) / (P (P − 1) k), with c_i how many lists hold item i; empty places have nothing in common. NaN for fewer
    than two people.
    """
    people, k = items.shape
    times = np.bincount(items[items >= 0], minlength=n_items).astype(np.float64)
    return float(times @ (times - 1)) / (people * (people - 1) * k) if people > 1 else float("nan")


def coverage(items: I32, count: I64) -> float:
    """The share of the items that is in at least one of the lists, items i32[B, K] padded with −1.

    Counted are items with a training entry, count i64[I] > 0, and those that are listed without one.
    """
    listed = np.bincount(items[items >= 0], minlength=len(count)) > 0
    return float(listed.sum() / max((listed | (count > 0)).sum(), 1))


def gini(items: I32, count: I64) -> float:
    """The Gini coefficient of how often items are listed: 0 = all equally often, near 1 = everybody gets the same few.

    Σ_j (2j − I − 1) c_j / (I Σ c), with c_1 ≤ … ≤ c_I how often each is listed, over the items that `coverage` counts; NaN
    where all lists are empty.
    """
    often = np.bincount(items[items >= 0], minlength=len(count))
    times = np.sort(often[(often > 0) | (count > 0)]).astype(np.float64)
    n_items = len(times)
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
