"""The sources of ratings: one small module each, with recognise(paths) and read(paths, options, run) -> Table."""

import dataclasses
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from konomi.data.table import Table
from konomi.errors import DataError
from konomi.files import MANIFEST, read_manifest
from konomi.reading.detect import Layout, is_catalogue, with_catalogues
from konomi.reading.formats import ReadOptions
from konomi.reading.recoded import read_recoded
from konomi.reading.records import open_bytes
from konomi.reading.zips import read_unpacked
from konomi.runtime import Run
from konomi.settings import closest

SOURCES = {
    "movielens": "konomi.reading.sources.movielens",
    "mal-2016": "konomi.reading.sources.mal_2016",
    "mal-2020": "konomi.reading.sources.mal_2020",
    "mal-2023": "konomi.reading.sources.mal_2023",
    "netflix": "konomi.reading.sources.netflix",
    "json-lines": "konomi.reading.sources.json_lines",
    "item-lists": "konomi.reading.sources.item_lists",
    "delimited": "konomi.reading.sources.delimited",
    "sample": "konomi.simulate.sample",
}
"""Name → module, the only registry of sources."""

SIMULATION = "konomi simulation"  # the kind of the manifest of simulated files


class Source(Protocol):
    """A module in `SOURCES`."""

    def read(self, paths: Sequence[Path], options: ReadOptions, run: Run) -> Table: ...


class Recognising(Source, Protocol):
    LAYOUT: Layout

    def recognise(self, paths: Sequence[Path]) -> bool: ...


def read_source(name: str | None, paths: Sequence[Path], options: ReadOptions, run: Run) -> Table:
    """The table of a source; recognised from the files where `name` is None. DataError as in each source's `read`.

    Zip files are unpacked. The catalogues `options.items` come before the source's own, which fills what they lack.
    """
    if name is not None and name not in SOURCES:
        raise DataError(f'Unknown source "{name}".{closest(name, SOURCES)}', f"The sources are: {', '.join(SOURCES)}.")
    if not paths and name != "sample":
        raise DataError(f"{name or 'Reading'} needs a file or a folder.", "Give its path.")

    def read(files: Sequence[Path]) -> Table:
        table = cast(Source, import_module(SOURCES[name or recognise(files)])).read(files, options, run)
        return _noted(table)

    for items in options.items:
        open_bytes(items).close()  # refused before the ratings are read
    layouts = [_module(each).LAYOUT for each in _named()]
    groups = [group for each in layouts for group in (*each.ratings, each.catalogue, each.links, (MANIFEST,))]
    known = {name for group in groups for name in group}
    table = read_unpacked(paths, known, lambda files: read_recoded(files, options.encoding, read))
    return with_catalogues(table, options.items, options) if options.items else table


def _noted(table: Table) -> Table:
    """The table, with the note of the simulation if its files are simulated."""
    if table.files:
        with suppress(DataError):
            manifest = read_manifest(table.files[0].parent, SIMULATION, 1, ("note",), DataError, "")
            return dataclasses.replace(table, note=str(manifest["note"]))
    return table


def recognise(paths: Sequence[Path]) -> str:
    """The name of the only source that fits these files, else "delimited"; DataError where none or several fit."""
    missing = next((path for path in paths if not path.exists()), None)
    if missing:
        raise DataError(f"{missing}: no such file or folder.", "Check the path.")
    places = ", ".join(str(path) for path in paths)
    fitting = [name for name in _named() if _module(name).recognise(paths)]
    if not fitting and _module("delimited").recognise(paths):
        return "delimited"
    if len(fitting) > 1:
        raise DataError(f"{places}: could be {' or '.join(fitting)}.", "Say which: konomi prepare SOURCE PATH.")
    if not fitting:
        catalogue = next((path for path in paths if is_catalogue(path)), None)
        raise DataError(
            f"{places}: no source is recognised by what is in it.",
            (f"A catalogue goes with `items` {catalogue}. " if catalogue else "")
            + f"Give a ratings file, or say which source it is: {', '.join(SOURCES)}.",
        )
    return fitting[0]


def _named() -> list[str]:
    """The sources that are recognised by what they are, not by the columns that they have."""
    return [name for name in SOURCES if name not in ("delimited", "sample")]


def _module(name: str) -> Recognising:
    return cast(Recognising, import_module(SOURCES[name]))
