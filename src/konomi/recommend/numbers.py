"""What people give as a number."""

from numbers import Real
from operator import index
from typing import TypeGuard

from konomi.errors import RequestError


def is_number(value: object) -> TypeGuard[float]:
    """Whether it is one that a float can hold; True and False are none."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    try:
        float(value)
    except OverflowError:
        return False
    return True


def whole(name: str, value: object, least: int) -> int:
    """A whole number of at least so much; RequestError for anything else."""
    try:
        number = index(value)  # type: ignore[arg-type]
    except TypeError:
        number = least - 1
    if number < least:
        raise RequestError(f"{name} is {value!r}.", f"Give a whole number, {least} or more.")
    return number
