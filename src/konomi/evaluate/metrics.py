"""The registry of metrics, one record each. Tables, JSON, the page, intervals and the verdict follow from it.

An `EntryMetric` measures predicted ratings or interactions, a `ListMetric` lists of recommendations. All registered metrics are
measured. A `ListMetric` looks at the first k places; another k is asked for by name, such as "ndcg@5". docs/add-a-metric.md has
an example.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np

from konomi.arguments import expect, integer
from konomi.arrays import F64
from konomi.errors import ConfigError
from konomi.evaluate import interaction_metrics as probabilities
from konomi.evaluate import ranking_metrics as lists
from konomi.evaluate import rating_metrics as ratings
from konomi.evaluate.meanings import meaning
from konomi.evaluate.metric import RANKING as RANKING
from konomi.evaluate.metric import SERVED as SERVED
from konomi.evaluate.metric import Better
from konomi.evaluate.metric import EntryMean as EntryMean
from konomi.evaluate.metric import EntryMetric as EntryMetric
from konomi.evaluate.metric import ListMetric as ListMetric
from konomi.evaluate.records import Predictions, RankedLists, Values
from konomi.models.api import TASKS
from konomi.settings import closest, shown

MOST_PLACES = 1 << 20  # of a list, k at most

Metric = EntryMetric | ListMetric


def _of(function: Callable[..., float]) -> Callable[[Predictions], float]:
    """A function of (true, predicted) as a function of `Predictions`."""
    return lambda found: function(found.true, found.predicted)


def _of_users(function: Callable[..., float]) -> Callable[[Predictions], float]:
    """A function of (true, predicted, user) as a function of `Predictions`."""
    return lambda found: function(found.true, found.predicted, found.user)


def _weighted(function: Callable[..., F64], found: RankedLists, weight: Any, k: int) -> F64:
    """A function of lists and weights f64[I+1] as one of `RankedLists`."""
    return function(found.items, found.hit, found.wanted, weight.astype(np.float64), k)


_WITHOUT_MEANING: tuple[Metric, ...] = (
    EntryMetric(
        "rmse", "RMSE", "rating", _of(ratings.rmse), "lower",
        EntryMean(lambda true, predicted: (true - predicted) ** 2, np.sqrt),
    ),
    EntryMetric(
        "mae", "MAE", "rating", _of(ratings.mae), "lower",
        EntryMean(lambda true, predicted: np.abs(true - predicted)),
    ),
    EntryMetric("rmse_by_user", "RMSE by user", "rating", _of_users(ratings.rmse_by_user), "lower"),
    EntryMetric("mae_by_user", "MAE by user", "rating", _of_users(ratings.mae_by_user), "lower"),
    EntryMetric(
        "log_loss", "log loss", "interaction", _of(probabilities.log_loss), "lower",
        EntryMean(probabilities.log_losses),
    ),
    EntryMetric(
        "accuracy", "accuracy", "interaction", _of(probabilities.accuracy), "higher",
        EntryMean(lambda liked, p: ((p > 0.5) == (liked > 0)).astype(np.float64)),
    ),
    EntryMetric("precision", "precision", "interaction", _of(probabilities.precision), "higher"),
    EntryMetric("recall", "recall", "interaction", _of(probabilities.recall), "higher"),
    EntryMetric("auc", "AUC", "interaction", _of(probabilities.auc), "higher"),
    EntryMetric("average_precision", "AP", "interaction", _of(probabilities.average_precision), "higher"),
    EntryMetric("brier", "Brier", "interaction", _of(probabilities.brier), "lower"),
    EntryMetric("ece", "ECE", "interaction", _of(probabilities.ece), "lower"),
    ListMetric(
        "ndcg@10", "NDCG@10", 10, lambda found, k: lists.ndcg(found.hit, found.relevant, k), "higher",
        has_interval=True, of_people=True,
    ),
    ListMetric(
        "recall@20", "recall@20", 20, lambda found, k: lists.recall(found.hit, found.relevant, k), "higher",
        has_interval=True, of_people=True,
    ),
    ListMetric(
        "ndcg_weighted@10", "weighted NDCG@10", 10,
        lambda found, k: _weighted(lists.weighted_ndcg, found, found.facts.weight, k), "higher",
        has_interval=True, of_people=True,
    ),
    ListMetric(
        "recall_weighted@20", "weighted recall@20", 20,
        lambda found, k: _weighted(lists.weighted_recall, found, found.facts.weight, k), "higher", has_interval=True,
    ),
    *(
        ListMetric(
            f"recall_{name}@20", f"recall@20 {name}", 20,
            lambda found, k, group=group: _weighted(lists.weighted_recall, found, found.facts.popularity == group, k),  # type: ignore[misc]
            "higher",
        )
        for group, name in enumerate(("head", "middle", "tail"))
    ),
    ListMetric("precision@10", "precision@10", 10, lambda found, k: lists.precision(found.hit, k), "higher"),
    ListMetric("map@10", "MAP@10", 10, lambda found, k: lists.average_precision(found.hit, found.relevant, k), "higher"),
    ListMetric("mrr", "MRR@10", 10, lambda found, k: lists.reciprocal_rank(found.hit, k), "higher"),
    ListMetric("hit@10", "hit@10", 10, lambda found, k: lists.hit_rate(found.hit, k), "higher"),
    ListMetric(
        "coverage@10", "coverage", 10, lambda found, k: lists.coverage(found.items[:, :k], found.facts.count), "neither",
        of_people=True,
    ),
    ListMetric("gini@10", "Gini", 10, lambda found, k: lists.gini(found.items[:, :k], found.facts.count), "neither"),
    ListMetric(
        "overlap@10", "overlap", 10, lambda found, k: lists.overlap(found.items[:, :k], len(found.facts.count)), "neither",
        of_people=True,
    ),
    ListMetric(
        "novelty@10", "novelty", 10, lambda found, k: lists.novelty(found.items[:, :k], found.facts.share), "neither",
        of_people=True,
    ),
    ListMetric(
        "ild@10", "diversity", 10, lambda found, k: lists.intra_list_diversity(found.items[:, :k], found.facts.genres),
        "neither", of_people=True,
    ),
)  # fmt: skip

BUILT_IN: tuple[Metric, ...] = tuple(replace(metric, meaning=meaning(metric.key, metric.kind)) for metric in _WITHOUT_MEANING)
"""In the order of tables; models are ordered by the first of each kind."""

ASKED: dict[str, Metric] = {
    "recall_capped@20": ListMetric(
        "recall_capped@20", "capped recall@20", 20, lambda found, k: lists.capped_recall(found.hit, found.relevant, k),
        "higher", has_interval=True, meaning=meaning("recall_capped@20", RANKING),
    ),
}  # fmt: skip
"""Metrics of publications, measured where they are asked for."""

METRICS: dict[str, Metric] = {metric.key: metric for metric in BUILT_IN}
"""All registered metrics by key: the metrics above and those that `register_metric` added."""


def register_metric(metric: Metric) -> None:
    """Add a metric to every later table and report of this process.

    It replaces an earlier one of the same key. ConfigError for the key of a built-in metric, and for anything that is no
    metric.
    """
    expect(metric, EntryMetric | ListMetric, "a metric", ConfigError, "Give a konomi.EntryMetric or a konomi.ListMetric.")
    for word in (metric.key, metric.name):
        expect(word, str, "a word", ConfigError, "Give key and name as texts.")
    if any(metric.key == known.key for known in (*BUILT_IN, *ASKED.values())):
        raise ConfigError(f'There is a metric "{metric.key}" already.', "Give it another key.")
    if not metric.key or "," in metric.key or metric.key != metric.key.strip():
        raise ConfigError(f'A metric cannot have the key "{metric.key}".', "Use a word such as mean_error or coverage@10.")
    if not callable(metric.function):
        raise ConfigError(f"{metric.key}: its function cannot be called.", "Give a function; docs/add-a-metric.md has one.")
    if metric.better not in get_args(Better):
        raise ConfigError(f'{metric.key}: better cannot be "{metric.better}".', f"It is one of: {', '.join(get_args(Better))}.")
    if isinstance(metric, EntryMetric) and metric.kind not in TASKS:
        raise ConfigError(f'{metric.key}: kind cannot be "{metric.kind}".', f"It is one of: {', '.join(TASKS)}.")
    if isinstance(metric, ListMetric):
        _check_places(metric.key, metric.k)
        if not metric.key.endswith(f"@{metric.k}"):
            raise ConfigError(f'The key "{metric.key}" does not end in its k.', f"Call it {metric.key}@{metric.k}.")
    METRICS[metric.key] = metric


def metrics_with(asked: str | Iterable[str] = ()) -> tuple[Metric, ...]:
    """Every registered metric, then those asked for: "ndcg@5,recall@50" or a sequence of such names.

    ConfigError for an unknown name.
    """
    names = asked.split(",") if isinstance(asked, str) else list(asked) if isinstance(asked, Iterable) else [asked]
    if not all(isinstance(name, str) for name in names):
        raise ConfigError(f"metrics cannot be {shown(asked)}.", 'Name metrics, as in "ndcg@5,recall@50".')
    found = dict(METRICS)
    for name in names:
        if name.strip():
            metric = _named(name.strip())
            found[metric.key] = metric
    return tuple(found.values())


def metrics_named(names: Iterable[str]) -> tuple[Metric, ...]:
    """These metrics alone, in this order; ConfigError for an unknown name."""
    return tuple(map(_named, names))


def _named(name: str) -> Metric:
    every = {**ASKED, **METRICS}
    if name in every:
        return every[name]
    stem, at, places = name.partition("@")
    for metric in every.values():
        if at and isinstance(metric, ListMetric) and metric.key.partition("@")[0] == stem and places.isdecimal():
            _check_places(name, int(places))
            return metric.at(int(places))
    known = f"The metrics are: {', '.join(METRICS)}; those of recommendations have other lists too, as in ndcg@5."
    raise ConfigError(f'Unknown metric "{name}".{closest(name, every)}', known)


def _check_places(key: str, k: int) -> None:
    if not 1 <= (integer(k) or 0) <= MOST_PLACES:
        raise ConfigError(f"{key}: a list of {shown(k)} places cannot be measured.", f"Take 1 to {MOST_PLACES:,} places.")


def entry_metrics(kind: str, metrics: Sequence[Metric] | None = None) -> list[EntryMetric]:
    """The metrics of ratings or of interactions among `metrics`, by default among all registered ones."""
    return [each for each in _given(metrics) if isinstance(each, EntryMetric) and each.kind == kind]


def list_metrics(metrics: Sequence[Metric] | None = None) -> list[ListMetric]:
    """The metrics of recommendations, likewise."""
    return [each for each in _given(metrics) if isinstance(each, ListMetric)]


def metrics_of(kind: str, metrics: Sequence[Metric] | None = None) -> list[Metric]:
    """The metrics of a kind, "rating", "interaction", "ranking" or "served", likewise."""
    return [each for each in _given(metrics) if each.kind == (RANKING if kind == SERVED else kind)]


def primary(kind: str) -> Metric:
    """The metric of a kind that models are ordered by."""
    return metrics_of(kind, BUILT_IN)[0]


def _given(metrics: Sequence[Metric] | None) -> Iterable[Metric]:
    return METRICS.values() if metrics is None else metrics


def entry_values(kind: str, found: Predictions, metrics: Sequence[Metric] | None = None) -> Values:
    """The value of every metric of a kind, by key; None = undefined."""
    values = {metric.key: float(metric.function(found)) for metric in entry_metrics(kind, metrics)}
    return {key: None if math.isnan(value) else value for key, value in values.items()}
