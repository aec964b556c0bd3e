"""The slow reader, which defines the fast one: row by row, with line numbers and a reason for every bad row."""

import math
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from itertools import count
from typing import Any

import numpy as np
import polars as pl

from konomi.data.scale import MOST
from konomi.data.table import Rejects
from konomi.reading.formats import RatingsFormat
from konomi.reading.records import Record, number, reject
from konomi.reading.times import seconds_of

BATCH = 200_000  # rows
INTEGER = re.compile("[+-]?[0-9]+")  # int() also takes 1_0 and the digits of other scripts
SPACES = " \t"  # stripped from ids
INT64 = np.iinfo(np.int64)
TRUE, FALSE = ("1", "true", "yes", "t", "y", "1.0"), ("0", "false", "no", "f", "n", "0.0")  # of a column that marks rows

Row = tuple[int, dict[str, Any], str, str]
"""Line (or row number), field → value, what is wrong with the whole row (or ""), its text."""


def text_rows(rows: Iterator[Record], places: dict[str, int], width: int, header: bool) -> Iterator[Row]:
    """A row for every record, with the cells at `places` by field."""
    needed = max(places.values()) + 1
    for record in rows:
        if header:
            header = False
            continue
        fault = record.fault
        if not fault and not needed <= len(record.fields) <= width:
            fault = "too few columns" if len(record.fields) < needed else "too many columns"
        fields = {} if fault else {field: record.fields[place] for field, place in places.items()}
        yield record.line, fields, fault, record.text


def frame_rows(batches: Iterable[pl.DataFrame]) -> Iterator[Row]:
    number = count(1)
    for batch in batches:
        for row in batch.iter_rows(named=True):
            yield next(number), row, "", ", ".join(map(str, row.values()))


def checked_rows(rows: Iterable[Row], format: RatingsFormat, rejects: Rejects) -> Iterator[pl.DataFrame]:
    """Batches of the good rows; the others go to `rejects`."""
    id_type = pl.Int64() if format.integer_ids else pl.String()
    of_fields = {"rating": pl.Float32(), "status": pl.Int64(), "time": pl.Int64(), "deleted": pl.String()}
    types: dict[str, pl.DataType] = {"user": id_type, "item": id_type, **of_fields}
    schema = {field: types[field] for field in format.names()}
    check = lru_cache(1 << 16)(partial(_checked, format))  # values repeat: a file has few distinct ids and ratings
    good: list[list[Any]] = []
    for line, fields, fault, text in rows:
        try:
            if fault:
                raise ValueError(fault)
            good.append([check(field, fields[field]) for field in schema])
        except ValueError as error:
            reject(rejects, line, str(error), text)
        if len(good) == BATCH:
            yield pl.DataFrame(good, schema=schema, orient="row")
            good = []
    yield pl.DataFrame(good, schema=schema, orient="row")


def _checked(format: RatingsFormat, field: str, value: Any) -> Any:
    """The value of one field; ValueError with what is wrong, without the value, so that equal faults can be counted."""
    value = value.strip(SPACES) if isinstance(value, str) else value
    missing = value is None or value == "" or value != value
    if field in ("user", "item"):
        if missing:
            raise ValueError(f"missing {field} id")
        return _whole(value, f"{field} id") if format.integer_ids else _text(value, f"{field} id")
    if field == "time":
        return 0 if missing else seconds_of(value)
    if field == "status":
        return 0 if missing else _whole(value, field)
    if field == "deleted":
        word = FALSE[0] if missing else str(value).lower()
        if word not in (*TRUE, *FALSE):
            raise ValueError("deleted is neither true nor false")
        return word
    if missing:
        return math.nan
    try:
        rating = _rating(value, format) if isinstance(value, str) else float(value)
    except ValueError:
        raise ValueError("rating is not a number") from None
    if rating in format.unscored:
        return math.nan
    if format.counts and rating <= 0:
        raise ValueError("count is not above 0")
    if format.scale and not format.counts and not format.scale.valid(np.array([rating], np.float32))[0]:
        raise ValueError(f"rating off the scale {format.scale}")
    if abs(rating) > MOST:
        raise ValueError(f"rating beyond ±{MOST:,}")
    return rating


def _rating(text: str, format: RatingsFormat) -> float:
    """A number, with a comma before its decimals where commas do not stand between columns."""
    return number(text if format.separator == "," else text.replace(",", ".", 1))


def _whole(value: Any, what: str) -> int:
    try:
        if isinstance(value, str) and not INTEGER.fullmatch(value := value.removesuffix(".0")):
            raise ValueError(value)
        whole = int(value)
    except (ValueError, OverflowError):
        raise ValueError(f"{what} is not a whole number") from None
    if whole != (value if isinstance(value, float) else whole) or not INT64.min <= whole <= INT64.max:
        raise ValueError(f"{what} is not a whole number")
    return whole


def _text(value: Any, what: str) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    try:
        str(value).encode()
    except UnicodeEncodeError:
        raise ValueError(f"{what} is not UTF-8") from None
    return str(value)
