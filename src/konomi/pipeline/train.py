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
from konomi.data.lifts import lifts
from konomi.data.split import Split, SplitConfig, TrainSet, all_of
from konomi.errors import ConfigError
from konomi.evaluate.folds import pooled
from konomi.evaluate.intervals import intervals
from konomi.evaluate.people import of_people
from konomi.models.api import Model, first_giving
from konomi.pipeline.arguments import check_checkpoint, dataset_from, models_from, run_from, splits_from
from konomi.pipeline.budget import BUDGET, seconds
from konomi.pipeline.refit import again, choosing, settled
from konomi.pipeline.shortfalls import shortfalls
from konomi.pipeline.steps import Experiment, fit
from konomi.pipeline.usual import Usual
from konomi.pipeline.warm import Start
from konomi.runtime import Run, one_blas_thread


@one_blas_thread()
def train_model(
    dataset: Dataset | Path | str,
    models: Any = None,
    split: Split | SplitConfig | None = None,
    run: Run | None = None,
    path: Path | str | None = None,
    refit: bool = True,
    measured: int | None = None,
    start: Bundle | Path | str | None = None,
    budget: float | None = None,
) -> Bundle:
    """Fit models on the training entries of a dataset, measure them on its validation and test entries, and fit them again.

    dataset: a dataset, or the path of one. models: names, as in "ease,mf" or ["ease", "mf"], or names with settings, as in
    {"mf": {"dim": 16}} or {"mf": mf.Config(dim=16)}; each output comes from the first model that has it. None: what
    `pipeline/usual.py` chooses; `facts.chosen` says why. split: a Split or a SplitConfig (None: a tenth each); one with `folds`
    stands for each of its folds, which are measured together.
    path: the dataset's, which the bundle notes, so that its users can be looked up. measured: how many people's lists are
    measured, at most (None: all).

    refit: whether what is saved is trained once more, on every entry, with the settings and the epoch that were chosen.
    Metrics, intervals and history are those of before; `facts.learnt` says what it has learnt. Where the split has no
    validation entries but a model has epochs, a tenth is drawn to choose one. Without a refit, the models are those that were
    measured, after all epochs if nothing validates, and the statistics of the catalogue those of the training entries.

    budget: seconds that the trainings of models may take where none is named, as forecast from counts (None: ten minutes).

    start: an earlier bundle, or its path, of the same dataset before something was put to it. Models and settings are its own,
    what it has learnt stays training data (see `pipeline/warm.py`), and where a model can go on from an earlier one, it does;
    `facts.start` says which did.

    RequestError for an unknown model, DataError for anything but a dataset, ConfigError for any other wrong argument; FitError
    where training cannot go on.
    """
    run = run_from(run)
    expect(refit, bool, "a yes or no", ConfigError, "Give True or False as `refit`, or leave it out.", "refit")
    place = path if path is not None or isinstance(dataset, Dataset) else dataset
    dataset = dataset_from(dataset)
    origin = None if place is None else as_path(place, "a dataset", ConfigError)
    begun = None if start is None else Start.of(start, dataset, split, run)
    if begun is not None and models is not None:
        raise ConfigError("Models and settings are those of the earlier bundle.", "Leave out the models, or train anew.")
    if budget is not None and (models is not None or begun is not None):
        raise ConfigError("A budget chooses models, and they are named.", "Leave out `budget`, or the models.", "budget")
    if models is None and begun is None:
        usual = Usual.of(dataset, run, BUDGET if budget is None else seconds(budget))
        if usual.contested:
            first = splits_from(split, dataset, run)[0]
            decided = choosing(first, dataset, models_from(usual.models)) if refit else first
            usual = usual.ordered(decided.train_set(dataset), run)
        others = (split, run, origin, refit, measured)
        bundle = train_model(dataset, usual.models, *others)
        better = usual.after(bundle.metrics.get("valid"))
        if better.models != usual.models:
            bundle = train_model(dataset, better.models, *others)
        return replace(bundle, facts=replace(bundle.facts, chosen=better.why))
    configs = models_from(models) if begun is None else begun.configs
    check_checkpoint(run.checkpoint, configs)
    splits = splits_from(split, dataset, run) if begun is None else [begun.split]
    if len(splits) > 1 and (not refit or run.checkpoint):
        hint = "Leave out `refit`=False and `checkpoint`."
        raise ConfigError("Of many trainings none is the one to save, or to go on with.", hint)
    if refit and begun is None:
        splits = [choosing(each, dataset, configs) for each in splits]
    experiments = [Experiment.of(dataset, each, run, measured=measured) for each in splits]
    trainings = [_fitted(configs, each.train, dataset, run, begun) for each in experiments]
    trained, said = [models for models, _ in trainings], trainings[0][1]
    facts, people = _measured(experiments, trained, origin)
    if begun is not None:
        kept = begun.bundle.facts.intervals if begun.bundle.facts.refitted else None  # of more ratings than are new
        facts = replace(
            facts, start=said, intervals=kept or facts.intervals, weights=facts.weights or begun.bundle.facts.weights
        )
    if refit:
        chosen = {name: settled(config, [models[name] for models in trained]) for name, config in configs.items()}
        del experiments, trainings, trained  # there need not be room for more than one training
        return _on_everything(chosen, configs, facts, people, dataset, run, begun)
    items, known = experiments[0].catalogue, experiments[0].test.baselines.lifts
    return Bundle(trained[0], _settings(configs), items, dataset.scale, facts, people, known)


@one_blas_thread()
def learn_all(measured: Bundle, dataset: Dataset, run: Run | None = None, start: Bundle | None = None) -> Bundle:
    """The second training by itself: the models of a bundle that was measured (`refit`=False), trained on every entry of its
    dataset, with what was measured. start: an earlier bundle that has learnt all of the dataset as it was then, to go on from.

    Errors as for `train_model`.
    """
    run = run_from(run)
    configs = models_from(measured.configs)
    chosen = {name: settled(config, [measured.models[name]]) for name, config in configs.items()}
    begun = None if start is None else Start.of(start, dataset, None, run)
    return _on_everything(chosen, configs, measured.facts, measured.people, dataset, run, begun)


def _on_everything(
    chosen: Mapping[str, Any],
    configs: Mapping[str, Any],
    facts: Facts,
    people: pl.DataFrame,
    dataset: Dataset,
    run: Run,
    begun: Start | None,
) -> Bundle:
    """The bundle of models that have learnt every entry. chosen: the configs, with what was left open as it was chosen."""
    everything = all_of(dataset).train_set(dataset)
    fitted, said = _fitted(chosen, everything, dataset, again(run), begun)
    facts = replace(facts, learnt=EVERYTHING, start=facts.start if begun is None else said)
    items, known = served_catalogue(everything), lifts(everything, again(run))
    return Bundle(fitted, _settings(configs), items, dataset.scale, facts, people, known)


def _settings(configs: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: asdict(config) for name, config in configs.items()}


def _fitted(
    configs: Mapping[str, Any], train: TrainSet, dataset: Dataset, run: Run, begun: Start | None
) -> tuple[dict[str, Model], tuple[str, ...]]:
    """The models by name, and what was done of each, where there is a start."""
    if begun is None:
        return {name: fit(name, config, train, run).model for name, config in configs.items()}, ()
    found = {name: begun.fit(name, config, train, dataset, run) for name, config in configs.items()}
    return {name: training.model for name, (training, _) in found.items()}, tuple(said for _, said in found.values())


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
        weights=experiment.test.baselines.blend(fitted.values()).weights,
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
