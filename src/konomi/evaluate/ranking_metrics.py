"""How good recommendations are: what is found at the top of rankings of the whole catalogue, and what the rankings are like.

Every item that the model knows is a candidate, except those that the person is known to have seen: candidates are never
sampled, since that changes which model looks better (Krichene & Rendle 2020). Relevant is a hidden entry that is liked
(`data/labels.py`). A `hit` is a place of a list that holds a relevant item: bool[B, K], best first; `count` i64[B] is how many
items are relevant to a person, whether the list can hold them or not.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from konomi.arrays import F64, I32, I64, U8, Bools
from konomi.catalogue.tags import genre_matrix
from konomi.data.labels import Labelling
from konomi.data.profiles import Profiles
from konomi.data.split import TrainSet
from konomi.models.api import Model
from konomi.ranking.rank import rank
from konomi.runtime import Run

SHORT, LONG = 10, 20  # how many places are looked at; recall has the longer list
MOST = 10_000  # people measured: of more, as many evenly spaced ones
BLOCK = 2048  # people ranked at once
KEYS = (
    "ndcg@10", "recall@20", "precision@10", "map@10", "mrr", "hit@10", "coverage@10", "gini@10", "novelty@10", "ild@10",
)  # fmt: skip
"""The figures, in the order they are shown in; all but coverage and Gini are means over people."""


# what is found: f64[B], one figure for each person


def hits(items: I32, relevant: Profiles) -> Bools:
    """Which of the items i32[B, K], padded with −1, are among the relevant ones of the same B people."""
    width = np.int64(max(items.max(initial=-1), relevant.item.max(initial=-1))) + 2
    wanted = relevant.user * width + relevant.item + 1  # ascending
    listed = np.arange(len(items))[:, None] * width + items + 1
    place = np.searchsorted(wanted, listed.ravel())
    found: Bools = (np.append(wanted, -1)[place].reshape(items.shape) == listed) & (items >= 0)
    return found


def ndcg(hit: Bools, count: I64, k: int) -> F64:
    """Σ_n hit_n / log₂(n + 1) over the first k places n, over the same sum where all of these that can be hits are.

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
    """The share of the first k places that are hits; a place that is empty is none."""
    found: F64 = hit[:, :k].sum(axis=1) / k
    return found


def average_precision(hit: Bools, count: I64, k: int) -> F64:
    """The mean of the precision at each hit among the first k, over min(relevant, k): 1 where nothing could be better.

    Over all relevant items instead, nobody with more than k of them could reach 1.
    """
    first = hit[:, :k]
    at = np.cumsum(first, axis=1) / (np.arange(first.shape[1]) + 1)
    mean: F64 = (first * at).sum(axis=1) / np.minimum(count, k)
    return mean


def reciprocal_rank(hit: Bools, k: int) -> F64:
    """1 / the place of the first hit among the first k; 0 where there is none."""
    found: F64 = hit_rate(hit, k) / (np.argmax(hit[:, :k], axis=1) + 1)
    return found


def hit_rate(hit: Bools, k: int) -> F64:
    """1 where there is a hit among the first k, else 0."""
    found: Bools = np.any(hit[:, :k], axis=1)
    return found.astype(np.float64)


# what lists are like


def coverage(items: I32, n_items: int) -> float:
    """The share of the catalogue that is in one of the lists, items i32[B, K] padded with −1."""
    return len(np.unique(items[items >= 0])) / n_items


def gini(items: I32, n_items: int) -> float:
    """How unequally often the items of the catalogue are listed: 0 = all equally often, near 1 = everybody gets the same few.

    Σ_j (2j − I − 1) c_j / (I Σ c), c_1 ≤ … ≤ c_I the times that each is listed; NaN where nothing is.
    """
    times = np.sort(np.bincount(items[items >= 0], minlength=n_items)).astype(np.float64)
    total = n_items * times.sum()
    return float((2 * np.arange(1, n_items + 1) - n_items - 1) @ times / total) if total else float("nan")


def novelty(items: I32, share: F64) -> F64:
    """The mean of −log₂ of the share of people who know each listed item, in bits, f64[B]; NaN of an empty list.

    (Zhou et al. 2010, "self-information".) share f64[I] in (0, 1].
    """
    listed = items >= 0
    bits = np.where(listed, -np.log2(share)[items], 0).sum(axis=1)
    return _over(bits, listed.sum(axis=1))


def intra_list_diversity(items: I32, genres: U8) -> F64:
    """The mean over pairs of a list of 1 − the cosine of their genres, f64[B]: 0 = all alike, 1 = no two have one in common.

    (Ziegler et al. 2005, turned round and as a mean.) genres u8[I, G]. An item without genres is left out; NaN where
    fewer than two are left. The sum over pairs of cosines is (|Σ_i g_i/|g_i||² − m) / 2, of m items.
    """
    length = np.sqrt(genres.sum(axis=1, dtype=np.float64))[:, None]
    unit = np.divide(genres, length, out=np.zeros(genres.shape), where=length > 0)
    m = ((items >= 0) & (length[items, 0] > 0)).sum(axis=1)
    total = np.stack([unit[row[row >= 0]].sum(axis=0) for row in items]) if len(items) else np.zeros((0, genres.shape[1]))
    apart: F64 = 1 - _over((total**2).sum(axis=1) - m, m * (m - 1))
    return apart


def _over(total: npt.NDArray[Any], count: npt.NDArray[Any]) -> F64:
    """total / count, NaN where nothing was counted."""
    mean: F64 = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
    return mean


# all of them


@dataclass(frozen=True)
class Listed:
    """What is known of the items that lists are made of: of I items, `share` f64[I] of the training users who have each of
    them (at least that of one user), and their `genres` u8[I, G]."""

    share: F64
    genres: U8

    @classmethod
    def of(cls, seen: Profiles, items: pl.DataFrame) -> "Listed":
        """By the training part and the catalogue."""
        users = max(int((seen.counts > 0).sum()), 1)
        count = np.bincount(seen.item, minlength=len(items))
        return cls(np.maximum(count, 1) / users, genre_matrix(items))


@dataclass(frozen=True)
class Ranked:
    """How good the lists of P people are. user i32[P]: their rows; each: the figures of every person, f64[P], NaN where there
    is none; figures: all of `KEYS`, None where there is none, and how many people that is."""

    user: I32
    each: dict[str, F64]
    figures: dict[str, Any]


def relevant(hidden: Profiles, labelling: Labelling) -> Profiles:
    """The liked ones of hidden entries."""
    return hidden.keep(labelling.of(hidden) == 1)


def measured(user: I32, items: I32, wanted: Profiles, listed: Listed) -> Ranked:
    """The figures of the lists of P people: user i32[P], items i32[P, LONG]; `wanted` has relevant entries of each of them."""
    hit, count, top = hits(items, wanted), wanted.counts, items[:, :SHORT]
    each = {
        "ndcg@10": ndcg(hit, count, SHORT),
        "recall@20": recall(hit, count, LONG),
        "precision@10": precision(hit, SHORT),
        "map@10": average_precision(hit, count, SHORT),
        "mrr": reciprocal_rank(hit, SHORT),
        "hit@10": hit_rate(hit, SHORT),
        "novelty@10": novelty(top, listed.share),
        "ild@10": intra_list_diversity(top, listed.genres),
    }
    n_items = len(listed.share)
    means = {name: float(values[known].mean()) for name, values in each.items() if (known := ~np.isnan(values)).any()}
    means["coverage@10"] = coverage(top, n_items)
    if (items >= 0).any():
        means["gini@10"] = gini(top, n_items)
    return Ranked(user, each, {**{key: means.get(key) for key in KEYS}, "ranked_users": len(user)})


def measure(model: Model, seen: Profiles, hidden: Profiles, train: TrainSet, run: Run) -> Ranked | None:
    """How good the model's recommendations are to people with a relevant hidden entry; None where nobody has any.

    `seen` and `hidden` are of the same people; nothing seen is recommended, nor an item that the model knows nothing of. What
    is neither seen nor hidden, such as validation entries, is a candidate like any other. Of more than `MOST` people, that many
    evenly spaced ones are measured, the same for every model.
    """
    wanted = relevant(hidden, train.labelling)
    people = np.flatnonzero(wanted.counts).astype(np.int32)
    if len(people) > MOST:
        people = people[np.linspace(0, len(people) - 1, MOST).astype(np.int64)]
    if not len(people):
        return None
    allowed = model.item_known[:-1] > 0
    lists = []
    for start in range(0, len(people), BLOCK):
        run.progress("rank", start, len(people))
        part = seen.take(people[start : start + BLOCK])
        with run.workers():
            lists.append(rank(model, part, LONG, allowed, "rank", run.threads).items)
    run.progress("rank", len(people), len(people))
    return measured(people, np.concatenate(lists), wanted.take(people), Listed.of(train.seen, train.items))
