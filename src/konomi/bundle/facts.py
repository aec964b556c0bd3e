"""What a bundle tells of its training: typed records, the same before saving and after loading."""

import json
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from typing import Any, Literal

from konomi.bundle.records import is_a, record
from konomi.models import module
from konomi.models.api import needs

Figures = dict[str, Any]
"""What was measured, as plain JSON: numbers, null where one is undefined, and tables of them."""

Epoch = tuple[float | None, float | None]
"""Training and validation error, None where there is none."""

WRITTEN_WITH = ("konomi", "numpy", "numba", "polars", "safetensors")
INTERVAL_LEVELS = 3  # 0.8, 0.9 and 0.95


@dataclass(frozen=True)
class DataFacts:
    """path: where the dataset was, a hint, "" in memory; sha256: its identity; source; note: to show with every answer."""

    path: str = ""
    sha256: str = ""
    source: str = ""
    note: str = ""


@dataclass(frozen=True)
class SplitFacts:
    """How the entries got their roles: kind and, as far as the kind has them, the rest of `SplitConfig` or the files that gave
    the roles; sha256 of the outcome; entries: how many have each role."""

    kind: Literal["random", "per-user", "last", "users", "items", "predefined"] = "predefined"
    valid: float | None = None
    test: float | None = None
    shown: float | None = None
    seed: int | None = None
    test_file: str | None = None
    valid_file: str | None = None
    sha256: str = ""
    entries: dict[str, int] = field(default_factory=dict)

    @property
    def spec(self) -> dict[str, Any]:
        """What the split can be made again from."""
        return {name: value for name, value in self.to_json().items() if name not in ("sha256", "entries")}

    def to_json(self) -> dict[str, Any]:
        """All that is known."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class Facts:
    """data; split; seed of the training; metrics of the parts "test" and "valid"; history: the epochs of each model; intervals:
    `Intervals.to_facts()`, or None where there was nothing to validate on; versions of Python and of the packages that it was
    made with. ValueError for what JSON cannot say as it is.
    """

    data: DataFacts = field(default_factory=DataFacts)
    split: SplitFacts = field(default_factory=SplitFacts)
    seed: int = 0
    metrics: dict[str, Figures] = field(default_factory=dict)
    history: dict[str, tuple[Epoch, ...]] = field(default_factory=dict)
    intervals: list[Figures] | None = None
    versions: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("metrics", "intervals"):
            object.__setattr__(self, name, json.loads(json.dumps(getattr(self, name), allow_nan=False)))
        history = {name: tuple((error, valid) for error, valid in epochs) for name, epochs in self.history.items()}
        object.__setattr__(self, "history", history)

    def __repr__(self) -> str:
        measured = ", ".join(self.metrics) or "nothing"
        return f"Facts({self.data.source or 'data'} split by {self.split.kind}, seed {self.seed}: {measured} measured)"

    def to_json(self) -> dict[str, Any]:
        """The keys of the manifest that they are."""
        known = {**vars(self), "data": asdict(self.data), "split": self.split.to_json()}
        known["history"] = {name: [list(epoch) for epoch in epochs] for name, epochs in self.history.items()}
        return {name: value for name, value in known.items() if value is not None}

    @classmethod
    def from_json(cls, manifest: Mapping[str, Any]) -> "Facts":
        """Those of a manifest; ValueError where a key is missing or unknown, or has a value of another type."""
        data = record(DataFacts, manifest.get("data"), "data")
        split = record(SplitFacts, manifest.get("split"), "split")
        found = record(cls, {**manifest, "data": data, "split": split}, "the manifest")
        for part, figures in found.metrics.items():
            _check_figures(figures, f"metrics of {part}")
        for interval in found.intervals or ():
            _check_interval(interval)
        return found


def made_with(models: Iterable[str]) -> dict[str, str]:
    """The versions of Python, of what every model is made with, and of what the models named need beside that."""
    needed = {package: None for name in models for package in needs(module(name))}
    versions = {package: _version(package) for package in (*WRITTEN_WITH, *needed)}
    return {"python": platform.python_version(), **{package: number for package, number in versions.items() if number}}


def _version(package: str) -> str:
    """The version of what is imported by a name, "" where no installed distribution brings it."""
    try:
        return version(package)
    except PackageNotFoundError:  # as with sklearn, which scikit-learn brings
        return version(found[0]) if (found := packages_distributions().get(package)) else ""


def _check_figures(figures: Figures, where: str) -> None:
    """That a measured part has numbers, or tables of them, and so have its baselines."""
    for name, value in figures.items():
        if isinstance(value, str | bool):
            raise ValueError(f"{name} of {where} is no number")
    baselines = figures.get("baselines", {})
    if not is_a(dict[str, dict[str, Any]], baselines) or not is_a(float | None, figures.get("rmse")):
        raise ValueError(f"{where} are not what is measured of a model")
    for name, found in baselines.items():
        if not is_a(float | None, found.get("rmse")):
            raise ValueError(f"rmse of the baseline {name} in {where} is no number")


def _check_interval(interval: Figures) -> None:
    """That a class of intervals has its ends for each level and height."""
    edges, ends = interval.get("edges"), list[list[float | None]]
    rows = [interval.get(side) for side in ("low", "high")]
    if not (is_a(int, interval.get("from")) and is_a(int, interval.get("n")) and is_a(list[float], edges)):
        raise ValueError("a class of intervals has no from, n or edges")
    for side in rows:
        if not is_a(ends, side) or [len(row) for row in side] != [len(edges) + 1] * INTERVAL_LEVELS:  # type: ignore
            raise ValueError("a class of intervals has not as many ends as levels and heights")
