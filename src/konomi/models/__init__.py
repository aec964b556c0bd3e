"""The models, by name: Konomi's own, those of installed packages, and registered ones. `api.py` has their contract.

A package offers a model by an entry point of the group "konomi.models", which names a module, or an object in one:

    [project.entry-points."konomi.models"]
    nearest = "their_package.nearest"

It is imported only when it is first asked for by name; a name of Konomi's own means Konomi's own. This file imports nothing
heavy, since `konomi --help` reads it.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from konomi.errors import ConfigError, RequestError
from konomi.settings import closest, shown

if TYPE_CHECKING:
    from konomi.models.api import ModelModule

MODELS = {
    "popular": "konomi.models.popular",
    "bias": "konomi.models.bias",
    "genre": "konomi.models.genre",
    "mf": "konomi.models.mf",
    "bayes": "konomi.models.bayes",
    "ease": "konomi.models.ease",
    "slim": "konomi.models.slim",
    "nn": "konomi.models.nn",
    "hybrid": "konomi.models.hybrid",
    "two_tower": "konomi.models.two_tower",
}
"""Konomi's own: name → module."""

GROUP = "konomi.models"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")  # names appear in file names, and in words such as --set NAME.KEY=VALUE
TAKEN = ("split",)  # tables of the settings that belong to no model

log = logging.getLogger(__name__)

_registered: "dict[str, ModelModule]" = {}


def register_model(name: str, module: Any) -> None:
    """Register a model under a name in this process; an earlier one of the same name is replaced.

    module: a module or any object with the members of `ModelModule`. ConfigError where it lacks one, or where the name is one
    of Konomi's own models or not allowed.
    """
    if not isinstance(name, str):
        raise ConfigError(f"A model cannot be called {shown(name)}.", "Give its name, as a text.")
    if reason := _unusable(name):
        raise ConfigError(f'A model cannot be called "{name}": {reason}.', "Give it another name, such as my-model.")
    _registered[name] = _checked(module, f'The model "{name}"')


def model_names() -> list[str]:
    """Every name that `module` knows: Konomi's own, then those of installed packages, then registered ones."""
    return list(dict.fromkeys((*MODELS, *_offers(), *_registered)))


def module(name: str) -> "ModelModule":
    """The module of a model. RequestError for an unknown name, with a suggestion; ConfigError where a package's model cannot be
    used."""
    if not isinstance(name, str):
        raise RequestError(f"A model cannot be {shown(name)}.", "Give its name, as a text.")
    if name in _registered:
        return _registered[name]
    offers = _offers().get(name, ())
    if name in MODELS:
        found: Any = import_module(MODELS[name])
        return found  # type: ignore[no-any-return]
    if not offers:
        names = model_names()
        raise RequestError(f'Unknown model "{name}".{closest(str(name), names)}', f"The models are: {', '.join(names)}.")
    return _loaded(name, offers)


def package(name: str) -> str:
    """The package that offers a model; "" for Konomi's own and for a registered one."""
    offers = () if name in _registered or name in MODELS else _offers().get(name, ())
    return _distribution(offers[0]) if offers else ""


def offered() -> Iterator[tuple[str, str, str]]:
    """(name, packages, reason) of every model of installed packages; each is imported. reason: why it cannot be used, or ""."""
    for name, offers in _offers().items():
        try:
            _loaded(name, offers)
            reason = ""
        except ConfigError as error:
            reason = str(error)
        yield name, ", ".join(map(_distribution, offers)), reason


@cache
def _offers() -> dict[str, tuple[EntryPoint, ...]]:
    """The entry points of installed packages, by the name of the model; two packages may claim one."""
    found: dict[str, tuple[EntryPoint, ...]] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, _distribution(point))):
        found[point.name] = (*found.get(point.name, ()), point)
        if point.name in MODELS:
            log.info("The package %s offers a model %s, but Konomi's own is used", _distribution(point), point.name)
    return found


def _loaded(name: str, offers: tuple[EntryPoint, ...]) -> "ModelModule":
    """The module that an entry point names; ConfigError, with the reason and the package, where it cannot be used."""
    point = offers[0]
    owner = f'The model "{name}" of the package {_distribution(point)}'
    if reason := _unusable(name):
        raise ConfigError(f"{owner} cannot be used: {reason}.", f"Uninstall {_distribution(point)}, or have it renamed there.")
    if len(offers) > 1:
        packages = " and ".join(map(_distribution, offers))
        raise ConfigError(f'The model "{name}" is offered by {packages}.', "Uninstall all of them but one.")
    try:
        found = point.load()
    except Exception as error:  # the code of others may raise anything when it is imported
        raise ConfigError(
            f"{owner} cannot be imported: {type(error).__name__}: {error}.", f"Reinstall {_distribution(point)}, or upgrade it."
        ) from error
    return _checked(found, owner)


def _unusable(name: str) -> str:
    """Why a model from outside cannot have this name; "" where it can."""
    if name in MODELS:
        return "Konomi has a model of this name, which is used"
    if name in TAKEN or not NAME.fullmatch(name):
        return "the word has another meaning" if name in TAKEN else "a name has letters, digits, _ and - only"
    return ""


def _checked(found: Any, owner: str) -> "ModelModule":
    """The same module; ConfigError that names the members of `ModelModule` that it lacks."""
    missing = [member for member in ("TASKS", "Config", "fit", "load") if not hasattr(found, member)]
    wrong = ", ".join(missing)
    if not missing and not (isinstance(found.Config, type) and is_dataclass(found.Config)):
        wrong = "a Config that is a dataclass"
    if not missing and not isinstance(found.TASKS, tuple):
        wrong = "TASKS that are a tuple"
    if wrong:
        raise ConfigError(f"{owner} is no model: it lacks {wrong}.", "See docs/add-a-model.md for what a model has.")
    return found  # type: ignore[no-any-return]


def _distribution(point: EntryPoint) -> str:
    """The package of an entry point."""
    return point.dist.name if point.dist else point.value.partition(".")[0]
