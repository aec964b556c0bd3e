"""MyAnimeList 2020 (Kaggle, Hernan4444): rating_complete.csv and/or animelist.csv, where 0 means "not scored", and anime.csv.

animelist.csv holds all entries of everybody's list, with a status; rating_complete.csv only the completed and scored ones.
Where there are both, only animelist.csv is read.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from konomi.data.scale import Scale
from konomi.data.table import Table
from konomi.reading.detect import Layout, find_ratings, header, read_found
from konomi.reading.formats import RatingsFormat, ReadOptions
from konomi.runtime import Run

FORMAT = RatingsFormat("user_id", "anime_id", "rating", unscored=(0,), scale=Scale(1, 10, 1))
STATUS = "watching_status"
EXTRAS = ("rating_complete.csv", "anime_with_synopsis.csv", "watching_status.csv")
LAYOUT = Layout("mal-2020", (("animelist.csv",), ("rating_complete.csv",)), ("anime.csv",), EXTRAS)
COLUMNS = ["user_id", "anime_id", "rating"]


def recognise(paths: Sequence[Path]) -> bool:
    """An animelist.csv or rating_complete.csv with the right header, or any file with a watching status."""
    found = find_ratings(paths, LAYOUT, [*COLUMNS, STATUS])
    return bool(found) and header(found[0]).issuperset(COLUMNS)


def read(paths: Sequence[Path], options: ReadOptions, run: Run) -> Table:
    """The lists in a folder or a file, with the catalogue if there is one."""
    ratings = find_ratings(paths, LAYOUT, COLUMNS)
    format = dataclasses.replace(FORMAT, status=STATUS) if ratings and STATUS in header(ratings[0]) else FORMAT
    return read_found(paths, ratings, LAYOUT, format, options, run)
