"""Finds the ratings files and the catalogue among the given paths."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from konomi.data.table import Rejects, Table
from konomi.errors import DataError
from konomi.files import MANIFEST
from konomi.reading.as_polars import as_polars
from konomi.reading.catalogue_forms import ANY, FORMS, HEADLESS
from konomi.reading.catalogues import FRAME, catalogue_of_frame, read_catalogue
from konomi.reading.formats import RatingsFormat, ReadOptions
from konomi.reading.merge import merged
from konomi.reading.records import first_records
from konomi.reading.rows import read_several
from konomi.reading.signal import with_signal
from konomi.reading.typed_files import TYPED
from konomi.runtime import Run


@dataclass(frozen=True)
class Layout:
    """The names of a source's files."""

    source: str
    ratings: tuple[tuple[str, ...], ...]  # groups, the best first; the files of one group make one table
    catalogue: tuple[str, ...]
    ignored: tuple[str, ...] = ()  # files of the source that are not needed
    links: tuple[str, ...] = ()  # other sites' ids of the catalogue's items


def plain(path: Path) -> str:
    """A file's name without .gz."""
    return path.name.removesuffix(".gz")


def find(paths: Sequence[Path], names: Sequence[str]) -> list[Path]:
    """The files of these names (or gzipped): given ones, and those in a given folder, else in its first subfolder with any."""
    return [file for path in paths for file in ([path] if path.is_file() and plain(path) in names else _within(path, names))]


def _within(folder: Path, names: Sequence[str]) -> list[Path]:
    if not folder.is_dir():
        return []
    below = sorted(place for place in folder.iterdir() if place.is_dir() and not place.name.startswith("."))
    return next((found for place in (folder, *below) if (found := _beside(place, names))), [])


def _beside(place: Path, names: Sequence[str]) -> list[Path]:
    either = ((place / name, place / f"{name}.gz") for name in names)
    return [file for pair in either if (file := next(filter(Path.is_file, pair), None))]


def find_ratings(paths: Sequence[Path], layout: Layout, columns: Sequence[str]) -> list[Path]:
    """The ratings files among `paths`: those of the best group of names, else all given files with these columns."""
    groups = (find(paths, names) for names in layout.ratings)
    return next((found for found in groups if found), [path for path in paths if header(path).issuperset(columns)])


def header(path: Path, separator: str = ",") -> set[str]:
    """The column names in a file's header; empty where it is no readable text file."""
    if path.suffix in TYPED or not path.is_file():
        return set()
    try:
        return set(first_records(path, separator)[0])
    except (DataError, OSError):
        return set()


def is_catalogue(path: Path) -> bool:
    """Whether a file has the name or the header of a known form of catalogue."""
    return plain(path) in HEADLESS or any(form.key <= header(path, form.separator) for form in FORMS)


def read_found(
    paths: Sequence[Path], ratings: Sequence[Path], layout: Layout, format: RatingsFormat, options: ReadOptions, run: Run
) -> Table:
    """The table of the ratings files among `paths`, with the catalogue: a given file, else one beside the ratings.

    DataError where a path does not exist, `ratings` is empty, a given file is of no use, or a file cannot be read.
    """
    missing = next((path for path in paths if not path.exists()), None)
    if missing:
        raise DataError(f"{missing}: no such file or folder.", "Check the path.")
    if not ratings:
        places, names = ", ".join(str(path) for path in paths), (name for group in layout.ratings for name in group)
        raise DataError(f"{places}: no ratings of {layout.source}.", f"It looks for {', '.join(names)}.")
    known = {MANIFEST, *layout.catalogue, *layout.links, *layout.ignored}
    others = [path for path in paths if path.is_file() and path not in ratings and plain(path) not in known]
    catalogue = find(paths, layout.catalogue) or others[:1] or _beside(ratings[0].parent, layout.catalogue)
    if others and others != catalogue:
        raise DataError(
            f"{', '.join(map(str, others))}: not used: neither the ratings of {layout.source} nor the catalogue.",
            "Leave it out, or give it by itself; a catalogue goes with `items`.",
        )
    table = read_several(ratings, format, options, run, layout.source)
    if options.implicit or options.counts:
        table = with_signal(table, options.counts, True)
    links = list(filter(is_catalogue, find(paths, layout.links) or _beside(ratings[0].parent, layout.links)))
    return with_catalogues(table, [*catalogue[:1], *links[:1]], options) if catalogue else table


def with_catalogues(table: Table, catalogues: Sequence[Path | Any], options: ReadOptions) -> Table:
    """The table with catalogues, files or frames, in order, and then its own one: each fills what those before it lack.

    DataError as in `read_catalogue`.
    """
    rejects, found = Rejects(), list[pl.DataFrame]()
    for each in catalogues:
        if isinstance(each, Path):
            found.append(read_catalogue(each, options.on_bad_rows, rejects))
        else:
            item = table.reading.get("item", ANY.item)
            found.append(catalogue_of_frame(as_polars(each, str(FRAME)), item, options.on_bad_rows, rejects))
    own = [] if table.items is None else [table.items]
    for name in ("line", "reason", "text"):
        getattr(rejects, name).extend(getattr(table.catalogue_rejects, name))
    files = tuple(each for each in catalogues if isinstance(each, Path))
    return dataclasses.replace(table, items=merged([*found, *own]), catalogue_rejects=rejects, files=(*table.files, *files))
