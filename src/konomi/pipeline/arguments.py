"""The arguments of callers, checked and converted: datasets, models with their settings, splits, tasks."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from konomi.arguments import as_path, expect, what_it_is
from konomi.data.dataset import Dataset
from konomi.data.split import Split, SplitConfig, make_split
from konomi.errors import ConfigError, DataError
from konomi.files.places import resolved
from konomi.models import MODELS, module
from konomi.models import model_names as known_models
from konomi.models.api import TASKS, keeps_checkpoints
from konomi.runtime import Run
from konomi.settings import closest, settings, shown

WAYS = '"ease,mf", ["ease", "mf"] or {"mf": {"dim": 16}}'  # of naming models, for hints


def dataset_from(given: Any) -> Dataset:
    """A dataset, or the one at a path; DataError for anything else."""
    if isinstance(given, Dataset):
        return given
    kinds, hint = str | os.PathLike, "Give a konomi.Dataset, such as Dataset.from_frame(…) makes, or the path of one."
    expect(given, kinds, "a dataset", DataError, hint)
    return Dataset.open(as_path(given, "a dataset", DataError))


def run_from(given: Any) -> Run:
    """A run, the usual one for None; ConfigError for anything else."""
    expect(given, Run | None, "a run", ConfigError, "Give konomi.Run(seed=…, threads=…), or leave it out.")
    return given or Run()


def split_from(given: Any, dataset: Dataset, run: Run) -> Split:
    """A split of the dataset: given, or made by a SplitConfig (None: a tenth for validation and a tenth for testing).

    ConfigError for anything else, DataError for a split of another dataset.
    """
    if given is None or isinstance(given, SplitConfig):
        return make_split(dataset, given or SplitConfig(seed=run.seed))
    found: Split = expect(given, Split, "a split", ConfigError, "Give a konomi.SplitConfig, or what konomi.make_split gave.")
    if len(found.role) != len(dataset.item):
        raise DataError(
            f"The split is of {len(found.role):,} entries, and the dataset has {len(dataset.item):,}.",
            "Make it of this dataset: konomi.make_split(dataset, konomi.SplitConfig()).",
        )
    return found


def splits_from(given: Any, dataset: Dataset, run: Run) -> list[Split]:
    """The same, one for each fold of a SplitConfig with folds, or several that are given as a list."""
    if isinstance(given, list) and given:
        return [split_from(each, dataset, run) for each in given]
    if isinstance(given, SplitConfig) and given.folds:
        return [make_split(dataset, replace(given, fold=fold)) for fold in range(given.folds)]
    return [split_from(given, dataset, run)]


def model_names(given: str | Iterable[str]) -> list[str]:
    """The names in a text such as "ease,mf", or in a sequence; ConfigError where there is none, or one twice."""
    found = [name.strip() for name in (given.split(",") if isinstance(given, str) else given)]
    found = [name for name in found if name]
    if not found:
        raise ConfigError("There is no model.", "Name one or several, as in ease,mf.")
    if twice := [name for name in found if found.count(name) > 1]:
        raise ConfigError(f"{twice[0]} is named twice.", "Name each model once.")
    return found


class Named(NamedTuple):
    """What is compared. models: to be trained, as `models_from` takes them, those of combinations too; combinations: name →
    parts; bundles: their paths as they were written → the same as paths."""

    models: Any
    combinations: dict[str, tuple[str, ...]]
    bundles: dict[str, Path]


def apart(given: Any) -> Named:
    """Models, combinations such as "ease+mf" and bundles such as "./model", a Path or the name of a file, told apart.

    ConfigError where a bundle is named twice, or where a combination has a model twice.
    """
    if isinstance(given, Iterable) and not isinstance(given, str | bytes | Mapping):
        # it may be one that ends; a Path without a separator is a bundle, too
        given = [os.path.join(".", name) if isinstance(name, Path) else name for name in given]
    names = model_names(given) if isinstance(given, str) else given if isinstance(given, list | Mapping) else ()
    bundles = {name: Path(name) for name in names if isinstance(name, str) and _is_path(name)}
    if bundles and isinstance(names, list):
        model_names([name for name in names if name in bundles])
    names = [name for name in names if not isinstance(name, str) or name not in bundles]
    together = {
        name: tuple(part.strip() for part in name.split("+")) for name in names if isinstance(name, str) and "+" in name
    }
    if not (together or bundles) or not all(isinstance(name, str) for name in names):
        return Named(given, {}, {})
    for name, parts in together.items():
        if len({*parts}) < len(parts):
            raise ConfigError(f"{name}: a model is named twice.", "Combine different models, as in ease+mf.")
    single = dict.fromkeys(part for name in names for part in together.get(name, (name,)))
    models = {name: given.get(name) for name in single} if isinstance(given, Mapping) else list(single)
    return Named(models, together, bundles)


def _is_path(name: str) -> bool:
    """Whether a name is a path: by a separator in it, or since there is something of that name, and no model is called so."""
    return os.sep in name or (name not in known_models() and os.path.exists(name))


def models_from(given: Any) -> dict[str, Any]:
    """Name → Config of models given by names, or by names with settings: a Config, a dict, or None for the defaults.

    RequestError for an unknown model; ConfigError for none, for one named twice, for wrong settings and for anything else.
    """
    if isinstance(given, Iterable) and not isinstance(given, str | bytes | Mapping):
        given = list(given)
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list | Mapping) or not all(isinstance(name, str) for name in names):
        raise ConfigError(f"models cannot be {shown(given)}.", f"Name models: {WAYS}.")
    if isinstance(given, Mapping):
        if not given:
            model_names("")
        return {name: _config(name, values) for name, values in given.items()}
    return {name: module(name).Config() for name in model_names(given)}


def _config(name: str, given: Any) -> Any:
    kind = module(name).Config
    if isinstance(given, kind):
        return given
    if given is None or isinstance(given, Mapping):
        for key in given or ():
            if not isinstance(key, str):
                raise ConfigError(f"{name}: a setting cannot be called {shown(key)}.", 'Write settings as in {"dim": 16}.')
        return settings(kind, given or {}, name)
    raise ConfigError(
        f"{name}: {what_it_is(given)} has no settings of it.",
        f'Give a dict, as in {{"dim": 16}}, or a {kind.__module__}.Config.',
    )


def tasks_from(given: Any) -> tuple[str, ...]:
    """One task or several; ConfigError for anything else."""
    found = (given,) if isinstance(given, str) else tuple(given) if isinstance(given, Iterable) else ()
    for task in found or (given,):
        if not isinstance(task, str) or task not in TASKS:
            named, near = (f'"{task}"', closest(task, TASKS)) if isinstance(task, str) else (shown(task), "")
            raise ConfigError(f"Unknown task {named}.{near}", f"The tasks are: {', '.join(TASKS)}.")
    return found


def check_checkpoint(checkpoint: Path | None, models: Iterable[str]) -> None:
    """ConfigError where a checkpoint is given and not exactly one of the models keeps one."""
    names = list(models)
    trained = [name for name in names if keeps_checkpoints(module(name))]
    if checkpoint is None or len(trained) == 1:
        return
    shared, idle = f"{', '.join(trained)} cannot share one", f"{', '.join(names)} has none, it trains in seconds"
    able = [name for name in MODELS if keeps_checkpoints(module(name))]
    raise ConfigError(
        f"The checkpoint {checkpoint}: {shared if trained else idle}.",
        f"Leave out `checkpoint`, or name one of: {', '.join(able)}.",
        "checkpoint",
    )


def check_apart(checkpoint: Path, bundle: Path) -> None:
    """ConfigError where a checkpoint and the bundle will be in the same place, or one within the other."""
    kept, written = (resolved(place, ConfigError) for place in (checkpoint, bundle))
    if kept.is_relative_to(written) or written.is_relative_to(kept):
        raise ConfigError(f"The checkpoint {checkpoint}: the bundle will be at {bundle}.", "Put it beside that.", "checkpoint")
