"""The values of a condition, one for each title, and the operations on them.

A value is unknown (null) where the catalogue does not know it. Operations on unknown values follow SQL: `unknown and true` is
unknown, `unknown or true` is true. What cannot be computed, such as 1 / 0, is unknown as well.
"""

import math
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal

import numpy as np
import polars as pl

from konomi.arrays import Bools

Kind = Literal["a number", "text", "true or false", "a list", "null"]
DIGITS = 7  # significant digits of a float32: rounded to them, 8.7 in the catalogue equals a written 8.7


class Mistake(Exception):
    """What is wrong with a condition, and at which character (from 0)."""

    def __init__(self, at: int, reason: str) -> None:
        super().__init__(reason)
        self.at, self.reason = at, reason


@dataclass(frozen=True)
class Value:
    """The value of a term of a condition: an entry for each title, or one for all titles; at: where the term begins.

    Numbers are i64 or f64, text String, lists List(String), truth Boolean.
    """

    kind: Kind
    series: pl.Series
    at: int


def column(series: pl.Series, at: int) -> Value:
    """A column of the catalogue."""
    kind = series.dtype
    if kind.is_integer():
        return Value("a number", series.cast(pl.Int64, strict=False), at)
    if kind.is_float():
        exact = series.cast(pl.Float64).fill_nan(None)
        return Value("a number", exact.round_sig_figs(DIGITS) if kind == pl.Float32 else exact, at)
    if kind == pl.String:
        return Value("text", series, at)
    if kind == pl.Boolean:
        return Value("true or false", series, at)
    if kind == pl.List(pl.String):
        return Value("a list", series, at)
    if kind == pl.Null:
        return Value("null", series, at)
    raise Mistake(at, f'the column "{series.name}" is of a kind that no condition can ask for')


def number(text: str, at: int) -> Value:
    """A written number: i64 where it is whole, else f64."""
    whole = text.isdecimal()
    if int(text) >= 2**63 if whole else math.isinf(float(text)):
        raise Mistake(at, "this number is too large")
    return Value("a number", pl.Series([int(text)], dtype=pl.Int64) if whole else pl.Series([float(text)]), at)


def text_of(text: str, at: int) -> Value:
    """A written text."""
    return Value("text", pl.Series([text], dtype=pl.String), at)


def truth(value: bool | None, at: int) -> Value:
    """true, false or null."""
    return Value("null" if value is None else "true or false", pl.Series([value], dtype=pl.Boolean), at)


def both(terms: Sequence[Value]) -> Value:
    """Whether all of these hold."""
    return terms[0] if len(terms) == 1 else _truth(reduce(operator.and_, map(_holds, terms)), terms[0].at)


def either(terms: Sequence[Value]) -> Value:
    """Whether one of these holds."""
    return terms[0] if len(terms) == 1 else _truth(reduce(operator.or_, map(_holds, terms)), terms[0].at)


def opposite(term: Value) -> Value:
    """Whether this does not hold."""
    return _truth(~_holds(term), term.at)


def answer(condition: Value, titles: int) -> Bools:
    """bool[I]: the titles for which a condition holds; unknown counts as false."""
    holds = _holds(condition).fill_null(False).to_numpy()
    return np.array(np.broadcast_to(holds, titles) if len(holds) == 1 else holds, bool)


COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    **{"=": operator.eq, "==": operator.eq, "!=": operator.ne, "<>": operator.ne},
    **{"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge},
}


def compare(sign: str, a: Value, b: Value, at: int) -> Value:
    """a = b and the like, for two numbers, two texts, or two truths. Texts are ordered by code points."""
    if "null" in (a.kind, b.kind):
        return truth(None, a.at)
    if "a list" in (a.kind, b.kind):
        raise Mistake(at, f"{sign} cannot compare a list: write 'Comedy' in genres")
    if a.kind != b.kind:
        raise Mistake(at, f"{sign} cannot compare {a.kind} with {b.kind}")
    if a.kind == "true or false" and COMPARISONS[sign] not in (operator.eq, operator.ne):
        raise Mistake(at, f"{sign} cannot compare what is {a.kind}")
    left, right = a.series, b.series
    if left.dtype != right.dtype:  # a whole number and one with a fraction
        left, right = left.cast(pl.Float64), right.cast(pl.Float64)
    return _truth(COMPARISONS[sign](left, right), a.at)


def between(value: Value, low: Value, high: Value, at: int) -> Value:
    """low <= value <= high."""
    return both([compare(">=", value, low, at), compare("<=", value, high, at)])


def among(value: Value, choices: Sequence[Value], at: int) -> Value:
    """Whether a value is one of these."""
    return either([compare("=", value, choice, at) for choice in choices])


def within(value: Value, several: Value, at: int) -> Value:
    """Whether a text is in a list."""
    if several.kind == "null" or (value.kind == "null" and several.kind == "a list"):
        return truth(None, value.at)
    if several.kind != "a list" or value.kind != "text":
        raise Mistake(at, f"in finds text in a list, not {value.kind} in {several.kind}")
    only = value.series.item() if len(value.series) == 1 else value.series
    found = several.series.list.contains(only)
    return _truth(found.zip_with(value.series.is_not_null(), pl.Series([None], dtype=pl.Boolean)), value.at)


def like(value: Value, pattern: str, at: int, any_case: bool = False) -> Value:
    """Whether a text matches a pattern: % stands for any characters, _ for one."""
    if value.kind == "null":
        return truth(None, value.at)
    if value.kind != "text":
        raise Mistake(at, f"like is for text, not for {value.kind}")
    first, *rest = ("".join("." if letter == "_" else re.escape(letter) for letter in piece) for piece in pattern.split("%"))
    # atomic groups: each piece matches where it first fits, so that the time is at most length of text × length of pattern
    later = [f"(?>.*?{piece})" for piece in rest[:-1] if piece] + [f".*{piece}" for piece in rest[-1:]]
    fits = re.compile(first + "".join(later), re.DOTALL | (re.IGNORECASE if any_case else 0)).fullmatch
    found = [None if text is None else fits(text) is not None for text in value.series.to_list()]
    return _truth(pl.Series(found, dtype=pl.Boolean), value.at)


def is_one(value: Value, constant: bool | None) -> Value:
    """Whether a value is null, true or false: never unknown itself."""
    if constant is None:
        return _truth(value.series.is_null(), value.at)
    return _truth(_holds(value).eq_missing(pl.Series([constant])), value.at)


ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    **{"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "%": np.fmod},
}


def calculate(sign: str, a: Value, b: Value, at: int) -> Value:
    """a + b and the like, in f64."""
    for value in (a, b):
        if value.kind not in ("a number", "null"):
            raise Mistake(at, f"{sign} is for numbers, not for {value.kind}")
    left, right = (value.series.cast(pl.Float64).to_numpy() for value in (a, b))
    with np.errstate(all="ignore"):
        result = np.asarray(ARITHMETIC[sign](left, right))
    return Value("a number", pl.Series(np.where(np.isfinite(result), result, np.nan), nan_to_null=True), a.at)


def negative(value: Value, at: int) -> Value:
    """-a."""
    if value.kind == "a number" and value.series.dtype == pl.Int64:
        return Value("a number", -value.series, at)
    return calculate("-", number("0", at), value, at)


@dataclass(frozen=True)
class Function:
    """A function that a condition can call: takes: the number of its arguments; call: computes its value."""

    takes: int
    call: Callable[..., Value]


def _of_text(change: Callable[[pl.Series], pl.Series]) -> Function:
    def changed(value: Value, at: int) -> Value:
        if value.kind not in ("text", "null"):
            raise Mistake(value.at, f"this is {value.kind}, and not text")
        return Value(value.kind, value.series if value.kind == "null" else change(value.series), at)

    return Function(1, changed)


def _length(value: Value, at: int) -> Value:
    if value.kind == "null":
        return value
    if value.kind not in ("text", "a list"):
        raise Mistake(value.at, f"this is {value.kind}, and has no length")
    many = value.series.str.len_chars() if value.kind == "text" else value.series.list.len()
    return Value("a number", many.cast(pl.Int64), at)


FUNCTIONS = {
    "lower": _of_text(lambda text: text.str.to_lowercase()),
    "upper": _of_text(lambda text: text.str.to_uppercase()),
    "length": Function(1, _length),
    "array_contains": Function(2, lambda several, value, at: within(value, several, at)),
}


def _holds(value: Value) -> pl.Series:
    """A value as true, false or null."""
    if value.kind == "null":
        return pl.Series([None], dtype=pl.Boolean)
    if value.kind != "true or false":
        raise Mistake(value.at, f"this is {value.kind}, and neither true nor false")
    return value.series


def _truth(series: pl.Series, at: int) -> Value:
    return Value("true or false", series, at)
