"""Any table in Python → a polars frame: from polars, from pandas (without pyarrow), or through Arrow's C stream interface."""

import datetime
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from konomi.errors import DataError

REMEDY = "Give a frame of polars, pandas, pyarrow, DuckDB or another table with the Arrow C stream interface."
NUMPY_KINDS = "biufM"  # booleans, numbers and dates, which polars reads directly
NUMBERS = (int, float, Decimal)


def as_polars(frame: Any, what: str) -> pl.DataFrame:
    """A table as a polars frame; NaN, None, NaT and pandas' NA become null.

    what: its name in errors. A frame of pandas is read column by column through NumPy, so that the result is the same with and
    without pyarrow. DataError for anything that is no table, and for two columns of one name.
    """
    if isinstance(frame, pl.DataFrame):
        return frame
    try:
        if isinstance(frame, pl.LazyFrame):
            return frame.collect()
        if all(hasattr(frame, name) for name in ("columns", "dtypes", "to_numpy")):  # pandas and look-alikes
            return _by_column(frame, what)
        if hasattr(frame, "__arrow_c_stream__"):
            return pl.DataFrame(frame)
    except DataError:
        raise
    except Exception as error:  # another package's table, or polars reading it, may raise anything
        raise DataError(f"{what}: cannot be read as a table: {error}", REMEDY) from error
    listed = isinstance(frame, dict | list | tuple)
    raise DataError(
        f"{what}: a value of the type {type(frame).__name__} is no table.",
        "Make one of it: polars.DataFrame(…) or pandas.DataFrame(…)." if listed else REMEDY,
    )


def _by_column(frame: Any, what: str) -> pl.DataFrame:
    labels = list(frame.columns)
    names = [str(label) for label in labels]
    twice = next((name for n, name in enumerate(names) if name in names[:n]), None)
    if twice is not None:
        raise DataError(f'{what}: two columns are called "{twice}".', "Give each column a name of its own.")
    return pl.DataFrame([_series(name, frame[label]) for name, label in zip(names, labels, strict=True)])


def _series(name: str, column: Any) -> pl.Series:
    """One column, null where it is missing."""
    array = np.asarray(column)
    if array.dtype.kind == "M":
        array = array.astype("datetime64[us]")
    if array.dtype == np.float16:
        array = array.astype(np.float32)
    if array.dtype.kind in NUMPY_KINDS:
        return pl.Series(name, array, nan_to_null=True)
    values = array.tolist()
    if set(map(type, values)) <= {str, type(None)}:
        return pl.Series(name, values, pl.String)  # the quick way for columns of ids, which may be long
    return _of_values(name, [_plain(value) for value in values])


def _plain(value: Any) -> Any:
    """A value as a plain Python object: None where it is missing, arrays and sets as lists, times in UTC without a zone."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    if isinstance(value, list | tuple):
        return list(value)
    try:
        if value is None or value != value:
            return None
    except TypeError:  # pandas' NA: comparing it with itself gives neither True nor False
        return None
    if isinstance(value, datetime.datetime):
        local = value if value.tzinfo is None else value.astimezone(datetime.UTC)
        return datetime.datetime.combine(local.date(), local.time())
    return value


def _of_values(name: str, values: list[Any]) -> pl.Series:
    """A column of Python values. A mix of text and numbers becomes text, as in a file."""
    kinds = {type(value) for value in values if value is not None}
    if not kinds:
        return pl.Series(name, values, pl.Null)
    if _all(kinds, str):
        return pl.Series(name, values, pl.String)
    if _all(kinds, bool):
        return pl.Series(name, values, pl.Boolean)
    if _all(kinds, int) and all(-(2**63) <= value < 2**63 for value in values if value is not None):
        return pl.Series(name, values, pl.Int64)
    if _all(kinds, NUMBERS) and bool not in kinds and not _all(kinds, int):
        return pl.Series(name, [None if value is None else float(value) for value in values], pl.Float64)
    if _all(kinds, (str, *NUMBERS)) and bool not in kinds:
        return pl.Series(name, [None if value is None else _text(value) for value in values], pl.String)
    if _all(kinds, list):
        return pl.Series(name, [None if value is None else _texts(value) for value in values], pl.List(pl.String))
    if _all(kinds, datetime.datetime):
        return pl.Series(name, values, pl.Datetime("us"))
    if _all(kinds, datetime.date) and datetime.datetime not in kinds:
        return pl.Series(name, values, pl.Date)
    return pl.Series(name, values, pl.Object)  # refused later if the column is used


def _all(kinds: Iterable[type], allowed: type | tuple[type, ...]) -> bool:
    return all(issubclass(kind, allowed) for kind in kinds)


def _text(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _texts(values: Iterable[Any]) -> list[str]:
    return [_text(plain) for value in values if (plain := _plain(value)) is not None]
