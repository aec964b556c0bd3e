"""Settings that validation entries choose: those that a Config leaves open, as None.

One after the other is moved along its ladder of values as long as NDCG@10 on the validation entries gets better, twice over all
of them (coordinate ascent).
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from konomi.arrays import F64, I64
from konomi.data.gains import hits, ndcg
from konomi.data.profiles import Profiles
from konomi.data.split import TrainSet
from konomi.errors import FitError
from konomi.kernels.topk import topk
from konomi.models.api import Model
from konomi.runtime import Run, Stage, blocks

K = 10  # places of a list
PEOPLE = 4096  # whose lists choose, at most: evenly spaced
AT_ONCE = 256  # people scored at once
BETTER = 1.001  # by so much a figure has to be better for a setting to leave its place
ROUNDS = 2

Ladders = Mapping[str, Sequence[float]]
"""setting → the values that it may have, ascending."""


@dataclass(frozen=True)
class Validation:
    """People of whom something that they like is hidden: what is shown of them, and what they like of what is hidden."""

    shown: Profiles
    wanted: Profiles

    @classmethod
    def of(cls, train: TrainSet) -> "Validation":
        """Of the validation entries; people held out whole are shown with what is shown of them."""
        liked = train.valid.keep(train.labelling.of(train.valid) == 1)
        parts = [(given, _some(np.flatnonzero(liked.counts * given.counts))) for given in (train.seen, train.shown)]
        shown = Profiles.stacked([given.take(people) for given, people in parts])
        return cls(shown, Profiles.stacked([liked.take(people) for _, people in parts]))

    def ndcg(self, model: Model, run: Run) -> float:
        """The mean of `each` over people."""
        return float(self.each(model, run).mean())

    def each(self, model: Model, run: Run) -> F64:
        """NDCG@10 of each person over all items that the model knows, without those shown, f64[P]."""
        allowed, gains = model.item_known[:-1] > 0, []
        for start, stop in blocks(len(self.shown), AT_ONCE):
            shown, wanted = self.shown.slice(start, stop), self.wanted.slice(start, stop)
            scores = model.score(model.encode(shown, run.threads), "rank")
            items, _ = topk(scores, K, shown.indptr, shown.item, allowed, run.threads)
            gains.append(ndcg(hits(items, wanted), wanted.counts, K))
        return np.concatenate(gains)


def _some(people: I64) -> I64:
    """`PEOPLE` of them at most, evenly spaced."""
    return people[:: -(-len(people) // PEOPLE) or 1]


def left_open(config: Any) -> list[str]:
    """The settings of a Config that are None: validation entries choose them."""
    return [each.name for each in fields(config) if getattr(config, each.name) is None]


def chosen(
    name: str, usual: Mapping[str, float], ladders: Ladders, figure: Callable[[dict[str, float]], float], run: Run
) -> dict[str, float]:
    """Settings that are best on validation entries, from the `usual` ones: all of them, those with ladders moved.

    figure: NDCG@10 of a training with such settings, FitError where there is none; name: of the model, for progress.
    """
    settings, known = dict(usual), dict[tuple[float, ...], float]()

    def of(values: dict[str, float]) -> float:
        key = tuple(values.values())
        if key not in known:
            try:
                known[key] = figure(values)
            except FitError:  # such as a penalty that tells no items apart: others may
                known[key] = -math.inf
            said = f"valid NDCG@{K} {max(known.values()):.4f}"
            run.progress(Stage(f"choose {name}", min(len(known), total), total, "settings", said))
        return known[key]

    total = 1 + ROUNDS * 2 * len(ladders)
    best = of(settings)
    for _ in range(ROUNDS):
        before = dict(settings)
        for setting, ladder in ladders.items():
            for values in _ways(ladder, settings[setting]):
                at = settings[setting]
                for value in values:
                    found = of({**settings, setting: value})
                    if found <= best * BETTER:
                        break
                    settings, best = {**settings, setting: value}, found
                if settings[setting] != at:
                    break
        if settings == before:
            break
    return settings


def _ways(ladder: Sequence[float], value: float) -> Iterable[Sequence[float]]:
    """The values above one, ascending, and those below it, descending."""
    return [v for v in ladder if v > value], [v for v in ladder[::-1] if v < value]
