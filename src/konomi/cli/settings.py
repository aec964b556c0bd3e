"""Settings from a TOML file and from the options of a command; an option overrides the file."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from konomi.errors import ConfigError

if TYPE_CHECKING:
    from konomi.data.split import SplitConfig


def model_configs(
    names: list[str],
    tables: dict[str, Any],
    file: Path | None,
    words: list[str],
    task: str | None = None,
    taken: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The Config of each model: as it was `taken`, overridden by its table in a TOML file, by the task, and by the words, the
    last one first.

    A word is MODEL.KEY=VALUE, or KEY=VALUE where only one of the models has this setting. RequestError or ConfigError for
    anything unknown, in tables of other models, too.
    """
    from konomi.models import model_names, module
    from konomi.settings import closest, settings

    kinds = {name: module(name).Config for name in names}
    for name, table in tables.items():
        if name not in (known := (*model_names(), "split")) or not isinstance(table, dict):
            raise ConfigError(f"{file}: unknown table [{name}].{closest(name, known)}", f"The tables are: {', '.join(known)}.")
        if name not in (*names, "split"):
            settings(module(name).Config, table, f"{file} [{name}]")
    words_of: dict[str, list[str]] = {name: [] for name in names}
    for word in words:
        name, dot, _ = word.partition("=")[0].partition(".")
        if len(names) == 1 and name != names[0]:
            words_of[names[0]].append(word)
        elif len(names) > 1 and not dot:
            words_of[_only_one_with(name, word, kinds)].append(word)
        elif dot and name in words_of:
            words_of[name].append(word.removeprefix(f"{name}."))
        else:
            raise ConfigError(
                f'--set "{word}": not a setting of a model that is named.{closest(name, words_of) if dot else ""}',
                f"Write it as --set {names[-1]}.KEY=VALUE." if names else "Name the models with -m.",
            )
    if task is not None and not any(has(name, "task") for name in names):
        able = ", ".join(models_with("task"))
        raise ConfigError(
            f"--task {task}: {', '.join(names)} has no choice of task.", f"Leave it out, or take a model that has: {able}."
        )
    tables = {name: {**((taken or {}).get(name) or {}), **tables.get(name, {})} for name in names}
    return {name: _model_config(kind, name, tables, file, task, words_of[name]) for name, kind in kinds.items()}


def _only_one_with(setting: str, word: str, kinds: dict[str, type[Any]]) -> str:
    """The one model that has this setting; ConfigError where none or several have."""
    from konomi.settings import closest

    owners = [name for name in kinds if has(name, setting)]
    if len(owners) > 1:
        raise ConfigError(
            f'--set "{word}": {" and ".join(owners)} have this setting.', f"Write it as --set {owners[0]}.{word}."
        )
    if not owners:
        known = [each.name for kind in kinds.values() for each in fields(kind)]
        raise ConfigError(
            f'--set: unknown setting "{setting}".{closest(setting, known)}', f"The settings are: {', '.join(known)}."
        )
    return owners[0]


def _model_config(
    kind: type[Any], model: str, tables: dict[str, Any], file: Path | None, task: str | None, words: list[str]
) -> Any:
    from konomi.settings import settings

    pairs = [word.partition("=") for word in words]
    for key, sign, _ in pairs:
        if not sign:
            raise ConfigError(f'--set "{key}": no value.', "Write it as --set dim=32.")
    config = settings(kind, tables.get(model, {}), f"{file} [{model}]")
    if task is not None and has(model, "task"):
        config = settings(kind, {**asdict(config), "task": task}, "--task")
    return settings(kind, {**asdict(config), **{key: value for key, _, value in pairs}}, "--set")


def split_settings(
    tables: dict[str, Any],
    file: Path | None,
    seed: int,
    kind: str | None,
    valid: float | None,
    test: float | None,
    folds: int | None = None,
) -> "SplitConfig":
    """The settings of a split, from the table [split] and the options --split, --valid, --test and --folds."""
    from konomi.data.split import SplitConfig
    from konomi.settings import settings

    if folds is not None and test is not None:
        raise ConfigError("--folds says what the test entries are.", "Leave out --test.")
    options = (("kind", kind), ("valid", valid), ("test", test), ("folds", folds))
    given = {name: value for name, value in options if value is not None}
    by_file = settings(SplitConfig, {"seed": seed, **tables.get("split", {})}, f"{file} [split]")
    return settings(SplitConfig, {**asdict(by_file), **given}, "--split")


def has(model: str, setting: str) -> bool:
    """Whether a model has a setting of this name."""
    from konomi.models import module

    return setting in {field.name for field in fields(module(model).Config)}


def models_with(setting: str) -> list[str]:
    """The models that have a setting of this name."""
    return [name for name in _usable() if has(name, setting)]


def _usable() -> list[str]:
    """All models, without those of other packages that cannot be imported."""
    from konomi.models import MODELS, model_names, offered

    broken = {name for name, _, reason in offered() if reason} - set(MODELS)
    return [name for name in model_names() if name not in broken]


def is_network(model: str) -> bool:
    """Whether a model is trained with torch, and so may use a device."""
    from konomi.models import module
    from konomi.models.api import needs

    return "torch" in needs(module(model))


def networks() -> list[str]:
    """The models that are networks."""
    return [name for name in _usable() if is_network(name)]


def check_needs(models: Iterable[str], device: str) -> None:
    """ConfigError, before any training, where a package that a model needs or torch's device is missing, or where a device is
    given but no model is a network."""
    from konomi.extras import need
    from konomi.models import module
    from konomi.models.api import needs
    from konomi.runtime import Run

    models = list(models)
    for name in models:
        for package in needs(module(name)):
            need(package, name)
    if device != "cpu":
        if not any(map(is_network, models)):
            raise ConfigError(
                f"--device {device}: only networks use it.", f"Leave it out, or take one of: {', '.join(networks())}."
            )
        from konomi.neural.loop import device_of

        device_of(Run(device=device))  # type: ignore[arg-type]
