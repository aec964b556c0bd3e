"""A table in memory → a Table, as from a file."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from konomi.data.table import Table
from konomi.errors import DataError
from konomi.reading.as_polars import as_polars
from konomi.reading.detect import with_catalogues
from konomi.reading.formats import ReadOptions
from konomi.reading.rows import read_columns
from konomi.reading.signal import with_signal
from konomi.reading.times import is_date
from konomi.reading.usual_names import usual_format
from konomi.runtime import Run

NAME = "the frame"  # its name in errors


def read_frame(frame: Any, options: ReadOptions, run: Run, items: Sequence[Any] = ()) -> Table:
    """The entries of a frame (polars, pandas, pyarrow, DuckDB, …) with a row per rating, the same as from a file.

    Columns that `options` does not name have their usual names. items: catalogues, as for `with_catalogues`. DataError for
    anything that is no table, a column that is missing or of another type, and bad rows, by number from 1.
    """
    ratings = as_polars(frame, NAME)
    if not ratings.width or not len(ratings):
        raise DataError(f"{NAME}: there is no row of ratings in it.", "Give a frame with a row per rating.")
    table = dataclasses.replace(read_typed(ratings, NAME, options, run, "frame"), files=())
    given = items or options.items
    return with_catalogues(table, given, options) if given else table


def read_typed(ratings: pl.DataFrame, name: str, options: ReadOptions, run: Run, source: str) -> Table:
    """The entries of a frame of polars with a row per rating. name: of the frame or of its file, in errors."""
    columns = {column: _may_be_times(ratings[column]) for column in ratings.columns}
    format = usual_format(name, columns, options).given(options)
    table = read_columns(ratings.lazy(), Path(name), format, options, run, source)
    table = with_signal(table, format.counts, options.implicit, format.scale is not None)
    return dataclasses.replace(table, reading=format.names())


def _may_be_times(column: pl.Series) -> bool:
    """Whether the values of a column are whole numbers, dates, or dates as text."""
    if column.dtype == pl.String:
        first = column.drop_nulls().head(1).to_list()
        return bool(first) and is_date(first[0])
    return column.dtype.is_integer() or column.dtype.is_temporal()
