"""MyAnimeList 2020 (Kaggle, Hernan4444): rating_complete.csv and/or animelist.csv, where 0 means "not scored", and anime.csv.

animelist.csv holds everything on everybody's list, with a status; rating_complete.csv the part of it that is completed and
scored. Where both are there, only animelist.csv is read.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from konomi.config import Run
from konomi.data.finding import Layout, find, has_columns, header, read_found
from konomi.data.rows import RatingsFormat, ReadOptions
from konomi.data.scale import Scale
from konomi.data.table import Table

FORMAT = RatingsFormat("user_id", "anime_id", "rating", unscored=(0,), scale=Scale(1, 10, 1))
STATUS = "watching_status"
LAYOUT = Layout("mal-2020", ("animelist.csv", "rating_complete.csv"), ("anime.csv",))
COLUMNS = ["user_id", "anime_id", "rating"]


def recognise(paths: Sequence[Path]) -> bool:
    """An animelist.csv or rating_complete.csv with the right header, or any file with a watching status."""
    found = find(paths, LAYOUT.ratings) or has_columns(paths, [*COLUMNS, STATUS])
    return found is not None and header(found).issuperset(COLUMNS)


def read(paths: Sequence[Path], options: ReadOptions, run: Run) -> Table:
    """The lists in a folder or a file, with the catalogue where it is there."""
    ratings = find(paths, LAYOUT.ratings) or has_columns(paths, COLUMNS)
    format = dataclasses.replace(FORMAT, status=STATUS) if ratings and STATUS in header(ratings) else FORMAT
    return read_found(paths, ratings, LAYOUT, format, options, run)
