"""The records of a comparison on people held out whole."""

from dataclasses import dataclass

from konomi.data.dataset import Dataset
from konomi.data.split import Split
from konomi.evaluate.bootstrap import Interval
from konomi.evaluate.metrics import Metric
from konomi.evaluate.records import Ranked, shortly
from konomi.runtime import Run

FEW = (1, 5, 20)  # ratings shown
ALL, TRAINED, WISHES = "all", "trained on", "wishes"  # other values of `Row.shown`
POPULAR = "popular"  # the baseline


@dataclass(frozen=True)
class Row:
    """One model with so much `shown` of P people.

    rmse: of their hidden ratings, None where the model predicts none; ranked: its own order; served: the lists that they get;
    over: the primary metric of these less that of the lists of `POPULAR` that the same people get with as much shown; None for
    `POPULAR` itself.
    """

    model: str
    shown: str
    rmse: float | None
    ranked: Ranked
    served: Ranked
    over: Interval | None

    def __repr__(self) -> str:
        return f"Row({self.model}, {self.shown}: {shortly(self.served.metrics)})"


@dataclass(frozen=True)
class People:
    """The result of `compare_people`.

    metrics: those measured. Numbers of people: held_out: with a hidden entry; measured: of these, in the rows; too_few,
    unliked: not in the rows, for lack of ratings to show or of a liked hidden entry; untold: measured, but without a genre
    wish. ratings: the number of hidden ratings of the people measured. rows: those of `POPULAR` first. trained: model → the
    primary metric of their lists with all shown, less that of the same people as training users. failures: model → reason;
    liked: what is liked, in words.
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
    liked: str

    def __repr__(self) -> str:
        failed = f", {len(self.failures)} failed" if self.failures else ""
        return f"People({', '.join(self.models)} on {self.measured:,} of {self.held_out:,} people held out{failed})"

    @property
    def models(self) -> list[str]:
        """The models with rows, `POPULAR` first."""
        return list(dict.fromkeys(row.model for row in self.rows))

    def of(self, model: str) -> dict[str, Row]:
        """The rows of a model by `shown`."""
        return {row.shown: row for row in self.rows if row.model == model}
