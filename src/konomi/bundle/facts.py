"""The facts of a bundle: where it comes from and its metrics, as typed records, equal before saving and after loading."""

import json
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from typing import Any, Literal

from konomi.bundle.records import is_a, record
from konomi.data.labels import Rule
from konomi.models import module
from konomi.models.api import needs
from konomi.ranking.weights import Weights

Metrics = dict[str, Any]
"""Metrics as plain JSON: numbers, null = undefined, and tables of them."""

Epoch = tuple[float | None, float | None]
"""Training and validation error; None = not measured."""

WRITTEN_WITH = ("konomi", "numpy", "numba", "polars", "safetensors")  # packages whose versions are noted
Role = Literal["train", "valid", "test", "shown"]

EVERYTHING: tuple[Role, ...] = ("train", "valid", "test", "shown")  # what a model has learnt that was fitted again
INTERVAL_LEVELS = 3  # the number of `evaluate.intervals.LEVELS`: 0.8, 0.9 and 0.95


@dataclass(frozen=True)
class DataFacts:
    """The dataset. path: where it was, "" = in memory; sha256: its identity; note: to show with every answer; labels, liked:
    what is liked, see `Labelling`."""

    path: str = ""
    sha256: str = ""
    source: str = ""
    note: str = ""
    labels: Rule | None = None
    liked: float | None = None


@dataclass(frozen=True)
class SplitFacts:
    """How the entries got their roles: kind, and the fields of `SplitConfig` or the files that the kind uses; after: the hash
    of an earlier state of the dataset, whose entries are all training entries; sha256: of the split; entries: role → how many
    entries have it."""

    kind: Literal["random", "per-user", "last", "time", "users", "items", "predefined"] = "predefined"
    valid: float | None = None
    test: float | None = None
    shown: float | None = None
    seed: int | None = None
    folds: int | None = None
    fold: int | None = None
    valid_from: int | None = None
    test_from: int | None = None
    test_file: str | None = None
    valid_file: str | None = None
    after: str | None = None
    sha256: str = ""
    entries: dict[str, int] = field(default_factory=dict)

    @property
    def spec(self) -> dict[str, Any]:
        """The fields from which the split can be made again."""
        return {name: value for name, value in self.to_json().items() if name not in ("sha256", "entries")}

    def to_json(self) -> dict[str, Any]:
        """All fields that are not None."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class Facts:
    """The facts of a bundle.

    seed: of the training; metrics: "test" and "valid" → metrics on the test and validation entries; history: model → its
    epochs; intervals: `Intervals.to_facts()`, or None without validation entries; versions: of Python and of the packages it
    was made with; learnt: the roles of the entries that the models have learnt, None in older bundles: ("train",); warnings:
    where it does not beat its baselines; start: what each model began with, where training began with an earlier bundle;
    weights: of the models in the order, in their order, None where they are not fitted. Where more was learnt than ("train",),
    metrics, history and intervals are those of a training on the training entries alone.

    ValueError for values that JSON does not have.
    """

    data: DataFacts = field(default_factory=DataFacts)
    split: SplitFacts = field(default_factory=SplitFacts)
    seed: int = 0
    metrics: dict[str, Metrics] = field(default_factory=dict)
    history: dict[str, tuple[Epoch, ...]] = field(default_factory=dict)
    intervals: list[Metrics] | None = None
    versions: dict[str, str] = field(default_factory=dict)
    learnt: tuple[Role, ...] | None = None
    warnings: tuple[str, ...] | None = None
    start: tuple[str, ...] | None = None
    chosen: tuple[str, ...] | None = None
    weights: Weights | None = None

    def __post_init__(self) -> None:
        for name in ("metrics", "intervals"):
            object.__setattr__(self, name, json.loads(json.dumps(getattr(self, name), allow_nan=False)))
        for name in ("learnt", "warnings", "start", "chosen"):
            object.__setattr__(self, name, None if getattr(self, name) is None else tuple(getattr(self, name)))
        history = {name: tuple((error, valid) for error, valid in epochs) for name, epochs in self.history.items()}
        object.__setattr__(self, "history", history)

    @property
    def refitted(self) -> bool:
        """Whether the models were trained again on everything after they were measured."""
        return self.learnt is not None and "test" in self.learnt

    def __repr__(self) -> str:
        measured = ", ".join(self.metrics) or "nothing"
        return f"Facts({self.data.source or 'data'} split by {self.split.kind}, seed {self.seed}: {measured} measured)"

    def to_json(self) -> dict[str, Any]:
        """The facts as keys of the manifest."""
        data = {name: value for name, value in asdict(self.data).items() if value is not None}
        known = {**vars(self), "data": data, "split": self.split.to_json()}
        if self.weights is not None:
            known["weights"] = asdict(self.weights)
        known["history"] = {name: [list(epoch) for epoch in epochs] for name, epochs in self.history.items()}
        return {name: value for name, value in known.items() if value is not None}

    @classmethod
    def from_json(cls, manifest: Mapping[str, Any]) -> "Facts":
        """The facts of a manifest; ValueError where a key is missing or unknown, or has a value of another type."""
        data = record(DataFacts, manifest.get("data"), "data")
        split = record(SplitFacts, manifest.get("split"), "split")
        weights = None if manifest.get("weights") is None else record(Weights, manifest["weights"], "weights")
        found = record(cls, {**manifest, "data": data, "split": split, "weights": weights}, "the manifest")
        for role, metrics in found.metrics.items():
            _check_metrics(metrics, f"metrics of {role}")
        for interval in found.intervals or ():
            _check_interval(interval)
        return found


def made_with(models: Iterable[str]) -> dict[str, str]:
    """The versions of Python, of `WRITTEN_WITH`, and of the other packages that the models need."""
    needed = {package: None for name in models for package in needs(module(name))}
    versions = {package: _version(package) for package in (*WRITTEN_WITH, *needed)}
    return {"python": platform.python_version(), **{package: number for package, number in versions.items() if number}}


def _version(package: str) -> str:
    """The version of the distribution with a package of this name, "" where none is installed."""
    try:
        return version(package)
    except PackageNotFoundError:  # the distribution has another name, as scikit-learn for sklearn
        return version(found[0]) if (found := packages_distributions().get(package)) else ""


def _check_metrics(metrics: Metrics, key: str) -> None:
    """Check that metrics, and those of their baselines, are numbers or tables of numbers; key: their name in errors."""
    for name, value in metrics.items():
        if isinstance(value, str | bool):
            raise ValueError(f"{name} of {key} is no number")
    baselines = metrics.get("baselines", {})
    if not is_a(dict[str, dict[str, Any]], baselines) or not is_a(float | None, metrics.get("rmse")):
        raise ValueError(f"{key} are not what is measured of a model")
    for of, found in {"the model": metrics, **baselines}.items():
        if not is_a(dict[str, Any], found.get("served", {})):
            raise ValueError(f"what is served of {of} in {key} are no metrics")
    for name, found in baselines.items():
        if not is_a(float | None, found.get("rmse")):
            raise ValueError(f"rmse of the baseline {name} in {key} is no number")


def _check_interval(interval: Metrics) -> None:
    """Check that a class of intervals has its ends for each level and height."""
    edges, ends = interval.get("edges"), list[list[float | None]]
    rows = [interval.get(side) for side in ("low", "high")]
    if not (is_a(int, interval.get("from")) and is_a(int, interval.get("n")) and is_a(list[float], edges)):
        raise ValueError("a class of intervals has no from, n or edges")
    for side in rows:
        if not is_a(ends, side) or [len(row) for row in side] != [len(edges) + 1] * INTERVAL_LEVELS:  # type: ignore
            raise ValueError("a class of intervals has not as many ends as levels and heights")
