"""split → fit → measure → bundle, in one call, for one model or several."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from konomi.bundle.facts import DataFacts, Epoch, Facts, Figures, SplitFacts, made_with
from konomi.bundle.format import Bundle
from konomi.catalogue.franchises import franchises
from konomi.data.dataset import Dataset
from konomi.data.profiles import Profiles
from konomi.data.split import Split, SplitConfig, TrainSet, make_split
from konomi.data.statistics import RATERS, add_statistics
from konomi.errors import ConfigError
from konomi.evaluate.evaluate import Report, evaluate, measurable
from konomi.evaluate.intervals import intervals
from konomi.models import module
from konomi.models.api import Model, tasks
from konomi.runtime import Run


def train(
    dataset: Dataset,
    models: Mapping[str, Any] | str = "mf",
    split: Split | SplitConfig | None = None,
    run: Run | None = None,
    path: Path | str | None = None,
) -> Bundle:
    """Fit models on the training part of a dataset and measure them on the validation and test parts.

    `models` are names of `MODELS`, as in "ease,mf", or each with its Config; the first that has an output gives it. `split` is
    a split or how to make one (a tenth each, where None); `path` where the dataset lies, which the bundle notes, to look up
    known users again. The catalogue of the bundle has the statistics of the training part only. RequestError for an unknown
    model, ConfigError for none or one named twice; FitError where training cannot go on.
    """
    run = run or Run()
    if isinstance(models, str):
        models = {name: module(name).Config() for name in names(models)}
    if len(rankers := [name for name in models if not module(name).TASKS]) > 1:
        raise ConfigError(f"{' and '.join(rankers)} only rank, and one order is enough.", "Name one of them.")
    if not isinstance(split, Split):
        split = make_split(dataset, split or SplitConfig(seed=run.seed))
    parts = split.train_set(dataset)
    fitted = {name: module(name).fit(parts, config, run) for name, config in models.items()}
    seen, hidden = split.test(dataset)
    measured = {
        name: part
        for name, part in (("test", hidden), ("valid", parts.valid))
        if any(measurable(model, part, parts.labelling) for model in fitted.values())
    }
    place = str(Path(path).resolve()) if path else ""
    facts = Facts(
        data=DataFacts(place, dataset.sha256, dataset.manifest["source"], dataset.manifest["note"]),
        split=SplitFacts(**split.spec, sha256=split.sha256, entries=split.counts()),
        seed=run.seed,
        metrics={name: evaluate_all(fitted.values(), seen, part, parts, run).metrics for name, part in measured.items()},
        history={name: _history(model) for name, model in fitted.items()},
        intervals=_intervals(fitted.values(), seen, parts, run),
        versions=made_with(models),
    )
    return Bundle(fitted, {name: asdict(config) for name, config in models.items()}, catalogue(parts), dataset.scale, facts)


def names(models: str) -> list[str]:
    """The models of a text such as "ease,mf"; ConfigError where there is none, or one twice."""
    found = [name.strip() for name in models.split(",") if name.strip()]
    if not found:
        raise ConfigError("There is no model.", "Name one or several: -m ease,mf.")
    if twice := [name for name in found if found.count(name) > 1]:
        raise ConfigError(f"{twice[0]} is named twice.", "Name each model once.")
    return found


def evaluate_all(models: Iterable[Model], seen: Profiles, hidden: Profiles, train: TrainSet, run: Run) -> Report:
    """What is measured of several models that answer together: each figure is of the first model that gives that output.

    What only ranks goes before the others, as in `Blend`. DataError where the hidden entries test none of them.
    """
    models = sorted(models, key=lambda model: bool(tasks(model)))
    able = [model for model in models if measurable(model, hidden, train.labelling)] or models[:1]
    first, *others = [evaluate(model, seen, hidden, train, run) for model in able]
    for report in others:
        ours, theirs = first.metrics["baselines"], report.metrics["baselines"]
        baselines = {name: {**theirs.get(name, {}), **ours.get(name, {})} for name in {**ours, **theirs}}
        predictions = {**report.predictions, **first.predictions}
        first = Report({**report.metrics, **first.metrics, "baselines": baselines}, predictions, first.ranked or report.ranked)
    return first


def _intervals(models: Iterable[Model], seen: Profiles, parts: TrainSet, run: Run) -> list[Figures] | None:
    """How far ratings lie from the predictions of the model that gives them; None where that cannot be told."""
    rater = next((model for model in models if "rating" in model.outputs), None)
    found = intervals(rater, seen, parts, run) if rater else None
    return found.to_facts() if found else None


def _history(model: Model) -> tuple[Epoch, ...]:
    rows: list[list[float]] = model.history.tolist()
    return tuple((_error(error), _error(valid)) for error, valid in rows)


def _error(error: float) -> float | None:
    return None if math.isnan(error) else error


def catalogue(parts: TrainSet) -> pl.DataFrame:
    """The catalogue with the statistics of the training part, where `RATERS` people or more rated an item, and which franchise
    each item is what part of."""
    franchise, part = franchises(parts.items)
    items = add_statistics(parts.items, parts.seen, parts.scale, RATERS)
    return items.with_columns(pl.Series("franchise", franchise), pl.Series("part", part))
