"""Tables of a protocol's TOML file as records; whatever is wrong with one is told with its place."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar, get_type_hints

from konomi.errors import ConfigError, KonomiError
from konomi.settings import closest, settings, shown

FORM = "See docs/benchmark.md for the form."

T = TypeVar("T")


def record(kind: type[T], values: Any, origin: str) -> T:
    """A frozen dataclass from a table of TOML, whose lists are of texts. ConfigError for anything else, and what is missing."""
    if not isinstance(values, dict):
        raise ConfigError(f"{origin}: is no table.", FORM)
    needed = [each.name for each in fields(kind) if each.default is MISSING and each.default_factory is MISSING]  # type: ignore[arg-type]
    if missing := [name for name in needed if name not in values]:
        raise ConfigError(f'{origin}: there is no "{missing[0]}".', FORM, missing[0])
    hints = get_type_hints(kind)
    for key, value in values.items():
        if hints.get(key) == tuple[str, ...] and not is_words(value):
            raise ConfigError(f"{origin}: {key} cannot be {shown(value)}.", "It is a list of texts.", key)
    found: T = named(origin, lambda: settings(kind, values, origin))
    return found


def known(values: Iterable[str], names: Iterable[str], origin: str, what: str) -> None:
    """ConfigError for a key that is none of the names."""
    names = list(names)
    if other := next((key for key in values if key not in names), None):
        raise ConfigError(f'{origin}: unknown "{other}".{closest(other, names)}', f"The {what} are: {', '.join(names)}.", other)


def check_name(name: str, origin: str) -> None:
    """ConfigError for a file name that leads out of the folder of the data."""
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
        raise ConfigError(f'{origin}: "{name}" is no name within the folder of the data.', "Write it as in u.data.")


def named(origin: str, make: Callable[[], Any]) -> Any:
    """What `make` gives; its ConfigError with the place in front."""
    try:
        return make()
    except KonomiError as error:
        message = error.message if error.message.startswith(origin) else f"{origin}: {error.message}"
        raise ConfigError(message, error.hint, error.field) from None


def table_at(tables: Mapping[str, Any], key: str, path: Path, within: str = "") -> dict[str, Any]:
    found = tables.get(key, {} if within else None)
    if not isinstance(found, dict):
        raise ConfigError(f"{path}: there is no table [{within}{key}].", FORM, key)
    return found


def tables_at(tables: Mapping[str, Any], key: str, path: Path, within: str = "") -> list[tuple[Any, str]]:
    """The tables of a list, each with its place."""
    found = tables.get(key, [])
    if not isinstance(found, list):
        raise ConfigError(f"{path}: {within}{key} is no list.", f"Write each under [[{within}{key}]].", key)
    return [(each, f"{path} [[{within}{key}]] {n}") for n, each in enumerate(found, 1)]


def text_at(tables: Mapping[str, Any], key: str, origin: str) -> str:
    found = tables.get(key)
    if not isinstance(found, str) or not found.strip():
        raise ConfigError(f"{origin}: {key} is no text.", f'Write {key} = "…".', key)
    return found


def is_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)
