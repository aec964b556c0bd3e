"""Predicted ratings for a file of pairs, into a file."""

from pathlib import Path

import polars as pl

from konomi.errors import DataError
from konomi.reading.formats import ReadOptions
from konomi.reading.sources import read_source
from konomi.recommend.bulk import check_table, write_table
from konomi.recommend.recommender import Recommender
from konomi.runtime import Run


def write_predictions(recommender: Recommender, pairs: Path, output: Path, run: Run) -> tuple[int, int]:
    """Write user_id, item_id and predicted of every pair in a file, in order; returns how many there are, and how many of them
    have a rating. The others are empty: nobody in the bundle's dataset has the user's id, or no title the item's.

    pairs: any delimited, Parquet or Arrow file with a column of users and one of items; other columns are not read. DataError
    where it cannot be read; RequestError as in `check_table`, and where no model of the bundle predicts ratings.
    """
    check_table(output, [pairs])
    if not pairs.is_file():
        raise DataError(f"{pairs}: no such file.", "Give a file with a user and an item on each line.")
    table = read_source("delimited", [pairs], ReadOptions(implicit=True), run)
    users, items = table.user_id.to_list(), table.item_id.to_list()
    rating = pl.Series("predicted", recommender.predict(zip(users, items, strict=True))).fill_nan(None)
    frame = pl.DataFrame([table.user_id.alias("user_id"), table.item_id.alias("item_id"), rating])
    return write_table(output, [frame]), len(rating) - rating.null_count()
