"""The models that are trained where none is named, and why: one that orders titles, and what predicts ratings best."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from konomi.bundle.facts import Metrics
from konomi.data.dataset import Dataset
from konomi.models import bayes, ease
from konomi.models.room import in_bytes
from konomi.runtime import Run

PLAIN = {"l2": 150.0, "dropout": 0.0, "user_power": 0.0, "item_power": 0.0, "relaxed": 0.0}
"""Settings of `ease` with which the order that people are served was worked on. Those that validation entries choose find more
of what people have, and put more of what everybody has into lists (docs/decisions.md)."""
RATERS = ("bayes", "mf")
MOST = 3_000_000  # ratings that bayes is taken for: beyond that its sweeps take minutes


@dataclass(frozen=True)
class Usual:
    """Names with settings (None = the usual ones), and a sentence that says why for each choice."""

    models: dict[str, Any]
    why: tuple[str, ...]

    @classmethod
    def of(cls, dataset: Dataset, run: Run) -> "Usual":
        """`ease` where its matrix fits into the memory. Of ratings `bayes`, or `mf` where they are very many or memory is
        short; `mf` of what is liked where nobody rates and `ease` does not fit."""
        consumed = dataset.profiles.consumed
        n = int((np.bincount(dataset.profiles.item[consumed]) >= ease.Config().least).sum())
        wanted, rated = ease.forecast(n, int(consumed.sum())), int((~np.isnan(dataset.profiles.rating)).sum())
        fits = 0 < n and wanted <= run.memory
        models: dict[str, Any] = {"ease": PLAIN} if fits else {}
        room = f"{in_bytes(wanted)} of memory for {n:,} titles"
        why = (
            [f"ease orders the titles: it takes {room}."] if fits else [f"ease would need {room}; what fans like orders them."]
        )
        if rated or not fits:
            name, reason = _rater(dataset, rated, run) if rated else ("mf", "mf predicts what is liked: nobody rates here.")
            models[name] = None if rated else {"task": "interaction"}
            why += [reason]
        else:
            why += ["Nothing predicts ratings: nobody rates here."]
        return cls(models, tuple(why))

    def after(self, metrics: Metrics | None) -> "Usual":
        """The same, unless `bias` predicts ratings better on the validation entries, whose metrics these are."""
        own, other = (found.get("rmse") for found in (metrics or {}, (metrics or {}).get("baselines", {}).get("bias", {})))
        if own is None or other is None:
            return self
        rater = next(name for name in self.models if name in RATERS)
        said = f"RMSE {own:.4f} against {other:.4f} of bias on the validation entries."
        if own <= other:
            return replace(self, why=_with(self.why, f"{rater} predicts ratings: {said}"))
        models = {name: given for name, given in self.models.items() if name != rater} | {"bias": None}
        better = f"bias predicts ratings: it is better than {rater} here, {other:.4f} against {own:.4f}."
        return Usual(models, _with(self.why, better))


def _rater(dataset: Dataset, rated: int, run: Run) -> tuple[str, str]:
    """What predicts ratings, and why."""
    wanted = bayes.forecast(len(dataset.users), len(dataset.items), rated)
    if rated > MOST:
        return (
            "mf",
            f"mf predicts ratings: {rated:,} are many for bayes, which is better but goes through them again and again.",
        )
    if wanted > run.memory:
        return "mf", f"mf predicts ratings: bayes would need {in_bytes(wanted)} of memory."
    return "bayes", "bayes predicts ratings."


def _with(why: Sequence[str], rater: str) -> tuple[str, ...]:
    """The sentences with another one on what predicts ratings."""
    return (*why[:-1], rater)
