"""Which of the files that a person gave hold the ratings, and which the catalogue."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from konomi.config import Run
from konomi.data.catalogue import read_catalogue
from konomi.data.records import first_records
from konomi.data.rows import BINARY, RatingsFormat, ReadOptions, read_ratings
from konomi.data.table import Table
from konomi.errors import DataError


@dataclass(frozen=True)
class Layout:
    """The names that a source's files go by."""

    source: str
    ratings: tuple[str, ...]
    catalogue: tuple[str, ...]


def find(paths: Sequence[Path], names: Sequence[str]) -> Path | None:
    """The first file of these names (or gzipped): one that was given, or in a given folder, or one level below."""
    wanted = [name for plain in names for name in (plain, f"{plain}.gz")]
    for name in wanted:
        for path in paths:
            found = [path] if path.name == name and path.is_file() else [path / name, *sorted(path.glob(f"*/{name}"))]
            if match := next((file for file in found if file.is_file()), None):
                return match
    return None


def header(path: Path, separator: str = ",") -> set[str]:
    """The names in a file's header; empty where it is not a readable text file."""
    if path.suffix in (*BINARY, ".zip") or not path.is_file():
        return set()
    try:
        return set(first_records(path, separator)[0])
    except (DataError, OSError):
        return set()


def has_columns(paths: Sequence[Path], columns: Sequence[str]) -> Path | None:
    """The first given file whose header has all these columns."""
    return next((path for path in paths if header(path).issuperset(columns)), None)


def read_found(
    paths: Sequence[Path], ratings: Path | None, layout: Layout, format: RatingsFormat, options: ReadOptions, run: Run
) -> Table:
    """The table of the ratings file found among `paths`, with the catalogue: another given file, else one beside the ratings.

    Raises `DataError` where a path does not exist, `ratings` is None, or a file cannot be read.
    """
    missing = next((path for path in paths if not path.exists()), None)
    if missing:
        raise DataError(f"{missing}: no such file or folder.", "Check the path.")
    if ratings is None:
        where = ", ".join(str(path) for path in paths)
        raise DataError(f"{where}: no ratings of {layout.source}.", f"It looks for {', '.join(layout.ratings)}.")
    table = read_ratings(ratings, format, options, run, layout.source)
    others = [path for path in paths if path.is_file() and path.name.removesuffix(".gz") not in layout.ratings]
    beside = (ratings.with_name(f"{name}{end}") for name in layout.catalogue for end in ("", ".gz"))
    catalogue = (
        next((path for path in others if path != ratings), None)
        or find(paths, layout.catalogue)
        or next((path for path in beside if path.is_file()), None)
    )
    if catalogue is None:
        return table
    items = read_catalogue(catalogue, options.on_bad_rows, table.rejects)
    return dataclasses.replace(table, items=items, files=(ratings, catalogue))
