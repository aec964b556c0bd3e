"""MovieLens (GroupLens): 100K, 1M, 10M, latest-small, 20M, 25M, 32M; a folder, the ratings files, or the official zip."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from konomi.data.scale import Scale
from konomi.data.table import Table
from konomi.reading.detect import Layout, find_ratings, header, plain, read_found
from konomi.reading.formats import RatingsFormat, ReadOptions
from konomi.runtime import Run

FOLDS = [f"u{fold}.{side}" for fold in "12345ab" for side in ("base", "test")]  # the published splits of 100K
WHOLE_STARS, HALF_STARS = Scale(1, 5, 1), Scale(0.5, 5, 0.5)
COLUMNS = ("userId", "movieId", "rating", "timestamp")
CSV = RatingsFormat(*COLUMNS[:3], time="timestamp", scale=HALF_STARS)
DAT = dataclasses.replace(CSV, columns=COLUMNS, separator="::")  # 1M has whole stars, 10M half stars
TAB = dataclasses.replace(CSV, columns=COLUMNS, separator="\t", scale=WHOLE_STARS)  # 100K
FORMATS = {"ratings.csv": CSV, "ratings.dat": DAT, "u.data": TAB} | dict.fromkeys(FOLDS, TAB)
EXTRAS = (  # other files of the data sets, which "folder/*" may name, too; the published splits repeat u.data
    *("tags.csv", "genome-scores.csv", "genome-tags.csv", "tags.dat", "users.dat", "README", "README.txt"),
    *("README.html", "u.genre", "u.info", "u.occupation", "u.user", "allbut.pl", "mku.sh", "split_ratings.sh", *FOLDS),
)
LAYOUT = Layout(
    "movielens",
    (("ratings.csv",), ("ratings.dat",), ("u.data",), tuple(FOLDS)),
    ("movies.csv", "movies.dat", "u.item"),
    EXTRAS,
    ("links.csv",),
)


def recognise(paths: Sequence[Path]) -> bool:
    """Files with an official name, or a header of userId, movieId, rating, timestamp."""
    found = find_ratings(paths, LAYOUT, COLUMNS)
    return bool(found) and (_format(found[0]) is not CSV or header(found[0]).issuperset(COLUMNS))


def read(paths: Sequence[Path], options: ReadOptions, run: Run) -> Table:
    """The ratings (of a folder: all of them, not a published split), with the catalogue if there is one."""
    ratings = find_ratings(paths, LAYOUT, COLUMNS)
    format = _format(ratings[0]) if ratings else CSV
    table = read_found(paths, ratings, LAYOUT, format, options, run)
    if format is DAT and options.scale is None and np.equal(np.mod(table.rating, 1), 0).all():
        return dataclasses.replace(table, scale=WHOLE_STARS)
    return table


def _format(path: Path) -> RatingsFormat:
    return FORMATS.get(plain(path), CSV)
