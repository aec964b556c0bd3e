"""Settings: turns TOML tables and key=value words into frozen dataclasses, with "did you mean …?" for a wrong word."""

import dataclasses
import difflib
import math
import numbers
import re
import reprlib
import tomllib
import types
import typing
from collections.abc import Callable, Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from konomi.errors import ConfigError

T = TypeVar("T")

LARGEST = 1 << 20  # bytes of a TOML file
MOST_ROWS = 1 << 31  # rows and columns are numbered in 32 bits
LEAST, MOST = -(2**63), 2**63 - 1  # whole numbers of 64 bits
WANTED = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    Path: "a path",
    tuple: "a list",
    Callable: "a function, or what else can be called",
}
"""What a setting of a type is, as a hint says it."""


def closest(word: str, known: Iterable[str]) -> str:
    """' Did you mean "…"?' with the nearest known word; "" where none is near."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f' Did you mean "{near[0]}"?' if near else ""


def shown(value: object) -> str:
    """A value as messages show it: its repr, cut short; only its type where the repr fails."""
    try:
        return reprlib.repr(value) if isinstance(value, str | bytes) else f"{value!r:.60}"
    except Exception:  # an int with too many digits, or any error of another package's repr
        return f"<{type(value).__name__}>"


def settings(kind: type[T], values: Mapping[str, Any], origin: str) -> T:
    """A frozen dataclass from plain values; a `ConfigError` names an unknown key or a value of the wrong type.

    origin: where the values come from, for messages ("run.toml [mf]"). Text is converted: "32" is a whole number, too.
    """
    hints = typing.get_type_hints(kind)
    names = [f.name for f in dataclasses.fields(kind)]  # type: ignore[arg-type]
    checked = {}
    for key, value in values.items():
        if key not in names:
            raise ConfigError(
                f'{origin}: unknown setting "{key}".{closest(key, names)}', f"The settings are: {', '.join(names)}.", key
            )
        checked[key] = _convert(hints[key], value, origin, key)
    return kind(**checked)


def check_types(config: Any, origin: str) -> None:
    """Convert every field of a frozen dataclass to its declared type, as `settings` does; ConfigError where that fails.

    For `__post_init__`: values from a program are checked like those from a file, and NumPy numbers become Python's.
    """
    hints = typing.get_type_hints(type(config))
    for name in (field.name for field in dataclasses.fields(config)):
        object.__setattr__(config, name, _convert(hints[name], getattr(config, name), origin, name))


def _convert(kind: Any, value: Any, origin: str, name: str) -> Any:
    if typing.get_origin(kind) is typing.Literal:
        choices = typing.get_args(kind)
        if isinstance(value, Hashable) and value in choices:
            return value
        said = f'{origin}: {name} cannot be "{_said(value)}".{closest(_said(value), choices)}'
        raise ConfigError(said, f"It is one of: {', '.join(choices)}.", name)
    if isinstance(kind, types.UnionType):
        if value is None and types.NoneType in typing.get_args(kind):
            return None
        kind = next(k for k in typing.get_args(kind) if k is not types.NoneType)
    several = typing.get_origin(kind) is tuple and ... in typing.get_args(kind)
    if several and isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return tuple(_convert(typing.get_args(kind)[0], each, origin, name) for each in value)
    try:
        if several:
            raise TypeError(value)
        if typing.get_origin(kind) is Callable:
            return {True: value}[callable(value)]
        if kind is bool:
            return {"true": True, "false": False}[str(value).lower()]
        fraction = isinstance(value, numbers.Real) and not isinstance(value, numbers.Integral)
        if isinstance(value, bool) or (kind is int and fraction):
            raise ValueError(value)
        converted: Any = value if isinstance(kind, type) and isinstance(value, kind) else kind(value)
        if kind is int and not LEAST <= converted <= MOST:
            raise OverflowError(value)
        if kind is float and not math.isfinite(converted):
            raise ValueError(value)
        return converted
    except (KeyError, ValueError, TypeError, OverflowError) as cause:
        limit = " of at most 64 bits" if kind is int and isinstance(cause, OverflowError) else ""
        wanted = WANTED.get(typing.get_origin(kind) or kind, kind.__name__)
        raise ConfigError(f'{origin}: {name} cannot be "{_said(value)}".', f"It is {wanted}{limit}.", name) from None


def _said(value: Any) -> str:
    try:
        return f"{value}" if isinstance(value, str | numbers.Real) else shown(value)
    except ValueError:  # of a whole number with too many digits
        return shown(value)


def byte_size(text: str, origin: str) -> int:
    """The bytes of "8GB" (10⁹ each), "8GiB" (2³⁰) and the like; a `ConfigError` that names `origin` for anything else.

    >>> byte_size("1.5 GB", "memory"), byte_size("512MiB", "memory")
    (1500000000, 536870912)
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt])(i?)b", text.strip().lower())
    size = int(float(found[1]) * (1024 if found[3] else 1000) ** ("kmgt".index(found[2]) + 1)) if found else 0
    if size < 1:
        raise ConfigError(f'{origin} cannot be "{text}".', "It is a size such as 8GB, 7.5GiB or 500MB.")
    return size


def duration(text: str, origin: str) -> float:
    """The seconds of "90s", "1.5min" or "2h"; a `ConfigError` that names `origin` for anything else.

    >>> duration("90 s", "budget"), duration("1.5min", "budget")
    (90.0, 90.0)
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|m|min|h)", text.strip().lower())
    seconds = float(found[1]) * {"s": 1, "m": 60, "min": 60, "h": 3600}[found[2]] if found else 0.0
    if not 0 < seconds < 1e9:
        raise ConfigError(f'{origin} cannot be "{text}".', "It is a time such as 30s, 10min or 2h.")
    return seconds


def positive(origin: str, **values: float) -> None:
    """Raise a `ConfigError` unless every value is above zero, and no more than arrays can have."""
    for name, value in values.items():
        if not value > 0:
            raise ConfigError(f"{origin}: {name} is {value}.", f"Set {name} above 0.", name)
        if isinstance(value, int) and value > MOST_ROWS:
            raise ConfigError(f"{origin}: {name} is {value}.", f"Set {name} to {MOST_ROWS:,} at most.", name)


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file, or a `ConfigError` that names the file and the line."""
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST + 1)
        if len(text) > LARGEST:
            raise ConfigError(f"{path}: holds more than {LARGEST >> 20} MiB, which no settings do.", "Give a TOML file.")
        return tomllib.loads(text.decode("utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file.", "Give the path of a TOML file.") from None
    except OSError as cause:
        raise ConfigError(f"{path}: cannot be read: {cause.strerror}.", "Give the path of a TOML file.") from cause
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}.", "See docs/presets for files that work.") from None
