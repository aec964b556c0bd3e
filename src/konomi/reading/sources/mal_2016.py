"""MyAnimeList 2016 (Kaggle, CooperUnion): rating.csv, where −1 means "watched, not scored", and anime.csv."""

from collections.abc import Sequence
from pathlib import Path

from konomi.data.scale import Scale
from konomi.data.table import Table
from konomi.reading.detect import Layout, find, find_ratings, header, read_found
from konomi.reading.formats import RatingsFormat, ReadOptions
from konomi.runtime import Run

FORMAT = RatingsFormat("user_id", "anime_id", "rating", unscored=(-1,), scale=Scale(1, 10, 1))
LAYOUT = Layout("mal-2016", (("rating.csv",),), ("anime.csv",))
COLUMNS = ["user_id", "anime_id", "rating"]


def recognise(paths: Sequence[Path]) -> bool:
    """A rating.csv with the right header."""
    found = [path for names in LAYOUT.ratings for path in find(paths, names)]
    return bool(found) and header(found[0]).issuperset(COLUMNS)


def read(paths: Sequence[Path], options: ReadOptions, run: Run) -> Table:
    """The ratings in a folder or a file, with the catalogue if there is one."""
    return read_found(paths, find_ratings(paths, LAYOUT, COLUMNS), LAYOUT, FORMAT, options, run)
