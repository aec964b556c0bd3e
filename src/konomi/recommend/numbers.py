"""Checks of numbers that people give."""

from numbers import Real
from operator import index
from typing import TypeGuard

from konomi.errors import RequestError
from konomi.settings import shown


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a number that a float can hold; True and False are not."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    try:
        float(value)
    except OverflowError:
        return False
    return True


def integer(value: object) -> int | None:
    """A value as an int, from Python's or NumPy's integers; None for anything else, True and False included."""
    try:
        return None if isinstance(value, bool) else index(value)  # type: ignore[arg-type]
    except TypeError:
        return None


def whole(name: str, value: object, least: int) -> int:
    """A whole number, `least` or more; RequestError for anything else."""
    number = integer(value)
    if number is None or number < least:
        raise RequestError(f"{name} is {shown(value)}.", f"Give a whole number, {least} or more.", name)
    return number
