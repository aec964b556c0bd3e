"""Intervals around predicted ratings that hold the rating as often as they say: split conformal prediction.

Of n ratings that the model did not learn from, take the residuals r − r̂ in ascending order, R_(1) … R_(n). The interval of a
new rating at level 1 − α is

    [r̂ + R_(n + 1 − k), r̂ + R_(k)]        k = ⌈(n + 1)(1 − α/2)⌉

and holds it with probability 1 − α or more, whatever the model is, where the new rating is exchangeable with the n (Lei et al.
2018, algorithm 2, which has absolute residuals; an α/2 for each tail as in Romano et al. 2019, theorem 2). Residuals are sorted
within classes, so that the level holds in each of them (Vovk, Gammerman & Shafer 2005, ch. 4: "Mondrian"): by how many ratings
of the person the model was shown, and by how high the prediction is, since errors are small where the scale ends.
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

LEVELS = (0.8, 0.9, 0.95)
ACTIVITY = (0, 1, 3, 10, 30, 100, 300)  # ratings of a person, where a class begins
LEAST = 100  # ratings in a class: enough for the tails of every level
HEIGHTS = 10  # classes by prediction in a class by activity, at most
MOST = 20_000  # ratings for a class by activity, about: its levels are then right to half a point


@dataclass(frozen=True)
class Class:
    """Of people with `first` ratings or more: n, from how many residuals; edges f64[H−1], where the predictions of the next
    height begin; low, high f64[L, H], what is added to a prediction at each of `LEVELS`, infinite where n is too small to say.
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
        """From N ratings that the model did not learn from: predicted, true f32[N], on the scale; activity i64[N], how many
        ratings of the person the model was shown. Classes of fewer than `LEAST` are one with the smaller of their neighbours.
        """
        firsts = merged(np.bincount(np.searchsorted(ACTIVITY, activity, side="right") - 1, minlength=len(ACTIVITY)))
        of = np.searchsorted(firsts, activity, side="right") - 1
        rest = true.astype(np.float64) - predicted
        return cls(tuple(_class(first, predicted[of == c], rest[of == c]) for c, first in enumerate(firsts)))

    def around(self, predicted: F32, activity: I64 | int, level: float, scale: Scale) -> tuple[F32, F32]:
        """(low, high) f32[N] of predictions f32[N] on the scale, for people of whom `activity` ratings were shown.

        The ends are clipped to the scale; every rating lies on it, so none is lost by that. RequestError for another level.
        """
        if level not in LEVELS:
            known = ", ".join(f"{each:g}" for each in LEVELS)
            raise RequestError(f"There are no intervals at level {level:g}.", f"The levels are: {known}.")
        at = LEVELS.index(level)
        low, high = predicted.astype(np.float64), predicted.astype(np.float64)
        firsts = [each.first for each in self.classes]
        of = np.broadcast_to(np.searchsorted(firsts, activity, side="right") - 1, predicted.shape)
        for c in np.unique(of):
            chosen, found = of == c, self.classes[c]
            height = np.searchsorted(found.edges, predicted[chosen], side="right")
            low[chosen] += found.low[at, height]
            high[chosen] += found.high[at, height]
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
        """The intervals of a `to_facts()`; KeyError, TypeError or ValueError where it is something else."""
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
    """Where classes begin once each has `LEAST` ratings (or there is but one); counts i64[A], of the classes of `ACTIVITY`."""
    firsts, sizes = list(ACTIVITY), counts.tolist()
    while len(sizes) > 1 and min(sizes) < LEAST:
        small = sizes.index(min(sizes))
        sides = [side for side in (small - 1, small + 1) if 0 <= side < len(sizes)]
        right = max(small, min(sides, key=sizes.__getitem__))  # of the two that become one, the later
        sizes[right - 1] += sizes.pop(right)
        del firsts[right]
    return firsts


def _class(first: int, predicted: F32, rest: F64) -> Class:
    """One class: its predictions are cut into heights of equal size, as many as have `LEAST` ratings."""
    n, heights, kept = len(rest), min(HEIGHTS, len(rest) // LEAST), list[float]()
    for edge in np.quantile(predicted, np.arange(1, heights) / heights).round(4).tolist() if heights > 1 else []:
        below = (predicted < edge) & (predicted >= (kept[-1] if kept else -math.inf))
        if (
            min(below.sum(), (predicted >= edge).sum()) > LEAST / 2
        ):  # equal predictions, such as the scale's top, are one height
            kept.append(edge)
    edges = np.array(kept)
    height = np.searchsorted(edges, predicted, side="right")
    ends = [[residuals(rest[height == h], level) for h in range(len(edges) + 1)] for level in LEVELS]
    low, high = np.moveaxis(np.array(ends), 2, 0)
    return Class(first, n, edges, low, high)


def residuals(rest: F64, level: float) -> tuple[float, float]:
    """(R_(n+1−k), R_(k)) of residuals f64[n]; infinite where n is so small that k > n."""
    n = len(rest)
    k = math.ceil((n + 1) * (1 + level) / 2 - 1e-9)  # 1 − α/2; without the error of float64
    if k > n:
        return -math.inf, math.inf
    rest = np.sort(rest)
    # rounded outwards, so that few digits in a file lose no rating
    return math.floor(rest[n - k] * 1e4) / 1e4, math.ceil(rest[k - 1] * 1e4) / 1e4


def _finite(ends: F64) -> list[list[float | None]]:
    return [[float(end) if math.isfinite(end) else None for end in row] for row in ends]


def intervals(model: Model, seen: Profiles, train: TrainSet, run: Run) -> Intervals | None:
    """Those of a model, from the validation entries of `train`; None where it predicts no rating or there are no such entries.

    `seen` is what the model is shown of the same people. Most people of a dataset have rated much, and those who come with a
    few ratings are not among them: so everybody stands for the classes of less activity too, with a profile cut to as many
    ratings, drawn at random. `run` gives the seed.
    """
    seen, valid = seen.scored(), train.valid.scored()
    if "rating" not in model.outputs or len(valid.item) == 0:
        return None
    draw = np.random.default_rng(run.seed)
    found = []
    for low, high in zip(ACTIVITY, (*ACTIVITY[1:], None), strict=True):
        able = np.flatnonzero((seen.counts >= low) & (valid.counts > 0))
        able = np.sort(draw.permutation(able)[: _enough(valid.counts[able])])
        if len(able) == 0:
            continue
        shown, hidden = cut(seen.take(able), low, high, draw), valid.take(able)
        predicted = predict(model, shown, hidden, ["rating"], train.scale, run)["rating"]
        found.append((predicted, hidden.rating, shown.counts[hidden.user]))
    return Intervals.fit(*(np.concatenate(arrays) for arrays in zip(*found, strict=True)))


def _enough(counts: I64) -> int:
    """How many people have about `MOST` of their ratings, counts i64[B], among them."""
    return math.ceil(len(counts) * min(MOST / max(int(counts.sum()), 1), 1))


def cut(profiles: Profiles, low: int, high: int | None, draw: np.random.Generator) -> Profiles:
    """Profiles of `low` or more ratings with only so many of them as lie in [low, high), drawn at random: the logarithm of the
    number evenly, the ratings without preference. Those that have fewer than drawn, and all where high is None, stay whole.
    """
    if high is None:
        return profiles
    least = max(low, 0.5)  # of which the whole part is 0
    size = np.floor(np.exp(draw.uniform(math.log(least), math.log(high), len(profiles)))).astype(np.int64)
    size = np.minimum(size, profiles.counts)
    kept = np.zeros(len(profiles.item), np.uint8)
    mark_first(profiles.indptr, draw.random(len(kept)), size, np.zeros_like(size), 1, 0, kept)
    return profiles.keep(kept == 1)
