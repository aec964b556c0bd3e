"""Evaluate recommendations: rank the whole catalogue for people, and measure the lists.

Every item that the model knows is a candidate, except those among the person's seen entries. Candidates are never sampled,
since sampling changes which model looks better (Krichene & Rendle 2020). A hidden entry is relevant if it is liked
(`data/labels.py`).
"""

from collections.abc import Sequence

import numpy as np

from konomi.arrays import F64, I32
from konomi.data.labels import Labelling
from konomi.data.profiles import Profiles
from konomi.evaluate.metrics import Metric, list_metrics
from konomi.evaluate.records import ItemFacts, Ranked, RankedLists
from konomi.models.api import Model
from konomi.ranking.rank import rank
from konomi.runtime import Run

MOST_PEOPLE = 10_000  # people who are measured; of more, evenly spaced ones are taken
BLOCK = 2048  # people ranked at once


def relevant(hidden: Profiles, labelling: Labelling) -> Profiles:
    """The hidden entries that are liked."""
    return hidden.keep(labelling.of(hidden) == 1)


def list_length(metrics: Sequence[Metric] | None = None) -> int:
    """The largest k of the metrics."""
    return max(metric.k for metric in list_metrics(metrics))


def measure_lists(user: I32, items: I32, wanted: Profiles, facts: ItemFacts, metrics: Sequence[Metric] | None = None) -> Ranked:
    """The metrics of the lists of P people: user i32[P], items i32[P, `list_length`]; wanted: relevant entries of each."""
    lists = RankedLists.of(items, wanted, facts)
    each, values = dict[str, F64](), dict[str, float | None]()
    for metric in list_metrics(metrics):
        value = metric.function(lists, metric.k)
        if np.ndim(value):
            each[metric.key] = np.asarray(value, np.float64)
        values[metric.key] = _mean(np.atleast_1d(value))
    return Ranked(user, each, {**values, "ranked_users": len(user)})


def _mean(values: F64) -> float | None:
    """The mean of the values that are not NaN; None where there are none."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None


def measured_people(wanted: Profiles) -> I32:
    """The rows of people with a relevant entry, i32[P], at most `MOST_PEOPLE`, evenly spaced."""
    people = np.flatnonzero(wanted.counts).astype(np.int32)
    if len(people) > MOST_PEOPLE:
        people = people[np.linspace(0, len(people) - 1, MOST_PEOPLE).astype(np.int64)]
    return people


def measure_recommendations(
    model: Model, seen: Profiles, wanted: Profiles, facts: ItemFacts, run: Run, metrics: Sequence[Metric] | None = None
) -> Ranked | None:
    """The metrics of the model's recommendations, over people with a relevant entry in `wanted`; None where nobody has any.

    seen, wanted: of the same people. Seen items, and items that the model does not know, are not recommended. Entries that are
    neither seen nor hidden, such as validation entries, are candidates. The same people are measured for every model.
    """
    people = measured_people(wanted)
    if not len(people):
        return None
    known, k = model.item_known[:-1] > 0, list_length(metrics)
    lists = []
    for start in range(0, len(people), BLOCK):
        run.progress("rank", start, len(people))
        profiles = seen.take(people[start : start + BLOCK])
        with run.workers():
            lists.append(rank(model, profiles, k, known, "rank", run.threads).items)
    run.progress("rank", len(people), len(people))
    return measure_lists(people, np.concatenate(lists), wanted.take(people), facts, metrics)
