"""The models that are trained where none is named, and why: one that orders titles, and what predicts ratings best.

Half of the budget of time is for either. Of each the best is taken that is forecast to fit into its half and into the memory,
and the quickest where none is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from konomi.bundle.facts import Metrics
from konomi.data.dataset import Dataset
from konomi.data.split import TrainSet
from konomi.models import bayes, slim
from konomi.models.room import in_bytes
from konomi.pipeline.budget import BUDGET, Counts, in_time
from konomi.pipeline.contest import better, open_to_ease
from konomi.runtime import Run

RATERS = ("bayes", "mf")
SOME = 10  # people who have the best known title, for an order to be learnt
THREADS = 16  # that the forecast of memory allows for, so that it does not depend on how many there are


class Way(NamedTuple):
    """A model with settings, None = its usual ones, and the bytes and seconds that it is forecast to take; how: in words."""

    name: str
    settings: dict[str, Any] | None
    how: str
    memory: int
    seconds: float


@dataclass(frozen=True)
class Usual:
    """Names with settings (None = the usual ones), and a sentence that says why for each choice. contested: whether `ease` may
    take the place of `slim`."""

    models: dict[str, Any]
    why: tuple[str, ...]
    contested: bool = False

    @classmethod
    def of(cls, dataset: Dataset, run: Run, budget: float = BUDGET) -> "Usual":
        """`slim` orders titles, with settings that validation chooses or with its usual ones; `bayes`, by draws or by means, or
        `mf` predicts ratings. Where people are few, or memory is short, what is predicted orders: what is liked, where
        nobody rates. budget: seconds."""
        counts = Counts.of(dataset, slim.Config().least)
        why, models, contested = [], dict[str, Any](), False
        if counts.most < SOME:
            why.append(f"No title has {SOME} people, so there is no order to learn.")
        else:
            rankers = _rankers(counts)
            order = _taken(rankers, run.memory, budget / 2)
            if order.memory <= run.memory:
                models[order.name] = order.settings
                contested = open_to_ease(counts, run, budget / 2 - order.seconds)
            why.append(_said(order, rankers[0], "orders the titles", run.memory, budget / 2))
        if counts.ratings:
            raters = _raters(counts)
            rater = _taken(raters, run.memory, budget / 2)
            models[rater.name] = rater.settings
            why.append(_said(rater, raters[0], "predicts ratings", run.memory, budget / 2))
        elif models:
            why.append("Nothing predicts ratings: nobody rates here.")
        else:
            models["mf"] = {"task": "interaction"}
            why.append("mf predicts what is liked: nobody rates here.")
        return cls(models, tuple(why), contested)

    def ordered(self, train: TrainSet, run: Run) -> "Usual":
        """The same with what orders titles best on the validation entries of `train`, with its settings."""
        order = better(self.models["slim"], train, run) if self.contested else None
        if order is None:
            return self
        others = {name: given for name, given in self.models.items() if name != "slim"}
        return Usual({order.name: order.settings, **others}, (order.why, *self.why[1:]))

    def after(self, metrics: Metrics | None) -> "Usual":
        """The same, unless `bias` predicts ratings better on the validation entries, whose metrics these are."""
        own, other = (found.get("rmse") for found in (metrics or {}, (metrics or {}).get("baselines", {}).get("bias", {})))
        if own is None or other is None:
            return self
        rater = next(name for name in self.models if name in RATERS)
        said = f"RMSE {own:.4f} against {other:.4f} of bias on the validation entries."
        if own <= other:
            return replace(self, why=_with(self.why, f"{self.why[-1]} {said}"))
        models = {name: given for name, given in self.models.items() if name != rater} | {"bias": None}
        said = f"bias predicts ratings: it is better than {rater} here, {other:.4f} against {own:.4f}."
        return Usual(models, _with(self.why, said))


def _rankers(counts: Counts) -> tuple[Way, ...]:
    """What may order titles, the best first."""
    widths = max(slim.LADDERS["nearest"]), slim.USUAL["nearest"]
    room, less = (slim.forecast(counts.known, int(width), counts.entries, THREADS) for width in widths)
    return (
        Way("slim", None, "with settings that validation chooses", room, counts.slim(choice=True)),
        Way("slim", dict(slim.USUAL), "with its usual settings", less, counts.slim(choice=False)),
    )


def _raters(counts: Counts) -> tuple[Way, ...]:
    """What may predict ratings, the best first."""
    room = bayes.forecast(counts.people, counts.items, counts.ratings)
    return (
        Way("bayes", None, "by draws", room, counts.bayes("gibbs")),
        Way("bayes", {"method": "vb"}, "by means, which is quicker", room, counts.bayes("vb")),
        Way("mf", None, "which is quickest", 0, counts.mf()),
    )


def _taken(ways: Sequence[Way], memory: int, seconds: float) -> Way:
    """The first that fits, or the last."""
    return next((way for way in ways if way.memory <= memory and way.seconds <= seconds), ways[-1])


def _said(way: Way, best: Way, what: str, memory: int, seconds: float) -> str:
    """Why a way was taken and the best was not, with the forecasts."""
    if way.memory > memory:
        return f"{way.name} would need {in_bytes(way.memory)} of memory; what is predicted orders the titles."
    over = f", more than {in_time(seconds)}" if way.seconds > seconds else ""
    room = f" and {in_bytes(way.memory)}" if way.memory else ""
    said = f"{way.name} {what}, {way.how}: {in_time(way.seconds)}{room} are forecast{over}"
    if way is best:
        return f"{said}."
    much = f"need {in_bytes(best.memory)}" if best.memory > memory else f"take {in_time(best.seconds)} of {in_time(seconds)}"
    return f"{said}; {best.name} {best.how} would {much}."


def _with(why: Sequence[str], rater: str) -> tuple[str, ...]:
    """The sentences with another one on what predicts ratings."""
    return (*why[:-1], rater)
