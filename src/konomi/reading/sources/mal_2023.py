"""MyAnimeList 2023 (Kaggle): users-score-2023.csv and anime-dataset-2023.csv; its other files are not needed."""

from collections.abc import Sequence
from pathlib import Path

from konomi.data.scale import Scale
from konomi.data.table import Table
from konomi.reading.detect import Layout, find_ratings, header, read_found
from konomi.reading.formats import RatingsFormat, ReadOptions
from konomi.runtime import Run

FORMAT = RatingsFormat("user_id", "anime_id", "rating", unscored=(0,), scale=Scale(1, 10, 1))
EXTRAS = ("users-details-2023.csv", "anime-filtered.csv", "final_animedataset.csv", "user-filtered.csv")
LAYOUT = Layout("mal-2023", (("users-score-2023.csv",),), ("anime-dataset-2023.csv",), EXTRAS)
COLUMNS = ["user_id", "Username", "anime_id", "Anime Title", "rating"]


def recognise(paths: Sequence[Path]) -> bool:
    """A users-score-2023.csv, by its name or its header."""
    found = find_ratings(paths, LAYOUT, COLUMNS)
    return bool(found) and header(found[0]).issuperset(COLUMNS[::2])


def read(paths: Sequence[Path], options: ReadOptions, run: Run) -> Table:
    """The ratings in a folder or a file, with the catalogue if there is one."""
    return read_found(paths, find_ratings(paths, LAYOUT, COLUMNS[::2]), LAYOUT, FORMAT, options, run)
