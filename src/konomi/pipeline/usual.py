"""The models that are trained where none is named, and why: one that orders titles, and what predicts ratings best."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from konomi.bundle.facts import Metrics
from konomi.data.dataset import Dataset
from konomi.models import ease
from konomi.models.room import in_bytes
from konomi.runtime import Run


@dataclass(frozen=True)
class Usual:
    """Names with settings (None = the usual ones), and a sentence that says why for each choice."""

    models: dict[str, Any]
    why: tuple[str, ...]

    @classmethod
    def of(cls, dataset: Dataset, run: Run) -> "Usual":
        """`ease` where its matrix fits into the memory, and `mf` where there are ratings, or where `ease` does not fit."""
        consumed = dataset.profiles.consumed
        n = int((np.bincount(dataset.profiles.item[consumed]) >= ease.Config().least).sum())
        wanted, rated = ease.forecast(n, int(consumed.sum())), bool((~np.isnan(dataset.profiles.rating)).any())
        fits = 0 < n and wanted <= run.memory
        models: dict[str, Any] = {"ease": None} if fits else {}
        room = f"{in_bytes(wanted)} of memory for {n:,} titles"
        why = (
            [f"ease orders the titles: it takes {room}."] if fits else [f"ease would need {room}; what fans like orders them."]
        )
        if rated or not fits:
            models["mf"] = None if rated else {"task": "interaction"}
            why += ["mf predicts ratings."] if rated else ["mf predicts what is liked: nobody rates here."]
        else:
            why += ["Nothing predicts ratings: nobody rates here."]
        return cls(models, tuple(why))

    def after(self, metrics: Metrics | None) -> "Usual":
        """The same, unless `bias` predicts ratings better on the validation entries, whose metrics these are."""
        own, other = (found.get("rmse") for found in (metrics or {}, (metrics or {}).get("baselines", {}).get("bias", {})))
        if own is None or other is None:
            return self
        said = f"RMSE {own:.4f} against {other:.4f} of bias on the validation entries."
        if own <= other:
            return replace(self, why=_with(self.why, f"mf predicts ratings: {said}"))
        models = {name: given for name, given in self.models.items() if name != "mf"} | {"bias": None}
        return Usual(
            models, _with(self.why, f"bias predicts ratings: it is better than mf here, {other:.4f} against {own:.4f}.")
        )


def _with(why: Sequence[str], rater: str) -> tuple[str, ...]:
    """The sentences with another one on what predicts ratings."""
    return (*why[:-1], rater)
