"""Compare models: train each on the same split, measure each on the same hidden entries, say which differences are real.

A split is frozen before anything starts. Each model's epoch is chosen on the validation part; the test part is scored once,
when every model has been trained.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from konomi.arrays import F32, Bools
from konomi.data.dataset import Dataset
from konomi.data.labels import LEFT_OUT
from konomi.data.profiles import Profiles
from konomi.data.split import Split, SplitConfig, TrainSet, make_split
from konomi.errors import ConfigError, DataError, FitError
from konomi.evaluate import memory
from konomi.evaluate import ranking_metrics as ranking
from konomi.evaluate.bootstrap import RANKING, Standing, ranking_standing, standing
from konomi.evaluate.evaluate import Predictions, Report, evaluate, measurable
from konomi.evaluate.ranking_metrics import Ranked
from konomi.models import module
from konomi.models.api import TASKS, Model, ModelModule, tasks
from konomi.runtime import Run, one_blas_thread
from konomi.settings import closest

LACKING = {
    "rating": "Ratings are not compared: the training or the test part has none.",
    "interaction": "Interactions are not compared: all labels of the training part are of one class, or the test has none.",
    RANKING: "Recommendations are not compared: the test part has no entry that is liked.",
}


@dataclass(frozen=True)
class Fit:
    """One training that went well. config: the model's; tasks: those it is compared on, none of a model that ranks only.

    seconds; rows: training entries that one of its tasks has a target for, all where it has none; best: the epoch that was
    kept, counted from 1, 0 where there are none; peak, grown: the most bytes of memory the process held, and how many more that
    is than before (None where the system does not tell); reports: of "valid" (where there is such a part) and "test".
    """

    name: str
    config: Any
    tasks: tuple[str, ...]
    seconds: float
    rows: int
    best: int
    peak: int | None
    grown: int | None
    model: Model
    reports: Mapping[str, Report]

    @property
    def history(self) -> F32:
        """Training and validation error of each epoch, f32[E, 2]."""
        return self.model.history

    @property
    def epochs(self) -> int:
        """How many epochs were run; 0 where the model is solved in one go."""
        return len(self.history)

    @property
    def rows_per_second(self) -> float:
        """Training rows gone through in a second."""
        return self.rows * max(self.epochs, 1) / max(self.seconds, 1e-9)


@dataclass(frozen=True)
class Failure:
    """One training that came to nothing, and why."""

    name: str
    tasks: tuple[str, ...]
    reason: str


Outcome = Fit | Failure


@dataclass(frozen=True)
class Comparison:
    """What `compare` found. skipped: task → why it was not compared; standings: of each that was, where a model has it.

    Beside the tasks, `RANKING`: recommendations.
    """

    dataset: Dataset
    split: Split
    train: TrainSet
    run: Run
    fits: list[Fit]
    failures: list[Failure]
    skipped: dict[str, str]
    standings: dict[str, Standing]

    def on(self, task: str) -> dict[str, Fit]:
        """The fits that are compared on a task, by name of the model; on `RANKING`, those that recommend.

        There, a model that was trained for each task is two: "mf (ratings)" and "mf (interactions)".
        """
        if task != RANKING:
            return {fit.name: fit for fit in self.fits if task in fit.tasks}
        able = [fit for fit in self.fits if fit.reports["test"].ranked is not None]
        often = Counter(fit.name for fit in able)
        return {fit.name if often[fit.name] == 1 else f"{fit.name} ({aims(fit.tasks)})": fit for fit in able}

    def predictions(self, task: str) -> dict[str, Predictions]:
        """The predictions of the test part, by name of the model."""
        return {name: fit.reports["test"].predictions[task] for name, fit in self.on(task).items()}

    def ranked(self) -> dict[str, Ranked]:
        """How good the recommendations to people of the test part are, by the names of `on(RANKING)`."""
        found = ((name, fit.reports["test"].ranked) for name, fit in self.on(RANKING).items())
        return {name: ranked for name, ranked in found if ranked is not None}


@one_blas_thread()
def compare(
    dataset: Dataset,
    models: Mapping[str, Any],
    wanted: tuple[str, ...] = TASKS,
    split: Split | SplitConfig | None = None,
    run: Run | None = None,
    tell: Callable[[Outcome], None] = lambda outcome: None,
) -> Comparison:
    """Train and measure `models`, name → Config; one whose Config has a `task` is trained once for each of the `wanted` tasks.

    All that rank are compared on their recommendations, too, and those without a task on nothing else.
    `split` is a split or how to make one (a tenth each, where None). `tell` hears of every training as it ends. A model that
    raises FitError is a `Failure`, and the others go on. RequestError for an unknown model, ConfigError for no model or an
    unknown task, DataError where nothing is left to compare on: all before the first training.
    """
    run = replace(run or Run(), checkpoint=None)  # there is one file, and there are many trainings
    if not models:
        raise ConfigError("There is no model to compare.", "Name some: -m bias,mf.")
    for name in models:
        module(name)
    for task in wanted:
        if task not in TASKS:
            raise ConfigError(f'Unknown task "{task}".{closest(task, TASKS)}', f"The tasks are: {', '.join(TASKS)}.")
    if not isinstance(split, Split):
        split = make_split(dataset, split or SplitConfig(seed=run.seed))
    train = split.train_set(dataset)
    seen, hidden = split.test(dataset)
    skipped = {task: LACKING[task] for task in wanted if not (_learnable(task, train) and _targets(task, hidden, train).any())}
    wanted = tuple(task for task in wanted if task not in skipped)
    if not len(ranking.relevant(hidden, train.labelling).item):
        skipped[RANKING] = LACKING[RANKING]
    if not wanted and (RANKING in skipped or all(module(name).TASKS for name in models)):
        raise DataError(" ".join(skipped.values()), "Give a dataset with more in it, or other shares: --valid and --test.")
    fits, failures = [], []
    for name, config, aimed in _trainings(models, wanted):
        if not aimed and RANKING in skipped:
            outcome: Outcome = Failure(name, aimed, skipped[RANKING])
        else:
            outcome = _fit(name, module(name), train, config, aimed, run)
        if isinstance(outcome, Failure):
            failures.append(outcome)
        else:
            if measurable(outcome.model, train.valid, train.labelling):
                outcome = replace(outcome, reports={"valid": evaluate(outcome.model, seen, train.valid, train, run)})
            fits.append(outcome)
        tell(outcome)
    fits = [replace(fit, reports={**fit.reports, "test": evaluate(fit.model, seen, hidden, train, run)}) for fit in fits]
    found = Comparison(dataset, split, train, run, fits, failures, skipped, {})
    for task in wanted:
        if found.on(task):
            found.standings[task] = standing(task, found.predictions(task), run.seed, progress=run.progress)
    if found.on(RANKING):
        found.standings[RANKING] = ranking_standing(found.ranked(), run.seed, progress=run.progress)
    return found


def aims(tasks: tuple[str, ...]) -> str:
    """What a training is for, in words."""
    return " and ".join(f"{task}s" for task in tasks) or "recommendations"


def _trainings(models: Mapping[str, Any], wanted: tuple[str, ...]) -> Iterator[tuple[str, Any, tuple[str, ...]]]:
    """(name, config, the tasks it is to be good at) of every training."""
    for name, config in models.items():
        if not module(name).TASKS:
            yield name, config, ()
        elif any(setting.name == "task" for setting in fields(config)):
            yield from ((name, replace(config, task=task), (task,)) for task in wanted)
        elif wanted:
            yield name, config, wanted


def _fit(name: str, kind: ModelModule, train: TrainSet, config: Any, aimed: tuple[str, ...], run: Run) -> Outcome:
    """Train one model, with a watch on time and memory; a Failure where it cannot be, or has no output that is asked for."""
    able = tuple(task for task in aimed if task in kind.TASKS)
    if aimed and not able:
        return _unable(name, aimed)
    before = memory.resident()
    memory.start_peak()
    start = time.perf_counter()
    try:
        model = kind.fit(train, config, run)
    except (ConfigError, FitError) as error:  # of a setting that only the data show to be wrong, too
        return Failure(name, able, f"{error} {error.hint}")
    seconds = time.perf_counter() - start
    peak = memory.peak()
    able = tuple(task for task in able if task in tasks(model))
    if aimed and not able:
        return _unable(name, aimed)
    targets = [_targets(task, train.seen, train) for task in tasks(model)]
    rows = int(np.any(targets, axis=0).sum()) if targets else len(train.seen.item)
    grown = None if peak is None or before is None else max(peak - before, 0)
    return Fit(name, config, able, seconds, rows, _best(model.history), peak, grown, model, {})


def _unable(name: str, aimed: tuple[str, ...]) -> Failure:
    return Failure(name, aimed, f"It predicts no {' and no '.join(aimed)}s.")


def _best(history: F32) -> int:
    """The epoch that was kept, counted from 1: the last with the least validation error; the very last without validation."""
    valid = history[:, 1]
    if len(valid) == 0 or np.isnan(valid).all():
        return len(valid)
    return int(np.flatnonzero(valid == np.nanmin(valid))[-1]) + 1


def _targets(task: str, profiles: Profiles, train: TrainSet) -> Bools:
    """Which entries of profiles have something to predict."""
    known: Bools = ~np.isnan(profiles.rating) if task == "rating" else train.labelling.of(profiles) != LEFT_OUT
    return known


def _learnable(task: str, train: TrainSet) -> bool:
    """Whether the training part has something to tell apart."""
    if task == "rating":
        return bool(_targets(task, train.seen, train).any())
    labels = train.labelling.of(train.seen)
    return bool((labels == 1).any() and (labels == 0).any())
