"""What people give as a number."""

from numbers import Real
from operator import index
from typing import TypeGuard

from konomi.errors import RequestError
from konomi.settings import shown


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


def whole(name: str, value: object, least: int) -> int:
    """A whole number of at least so much; RequestError for anything else."""
    number = integer(value)
    if number is None or number < least:
        raise RequestError(f"{name} is {shown(value)}.", f"Give a whole number, {least} or more.", name)
    return number
