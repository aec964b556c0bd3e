"""Reports on the folds of a dataset as one: each entry was a test entry once, of a model that had not learnt it."""

from collections.abc import Sequence

import numpy as np

from konomi.arrays import F64, I32
from konomi.evaluate import rating_metrics as ratings
from konomi.evaluate.interaction_metrics import reliability
from konomi.evaluate.metrics import Metric, entry_values
from konomi.evaluate.records import Predictions, Ranked, Report, Values


def pooled(reports: Sequence[Report], metrics: Sequence[Metric]) -> Report:
    """One report: predictions of all folds together, and of each person the mean of their lists' values over the folds.

    What has no value for each person, such as coverage, is the mean over the folds. Baselines likewise. Under "folds" stand the
    values of each fold.
    """
    if len(reports) == 1:
        return reports[0]
    predictions = {task: _together([report.predictions[task] for report in reports]) for task in reports[0].predictions}
    values = Values()
    for task, found in predictions.items():
        values |= entry_values(task, found, metrics)
        if task == "rating":
            values |= {"n": len(found.true), "users": len(np.unique(found.user))}
            values |= {"calibration": ratings.calibration(found.true, found.predicted)}
            values |= {"residuals": ratings.residuals(found.true, found.predicted)}
        else:
            values |= {"interactions": len(found.true), "liked": float(found.true.mean(dtype=np.float64))}
            values |= {"reliability": reliability(found.true, found.predicted)}
    ranked, served = (_lists([report.lists(kind) for report in reports]) for kind in ("ranking", "served"))
    values |= {} if ranked is None or served is None else {**ranked.metrics, "served": served.metrics}
    shared = [name for name in reports[0].baselines if all(name in report.baselines for report in reports)]
    baselines = {name: pooled([report.baselines[name] for report in reports], metrics) for name in shared}
    values["folds"] = [{key: value for key, value in each.metrics.items() if isinstance(value, float)} for each in reports]
    if baselines:
        values["baselines"] = {name: report.metrics for name, report in baselines.items()}
    return Report(values, predictions, ranked, served, baselines)


def _together(several: Sequence[Predictions]) -> Predictions:
    """The predictions of several parts, in order of user and item."""
    arrays = [np.concatenate([getattr(each, name) for each in several]) for name in ("user", "item", "true", "predicted")]
    order = np.lexsort((arrays[1], arrays[0]))
    return Predictions(*(array[order] for array in arrays))


def _lists(several: Sequence[Ranked | None]) -> Ranked | None:
    """The values of each person, over the folds in which they have some; None where no fold has lists."""
    known = [ranked for ranked in several if ranked is not None]
    if not known:
        return None
    user = np.unique(np.concatenate([ranked.user for ranked in known]))
    each = {key: _mean_by_person(user, [(ranked.user, ranked.each[key]) for ranked in known]) for key in known[0].each}
    values, people = Values(), dict[str, int]()
    for key, value in known[0].metrics.items():
        if key in each:
            has = ~np.isnan(each[key])
            values[key], people[key] = (float(each[key][has].mean()) if has.any() else None), int(has.sum())
        elif isinstance(value, float) or value is None:
            of_folds = [ranked.metrics[key] for ranked in known if ranked.metrics[key] is not None]
            values[key], people[key] = (float(np.mean(of_folds)) if of_folds else None), len(user)
    people.pop("propensity_exponent", None)
    return Ranked(user, each, {**values, "ranked_users": len(user), "people": people})


def _mean_by_person(user: I32, several: Sequence[tuple[I32, F64]]) -> F64:
    """The mean of each person's values, f64[P], NaN where they have none."""
    total, count = np.zeros(len(user)), np.zeros(len(user))
    for people, values in several:
        place, has = np.searchsorted(user, people), ~np.isnan(values)
        total[place[has]] += values[has]
        count[place[has]] += 1
    mean: F64 = np.divide(total, count, out=np.full(len(user), np.nan), where=count > 0)
    return mean
