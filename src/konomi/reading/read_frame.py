"""A table in memory → a Table, as from a file."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from konomi.data.table import Table
from konomi.errors import DataError
from konomi.reading.as_polars import as_polars
from konomi.reading.detect import with_catalogues
from konomi.reading.formats import ReadOptions
from konomi.reading.rows import read_columns
from konomi.reading.signal import with_signal
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
    columns = {name: kind.is_integer() or kind.is_temporal() for name, kind in ratings.schema.items()}
    format = usual_format(NAME, columns, options).given(options)
    table = read_columns(ratings.lazy(), Path(NAME), format, options, run, "frame")
    table = with_signal(table, format.counts, options.implicit, format.scale is not None)
    table = dataclasses.replace(table, files=(), reading=format.names())
    given = items or options.items
    return with_catalogues(table, given, options) if given else table
