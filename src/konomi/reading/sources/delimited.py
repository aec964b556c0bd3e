"""Any delimited, Parquet or Arrow file with a row per rating, its columns named by the person or by their usual names."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from konomi.data.table import Table
from konomi.errors import DataError
from konomi.reading.formats import RatingsFormat, ReadOptions
from konomi.reading.records import first_records, number, open_bytes
from konomi.reading.rows import BINARY, read_several
from konomi.reading.signal import with_signal
from konomi.reading.usual_names import usual_format
from konomi.runtime import Run

SEPARATORS = ("\t", "::", ",", ";", "|")
HEADLESS = ("user_id", "item_id", "rating", "timestamp")  # the assumed columns of a file without a header


def recognise(paths: Sequence[Path]) -> bool:
    """Any single file (`read` raises what is wrong with it), or several with the same columns."""
    if not all(path.is_file() for path in paths):
        return False
    return len(paths) == 1 or len({tuple(_head(path, ReadOptions())[1]) for path in paths}) == 1


def read(paths: Sequence[Path], options: ReadOptions, run: Run) -> Table:
    """The ratings of one file, or of several with the same columns, without a catalogue."""
    format = guess(paths[0], options)
    other = next((path for path in paths[1:] if guess(path, options) != format), None)
    if other:
        raise DataError(
            f"{other}: not read like {paths[0]} ({format}) but: {guess(other, options)}.",
            "Give files with the same columns; a catalogue goes with `items`.",
        )
    table = read_several(paths, format, options, run, "delimited")
    table = with_signal(table, format.counts, options.implicit, format.scale is not None)
    separator = {} if paths[0].suffix in BINARY else {"separator": format.separator}
    return dataclasses.replace(table, reading={**format.names(), **separator})


def guess(path: Path, options: ReadOptions) -> RatingsFormat:
    """The format of a file, from the options and its first lines; columns without an option have their usual names."""
    separator, columns, headless = _head(path, options)
    format = usual_format(str(path), columns, options)
    return dataclasses.replace(format, separator=separator, columns=tuple(columns) if headless else None).given(options)


def _head(path: Path, options: ReadOptions) -> tuple[str, dict[str, bool], bool]:
    """The separator; each column's name, and whether its values can be times; whether a text file has no header."""
    if path.suffix in BINARY:
        open_bytes(path).close()
        try:
            with path.open("rb") as file:  # not by name: polars takes [ ] in a name for a pattern
                schema = dict(pl.read_parquet_schema(file) if path.suffix == ".parquet" else pl.read_ipc_schema(file))
        except pl.exceptions.PolarsError as error:
            raise DataError(f"{path}: not readable as {path.suffix[1:]}: {error}", "Check that the file is whole.") from None
        return ",", {name: kind.is_integer() or kind.is_temporal() for name, kind in schema.items()}, False
    separator = options.separator or separator_of(path)
    head = first_records(path, separator, 2)
    headless = any(_is_number(field) for field in head[0])
    names = [*HEADLESS, *(f"column_{n}" for n in range(5, len(head[0]) + 1))][: len(head[0])] if headless else head[0]
    return separator, {name: n < len(head[-1]) and head[-1][n].strip().isdigit() for n, name in enumerate(names)}, headless


def separator_of(path: Path) -> str:
    """The separator that makes the most columns of the first line; the first of equals. Spaces only stand between numbers."""

    def columns(separator: str) -> int:
        try:
            return len(first_records(path, separator)[0])
        except DataError:  # such as a broken quote with this separator
            return 1

    best = max(SEPARATORS, key=columns)
    if columns(best) == 1 and columns(" ") > 1 and all(map(_is_number, first_records(path, " ")[0])):
        return " "
    return best


def _is_number(text: str) -> bool:
    try:
        number(text)
    except ValueError:
        return False
    return True
