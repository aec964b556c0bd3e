"""MyAnimeList 2023 (Kaggle): users-score-2023.csv and anime-dataset-2023.csv; users-details-2023.csv is not needed."""

from collections.abc import Sequence
from pathlib import Path

from konomi.config import Run
from konomi.data.finding import Layout, find, has_columns, header, read_found
from konomi.data.rows import RatingsFormat, ReadOptions
from konomi.data.scale import Scale
from konomi.data.table import Table

FORMAT = RatingsFormat("user_id", "anime_id", "rating", unscored=(0,), scale=Scale(1, 10, 1))
LAYOUT = Layout("mal-2023", ("users-score-2023.csv",), ("anime-dataset-2023.csv",))
COLUMNS = ["user_id", "Username", "anime_id", "Anime Title", "rating"]


def recognise(paths: Sequence[Path]) -> bool:
    """A users-score-2023.csv, by its name or its header."""
    found = find(paths, LAYOUT.ratings) or has_columns(paths, COLUMNS)
    return found is not None and header(found).issuperset(COLUMNS[::2])


def read(paths: Sequence[Path], options: ReadOptions, run: Run) -> Table:
    """The ratings in a folder or a file, with the catalogue where it is there."""
    paths = [path for path in paths if not path.name.startswith("users-details-2023.csv")]
    ratings = find(paths, LAYOUT.ratings) or has_columns(paths, COLUMNS[::2])
    return read_found(paths, ratings, LAYOUT, FORMAT, options, run)
