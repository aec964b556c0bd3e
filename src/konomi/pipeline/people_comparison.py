"""What a comparison on people held out whole found, in records."""

from dataclasses import dataclass

from konomi.data.dataset import Dataset
from konomi.data.split import Split
from konomi.evaluate.bootstrap import Interval
from konomi.evaluate.metrics import Metric
from konomi.evaluate.records import Ranked, shortly
from konomi.runtime import Run

FEW = (1, 5, 20)  # ratings shown
ALL, TRAINED, WISHES, ANY = "all", "trained on", "wishes", "any"
POPULAR = "popular"  # what the others are measured against; how much is shown does not matter to it


@dataclass(frozen=True)
class Row:
    """What one model does with so much shown of P people: ranked; rmse of their hidden ratings, None where it predicts none.

    over: by how much its lists are better than those of `POPULAR` for the same people, in the metric that models are ordered
    by; None of that itself.
    """

    model: str
    shown: str
    rmse: float | None
    ranked: Ranked
    over: Interval | None

    def __repr__(self) -> str:
        return f"Row({self.model}, {self.shown}: {shortly(self.ranked.metrics)})"


@dataclass(frozen=True)
class People:
    """What `compare_people` found. metrics: what was measured; held_out: people with a hidden entry; measured: those of them in
    the rows; too_few, unliked: the others, by what they lack; ratings: hidden ones of those measured; untold: measured, but
    without a genre to wish for.

    rows: first those of `POPULAR`; trained: model → how much better its lists are, all shown, than those for the same people as
    training users; failures: model → reason.
    """

    dataset: Dataset
    split: Split
    run: Run
    metrics: tuple[Metric, ...]
    held_out: int
    measured: int
    too_few: int
    unliked: int
    ratings: int
    untold: int
    rows: list[Row]
    trained: dict[str, Interval]
    failures: dict[str, str]

    def __repr__(self) -> str:
        failed = f", {len(self.failures)} failed" if self.failures else ""
        return f"People({', '.join(self.models)} on {self.measured:,} of {self.held_out:,} people held out{failed})"

    @property
    def models(self) -> list[str]:
        """Those with rows, `POPULAR` first."""
        return list(dict.fromkeys(row.model for row in self.rows))

    def of(self, model: str) -> dict[str, Row]:
        """The rows of a model, by how much is shown."""
        return {row.shown: row for row in self.rows if row.model == model}
