"""The records of an evaluation: predictions, lists of recommendations, and their metrics."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from konomi.arrays import F32, F64, I32, I64, U8, Bools
from konomi.catalogue.tags import genre_matrix
from konomi.data.profiles import Profiles
from konomi.evaluate.propensity import inverse_propensity
from konomi.evaluate.ranking_metrics import hits, popularity

Values = dict[str, Any]  # values of metrics by key, ready for JSON


@dataclass(frozen=True)
class Predictions:
    """The predictions of N hidden entries, in order of user and item: user, item i32[N]; true, predicted f32[N].

    true and predicted are ratings on the scale, or, for interactions, 1 liked and 0 not, and the probability of liking.
    """

    user: I32
    item: I32
    true: F32
    predicted: F32

    def __repr__(self) -> str:
        return f"Predictions({len(self.true):,} entries of {len(np.unique(self.user)):,} users)"


@dataclass(frozen=True)
class ItemFacts:
    """Popularity and genres of the I items of lists, and of an unknown item, the last.

    count i64[I+1]: training entries; share f64[I+1]: the share of the training users who have the item, counting at least one;
    weight f64[I+1]: its inverse propensity; popularity u8[I+1]: its class, a place in `POPULARITY`; genres u8[I, G].
    """

    count: I64
    share: F64
    weight: F64
    popularity: U8
    genres: U8

    @classmethod
    def of(cls, seen: Profiles, items: pl.DataFrame) -> "ItemFacts":
        """From the training entries and the catalogue."""
        users = max(int((seen.counts > 0).sum()), 1)
        count = np.bincount(seen.item, minlength=len(items) + 1)
        return cls(count, np.maximum(count, 1) / users, inverse_propensity(count), popularity(count), genre_matrix(items))


@dataclass(frozen=True)
class RankedLists:
    """The lists of P people, and which of their places are hits.

    items i32[P, K]: best first, −1 = an empty place; wanted: the relevant entries of each person, at least one, whether a list
    can hold them or not; hit bool[P, K]: the places that hold a relevant item; facts: of the items.
    """

    items: I32
    wanted: Profiles
    hit: Bools
    facts: ItemFacts

    @classmethod
    def of(cls, items: I32, wanted: Profiles, facts: ItemFacts) -> "RankedLists":
        """From lists i32[P, K], and `wanted`, the relevant entries of the same people."""
        return cls(items, wanted, hits(items, wanted), facts)

    @property
    def relevant(self) -> I64:
        """How many items are relevant to each person, i64[P]."""
        return self.wanted.counts

    def __repr__(self) -> str:
        return f"RankedLists({self.items.shape[0]:,} lists of {self.items.shape[1]} items)"


@dataclass(frozen=True)
class Ranked:
    """The metrics of the lists of P people.

    user i32[P]: their rows; each: key of a metric → its value for every person, f64[P], NaN = undefined; metrics: every metric
    of recommendations, None = undefined; under "people" of how many people each is, under "propensity_exponent" that of the
    weighted ones; items i32[P, K]: the lists, best first, −1 = an empty place; None where they are of several folds.
    """

    user: I32
    each: dict[str, F64]
    metrics: Values
    items: I32 | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        return f"Ranked({len(self.user):,} people: {shortly(self.metrics)})"


@dataclass(frozen=True)
class Report:
    """The result of `evaluate`: metrics, as in a bundle and in `konomi evaluate --json`, and what they were computed from.

    predictions: a record for each task that the model has and the hidden entries test; ranked: of the model's own order;
    served: of the lists that people get (`ranking/ranker.py`, with everything at its default), None both where nothing hidden
    is relevant; baselines: the reports of the baselines on the same entries, by name.
    """

    metrics: Values
    predictions: dict[str, Predictions]
    ranked: Ranked | None = None
    served: Ranked | None = None
    baselines: dict[str, "Report"] = field(default_factory=dict)

    def values(self, kind: str) -> Values:
        """The metrics of a kind, "rating", "interaction", "ranking" or "served"."""
        served: Values = self.metrics.get("served", {})
        return served if kind == "served" else self.metrics

    def lists(self, kind: str) -> Ranked | None:
        """The measured lists: as "served", or else by the model's own order."""
        return self.served if kind == "served" else self.ranked

    def tests(self, kind: str) -> bool:
        """Whether there is anything of a kind."""
        return kind in self.predictions or (kind in ("ranking", "served") and self.lists(kind) is not None)

    def __repr__(self) -> str:
        return f"Report({shortly(self.metrics)})"


def of_lists(ranked: Ranked | None, served: Ranked | None) -> Report | None:
    """The report of lists alone: a model's own order and, under "served", the lists that people get; None without lists."""
    if ranked is None or served is None:
        return None
    return Report({**ranked.metrics, "served": served.metrics}, {}, ranked, served)


def shortly(metrics: Values) -> str:
    """The first few values that have a decimal point, for a `repr`."""
    values = [f"{key} {value:.4f}" for key, value in metrics.items() if isinstance(value, float)]
    return ", ".join([*values[:3], *(["…"] if len(values) > 3 else [])])
