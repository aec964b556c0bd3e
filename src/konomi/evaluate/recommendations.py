"""Evaluate recommendations: rank the whole catalogue for people, and measure the lists.

Twice: a model's own order of every item that it knows, and the list that a person gets (`Ranker`). Seen items are in neither.
Candidates are never sampled, since sampling changes which model looks better (Krichene & Rendle 2020). A hidden entry is
relevant if it is liked (`data/labels.py`).
"""

from collections.abc import Callable, Sequence

import numpy as np

from konomi.arrays import F32, F64, I32
from konomi.data.labels import Labelling
from konomi.data.profiles import Profiles
from konomi.evaluate.metrics import Metric, list_metrics
from konomi.evaluate.propensity import exponent
from konomi.evaluate.records import ItemFacts, Ranked, RankedLists, Values
from konomi.kernels.topk import topk
from konomi.models.api import Model
from konomi.ranking.blend import Blend
from konomi.ranking.circle import Liked
from konomi.ranking.offer import open_to_all
from konomi.ranking.rank import rank
from konomi.ranking.ranker import Ranker
from konomi.runtime import Run, Stage

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
    each, values, people = dict[str, F64](), Values(), dict[str, int]()
    for metric in list_metrics(metrics):
        value = metric.function(lists, metric.k)
        if np.ndim(value):
            each[metric.key] = np.asarray(value, np.float64)
        values[metric.key] = _mean(np.atleast_1d(value))
        people[metric.key] = int((~np.isnan(value)).sum()) if np.ndim(value) else len(user)
    of_all = {"ranked_users": len(user), "people": people, "propensity_exponent": round(exponent(facts.count), 3)}
    return Ranked(user, each, {**values, **of_all}, items)


def _mean(values: F64) -> float | None:
    """The mean of the values that are not NaN; None where there are none."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None


def measured_people(wanted: Profiles, most: int | None = None) -> I32:
    """The rows of people with a relevant entry, i32[P]; at most so many of them, evenly spaced."""
    people = np.flatnonzero(wanted.counts).astype(np.int32)
    if most is not None and len(people) > most:
        people = people[np.linspace(0, len(people) - 1, most).astype(np.int64)]
    return people


Lists = Callable[[Profiles, int, int], I32]
"""lists(profiles, k, threads) → the k items for each of B people, best first, i32[B, k] padded with −1."""


def own_order(model: Model) -> Lists:
    """The lists of a model by itself: its "rank" output over every item that it knows, without seen ones."""
    known = model.item_known[:-1] > 0
    return lambda profiles, k, threads: rank(model, profiles, k, known, "rank", threads).items


def own_scores(blend: Blend, profiles: Profiles, threads: int) -> F32:
    """What models order titles by without anything else, f32[B, I], NaN for titles that they do not know: the "rank" output of
    one model, or what the weights make of several."""
    if len(blend.models) == 1 or blend.weights is None:
        model = blend.sure[0].model
        return np.where(model.item_known[:-1] > 0, model.score(model.encode(profiles, threads), "rank"), np.float32(np.nan))
    weights = blend.weights.of(Liked.of(profiles, blend.labelling).profiles.counts)  # B × K
    scores = np.einsum("bk,kbi->bi", weights, blend.normal(profiles, threads))
    return np.where(blend.known, scores, np.float32(np.nan))


def blended_order(blend: Blend) -> Lists:
    """The lists by `own_scores`, without seen items."""
    known = np.ones(len(blend.items), np.bool_)
    return lambda profiles, k, threads: topk(
        own_scores(blend, profiles, threads), k, profiles.indptr, profiles.item, known, threads
    )[0]


def as_served(ranker: Ranker) -> Lists:
    """The lists that people get: blended, without sensitive titles, one of a franchise, all dials at their defaults."""
    allowed = open_to_all(ranker.blend.items)
    return lambda profiles, k, threads: ranker.best(profiles, k, allowed, threads=threads).items


def measure_recommendations(
    lists: Lists,
    seen: Profiles,
    wanted: Profiles,
    facts: ItemFacts,
    run: Run,
    metrics: Sequence[Metric] | None = None,
    size: int = BLOCK,
    most: int | None = None,
) -> Ranked | None:
    """The metrics of lists, over people with a relevant entry in `wanted`; None where nobody has any.

    seen, wanted: of the same people; size: how many people get their lists at once; most: how many are measured at most. The
    same people are measured for every model.
    """
    people = measured_people(wanted, most)
    if not len(people):
        return None
    k, found = min(list_length(metrics), len(facts.genres)), []
    for start in range(0, len(people), size):
        run.progress(Stage("rank", start, len(people), "people"))
        with run.workers():
            found.append(lists(seen.take(people[start : start + size]), k, run.threads))
    run.progress(Stage("rank", len(people), len(people), "people"))
    return measure_lists(people, np.concatenate(found), wanted.take(people), facts, metrics)
