"""The Netflix Prize, combined_data_1.txt and so on: a line "12:" for each film, then lines "user,rating,date"."""

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from konomi.data.scale import Scale
from konomi.data.table import Table
from konomi.errors import DataError
from konomi.reading.detect import Layout
from konomi.reading.formats import ReadOptions
from konomi.reading.read_frame import read_typed
from konomi.reading.records import first_lines, numbered_lines
from konomi.runtime import Run

FILM, RATING = r"^(\d+):\s*$", r"^\s*(\d+),(\d+(?:\.\d+)?),(\d{4}-\d\d-\d\d)\s*$"
LAYOUT = Layout("netflix", (tuple(f"combined_data_{n}.txt" for n in range(1, 5)),), ())


def recognise(paths: Sequence[Path]) -> bool:
    """Files that begin with the id of a film and a colon."""
    return bool(paths) and all(path.is_file() and _begins_with_a_film(path) for path in paths)


def _begins_with_a_film(path: Path) -> bool:
    return any(re.match(FILM, line) for line in first_lines(path, 1))


def read(paths: Sequence[Path], options: ReadOptions, run: Run) -> Table:
    """The ratings, with their dates as times. DataError that names the first line of another form."""
    frame = pl.concat([_ratings(path) for path in paths])
    options = dataclasses.replace(options, scale=options.scale or Scale(1, 5, 1))
    return dataclasses.replace(read_typed(frame, str(paths[0]), options, run, "netflix"), files=tuple(paths))


def _ratings(path: Path) -> pl.DataFrame:
    film, parts = pl.col("line").str.extract(FILM), [pl.col("line").str.extract(RATING, n) for n in (1, 2, 3)]
    frame = numbered_lines(path).with_columns(
        item=film.forward_fill(), film=film, user=parts[0], rating=parts[1], date=parts[2]
    )
    if wrong := frame.filter(pl.col("film").is_null() & pl.col("user").is_null())["row"].head(5).to_list():
        raise DataError(
            f"{path}: lines are neither a film nor a rating of it: {', '.join(map(str, wrong))}.",
            "A film is a line such as 12: and its ratings are lines such as 1488844,3,2005-09-06.",
        )
    return frame.filter(pl.col("user").is_not_null()).select(
        pl.col("user").cast(pl.Int64).alias("user_id"),
        pl.col("item").cast(pl.Int64).alias("item_id"),
        pl.col("rating").cast(pl.Float32),
        pl.col("date").str.to_date().alias("timestamp"),
    )
