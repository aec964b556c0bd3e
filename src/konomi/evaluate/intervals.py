"""Intervals around predicted ratings that hold the rating with a stated probability: split conformal prediction.

Of n ratings that the model did not learn from, take the residuals r − r̂ in ascending order, R_(1) … R_(n). The interval of a
new rating at level 1 − α is

    [r̂ + R_(n + 1 − k), r̂ + R_(k)]        k = ⌈(n + 1)(1 − α/2)⌉

and holds it with probability 1 − α or more, for any model, if the new rating is exchangeable with the n (Lei et al. 2018,
algorithm 2, which has absolute residuals; an α/2 for each tail as in Romano et al. 2019, theorem 2). Residuals are sorted
within classes, so that the level holds in each of them (Vovk, Gammerman & Shafer 2005, ch. 4: "Mondrian"): by the person's
number of shown ratings, and by the prediction, since errors are small near the ends of the scale.

Exchangeable are ratings that are hidden at random, of people like those who calibrated. Of a later time, or of people who rate
otherwise, nothing is proved, nor of classes that have too few people of their own (`intervals`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from konomi.arrays import F32, F64, I64
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.data.split import TrainSet
from konomi.errors import RequestError
from konomi.evaluate.predict import predict
from konomi.kernels.csr import mark_first
from konomi.models.api import Model
from konomi.runtime import Run

LEVELS = (0.8, 0.9, 0.95)  # probabilities that an interval holds the rating
ACTIVITY = (0, 1, 3, 10, 30, 100, 300)  # shown ratings of a person, where a class begins
LEAST = 100  # ratings in a class: enough for the tails of every level
HEIGHTS = 10  # classes by prediction within a class by activity, at most
MOST = 20_000  # ratings for a class by activity, about: its levels are then exact to half a percentage point


@dataclass(frozen=True)
class Class:
    """The class of people with `first` shown ratings or more.

    n: the number of residuals; edges f64[H−1]: the predictions at which the next height begins; low, high f64[L, H]: what is
    added to a prediction at each of `LEVELS`, infinite where n is too small.
    """

    first: int
    n: int
    edges: F64
    low: F64
    high: F64


@dataclass(frozen=True)
class Intervals:
    """How far ratings lie from their predictions: classes in ascending order of activity, the first from 0."""

    classes: tuple[Class, ...]

    @classmethod
    def fit(cls, predicted: F32, true: F32, activity: I64) -> "Intervals":
        """From N ratings that the model did not learn from: predicted, true f32[N], on the scale; activity i64[N], the number
        of shown ratings of the person. A class of fewer than `LEAST` is merged with the smaller of its neighbours.
        """
        firsts = merged(np.bincount(np.searchsorted(ACTIVITY, activity, side="right") - 1, minlength=len(ACTIVITY)))
        class_of = np.searchsorted(firsts, activity, side="right") - 1
        rest = true.astype(np.float64) - predicted
        return cls(tuple(_class(first, predicted[class_of == c], rest[class_of == c]) for c, first in enumerate(firsts)))

    def around(self, predicted: F32, activity: I64 | int, level: float, scale: Scale) -> tuple[F32, F32]:
        """(low, high) f32[N] of predictions f32[N] on the scale, for people with `activity` shown ratings.

        The ends are clipped to the scale, which loses no rating. RequestError for a level that is not in `LEVELS`.
        """
        if level not in LEVELS:
            known = ", ".join(f"{each:g}" for each in LEVELS)
            raise RequestError(f"There are no intervals at level {level:g}.", f"The levels are: {known}.")
        at = LEVELS.index(level)
        low, high = predicted.astype(np.float64), predicted.astype(np.float64)
        firsts = [each.first for each in self.classes]
        class_of = np.broadcast_to(np.searchsorted(firsts, activity, side="right") - 1, predicted.shape)
        for c in np.unique(class_of):
            chosen, one = class_of == c, self.classes[c]
            height = np.searchsorted(one.edges, predicted[chosen], side="right")
            low[chosen] += one.low[at, height]
            high[chosen] += one.high[at, height]
        return scale.clip(low.astype(np.float32)), scale.clip(high.astype(np.float32))

    def to_facts(self) -> list[dict[str, Any]]:
        """For a bundle's manifest, ready for JSON: None stands for infinite."""
        return [
            {
                "from": each.first,
                "n": each.n,
                "edges": each.edges.tolist(),
                "low": _finite(each.low),
                "high": _finite(each.high),
            }
            for each in self.classes
        ]

    @classmethod
    def from_facts(cls, facts: Sequence[dict[str, Any]]) -> "Intervals":
        """The intervals of a `to_facts()`; KeyError, TypeError or ValueError for anything else."""
        return cls(
            tuple(
                Class(
                    int(each["from"]),
                    int(each["n"]),
                    np.array(each["edges"], np.float64),
                    np.nan_to_num(np.array(each["low"], np.float64), nan=-np.inf),
                    np.nan_to_num(np.array(each["high"], np.float64), nan=np.inf),
                )
                for each in facts
            )
        )


def merged(counts: npt.NDArray[Any]) -> list[int]:
    """Where classes begin, merged until each has `LEAST` ratings (or one is left); counts i64[A], of `ACTIVITY`'s classes."""
    firsts, sizes = list(ACTIVITY), counts.tolist()
    while len(sizes) > 1 and min(sizes) < LEAST:
        small = sizes.index(min(sizes))
        sides = [side for side in (small - 1, small + 1) if 0 <= side < len(sizes)]
        right = max(small, min(sides, key=sizes.__getitem__))  # the later one of the two that are merged
        sizes[right - 1] += sizes.pop(right)
        del firsts[right]
    return firsts


def _class(first: int, predicted: F32, rest: F64) -> Class:
    """One class: its predictions are cut into heights of equal size, of `LEAST` ratings or more."""
    n, heights, kept = len(rest), min(HEIGHTS, len(rest) // LEAST), list[float]()
    for edge in np.quantile(predicted, np.arange(1, heights) / heights).round(4).tolist() if heights > 1 else []:
        below = (predicted < edge) & (predicted >= (kept[-1] if kept else -math.inf))
        # equal predictions, such as those at the top of the scale, stay in one height
        if min(below.sum(), (predicted >= edge).sum()) > LEAST / 2:
            kept.append(edge)
    edges = np.array(kept)
    height = np.searchsorted(edges, predicted, side="right")
    ends = [[residuals(rest[height == h], level) for h in range(len(edges) + 1)] for level in LEVELS]
    low, high = np.moveaxis(np.array(ends), 2, 0)
    return Class(first, n, edges, low, high)


def residuals(rest: F64, level: float) -> tuple[float, float]:
    """(R_(n+1−k), R_(k)) of residuals f64[n]; infinite where k > n."""
    n = len(rest)
    k = math.ceil((n + 1) * (1 + level) / 2 - 1e-9)  # (1 + level) / 2 = 1 − α/2; 1e-9 undoes float64's rounding
    if k > n:
        return -math.inf, math.inf
    rest = np.sort(rest)
    # rounded outwards, so that few digits in a file lose no rating
    return math.floor(rest[n - k] * 1e4) / 1e4, math.ceil(rest[k - 1] * 1e4) / 1e4


def _finite(ends: F64) -> list[list[float | None]]:
    return [[float(end) if math.isfinite(end) else None for end in row] for row in ends]


def intervals(model: Model, seen: Profiles, train: TrainSet, run: Run) -> Intervals | None:
    """The intervals of a model, from the validation entries of `train`; None where it predicts no ratings or there are none.

    seen: the seen entries of the same people; run: gives the seed. A class of activity that has fewer than `LEAST` ratings of
    its own people borrows more active ones, whose profiles are cut at random to as many ratings. These stand in for people who
    may be otherwise, so for such a class nothing is proved.
    """
    seen, valid = seen.scored(), train.valid.scored()
    if "rating" not in model.outputs or len(valid.item) == 0:
        return None
    draw = np.random.default_rng(run.seed)
    found = []
    for low, high in zip(ACTIVITY, (*ACTIVITY[1:], None), strict=True):
        active = (seen.counts >= low) & (valid.counts > 0)
        own = active & (seen.counts < (np.inf if high is None else high))
        able = np.flatnonzero(own if valid.counts[own].sum() >= LEAST else active)
        able = np.sort(draw.permutation(able)[: _enough(valid.counts[able])])
        if len(able) == 0:
            continue
        shown, hidden = cut(seen.take(able), low, high, draw), valid.take(able)
        predicted = predict(model, shown, hidden, ["rating"], train.scale, run)["rating"]
        found.append((predicted, hidden.rating, shown.counts[hidden.user]))
    return Intervals.fit(*(np.concatenate(arrays) for arrays in zip(*found, strict=True)))


def _enough(counts: I64) -> int:
    """How many people have about `MOST` ratings together; counts i64[B]: of each person's ratings."""
    return math.ceil(len(counts) * min(MOST / max(int(counts.sum()), 1), 1))


def cut(profiles: Profiles, low: int, high: int | None, draw: np.random.Generator) -> Profiles:
    """Profiles of `low` or more ratings, cut to a random number of ratings in [low, high).

    The logarithm of the number is drawn uniformly, then the ratings. Profiles that have fewer stay whole, as do all where high
    is None.
    """
    if high is None:
        return profiles
    least = max(low, 0.5)  # the logarithm of 0 does not exist; 0.5 is rounded down to 0
    size = np.floor(np.exp(draw.uniform(math.log(least), math.log(high), len(profiles)))).astype(np.int64)
    size = np.minimum(size, profiles.counts)
    kept = np.zeros(len(profiles.item), np.uint8)
    mark_first(profiles.indptr, draw.random(len(kept)), size, np.zeros_like(size), 1, 0, kept)
    return profiles.keep(kept == 1)
