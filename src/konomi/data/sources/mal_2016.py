"""MyAnimeList 2016 (Kaggle, CooperUnion): rating.csv, where −1 means "watched, not scored", and anime.csv."""

from collections.abc import Sequence
from pathlib import Path

from konomi.config import Run
from konomi.data.finding import Layout, find, has_columns, header, read_found
from konomi.data.rows import RatingsFormat, ReadOptions
from konomi.data.scale import Scale
from konomi.data.table import Table

FORMAT = RatingsFormat("user_id", "anime_id", "rating", unscored=(-1,), scale=Scale(1, 10, 1))
LAYOUT = Layout("mal-2016", ("rating.csv",), ("anime.csv",))
COLUMNS = ["user_id", "anime_id", "rating"]


def recognise(paths: Sequence[Path]) -> bool:
    """A rating.csv with the right header."""
    found = find(paths, LAYOUT.ratings)
    return found is not None and header(found).issuperset(COLUMNS)


def read(paths: Sequence[Path], options: ReadOptions, run: Run) -> Table:
    """The ratings in a folder or a file, with the catalogue where it is there."""
    ratings = find(paths, LAYOUT.ratings) or has_columns(paths, COLUMNS)
    return read_found(paths, ratings, LAYOUT, FORMAT, options, run)
