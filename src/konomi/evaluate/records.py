"""What an evaluation works on and what it finds: predictions, lists of recommendations, and their metrics."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from konomi.arrays import F32, F64, I32, I64, U8, Bools
from konomi.catalogue.tags import genre_matrix
from konomi.data.profiles import Profiles
from konomi.evaluate.ranking_metrics import hits

Values = dict[str, Any]  # what is measured, by key, ready for JSON


@dataclass(frozen=True)
class Predictions:
    """What was predicted of N hidden entries, in order of user and item: user, item i32[N]; true, predicted f32[N].

    Ratings on the scale; or interactions, true 1 liked and 0 not, predicted the probability of liking.
    """

    user: I32
    item: I32
    true: F32
    predicted: F32

    def __repr__(self) -> str:
        return f"Predictions({len(self.true):,} entries of {len(np.unique(self.user)):,} users)"


@dataclass(frozen=True)
class ItemFacts:
    """What is known of the I items that lists are made of.

    share f64[I]: of the training users, how many have the item, at least one of them; genres u8[I, G].
    """

    share: F64
    genres: U8

    @classmethod
    def of(cls, seen: Profiles, items: pl.DataFrame) -> "ItemFacts":
        """By the training entries and the catalogue."""
        users = max(int((seen.counts > 0).sum()), 1)
        count = np.bincount(seen.item, minlength=len(items))
        return cls(np.maximum(count, 1) / users, genre_matrix(items))


@dataclass(frozen=True)
class RankedLists:
    """The lists of P people, and what is to be found with them.

    items i32[P, K]: best first, −1 = an empty place; hit bool[P, K]: the places that hold a relevant item; relevant i64[P], at
    least 1: how many items are relevant to each person, whether a list can hold them or not; facts: of the items.
    """

    items: I32
    hit: Bools
    relevant: I64
    facts: ItemFacts

    @classmethod
    def of(cls, items: I32, wanted: Profiles, facts: ItemFacts) -> "RankedLists":
        """Lists i32[P, K] of the people whose relevant entries are `wanted`."""
        return cls(items, hits(items, wanted), wanted.counts, facts)

    def __repr__(self) -> str:
        return f"RankedLists({self.items.shape[0]:,} lists of {self.items.shape[1]} items)"


@dataclass(frozen=True)
class Ranked:
    """How good the lists of P people are. user i32[P]: their rows; each: by key of the metric its value for every person,
    f64[P], NaN where there is none; metrics: every metric of recommendations, None where it is undefined, and how many people
    that is."""

    user: I32
    each: dict[str, F64]
    metrics: Values

    def __repr__(self) -> str:
        return f"Ranked({len(self.user):,} people: {shortly(self.metrics)})"


@dataclass(frozen=True)
class Report:
    """What `evaluate` found: `metrics`, what a bundle and `konomi evaluate --json` say, and what they were computed from.

    `predictions` has one record for each task, "rating" and "interaction", that the model has and the hidden entries test;
    `ranked` is None where the model does not rank, or nothing hidden is relevant.
    """

    metrics: Values
    predictions: dict[str, Predictions]
    ranked: Ranked | None = None

    def __repr__(self) -> str:
        return f"Report({shortly(self.metrics)})"


def shortly(metrics: Values) -> str:
    """The first few values that have a decimal point, for a `repr`."""
    values = [f"{key} {value:.4f}" for key, value in metrics.items() if isinstance(value, float)]
    return ", ".join([*values[:3], *(["…"] if len(values) > 3 else [])])
