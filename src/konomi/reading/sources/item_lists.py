"""Lists of items, as LightGCN and its followers write them: each line a user and the items that they have, in whole numbers."""

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from konomi.data.table import Table
from konomi.errors import DataError
from konomi.reading.detect import Layout
from konomi.reading.formats import ReadOptions
from konomi.reading.read_frame import read_typed
from konomi.reading.records import first_lines, numbered_lines
from konomi.runtime import Run

NUMBERS = re.compile(r"[0-9]{1,18}( [0-9]{1,18})*\s*")
LOOKED_AT = 20  # lines
LAYOUT = Layout("item-lists", (), ())


def recognise(paths: Sequence[Path]) -> bool:
    """Files of whole numbers with single spaces between them, of which lines are of different lengths."""
    return bool(paths) and all(path.is_file() and _has_lists(path) for path in paths)


def _has_lists(path: Path) -> bool:
    head = first_lines(path, LOOKED_AT)
    return all(NUMBERS.fullmatch(line) for line in head) and len({line.count(" ") for line in head}) > 1


def read(paths: Sequence[Path], options: ReadOptions, run: Run) -> Table:
    """An entry for each item of each user; presence alone is the signal. DataError that names lines of another form."""
    frame = pl.concat([_entries(path) for path in paths])
    table = read_typed(frame, str(paths[0]), dataclasses.replace(options, implicit=True), run, "item-lists")
    return dataclasses.replace(table, files=tuple(paths))


def _entries(path: Path) -> pl.DataFrame:
    frame = numbered_lines(path)
    if wrong := frame.filter(~pl.col("line").str.contains(r"^[0-9]{1,18}( [0-9]{1,18})*$"))["row"].head(5).to_list():
        raise DataError(
            f"{path}: lines are no lists of whole numbers: {', '.join(map(str, wrong))}.",
            "A line has a user and the items that they have, with one space between them.",
        )
    words = frame.select(pl.col("line").str.split(" "))
    each = words.select(pl.col("line").list.first().alias("user_id"), pl.col("line").list.slice(1).alias("item_id"))
    return each.explode("item_id").drop_nulls().select(pl.col("user_id", "item_id").cast(pl.Int64))
