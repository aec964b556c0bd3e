"""MovieLens (GroupLens): 100K, 1M, 10M, latest-small, 20M, 25M, 32M; a folder, a ratings file, or the official zip."""

import dataclasses
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from konomi.config import Run
from konomi.data.finding import Layout, find, has_columns, header, read_found
from konomi.data.rows import RatingsFormat, ReadOptions
from konomi.data.scale import Scale
from konomi.data.table import Table
from konomi.errors import DataError

PARTS = [f"u{fold}.{part}" for fold in "12345ab" for part in ("base", "test")]  # the published splits of 100K
WHOLE_STARS, HALF_STARS = Scale(1, 5, 1), Scale(0.5, 5, 0.5)
COLUMNS = ("userId", "movieId", "rating", "timestamp")
CSV = RatingsFormat(*COLUMNS[:3], time="timestamp", scale=HALF_STARS)
DAT = dataclasses.replace(CSV, columns=COLUMNS, separator="::")  # 1M has whole stars, 10M half stars
TAB = dataclasses.replace(CSV, columns=COLUMNS, separator="\t", scale=WHOLE_STARS)  # 100K
FORMATS = {"ratings.csv": CSV, "ratings.dat": DAT, "u.data": TAB} | dict.fromkeys(PARTS, TAB)
LAYOUT = Layout("movielens", tuple(FORMATS), ("movies.csv", "movies.dat", "u.item"))


def recognise(paths: Sequence[Path]) -> bool:
    """A file with an official name, a header of userId, movieId, rating, timestamp, or a zip with such a file in it."""
    if len(paths) == 1 and _is_zip(paths[0]):
        return _holds_ratings(paths[0])
    found = find(paths, LAYOUT.ratings)
    if found is None:
        return has_columns(paths, COLUMNS) is not None
    return _format(found) is not CSV or header(found).issuperset(COLUMNS)


def read(paths: Sequence[Path], options: ReadOptions, run: Run) -> Table:
    """The ratings (of a folder: all, not one of the published parts), with the catalogue where it is there."""
    if len(paths) == 1 and _is_zip(paths[0]):
        return _read_zip(paths[0], options, run)
    ratings = find(paths, LAYOUT.ratings) or has_columns(paths, COLUMNS)
    format = _format(ratings)
    table = read_found(paths, ratings, LAYOUT, format, options, run)
    if format is DAT and options.scale is None and np.equal(np.mod(table.rating, 1), 0).all():
        return dataclasses.replace(table, scale=WHOLE_STARS)
    return table


def _format(path: Path | None) -> RatingsFormat:
    return FORMATS.get(path.name.removesuffix(".gz"), CSV) if path else CSV


def _is_zip(path: Path) -> bool:
    return path.suffix == ".zip" and path.is_file()


def _holds_ratings(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(Path(name).name in FORMATS for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


def _read_zip(path: Path, options: ReadOptions, run: Run) -> Table:
    """The ratings and the catalogue of a zip, unpacked to a place that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="konomi-") as place:
        try:
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    if Path(name).name in (*LAYOUT.ratings, *LAYOUT.catalogue):
                        archive.extract(name, place)
            table = read([Path(place)], options, run)
        except zipfile.BadZipFile as error:
            raise DataError(f"{path}: not a whole zip file: {error}.", "Download it again.") from None
        except DataError as error:
            raise DataError(str(error).replace(place, str(path)), error.hint) from None
    return dataclasses.replace(table, files=(path,))
