"""What was measured of each person, without ids: the figures of two trainings on the same split can then be compared in pairs.

A row for each person with test entries, in order of user row. Of predictions it has the number of entries and, for each metric
that follows from a mean, the sum over the person's entries; of lists the person's own value. The columns are named by kind and
metric: "rating:n", "rating:rmse" (a sum of squares), "served:ndcg@10", "ranking:ndcg@10".
"""

from collections.abc import Callable, Mapping

import numpy as np
import polars as pl

from konomi.arrays import F64
from konomi.evaluate.bootstrap import Standing, as_it_is, sums_standing
from konomi.evaluate.metrics import METRICS, RANKING, SERVED, EntryMetric, entry_metrics
from konomi.evaluate.records import Report
from konomi.models.api import TASKS

N = "n"  # how many entries


def of_people(report: Report) -> pl.DataFrame:
    """The values of each person of a report, f64, null where a person has none."""
    lists = {kind: ranked for kind in (SERVED, RANKING) if (ranked := report.lists(kind)) is not None}
    users = [*(found.user for found in report.predictions.values()), *(ranked.user for ranked in lists.values())]
    people = np.unique(np.concatenate([*users, np.empty(0, np.int32)]))
    columns = dict[str, F64]()
    for task, found in report.predictions.items():
        true, predicted = found.true.astype(np.float64), found.predicted.astype(np.float64)
        size = int(people[-1]) + 1
        columns[f"{task}:{N}"] = np.bincount(found.user, minlength=size)[people].astype(np.float64)
        for metric in entry_metrics(task):
            if metric.mean is not None:
                columns[f"{task}:{metric.key}"] = np.bincount(found.user, metric.mean.of_entry(true, predicted), size)[people]
    for kind, ranked in lists.items():
        for key, values in ranked.each.items():
            if key in METRICS and METRICS[key].has_interval:
                columns[f"{kind}:{key}"] = np.full(len(people), np.nan)
                columns[f"{kind}:{key}"][np.searchsorted(people, ranked.user)] = values
    return pl.DataFrame(columns).fill_nan(None) if columns else pl.DataFrame()


def standings(people: Mapping[str, pl.DataFrame], seed: int = 0) -> dict[str, Standing]:
    """kind → how trainings stand to each other, from what was measured of the same people, by name of the training."""
    frames = list(people.values())
    shared = [name for name in frames[0].columns if all(name in frame.columns for frame in frames)]
    found = dict[str, Standing]()
    for kind in (SERVED, *TASKS, RANKING):
        keys = [name.partition(":")[2] for name in shared if name.startswith(f"{kind}:") and not name.endswith(f":{N}")]
        keys = [key for key in keys if key in METRICS]
        if not keys:
            continue
        count = frames[0][f"{kind}:{N}"].to_numpy() if kind in TASKS else None
        rows = frames[0][f"{kind}:{keys[0]}"].is_not_null().to_numpy() if count is None else count > 0
        sums = {name: np.array([frame[f"{kind}:{key}"].to_numpy()[rows] for key in keys]) for name, frame in people.items()}
        entries = np.ones(int(rows.sum()), np.int64) if count is None else count[rows].astype(np.int64)
        found[kind] = sums_standing(sums, entries, {key: _of_mean(key) for key in keys}, seed)
    return found


def _of_mean(key: str) -> Callable[[F64], F64]:
    """How a registered metric follows from a mean over entries; a mean over people is the metric itself."""
    metric = METRICS[key]
    return metric.mean.of_mean if isinstance(metric, EntryMetric) and metric.mean is not None else as_it_is
