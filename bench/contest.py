"""What the benchmarks of the networks share: roles of a data set, settings from presets, fits over seeds, Keras beside them.

Every fit but the first is timed, so that nothing is compiled meanwhile; a fit's time is all of it, validation included. Keras
validates nothing.
"""

import argparse
import statistics
import time
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from flops import per_row
from keras_peer import keras
from konomi.data.dataset import Dataset
from konomi.data.labels import LEFT_OUT
from konomi.data.profiles import Profiles
from konomi.data.split import Split, TrainSet
from konomi.evaluate.evaluate import evaluate
from konomi.models import module
from konomi.models.api import Model, tasks
from konomi.runtime import Run
from konomi.settings import read_toml, settings
from measure import BENCH, flop_rate, mean_and_deviation, median_and_range

DEFAULT = "default settings"
ERRORS = ("rmse", "mae", "log_loss", "accuracy", "precision", "recall", "auc", "average_precision", "brier", "ece")
QUICK = {"epochs": 1, "steps": 20}  # of Keras

Figures = dict[str, Any]


@dataclass(frozen=True)
class Roles:
    """What is learnt from, what a model is shown of everybody, what it is tested on."""

    train: TrainSet
    seen: Profiles
    hidden: Profiles

    @classmethod
    def of(cls, dataset: Dataset, split: Split) -> "Roles":
        return cls(split.train_set(dataset), *split.test(dataset))


def options(text: str | None, models: Iterable[str] = (), presets: str = "*") -> argparse.ArgumentParser:
    """The options of all these benchmarks; of those with a choice of models, also which, and which presets."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="one epoch of ours, 20 steps of Keras: only to see that it runs")
    if models:
        parser.add_argument("--models", default=",".join(models), type=lambda text: text.split(","))
        parser.add_argument("--presets", default=presets, help=f"a pattern of their names; {presets} by default")
    return parser


def changed(config: Any, **values: Any) -> Any:
    """The settings with those of these values that there is a field for."""
    known = {field.name for field in fields(config)}
    return replace(config, **{key: value for key, value in values.items() if key in known})


def settings_of(name: str, presets: str, quick: bool, **values: Any) -> dict[str, Any]:
    """A model's default settings, and those of each preset of such a name that has a table for it; `values` go before both."""
    tables = {DEFAULT: {}} | {
        path.stem: table[name]
        for path in sorted((BENCH.parent / "docs" / "presets").glob(f"{presets}.toml"))
        if name in (table := read_toml(path))
    }
    values |= {"epochs": 1} if quick else {}
    return {label: changed(settings(module(name).Config, table, label), **values) for label, table in tables.items()}


def fits(name: str, config: Any, train: TrainSet, seeds: int) -> tuple[list[Model], Figures]:
    """A model for each seed; their epochs, seconds, the median rows/s, and what that is in GFLOP/s where it can be counted."""
    module(name).fit(train, changed(config, epochs=1), Run())  # compiles
    models, seconds = [], []
    for seed in range(seeds):
        start = time.perf_counter()
        models.append(module(name).fit(train, config, Run(seed=seed)))
        seconds.append(time.perf_counter() - start)
    found: Figures = {"epochs": [len(model.history) for model in models], "fit s": median_and_range(seconds)}
    if all(found["epochs"]):
        learnt = train.seen.keep(_learnt(train, tasks(models[0])))
        passes = zip(found["epochs"], seconds, strict=True)
        rate = found["rows/s"] = round(statistics.median(len(learnt.item) * epochs / s for epochs, s in passes))
        if work := per_row(name, config, models[0], learnt):
            found |= {"FLOP a row": round(work), "GFLOP/s": round(rate * work / 1e9, 2)}
    return models, found


def measured(name: str, config: Any, roles: Roles, seeds: int) -> Figures:
    """The errors on the test entries, mean and deviation over seeds, and what `fits` says."""
    models, found = fits(name, config, roles.train, seeds)
    reports = [evaluate(model, roles.seen, roles.hidden, roles.train).metrics for model in models]
    return {key: mean_and_deviation([report[key] for report in reports]) for key in ERRORS if key in reports[0]} | found


def contest(said: Any, twins: dict[str, str], others: list[str], roles: Roles, **values: Any) -> Figures:
    """Every model with every setting, beside the Keras twins: `twins` of models by name, and others.

    `said` are the `options`, `values` as for `settings_of`.
    """
    ours = {
        name: {label: measured(name, config, roles, said.seeds) for label, config in by_label.items()}
        for name in said.models
        for by_label in [settings_of(name, said.presets, said.quick, **values)]
    }
    peers = against_keras([*(twins[name] for name in said.models if name in twins), *others], roles, said.quick)
    return {"konomi": ours, "keras": peers, **rates(ours, peers, twins)}


def against_keras(twins: list[str], roles: Roles, quick: bool, **limits: int) -> Figures:
    """What Keras says of the same roles; `limits` as for `keras`."""
    found = keras(twins, roles.train, roles.hidden, **(QUICK if quick else limits))
    for row in found.values():
        row |= {key: round(row[key], 4) for key in ERRORS if row.get(key) is not None}
        row |= {"fit s": round(row.pop("seconds"), 1), "rows/s": round(row.pop("rows_per_s"))}
    return found


def rates(ours: Figures, peers: Figures, twins: dict[str, str]) -> Figures:
    """How many times the rows/s of its twin each model reaches, and what share of the machine's matrix-product rate.

    The twin of a preset is that of the same name, where it is among the peers.
    """
    limit = flop_rate()
    ratio, share = Figures(), Figures()
    for name, by_label in ours.items():
        for label, figures in by_label.items():
            if name in twins and "rows/s" in figures:
                ratio[f"{name}, {label}"] = round(
                    figures["rows/s"] / peers[label if label in peers else twins[name]]["rows/s"], 1
                )
            if "GFLOP/s" in figures:
                share[f"{name}, {label}"] = round(figures["GFLOP/s"] / limit, 4)
    return {
        "rows/s over those of the twin": ratio,
        "matrix product GFLOP/s": round(limit, 1),
        "share of the matrix-product rate": share,
    }


def _learnt(train: TrainSet, wanted: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Which training entries have something to say to these tasks."""
    has = {"rating": ~np.isnan(train.seen.rating), "interaction": train.labelling.of(train.seen) != LEFT_OUT}
    return np.any([has[task] for task in wanted], axis=0)
