"""Confidence intervals of metrics and of their differences between models: a paired bootstrap over users.

Users, not entries, are drawn with replacement, because the errors of one person are correlated. Every model is measured on the
same draws, so that a draw that is easy or hard for all of them cancels in their differences (Efron & Tibshirani 1993, "An
Introduction to the Bootstrap", ch. 8 for units that are drawn whole, ch. 13 for the percentile interval).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations

import numpy as np

from konomi.arrays import F64, I64
from konomi.evaluate.metrics import EntryMean, Metric, entry_metrics, list_metrics
from konomi.evaluate.records import Predictions, Ranked
from konomi.runtime import Progress, Stage, no_progress

DRAWS = 1000  # bootstrap samples
REPORT_EVERY = 20  # draws between two reports of progress
LEVEL = 0.95  # of the intervals
LEAST_USERS = 30  # with fewer no difference is called real: with a single user all draws are the same


@dataclass(frozen=True)
class Interval:
    """A value and the 95 % interval around it."""

    value: float
    low: float
    high: float
    users: int = field(default=LEAST_USERS, compare=False)  # the number of users who were drawn from

    def to_dict(self) -> dict[str, float]:
        """For JSON."""
        return {"value": self.value, "low": self.low, "high": self.high}

    @property
    def real(self) -> bool:
        """Whether an interval of a difference leaves out 0, with at least `LEAST_USERS` users."""
        return self.users >= LEAST_USERS and (self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class Standing:
    """How models compare on one task, or on their recommendations.

    metrics: model → metric → interval; differences: (first, second, metric) → interval of first − second, pairs in both orders.
    """

    metrics: dict[str, dict[str, Interval]]
    differences: dict[tuple[str, str, str], Interval]


def standing(
    task: str,
    predictions: Mapping[str, Predictions],
    seed: int = 0,
    draws: int = DRAWS,
    progress: Progress = no_progress,
    metrics: Sequence[Metric] | None = None,
) -> Standing:
    """The intervals of every model's metrics and of every pair's differences; all `predictions` are of the same entries.

    Only metrics of the task that follow from a mean over entries have them. metrics: by default all that are registered.
    """
    means = {metric.key: metric.mean for metric in entry_metrics(task, metrics) if metric.mean is not None}
    sums, count = zip(*(_by_user(means, found) for found in predictions.values()), strict=True)
    of_mean = {key: mean.of_mean for key, mean in means.items()}
    return sums_standing(dict(zip(predictions, sums, strict=True)), count[0], of_mean, seed, draws, progress)


def ranking_standing(
    ranked: Mapping[str, Ranked],
    seed: int = 0,
    draws: int = DRAWS,
    progress: Progress = no_progress,
    metrics: Sequence[Metric] | None = None,
) -> Standing:
    """The same for recommendations; all `ranked` are of the same people. A metric gets no interval unless everybody has a
    value."""
    able = [metric.key for metric in list_metrics(metrics) if metric.has_interval]
    keys = [key for key in able if all(_complete(found, key) for found in ranked.values())]
    sums = {name: np.array([found.each[key] for key in keys]) for name, found in ranked.items()}
    people = len(next(iter(ranked.values())).user)
    return sums_standing(sums, np.ones(people, np.int64), dict.fromkeys(keys, as_it_is), seed, draws, progress)


def _complete(found: Ranked, key: str) -> bool:
    """Whether everybody has a value of this metric."""
    return key in found.each and not np.isnan(found.each[key]).any()


def as_it_is(mean: F64) -> F64:
    """A metric that is a mean."""
    return mean


def mean_interval(values: F64, seed: int = 0, draws: int = DRAWS) -> Interval:
    """The mean of values f64[U], one for each user, and its interval."""
    means = resampled(values[None], np.ones(len(values), np.int64), draws, seed)
    return _interval(np.append(values.mean(), means[:, 0]), len(values))


def sums_standing(
    sums: Mapping[str, F64],
    count: I64,
    of_mean: Mapping[str, Callable[[F64], F64]],
    seed: int = 0,
    draws: int = DRAWS,
    progress: Progress = no_progress,
) -> Standing:
    """The same from sums: model → f64[K, U], over the entries of U users, one row for each of the K metrics.

    count i64[U]: of entries; of_mean: each metric by its mean over entries.
    """
    rows = np.concatenate([*sums.values()])
    means = np.column_stack([rows.sum(axis=1) / count.sum(), resampled(rows, count, draws, seed, progress).T])  # 1 + draws
    row = iter(means)
    samples = {name: {metric: value(next(row)) for metric, value in of_mean.items()} for name in sums}
    return Standing(
        {name: {metric: _interval(values, len(count)) for metric, values in found.items()} for name, found in samples.items()},
        {
            (first, second, metric): _interval(samples[first][metric] - samples[second][metric], len(count))
            for first, second in permutations(samples, 2)
            for metric in of_mean
        },
    )


def resampled(sums: F64, count: I64, draws: int, seed: int, progress: Progress = no_progress) -> F64:
    """Means over the entries of users drawn with replacement, f64[draws, K].

    sums f64[K, U]: K quantities, each summed over a user's entries; count i64[U]: the number of these entries, at least 1. The
    mean of a draw is Σ_u w_u·sums_ku / Σ_u w_u·count_u, with w_u how often user u was drawn. One draw is in memory at a time.
    Equal rows of `sums` give equal columns, to the last bit.
    """
    random = np.random.default_rng(seed)
    n_users = len(count)
    means = np.empty((draws, len(sums)))
    progress(Stage("bootstrap", 0, draws, "draws"))
    for draw in range(draws):
        times = np.bincount(random.integers(0, n_users, n_users), minlength=n_users)
        entries = (times * count).sum()
        means[draw] = [(times * row).sum() / entries for row in sums]
        if (draw + 1) % REPORT_EVERY == 0:
            progress(Stage("bootstrap", draw + 1, draws, "draws"))
    return means


def _by_user(means: Mapping[str, EntryMean], found: Predictions) -> tuple[F64, I64]:
    """sums f64[K, U] and count i64[U], of users with an entry."""
    true, predicted = found.true.astype(np.float64), found.predicted.astype(np.float64)
    count = np.bincount(found.user)
    has_entries = count > 0
    sums = [np.bincount(found.user, mean.of_entry(true, predicted))[has_entries] for mean in means.values()]
    return np.array(sums), count[has_entries]


def _interval(values: F64, users: int) -> Interval:
    """values f64[1 + draws]: first the value over the users as they are, then those of the draws; users: their number."""
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(values[1:], [tail, 1 - tail])
    return Interval(float(values[0]), float(low), float(high), users)
