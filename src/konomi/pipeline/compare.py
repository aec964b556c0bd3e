"""Compare models: train each on the same split, measure each on the same hidden entries, find the real differences.

The split is frozen before anything starts. Each model's epoch is chosen on the validation entries. The test entries are scored
once, when all models are trained.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from konomi.arguments import expect
from konomi.arrays import Bools
from konomi.data.dataset import Dataset
from konomi.data.labels import LEFT_OUT
from konomi.data.profiles import Profiles
from konomi.data.split import Split, SplitConfig, TrainSet
from konomi.errors import ConfigError, DataError
from konomi.evaluate.bootstrap import ranking_standing, standing
from konomi.evaluate.evaluate import evaluate_together
from konomi.evaluate.folds import pooled
from konomi.evaluate.metrics import RANKING, SERVED
from konomi.models import module
from konomi.models.api import TASKS, Model, criterion
from konomi.models.api import tasks as tasks_of
from konomi.neural.stopping import best_epoch
from konomi.pipeline.arguments import apart, dataset_from, models_from, run_from, tasks_from
from konomi.pipeline.comparison import Combination, Comparison, Failure, Fit, Outcome
from konomi.pipeline.ready import check_ready, ready
from konomi.pipeline.steps import Experiment, fit_or_reason
from konomi.runtime import Run, one_blas_thread

LACKING = {
    "rating": "Ratings are not compared: the training or the test entries have none.",
    "interaction": "Interactions are not compared: all training labels are of one class, or the test entries have none.",
    RANKING: "Recommendations are not compared: no test entry is liked.",
}


@one_blas_thread()
def compare_models(
    dataset: Dataset | Path | str,
    models: Any,
    tasks: str | Iterable[str] = TASKS,
    split: Split | SplitConfig | list[Split] | None = None,
    run: Run | None = None,
    tell: Callable[[Outcome], None] = lambda outcome: None,
    metrics: str | Iterable[str] = (),
    measured: int | None = None,
) -> Comparison:
    """Train and measure models; a model whose settings have a `task` is trained once for each of the `tasks`.

    All models that rank are also compared on their recommendations, those without a task on nothing else.

    Models joined by "+", as in "ease,mf,ease+mf", are also compared as they are served together, by the lists that people get;
    each is trained once. A bundle, named by a path such as "./model" or by a Path, is compared as it is, if it has learnt the
    training entries of this split and nothing else.

    dataset, models, split: as in `train_model`; with `folds`, or a list of splits, each model is trained on each; tell: called
    with the outcome of each training as it ends; metrics: measured beside the registered ones, as in "ndcg@5,recall@50";
    measured: how many people's lists are measured, at most (None: all). A model that raises FitError is a `Failure`, and the
    others go on.

    RequestError for an unknown model, ConfigError for no model, an unknown task or metric, or a wrong argument, DataError where
    nothing can be compared: all before the first training.
    """
    named = apart(models)
    configs = models_from(named.models) if named.models or not named.bundles else {}
    compared = tasks_from(tasks)
    expect(tell, Callable, "a function", ConfigError, "Give `tell` what is to hear of each training, or leave it out.")
    run = replace(run_from(run), checkpoint=None)  # there is one file, and there are many trainings
    dataset = dataset_from(dataset)
    experiments = Experiment.each(dataset, split, run, metrics, measured)
    experiment = experiments[0]
    bundles = {name: check_ready(name, path, experiments) for name, path in named.bundles.items()}
    skipped = {task: LACKING[task] for task in compared if not _comparable(task, experiment)}
    compared = tuple(task for task in compared if task not in skipped)
    if not len(experiment.test.wanted.item):
        skipped[RANKING] = LACKING[RANKING]
    if not compared and (RANKING in skipped or (not bundles and all(module(name).TASKS for name in configs))):
        raise DataError(" ".join(skipped.values()), "Give a dataset with more in it, or other shares: `valid` and `test`.")
    fits, failures = [], []
    for name, config, goals in _trainings(configs, compared):
        if not goals and RANKING in skipped:
            outcome: Outcome = Failure(name, goals, skipped[RANKING])
        else:
            outcome = _fit(name, config, goals, experiments)
        if isinstance(outcome, Failure):
            failures.append(outcome)
        else:
            fits.append(outcome)
        tell(outcome)
    fits = [_tested(fit, experiments) for fit in fits]
    combined = [_combined(name, parts, fits, experiments) for name, parts in named.combinations.items()]
    failures += [each for each in combined if isinstance(each, Failure)]
    combinations = tuple(each for each in combined if isinstance(each, Combination))
    combinations += tuple(ready(name, bundle, experiment, compared) for name, bundle in bundles.items())
    found = Comparison(
        dataset, experiment.split, experiment.train, run, experiment.metrics, fits, failures, skipped, {}, combinations
    )
    drawing: dict[str, Any] = {"seed": run.seed, "progress": run.progress, "metrics": found.metrics}
    for task in (SERVED, *compared, RANKING):
        if found.on(task):
            if task in (SERVED, RANKING):
                found.standings[task] = ranking_standing(found.lists(task), **drawing)
            else:
                found.standings[task] = standing(task, found.predictions(task), **drawing)
    return found


def _trainings(configs: Mapping[str, Any], compared: tuple[str, ...]) -> Iterator[tuple[str, Any, tuple[str, ...]]]:
    """(name, config, tasks that it is compared on) of every training."""
    for name, config in configs.items():
        if not module(name).TASKS:
            yield name, config, ()
        elif any(setting.name == "task" for setting in fields(config)):
            yield from ((name, replace(config, task=task), (task,)) for task in compared)
        elif compared:
            yield name, config, compared


def _fit(name: str, config: Any, goals: tuple[str, ...], experiments: Sequence[Experiment]) -> Outcome:
    """Train one model, on each fold, and measure it on the validation entries.

    A Failure where that is impossible, or it has none of the tasks.
    """
    experiment = experiments[0]
    able = tuple(task for task in goals if task in module(name).TASKS)
    if goals and not able:
        return _unable(name, goals)
    found = fit_or_reason(name, config, experiment.train, experiment.run)
    if isinstance(found, str):
        return Failure(name, able, found)
    able = tuple(task for task in able if task in tasks_of(found.model))
    if goals and not able:
        return _unable(name, goals)
    others = [fit_or_reason(name, config, each.train, each.run) for each in experiments[1:]]
    if reasons := [other for other in others if isinstance(other, str)]:
        return Failure(name, able, reasons[0])
    trainings = [found, *(other for other in others if not isinstance(other, str))]
    reports = [each.measure(each.valid, [training.model]) for each, training in zip(experiments, trainings, strict=True)]
    known = [report for report in reports if report is not None]
    report = pooled(known, experiment.metrics) if known else None
    rows = _learnt_from(found.model, experiment.train)
    best = best_epoch(found.model.history, criterion(found.model).higher) + 1
    return Fit(found, able, rows, best, {} if report is None else {"valid": report}, tuple(trainings[1:]))


def _tested(fit: Fit, experiments: Sequence[Experiment]) -> Fit:
    """The fit with its report on the test entries, of all folds together."""
    pairs = zip(experiments, (fit.training, *fit.others), strict=True)
    reports = [evaluate_together([training.model], experiment.test) for experiment, training in pairs]
    return replace(fit, reports={**fit.reports, "test": pooled(reports, experiments[0].metrics)})


def _combined(
    name: str, parts: tuple[str, ...], fits: Sequence[Fit], experiments: Sequence[Experiment]
) -> Combination | Failure:
    """Models served together, on the test entries of all folds; of one that was trained for each task, that of ratings."""
    chosen = []
    for part in parts:
        able = sorted((fit for fit in fits if fit.name == part), key=lambda fit: "rating" not in fit.tasks)
        if not able:
            return Failure(name, (), f"{part} could not be trained.")
        chosen.append(able[0])
    models = zip(*((fit.model, *(other.model for other in fit.others)) for fit in chosen), strict=True)
    reports = [evaluate_together(some, experiment.test) for some, experiment in zip(models, experiments, strict=True)]
    seconds = sum(fit.seconds for fit in chosen)
    return Combination(name, tuple(fit.name for fit in chosen), pooled(reports, experiments[0].metrics), seconds)


def _unable(name: str, goals: tuple[str, ...]) -> Failure:
    return Failure(name, goals, f"It predicts no {' and no '.join(goals)}s.")


def _learnt_from(model: Model, train: TrainSet) -> int:
    """How many training entries have a target for one of the model's tasks; all, where it has no task."""
    targets = [_targets(task, train.seen, train) for task in tasks_of(model)]
    return int(np.any(targets, axis=0).sum()) if targets else len(train.seen.item)


def _targets(task: str, profiles: Profiles, train: TrainSet) -> Bools:
    """bool[N]: which entries have a target for the task."""
    known: Bools = ~np.isnan(profiles.rating) if task == "rating" else train.labelling.of(profiles) != LEFT_OUT
    return known


def _comparable(task: str, experiment: Experiment) -> bool:
    """Whether training and test entries have targets of the task, and training interactions of both labels."""
    train = experiment.train
    if not _targets(task, experiment.test.hidden, train).any():
        return False
    if task == "rating":
        return bool(_targets(task, train.seen, train).any())
    labels = train.labelling.of(train.seen)
    return bool((labels == 1).any() and (labels == 0).any())
