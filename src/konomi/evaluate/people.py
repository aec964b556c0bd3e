"""What was measured of each person, without ids: the figures of two trainings on the same split can then be compared in pairs.

A row for each person with test entries, in order of user row: the same people whatever was measured. Of predictions it has the
number of entries and, for each metric that follows from a mean, the sum over the person's entries; of lists the person's own
value. The columns are named by kind and metric, such as "rating:n", "rating:rmse" (a sum of squares), "served:ndcg@10".
"""

from collections.abc import Callable, Mapping

import numpy as np
import polars as pl

from konomi.arrays import F64, I64, Bools
from konomi.errors import DataError
from konomi.evaluate.bootstrap import Standing, as_it_is, sums_standing
from konomi.evaluate.metrics import METRICS, RANKING, SERVED, EntryMetric, entry_metrics
from konomi.evaluate.records import Report
from konomi.models.api import TASKS

N = "n"  # how many entries


def of_people(report: Report, tested: I64) -> pl.DataFrame:
    """The values of each person of a report, f64, null where a person has none. tested i64[U]: the number of test entries."""
    lists = {kind: ranked for kind in (SERVED, RANKING) if (ranked := report.lists(kind)) is not None}
    people = np.flatnonzero(tested)
    columns: dict[str, F64] = {}
    for task, found in report.predictions.items():
        true, predicted = found.true.astype(np.float64), found.predicted.astype(np.float64)
        columns[f"{task}:{N}"] = np.bincount(found.user, minlength=len(tested))[people].astype(np.float64)
        for metric in entry_metrics(task):
            if metric.mean is not None:
                sums = np.bincount(found.user, metric.mean.of_entry(true, predicted), len(tested))
                columns[f"{task}:{metric.key}"] = sums[people].astype(np.float64)
    for kind, ranked in lists.items():
        for key, values in ranked.each.items():
            if key in METRICS and METRICS[key].has_interval:
                columns[f"{kind}:{key}"] = np.full(len(people), np.nan)
                columns[f"{kind}:{key}"][np.searchsorted(people, ranked.user)] = values
    return pl.DataFrame(columns).fill_nan(None) if columns else pl.DataFrame()


def standings(people: Mapping[str, pl.DataFrame], seed: int = 0) -> dict[str, Standing]:
    """kind → how trainings stand to each other, from what was measured of the same people, by name of the training.

    A metric of lists gets no interval unless everybody has a value. DataError where they are not the same people and entries.
    """
    frames = list(people.values())
    shared = [name for name in frames[0].columns if all(name in frame.columns for frame in frames)]
    found = dict[str, Standing]()
    for kind in (SERVED, *TASKS, RANKING):
        keys = [key for name in shared for of, _, key in [name.partition(":")] if of == kind and key in METRICS]
        if not keys:
            continue
        counts = [_counts(frame, kind) for frame in frames]
        if not all(np.array_equal(count, counts[0]) for count in counts):
            raise DataError(
                "They were not measured on the same people and entries.",
                "Train both on the same dataset with the same `split`, `seed` and `measured`.",
            )
        rows = counts[0] > 0
        sums = {name: np.array([frame[f"{kind}:{key}"].to_numpy()[rows] for key in keys]) for name, frame in people.items()}
        whole: Bools = ~np.isnan(np.array([*sums.values()])).any(axis=(0, 2))
        of_mean = {key: _of_mean(key) for key, complete in zip(keys, whole, strict=True) if complete}
        sums = {name: values[whole] for name, values in sums.items()}
        found[kind] = sums_standing(sums, counts[0][rows].astype(np.int64), of_mean, seed)
    return found


def _counts(people: pl.DataFrame, kind: str) -> F64:
    """How many entries, or lists, of a kind were measured of each person, f64[U]."""
    if kind in TASKS:
        return people[f"{kind}:{N}"].to_numpy()
    of_lists = people.select(pl.any_horizontal(pl.col(f"^{kind}:.*$").is_not_null()))
    return of_lists.to_series().cast(pl.Float64).to_numpy()


def _of_mean(key: str) -> Callable[[F64], F64]:
    """How a registered metric follows from a mean over entries; a mean over people is the metric itself."""
    metric = METRICS[key]
    return metric.mean.of_mean if isinstance(metric, EntryMetric) and metric.mean is not None else as_it_is
