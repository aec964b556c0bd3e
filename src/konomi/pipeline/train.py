"""split → fit → measure → fit again → bundle, in one call, for one model or several."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from konomi.arguments import as_path, expect
from konomi.bundle.facts import EVERYTHING, DataFacts, Epoch, Facts, SplitFacts, made_with
from konomi.bundle.format import Bundle
from konomi.catalogue.served import served_catalogue
from konomi.data.dataset import Dataset
from konomi.data.split import Split, SplitConfig
from konomi.errors import ConfigError
from konomi.evaluate.folds import pooled
from konomi.evaluate.intervals import intervals
from konomi.evaluate.people import of_people
from konomi.models import module
from konomi.models.api import Model, first_giving
from konomi.pipeline.arguments import check_checkpoint, dataset_from, models_from, run_from, splits_from
from konomi.pipeline.refit import again, choosing, settled
from konomi.pipeline.shortfalls import shortfalls
from konomi.pipeline.steps import Experiment, fit
from konomi.runtime import Run, one_blas_thread


@one_blas_thread()
def train_model(
    dataset: Dataset | Path | str,
    models: Any = "mf",
    split: Split | SplitConfig | None = None,
    run: Run | None = None,
    path: Path | str | None = None,
    refit: bool = True,
    measured: int | None = None,
) -> Bundle:
    """Fit models on the training entries of a dataset, measure them on its validation and test entries, and fit them again.

    dataset: a dataset, or the path of one. models: names, as in "ease,mf" or ["ease", "mf"], or names with settings, as in
    {"mf": {"dim": 16}} or {"mf": mf.Config(dim=16)}; each output comes from the first model that has it. split: a Split or a
    SplitConfig (None: a tenth each); one with `folds` stands for each of its folds, which are measured together. path: the
    dataset's, which the bundle notes, so that its users can be looked up. measured: how many people's lists are measured, at
    most (None: all).

    refit: whether what is saved is trained once more, on every entry, with the settings and the epoch that were chosen.
    Metrics, intervals and history are those of before; `facts.learnt` says what it has learnt. Where the split has no
    validation entries but a model has epochs, a tenth is drawn to choose one. Without a refit, the models are those that were
    measured, after all epochs if nothing validates, and the statistics of the catalogue those of the training entries.

    RequestError for an unknown model, DataError for anything but a dataset, ConfigError for any other wrong argument; FitError
    where training cannot go on.
    """
    configs, run = models_from(models), run_from(run)
    check_checkpoint(run.checkpoint, configs)
    expect(refit, bool, "a yes or no", ConfigError, "Give True or False as `refit`, or leave it out.", "refit")
    if len(rankers := [name for name in configs if not module(name).TASKS]) > 1:
        raise ConfigError(f"{' and '.join(rankers)} only rank, and one order is enough.", "Name one of them.")
    place = path if path is not None or isinstance(dataset, Dataset) else dataset
    dataset = dataset_from(dataset)
    origin = None if place is None else as_path(place, "a dataset", ConfigError)
    splits = splits_from(split, dataset, run)
    if len(splits) > 1 and (not refit or run.checkpoint):
        hint = "Leave out `no_refit` and `checkpoint`."
        raise ConfigError("Of many trainings none is the one to save, or to go on with.", hint)
    if refit:
        splits = [choosing(each, dataset, configs.values()) for each in splits]
    experiments = [Experiment.of(dataset, each, run, measured=measured) for each in splits]
    trained = [{name: fit(name, config, each.train, run).model for name, config in configs.items()} for each in experiments]
    facts, people = _measured(experiments, trained, origin)
    fitted, items = trained[0], experiments[0].catalogue
    if refit:
        everything = splits[0].learnt().train_set(dataset)
        chosen = {name: settled(config, [models[name] for models in trained]) for name, config in configs.items()}
        del experiments, trained, fitted  # there need not be room for more than one training
        fitted = {name: fit(name, config, everything, again(run)).model for name, config in chosen.items()}
        items, facts = served_catalogue(everything), replace(facts, learnt=EVERYTHING)
    settings = {name: asdict(config) for name, config in configs.items()}
    return Bundle(fitted, settings, items, dataset.scale, facts, people)


def _measured(
    experiments: Sequence[Experiment], trained: Sequence[Mapping[str, Model]], path: Path | None
) -> tuple[Facts, pl.DataFrame]:
    """What the bundle was made from, what was measured of its models, and of each person.

    How far ratings lie from predictions is that of the first model that predicts any. Of several folds, history and intervals
    are those of the first.
    """
    experiment, fitted = experiments[0], trained[0]
    dataset, split = experiment.dataset, experiment.split
    reports = {}
    for role in ("test", "valid"):
        pairs = zip(experiments, trained, strict=True)
        of_folds = [each.measure(getattr(each, role), models.values()) for each, models in pairs]
        known = [report for report in of_folds if report is not None]
        reports[role] = pooled(known, experiment.metrics) if known else None
    rater = first_giving(fitted.values(), "rating")
    found = intervals(rater, experiment.valid.seen, experiment.train, experiment.run) if rater else None
    place = str(path.resolve()) if path else ""
    facts = Facts(
        data=DataFacts(
            path=place,
            sha256=dataset.sha256,
            source=dataset.manifest["source"],
            note=dataset.manifest["note"],
            labels=dataset.labelling.rule,
            liked=dataset.labelling.liked,
        ),
        split=SplitFacts(**split.spec, sha256=split.sha256, entries=split.counts()),
        seed=experiment.run.seed,
        metrics={name: report.metrics for name, report in reports.items() if report is not None},
        history={name: history(model) for name, model in fitted.items()},
        intervals=found.to_facts() if found else None,
        versions=made_with(fitted),
        learnt=("train",),
        warnings=shortfalls(", ".join(fitted), reports["valid"]),
    )
    if reports["test"] is None:
        return facts, pl.DataFrame()
    return facts, of_people(reports["test"], np.sum([each.test.hidden.counts for each in experiments], axis=0))


def history(model: Model) -> tuple[Epoch, ...]:
    """The training and validation error of each epoch, None where it was not measured."""
    rows: list[list[float]] = model.history.tolist()
    return tuple((_error(error), _error(valid)) for error, valid in rows)


def _error(error: float) -> float | None:
    return None if math.isnan(error) else error
