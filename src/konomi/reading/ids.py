"""Columns of ids: int32 or int64 where all of them are whole numbers, else strings."""

from typing import cast

import numpy as np
import polars as pl

from konomi.reading.slow_rows import SPACES

INT32 = np.iinfo(np.int32)


class Doubt(Exception):
    """A value that the slow reader has to check."""


def batch_ids(ids: pl.Series, integer: bool) -> pl.Series:
    """A batch of ids in the narrowest type: int32 or int64 where all are whole numbers as Python writes them, else strings."""
    decimal = ids.dtype.is_float()
    if decimal and (ids.floor() == ids).all():
        ids = ids.cast(pl.Int64)
    if not ids.dtype.is_integer():
        text = ids.cast(pl.String).str.strip_chars(SPACES)
        text = text.str.strip_suffix(".0") if decimal else text
        if (text == "").any():
            raise Doubt
        ids = text.cast(pl.Int64, strict=integer)
        if not integer and not (ids.cast(pl.String) == text).fill_null(False).all():
            return text
    return _narrowed(ids)


def _narrowed(ids: pl.Series) -> pl.Series:
    low, high = cast(int, ids.min()), cast(int, ids.max())
    return ids.cast(pl.Int32 if INT32.min <= low and high <= INT32.max else pl.Int64)


def joined(batches: list[pl.Series], name: str) -> pl.Series:
    """One column from batches of `batch_ids`, of the widest of their types, so that no id changes."""
    kinds = {ids.dtype for ids in batches}
    widest = pl.String if pl.String in kinds else pl.Int64 if pl.Int64 in kinds else pl.Int32
    ids = pl.concat([ids.cast(widest) for ids in batches], rechunk=False).alias(name)
    if widest != pl.String:
        return ids
    whole = whole_ids(ids)
    return _narrowed(whole) if whole.dtype == pl.Int64 else ids


def whole_ids(text: pl.Series) -> pl.Series:
    """Ids as int64 where all are whole numbers as Python writes them, or with ".0" as pandas does; else the same strings."""
    if text.head(1).str.strip_suffix(".0").cast(pl.Int64, strict=False).null_count():
        return text  # the first id already shows it for most columns of strings
    plain = text.str.strip_suffix(".0")
    whole = plain.cast(pl.Int64, strict=False)
    return whole if (whole.cast(pl.String) == plain).fill_null(False).all() else text
