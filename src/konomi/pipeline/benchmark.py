"""Run a protocol: each model is trained and measured on every fold, once a seed, as the protocol's rule says.

What is measured is a model made again from its saved arrays. It knows nobody: everybody is folded in from what the rule shows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from konomi.arguments import as_path, expect, whole
from konomi.data.dataset import Dataset
from konomi.data.split import Split
from konomi.errors import ConfigError, DataError
from konomi.evaluate.bootstrap import Interval, Standing, ranking_standing, standing
from konomi.evaluate.folds import pooled
from konomi.evaluate.metrics import Metric
from konomi.evaluate.records import Report
from konomi.models import module
from konomi.pipeline.arguments import models_from, run_from
from konomi.pipeline.protocol import CLEAN, RATING, Protocol
from konomi.pipeline.protocol_data import find_data, prepared
from konomi.pipeline.protocol_file import load_protocol
from konomi.pipeline.protocol_fold import Fold
from konomi.pipeline.refit import again, settled
from konomi.pipeline.steps import fit_or_reason
from konomi.pipeline.usual import Usual
from konomi.runtime import Run, one_blas_thread

MOST_SEEDS = 1000  # trainings of a model


@dataclass(frozen=True)
class Trial:
    """One training, on one fold with one seed: seconds of wall clock and the most bytes of memory, of all its steps."""

    name: str
    fold: int
    seed: int
    report: Report
    seconds: float
    peak: int | None


@dataclass(frozen=True)
class Row:
    """A model or a baseline, or a model that is the baseline.

    values, deviations: key of a metric → the mean and the standard deviation over its trials, None where there is none;
    intervals: of the metrics that have one, from a bootstrap over people; ahead: the difference to the best baseline, empty for
    that itself; seconds: of a trial, on average; peak: the most of all; trials: how many.
    """

    name: str
    baseline: bool
    values: Mapping[str, float | None]
    deviations: Mapping[str, float | None]
    intervals: Mapping[str, Interval]
    ahead: Mapping[str, Interval]
    seconds: float | None
    peak: int | None
    trials: int


@dataclass(frozen=True)
class Benchmark:
    """What a protocol found. rows: the best first; best: the name of the best baseline; failures: model → why it has no row;
    unchecked: files whose bytes nothing tells."""

    protocol: Protocol
    rule: str
    dataset: Dataset
    splits: Sequence[Split]
    run: Run
    seeds: int
    rows: tuple[Row, ...]
    best: str
    failures: Mapping[str, str]
    unchecked: tuple[str, ...]
    standing: Standing = field(repr=False)


@one_blas_thread()
def benchmark(
    protocol: Protocol | Path | str,
    data: Path | str = ".",
    models: Any = None,
    run: Run | None = None,
    rule: str = CLEAN,
    seeds: int = 1,
    by_ids: bool = False,
    tell: Callable[[Trial | str], None] = lambda what: None,
) -> Benchmark:
    """Train and measure models as a protocol says.

    protocol: one, or its name or path; data: the folder with its files, or the one around that; models: as in `train_model`
    (None: what is trained where nothing is named, as far as it does what the protocol measures); rule: "clean", or
    "as-published"; seeds: how many trainings of each model, by the run's seed and those after it; by_ids: leave out what tells
    of titles and people; tell: hears of each trial as it ends, and of each model that fails.

    ConfigError for a wrong argument or protocol, RequestError for an unknown model, DataError where files are missing or others
    than the protocol's, or where no model could be measured.
    """
    found = protocol if isinstance(protocol, Protocol) else load_protocol(protocol)
    chosen, run = found.rule(rule), replace(run_from(run), checkpoint=None)
    expect(tell, Callable, "a function", ConfigError, "Give `tell` what is to hear of each trial, or leave it out.")
    expect(by_ids, bool, "a yes or no", ConfigError, "Give True or False as `by_ids`, or leave it out.", "by_ids")
    seeds = whole("seeds", seeds, 1, ConfigError)
    if seeds > MOST_SEEDS:
        raise ConfigError(f"{seeds:,} trainings of each model.", f"Ask for {MOST_SEEDS} `seeds` at most.", "seeds")
    replace(run, seed=run.seed + seeds - 1)  # ConfigError where it is too large
    named = None if models is None else models_from(models)
    configs = None if named is None else able(named, found.task)
    files = find_data(found, as_path(data, "the data of a protocol", ConfigError), not by_ids)
    dataset, splits = prepared(found, files, chosen, run, not by_ids)
    configs = configs or able(models_from(Usual.of(dataset, run).models), found.task)
    folds = [Fold(found, chosen, dataset, split, run) for split in splits]
    trials, failures = dict[str, list[Trial]](), dict[str, str]()
    for name, config in (named or configs).items():
        tried = _trials(name, config, folds, seeds, tell) if name in configs else "It predicts no ratings."
        if isinstance(tried, str):
            failures[name] = tried
            tell(f"{name}: failed: {tried}")
        else:
            trials[name] = tried
    if not trials:
        raise DataError(f"{found.name}: no model could be measured.", "; ".join(failures.values()))
    rows, best, how = _rows(found, folds, trials, seeds, run)
    return Benchmark(found, rule, dataset, splits, run, seeds, rows, best, failures, files.unchecked, how)


def able(configs: Mapping[str, Any], task: str) -> dict[str, Any]:
    """The models that do a task. ConfigError where none does."""
    found = {name: config for name, config in configs.items() if task != RATING or _rates(name, config)}
    if not found:
        raise ConfigError(f"{', '.join(configs)}: none predicts ratings.", "Name one that does, such as bayes.", "models")
    return found


def _rates(name: str, config: Any) -> bool:
    """Whether a model with this config predicts ratings."""
    return RATING in module(name).TASKS and getattr(config, "task", RATING) == RATING


def _trials(
    name: str, config: Any, folds: Sequence[Fold], seeds: int, tell: Callable[[Trial | str], None]
) -> list[Trial] | str:
    """Train and measure one model on every fold, once a seed; the reason where it cannot be trained."""
    found = []
    for n, fold in enumerate(folds):
        for seed in range(fold.run.seed, fold.run.seed + seeds):
            run = replace(fold.run, seed=seed)
            training = fit_or_reason(name, config, fold.choosing, run)
            if isinstance(training, str):
                return training
            seconds, peak = training.seconds, training.peak
            if fold.everything is not None:
                training = fit_or_reason(name, settled(config, [training.model]), fold.everything, again(run))
                if isinstance(training, str):
                    return training
                seconds, peak = seconds + training.seconds, max(peak or 0, training.peak or 0) or None
            saved = module(name).load(training.model.state())
            del training
            found.append(Trial(name, n, seed, fold.measure(saved), seconds, peak))
            tell(found[-1])
    return found


def _rows(
    protocol: Protocol, folds: Sequence[Fold], trials: Mapping[str, Sequence[Trial]], seeds: int, run: Run
) -> tuple[tuple[Row, ...], str, Standing]:
    """The rows, the best first; the best baseline, and how all stand to each other."""
    baselines = {name: [fold.baselines[name] for fold in folds for _ in range(seeds)] for name in folds[0].baselines}
    reports = {**baselines, **{name: [trial.report for trial in tried] for name, tried in trials.items()}}
    how = _standing(protocol, {name: pooled(several, protocol.metrics) for name, several in reports.items()}, run)
    keys = [metric.key for metric in protocol.metrics]
    values = {name: {key: [report.metrics[key] for report in several] for key in keys} for name, several in reports.items()}
    means = {name: {key: _over(fmean, found) for key, found in each.items()} for name, each in values.items()}
    order = _in_order(means, protocol.metrics[0])
    best = next((name for name in order if name in baselines), order[-1])
    rows = []
    for name in order:
        tried = trials.get(name, ())
        spread = {key: _over(stdev, found) if len(tried) > 1 else None for key, found in values[name].items()}
        ahead = {} if name == best else {key: how.differences[name, best, key] for key in how.metrics[name]}
        seconds = fmean(trial.seconds for trial in tried) if tried else None
        peak = max((trial.peak or 0 for trial in tried), default=0) or None
        rows.append(
            Row(name, name in baselines, means[name], spread, how.metrics[name], ahead, seconds, peak, len(reports[name]))
        )
    return tuple(rows), best, how


def _in_order(means: Mapping[str, Mapping[str, float | None]], metric: Metric) -> list[str]:
    """The names, the best value of a metric first, those without one last."""
    sign = -1 if metric.better == "higher" else 1

    def place(name: str) -> tuple[bool, float]:
        value = means[name][metric.key]
        return value is None, sign * (value or 0)

    return sorted(means, key=place)


def _over(statistic: Callable[[Sequence[float]], float], values: Sequence[float | None]) -> float | None:
    """A statistic of values; None where one of them is undefined."""
    known = [value for value in values if value is not None]
    return statistic(known) if len(known) == len(values) else None


def _standing(protocol: Protocol, together: Mapping[str, Report], run: Run) -> Standing:
    drawing: dict[str, Any] = {"seed": run.seed, "progress": run.progress, "metrics": protocol.metrics}
    if protocol.task == RATING:
        return standing(RATING, {name: report.predictions[RATING] for name, report in together.items()}, **drawing)
    ranked = {name: report.ranked for name, report in together.items() if report.ranked is not None}
    return ranking_standing(ranked, **drawing)
