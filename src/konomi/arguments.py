"""What callers give, checked: paths, whole numbers, values of a kind; and how a message names what is given instead."""

import os
from numbers import Real
from operator import index
from pathlib import Path
from typing import Any, TypeGuard

from konomi.errors import KonomiError, RequestError
from konomi.settings import shown


def what_it_is(value: object) -> str:
    """What kind of thing a value is, at the beginning of a sentence: "An int", "A DataFrame", "None"."""
    name = type(value).__name__
    return "None" if value is None else f"An {name}" if name[0] in "aeiouAEIOU" else f"A {name}"


def as_path(value: object, what: str, error: type[KonomiError], hint: str = "Give a text or a Path.") -> Path:
    """A path as people give it; `error` for what is none. `what` lies there, as in "a bundle"."""
    path = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(path, str) or not path or "\0" in path:
        said = shown(value) if isinstance(value, str | bytes | int | float | None) else what_it_is(value)
        raise error(f"{said} is no path of {what}.", hint)
    return Path(path)


def expect(value: Any, kind: Any, what: str, error: type[KonomiError], hint: str, field: str | None = None) -> Any:
    """The same value; `error` where it is not of the kind, which is what `isinstance` takes.

    `what` it should be, as in "a split"; the hint says what to give; field is the argument, where it is one of several.
    """
    if not isinstance(value, kind):
        raise error(f"{what_it_is(value)} is not {what}.", hint, field)
    return value


def is_number(value: object) -> TypeGuard[float]:
    """Whether it is one that a float can hold; True and False are none."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    try:
        float(value)
    except OverflowError:
        return False
    return True


def integer(value: object) -> int | None:
    """The whole number that it is, of Python or of NumPy; None where it is none. True and False are none."""
    try:
        return None if isinstance(value, bool) else index(value)  # type: ignore[arg-type]
    except TypeError:
        return None


def whole(name: str, value: object, least: int, error: type[KonomiError] = RequestError) -> int:
    """A whole number of at least so much; `error` for anything else."""
    number = integer(value)
    if number is None or number < least:
        raise error(f"{name} is {shown(value)}.", f"Give a whole number, {least} or more.", name)
    return number
