"""Typed records from plain JSON: no field missing, none unknown, each with its type."""

import math
import types
import typing
from dataclasses import fields
from typing import Any, Literal, TypeVar

T = TypeVar("T")


def record(kind: type[T], values: Any, where: str) -> T:
    """A record from plain JSON; ValueError where a field is missing, unknown or of another type. where: its name in errors."""
    if not isinstance(values, dict):
        raise ValueError(f"{where} is no record")
    hints = typing.get_type_hints(kind)
    for each in fields(kind):  # type: ignore[arg-type]
        needed = type(None) not in typing.get_args(hints[each.name])
        if each.name not in values and needed:
            raise ValueError(f'"{each.name}" of {where} is missing')
    for name, value in values.items():
        if name not in hints:
            raise ValueError(f'"{name}" of {where} is not known here')
        if not is_a(hints[name], value):
            raise ValueError(f'"{name}" of {where} cannot be {str(value)[:60]}')
    return kind(**values)


def is_a(hint: Any, value: Any) -> bool:
    """Whether a value of JSON is of a type; numbers have to be finite, and lists count as tuples."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return True
    if origin is Literal:
        return value in inner
    if origin in (types.UnionType, typing.Union):
        return any(is_a(kind, value) for kind in inner)
    if origin is dict:
        return isinstance(value, dict) and all(is_a(inner[1], each) for each in value.values())
    if origin in (list, tuple):
        if not isinstance(value, list | tuple):
            return False
        if origin is list or inner[-1] is ...:
            return all(is_a(inner[0], each) for each in value)
        return len(value) == len(inner) and all(map(is_a, inner, value))
    if hint is float:
        return type(value) in (int, float) and math.isfinite(value)
    return type(value) is hint
