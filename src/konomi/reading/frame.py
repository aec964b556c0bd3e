"""Any table with the Arrow C stream interface → a Table."""

import dataclasses
from pathlib import Path
from typing import Any

import polars as pl

from konomi.data.dataset import Dataset as Dataset
from konomi.data.prepare import prepare
from konomi.data.scale import Scale
from konomi.data.table import Table
from konomi.errors import DataError
from konomi.reading.catalogues import complete_catalogue
from konomi.reading.formats import RatingsFormat, ReadOptions
from konomi.reading.records import OnBadRows
from konomi.reading.rows import read_frame as read_scan
from konomi.runtime import Run


def read_frame(
    frame: Any,
    user: str,
    item: str,
    rating: str,
    time: str | None = None,
    scale: Scale | None = None,
    items: Any = None,
    on_bad_rows: OnBadRows = "refuse",
) -> Table:
    """A Table from the named columns of a frame (polars, pandas, pyarrow, DuckDB, …); `items` is a catalogue as a frame.

    The catalogue's ids are in its column `item_id`, else in one that is called like `item`. Raises `DataError` for something
    that is no such table, a column that is not there, and bad rows, by number from 1.
    """
    format = RatingsFormat(user, item, rating, time=time, scale=scale, integer_ids=False)
    options = ReadOptions(on_bad_rows=on_bad_rows)
    table = read_scan(_polars(frame).lazy(), Path("the frame"), format, options, Run(), "frame")
    if items is None:
        return dataclasses.replace(table, files=())
    catalogue = _polars(items)
    if "item_id" not in catalogue.columns and item in catalogue.columns:
        catalogue = catalogue.rename({item: "item_id"})
    return dataclasses.replace(table, files=(), items=complete_catalogue(catalogue))


def _polars(frame: Any) -> pl.DataFrame:
    if isinstance(frame, pl.DataFrame):
        return frame
    if not hasattr(frame, "__arrow_c_stream__"):
        kind = type(frame).__name__
        raise DataError(f"A {kind} is not a table.", "Give a frame of polars, pandas, pyarrow, … (Arrow C stream interface).")
    return pl.DataFrame(frame)


def dataset_from_frame(
    frame: Any,
    user: str = "user_id",
    item: str = "item_id",
    rating: str = "rating",
    time: str | None = None,
    scale: Scale | None = None,
    items: Any = None,
    on_bad_rows: OnBadRows = "refuse",
) -> Dataset:
    """A dataset from any table with the Arrow C stream interface (pandas, pyarrow, polars, DuckDB, …).

    `user`, `item`, `rating`, `time` name its columns; a null rating means "not scored". `scale` is guessed where it is not
    given. `items` is a catalogue: a column `item_id` (or one called like `item`) and any of `table.ITEM_COLUMNS`.
    """
    return prepare(read_frame(frame, user, item, rating, time, scale, items, on_bad_rows))


Dataset.from_frame = staticmethod(dataset_from_frame)
