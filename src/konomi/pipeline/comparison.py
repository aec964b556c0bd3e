"""The records of a comparison of models."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from konomi.arrays import F32
from konomi.data.dataset import Dataset
from konomi.data.split import Split, TrainSet
from konomi.evaluate.bootstrap import Standing
from konomi.evaluate.metrics import RANKING, SERVED, Metric
from konomi.evaluate.records import Predictions, Ranked, Report
from konomi.models.api import Model
from konomi.pipeline.steps import Training
from konomi.runtime import Run


@dataclass(frozen=True)
class Fit:
    """One training that succeeded, and its reports.

    tasks: those it is compared on, none for a model that only ranks; rows: the number of training entries with a target for one
    of its tasks, or of all where it has none; best: the epoch that was kept, counted from 1, 0 = no epochs; reports: "test",
    and "valid" where there are validation entries; others: the trainings on the other folds.
    """

    training: Training
    tasks: tuple[str, ...]
    rows: int
    best: int
    reports: Mapping[str, Report]
    others: tuple[Training, ...] = ()

    @property
    def name(self) -> str:
        """The name of the model."""
        return self.training.name

    @property
    def model(self) -> Model:
        """The trained model."""
        return self.training.model

    @property
    def seconds(self) -> float:
        """Of training, of wall clock."""
        return self.training.seconds

    @property
    def history(self) -> F32:
        """Training and validation error of each epoch, f32[E, 2]."""
        return self.model.history

    @property
    def epochs(self) -> int:
        """How many epochs were run; 0 for a model without epochs."""
        return len(self.history)

    @property
    def rows_per_second(self) -> float:
        """Training rows passed in a second, over all epochs."""
        return self.rows * max(self.epochs, 1) / max(self.training.seconds, 1e-9)


@dataclass(frozen=True)
class Combination:
    """Models that are served together: those of a bundle, or of several fits, of which only the lists that people get are
    compared. name: as in "ease+mf" or "./model"; models: their names; report: on the test entries; seconds: of training, of
    all of them, None where that is not known; tasks: those that a bundle is compared on."""

    name: str
    models: tuple[str, ...]
    report: Report
    seconds: float | None
    tasks: tuple[str, ...] = ()

    @property
    def reports(self) -> dict[str, Report]:
        """The report, as a fit has it."""
        return {"test": self.report}


@dataclass(frozen=True)
class Failure:
    """One training that failed, and why."""

    name: str
    tasks: tuple[str, ...]
    reason: str


Outcome = Fit | Failure


@dataclass(frozen=True)
class Comparison:
    """The result of `compare_models`.

    combinations: of models that are served together, and bundles.
    metrics: those measured; skipped: task → why it was not compared; standings: task → intervals of models and baselines, for
    each task that was compared. `SERVED`, the lists that people get, comes first; it and `RANKING`, each model's own order,
    count as tasks here.
    """

    dataset: Dataset
    split: Split
    train: TrainSet
    run: Run
    metrics: tuple[Metric, ...]
    fits: list[Fit]
    failures: list[Failure]
    skipped: dict[str, str]
    standings: dict[str, Standing]
    combinations: tuple[Combination, ...] = ()

    def __repr__(self) -> str:
        names = ", ".join(self.names) or "no model"
        failed = f", {len(self.failures)} failed" if self.failures else ""
        return f"Comparison({names} on {', '.join(self.standings) or 'nothing'}{failed})"

    @property
    def names(self) -> list[str]:
        """Of the models, then of the combinations and bundles, each once."""
        return list(dict.fromkeys(each.name for each in self.everything))

    @property
    def everything(self) -> list[Fit | Combination]:
        """The fits, then the combinations and bundles."""
        return [*self.fits, *self.combinations]

    def on(self, task: str) -> dict[str, Fit | Combination]:
        """What is compared on a task, by name of the model: fits and bundles; on `RANKING`, the fits that rank; on `SERVED`,
        whatever ranks.

        On these, a model that was trained once for each task has two names: "mf (ratings)" and "mf (interactions)".
        """
        if task not in (RANKING, SERVED):
            return {each.name: each for each in self.everything if task in each.tasks}
        compared = self.everything if task == SERVED else self.fits
        able = [fit for fit in compared if fit.reports["test"].tests(task)]
        often = Counter(fit.name for fit in able)
        return {fit.name if often[fit.name] == 1 else f"{fit.name} ({purpose(fit.tasks)})": fit for fit in able}

    def baselines(self, task: str) -> dict[str, Report]:
        """The reports of the baselines of a task that are not among its models, by name."""
        fits = self.on(task)
        found = next(iter(fits.values())).reports["test"].baselines if fits else {}
        return {name: report for name, report in found.items() if report.tests(task) and name not in fits}

    def reports(self, task: str) -> dict[str, Report]:
        """The reports on the test entries of the models of a task, then of its baselines."""
        return {**{name: fit.reports["test"] for name, fit in self.on(task).items()}, **self.baselines(task)}

    def predictions(self, task: str) -> dict[str, Predictions]:
        """The predictions of the test entries by models and baselines."""
        return {name: report.predictions[task] for name, report in self.reports(task).items()}

    def lists(self, task: str) -> dict[str, Ranked]:
        """The metrics of the lists of models and baselines, by their own order (`RANKING`) or as `SERVED`."""
        found = ((name, report.lists(task)) for name, report in self.reports(task).items())
        return {name: ranked for name, ranked in found if ranked is not None}


def purpose(tasks: tuple[str, ...]) -> str:
    """The tasks of a training in words."""
    return " and ".join(f"{task}s" for task in tasks) or "recommendations"
