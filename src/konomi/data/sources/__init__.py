"""Where ratings come from: one small module per origin, each with recognise(paths) and read(paths, options, run) -> Table."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from konomi.config import Run, closest
from konomi.data.rows import ReadOptions
from konomi.data.table import Table
from konomi.errors import DataError

SOURCES = {
    "movielens": "konomi.data.sources.movielens",
    "mal-2016": "konomi.data.sources.mal_2016",
    "mal-2020": "konomi.data.sources.mal_2020",
    "mal-2023": "konomi.data.sources.mal_2023",
    "delimited": "konomi.data.sources.delimited",
    "sample": "konomi.data.sample",
}
"""Name → module, the only registry of sources."""


class Source(Protocol):
    """What every module in `SOURCES` offers."""

    def read(self, paths: Sequence[Path], options: ReadOptions, run: Run) -> Table: ...


class Recognising(Source, Protocol):
    def recognise(self, paths: Sequence[Path]) -> bool: ...


def read_source(name: str | None, paths: Sequence[Path], options: ReadOptions, run: Run) -> Table:
    """The table of a source; recognised from the files where `name` is None. `DataError` as each source raises it."""
    name = name or recognise(paths)
    if name not in SOURCES:
        raise DataError(f'Unknown source "{name}".{closest(name, SOURCES)}', f"The sources are: {', '.join(SOURCES)}.")
    if not paths and name != "sample":
        raise DataError(f"{name} needs a file or a folder.", "Give its path.")
    return cast(Source, import_module(SOURCES[name])).read(paths, options, run)


def recognise(paths: Sequence[Path]) -> str:
    """The name of the one source that these files fit; "delimited" where no other does. `DataError` for none or several."""
    missing = next((path for path in paths if not path.exists()), None)
    if missing:
        raise DataError(f"{missing}: no such file or folder.", "Check the path.")
    where = ", ".join(str(path) for path in paths)
    names = [name for name in SOURCES if name not in ("delimited", "sample")]
    fitting = [name for name in names if _fits(name, paths)] or (["delimited"] if _fits("delimited", paths) else [])
    if len(fitting) > 1:
        raise DataError(f"{where}: could be {' or '.join(fitting)}.", "Say which: konomi prepare SOURCE PATH.")
    if not fitting:
        raise DataError(
            f"{where}: no source is recognised by what is in it.",
            f"Give a ratings file, or say which source it is: {', '.join(SOURCES)}.",
        )
    return fitting[0]


def _fits(name: str, paths: Sequence[Path]) -> bool:
    return cast(Recognising, import_module(SOURCES[name])).recognise(paths)
