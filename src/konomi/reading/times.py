"""Times: seconds or milliseconds since 1970, or dates with or without a time (ISO 8601; UTC where no zone is said)."""

import math
import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl

from konomi.arrays import I64

DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]|$)")
WHOLE = re.compile(r"[+-]?[0-9]+(\.0*)?")
MILLISECONDS = 10**11  # numbers from here on are no seconds: that would be the year 5138
INT64 = 1 << 63


def is_time(text: str) -> bool:
    """Whether a text is a whole number, or begins with a date."""
    return WHOLE.fullmatch(text.strip()) is not None or is_date(text)


def is_date(text: str) -> bool:
    """Whether a text begins with a date such as 2020-01-31."""
    return DATE.match(text.strip()) is not None


def seconds_of(value: Any) -> int:
    """Seconds since 1970 of one value; ValueError where it is no time."""
    with suppress(ValueError, OverflowError):
        if isinstance(value, str) and not WHOLE.fullmatch(value):
            moment = datetime.fromisoformat(value)
            return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
        whole = int(value.partition(".")[0]) if isinstance(value, str) else math.floor(value)
        if abs(whole) < INT64:
            return whole // 1000 if abs(whole) >= MILLISECONDS else whole
    raise ValueError("time is neither seconds since 1970 nor a date such as 2020-01-31T10:00:00Z")


def plain_seconds(time: pl.Expr) -> pl.Expr:
    """The same of a column of dates as text; null where one is not plain, such as one with another zone than UTC."""
    plain = time.str.strip_suffix("Z").str.replace(" ", "T")
    moment = pl.when(plain.str.len_chars() == len("2020-01-31")).then(plain + "T00:00:00").otherwise(plain)
    return moment.str.to_datetime("%Y-%m-%dT%H:%M:%S", strict=False, time_unit="ms").dt.epoch("s")


def as_seconds(times: I64) -> I64:
    """i64[N]: times in seconds, where those that cannot be are milliseconds."""
    return np.where(np.abs(times) >= MILLISECONDS, times // 1000, times)
