"""Any delimited, Parquet or Arrow file with a row per rating, its columns named by the person or by their usual names."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from konomi.data.table import Table
from konomi.errors import DataError
from konomi.reading.formats import RatingsFormat, ReadOptions
from konomi.reading.read_frame import read_typed
from konomi.reading.records import first_records, number
from konomi.reading.rows import read_several
from konomi.reading.signal import with_signal
from konomi.reading.times import is_date, is_time
from konomi.reading.typed_files import TYPED, schema_of
from konomi.reading.usual_names import usual_format
from konomi.reading.wide import unpivoted
from konomi.runtime import Run

SHOWN = 5  # columns that an error names, at most
SEPARATORS = ("\t", "::", ",", ";", "|")
HEADLESS = ("user_id", "item_id", "rating", "timestamp")  # the assumed columns of a file without a header


def recognise(paths: Sequence[Path]) -> bool:
    """Any single file (`read` raises what is wrong with it), or several with the same columns."""
    if not all(path.is_file() for path in paths):
        return False
    return len(paths) == 1 or len({tuple(_head(path, ReadOptions())[1]) for path in paths}) == 1


def read(paths: Sequence[Path], options: ReadOptions, run: Run) -> Table:
    """The ratings of one file, or of several with the same columns, without a catalogue."""
    if options.wide:
        return _read_wide(paths, options, run)
    format = guess(paths[0], options)
    other = next((path for path in paths[1:] if guess(path, options) != format), None)
    if other:
        raise DataError(
            f"{other}: not read like {paths[0]} ({format}) but: {guess(other, options)}.",
            "Give files with the same columns; a catalogue goes with `items`.",
        )
    table = read_several(paths, format, options, run, "delimited")
    table = with_signal(table, format.counts, options.implicit, format.scale is not None)
    separator = {} if paths[0].suffix in TYPED else {"separator": format.separator}
    header = {"header": "none, so the columns are assumed"} if format.columns else {}
    return dataclasses.replace(table, reading={**format.names(), **separator, **header})


def guess(path: Path, options: ReadOptions) -> RatingsFormat:
    """The format of a file, from the options and its first lines; columns without an option have their usual names."""
    separator, columns, headless = _head(path, options)
    format = usual_format(str(path), columns, options)
    dates = format.time is not None and not headless and _has_dates(path, separator, list(columns).index(format.time))
    names = tuple(columns) if headless else None
    return dataclasses.replace(format, separator=separator, columns=names, dates=dates).given(options)


def _head(path: Path, options: ReadOptions) -> tuple[str, dict[str, bool], bool]:
    """The separator; each column's name, and whether its values can be times; whether a text file has no header."""
    if path.suffix in TYPED:
        kinds = schema_of(path)
        return ",", {name: kind.is_integer() or kind.is_temporal() for name, kind in kinds.items()}, False
    separator = options.separator or separator_of(path)
    head = first_records(path, separator, 2)
    headless = any(_is_number(field) for field in head[0])
    if headless and len(head[0]) > len(HEADLESS) and options.user is None and all(map(_is_number, head[0])):
        raise DataError(
            f"{path}: no header, and {len(head[0])} columns of numbers: which is which?",
            f"Without a header {', '.join(HEADLESS)} are assumed. Write names into the first line; a matrix with a column for "
            "each item is read with `wide`.",
        )
    name, times = Counter(head[0]).most_common(1)[0]
    if times > 1 and not headless:
        places = [str(n) for n, other in enumerate(head[0], 1) if other == name]
        shown = ", ".join(places[:SHOWN]) + (", …" if len(places) > SHOWN else "")
        raise DataError(f'{path}: the columns {shown} are all called "{name}".', "Give each a name of its own.")
    names = [*HEADLESS, *(f"column_{n}" for n in range(5, len(head[0]) + 1))][: len(head[0])] if headless else head[0]
    return separator, {name: n < len(head[-1]) and is_time(head[-1][n]) for n, name in enumerate(names)}, headless


def _has_dates(path: Path, separator: str, place: int) -> bool:
    """Whether the first row has a date, and no number, in a column."""
    if path.suffix in TYPED:
        return False
    _, *rows = first_records(path, separator, 2)
    return any(place < len(row) and is_date(row[place]) for row in rows)


def _read_wide(paths: Sequence[Path], options: ReadOptions, run: Run) -> Table:
    """The ratings of matrices with a column for each item."""
    frames = [unpivoted(path, options.separator or separator_of(path), options) for path in paths]
    table = read_typed(pl.concat(frames), str(paths[0]), dataclasses.replace(options, unscored=()), run, "delimited")
    return dataclasses.replace(table, files=tuple(paths), reading={})  # its columns are not those of the files


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
