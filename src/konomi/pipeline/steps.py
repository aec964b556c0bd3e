"""split → fit → measure: the steps that training, comparing and comparing on people share."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import polars as pl

from konomi.arguments import whole
from konomi.data.dataset import Dataset
from konomi.data.negatives import all_liked, with_negatives
from konomi.data.split import Split, TrainSet
from konomi.errors import ConfigError, FitError
from konomi.evaluate.evaluate import evaluate_together, measurable
from konomi.evaluate.held_out import Baselines, HeldOut
from konomi.evaluate.metrics import Metric, metrics_with
from konomi.evaluate.records import Report
from konomi.models import module
from konomi.models.api import Model, WarmStart
from konomi.pipeline import memory
from konomi.pipeline.arguments import splits_from
from konomi.runtime import Run


@dataclass(frozen=True)
class Experiment:
    """A split dataset: the training set of all models, and the hidden entries that all are measured on.

    valid: the entries that choose the epochs; test: the entries that no training uses.
    """

    dataset: Dataset
    split: Split
    run: Run
    train: TrainSet
    valid: HeldOut
    test: HeldOut

    @classmethod
    def of(
        cls, dataset: Dataset, split: Split, run: Run, metrics: str | Iterable[str] = (), measured: int | None = None
    ) -> "Experiment":
        """From a split. metrics: measured beside the registered ones; measured: how many people's lists are, at most."""
        train = split.train_set(dataset)
        baselines, chosen = Baselines(train, run), metrics_with(metrics)
        most = None if measured is None else whole("measured", measured, 1)
        valid, test = (HeldOut(*parts(dataset), baselines, chosen, most) for parts in (split.validation, split.test))
        return cls(dataset, split, run, train, valid, test)

    @classmethod
    def each(
        cls, dataset: Dataset, split: Any, run: Run, metrics: str | Iterable[str] = (), measured: int | None = None
    ) -> "list[Experiment]":
        """One experiment, or one for each fold of a SplitConfig with folds; split: as for `splits_from`."""
        return [cls.of(dataset, each, run, metrics, measured) for each in splits_from(split, dataset, run)]

    @property
    def catalogue(self) -> pl.DataFrame:
        """The catalogue that titles are served from."""
        return self.test.baselines.catalogue

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics that are measured."""
        return self.test.metrics

    def measure(self, held: HeldOut, models: Iterable[Model]) -> Report | None:
        """The report of models of one bundle on `valid` or `test`; None where the entries test none of their outputs."""
        models = list(models)
        if not any(measurable(model, held.hidden, self.train.labelling) for model in models):
            return None
        return evaluate_together(models, held)


@dataclass(frozen=True)
class Training:
    """One training that succeeded. seconds: of wall clock; peak: the most bytes of memory that the process held; grown: how
    many more than before the training; None where the system does not tell."""

    name: str
    config: Any
    model: Model
    seconds: float
    peak: int | None
    grown: int | None


def fit(name: str, config: Any, train: TrainSet, run: Run, start: Model | None = None) -> Training:
    """Train one model, from an earlier one if one is given, and measure time and memory.

    FitError or ConfigError where it cannot be trained, BeginAnew where it cannot start from that one.

    A model of interactions learns to tell what is liked from what people do not have, where they say nothing else.
    """
    if _learns_interactions(name, config) and all_liked(train):
        train = with_negatives(train, run.seed)
    if "rating" in module(name).TASKS and not _learns_interactions(name, config) and np.isnan(train.seen.rating).all():
        raise FitError(
            f"{name} predicts ratings, and nobody has rated anything: presence alone is the signal.",
            "Take ease or popular, or learn what is liked: `task`=interaction.",
        )
    before = memory.resident()
    memory.start_peak()
    begun, kind = time.perf_counter(), module(name)
    try:
        if start is None:
            model = kind.fit(train, config, run)
        else:
            model = cast(WarmStart, kind).fit_from(start, train, config, run)
    except MemoryError as cause:
        raise FitError(
            f"{name} needs more memory than there is: {cause}.", "Make the model smaller, or give it less data."
        ) from cause
    seconds, peak = time.perf_counter() - begun, memory.peak()
    return Training(name, config, model, seconds, peak, None if peak is None or before is None else max(peak - before, 0))


def _learns_interactions(name: str, config: Any) -> bool:
    """Whether a model with this config learns what is liked."""
    return getattr(config, "task", "interaction") == "interaction" and "interaction" in module(name).TASKS


def fit_or_reason(name: str, config: Any, train: TrainSet, run: Run) -> Training | str:
    """The same, or the reason why it cannot be trained, such as a setting that does not fit the data."""
    try:
        return fit(name, config, train, run)
    except (ConfigError, FitError) as error:
        return f"{error} {error.hint}"
