"""Any delimited, Parquet or Arrow file with a row per rating: columns as named by the person, else by the usual names."""

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from konomi.data.scale import Scale
from konomi.data.table import Table
from konomi.errors import DataError
from konomi.reading.formats import RatingsFormat, ReadOptions
from konomi.reading.records import first_records, number, open_bytes
from konomi.reading.rows import BINARY, read_several
from konomi.runtime import Run

SEPARATORS = ("\t", "::", ",", ";", "|")
USUAL = {  # in lower case, without anything but letters
    "user": ("userid", "user", "uid", "userno", "reviewerid", "username", "profileid", "customerid", "memberid", "raterid"),
    "item": ("itemid", "item", "iid", "animeid", "movieid", "bookid", "productid", "parentasin", "asin", "isbn", "malid"),
    "rating": ("rating", "score", "feedback", "stars", "rate", "overall", "myscore", "bookrating"),
    "status": ("watchingstatus",),
    "time": ("timestamp", "time", "unixreviewtime", "unixtime"),
}
HEADLESS = ("user_id", "item_id", "rating", "timestamp")  # the order that is assumed where no header names the columns


def recognise(paths: Sequence[Path]) -> bool:
    """Any one file (`read` says what is wrong with it), or several with the same columns."""
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
            "Give files with the same columns; a catalogue goes with --items.",
        )
    table = read_several(paths, format, options, run, "delimited")
    separator = {} if paths[0].suffix in BINARY else {"separator": format.separator}
    return dataclasses.replace(table, reading={**format.names(), **separator})


def guess(path: Path, options: ReadOptions) -> RatingsFormat:
    """The format of a file: what the person said, else what its first line suggests. `str()` of it can be shown.

    MyAnimeList's ids (a column anime_id) mean its scale, on which 0 and −1 are not scored; else the scale is left open.
    """
    separator, columns, headless = _head(path, options)
    return dataclasses.replace(
        _named(path, columns, options), separator=separator, columns=tuple(columns) if headless else None
    )


def _head(path: Path, options: ReadOptions) -> tuple[str, dict[str, bool], bool]:
    """The separator; each column's name, and whether its values can be times; whether a text file has no header."""
    if path.suffix in BINARY:
        open_bytes(path).close()
        try:
            with path.open("rb") as file:  # in a name, polars takes [ ] for a pattern
                schema = dict(pl.read_parquet_schema(file) if path.suffix == ".parquet" else pl.read_ipc_schema(file))
        except pl.exceptions.PolarsError as error:
            raise DataError(f"{path}: not readable as {path.suffix[1:]}: {error}", "Check that the file is whole.") from None
        return ",", {name: kind.is_integer() or kind.is_temporal() for name, kind in schema.items()}, False
    separator = options.separator or _separator(path)
    head = first_records(path, separator, 2)
    headless = any(_is_number(field) for field in head[0])
    names = [*HEADLESS, *(f"column_{n}" for n in range(5, len(head[0]) + 1))][: len(head[0])] if headless else head[0]
    return separator, {name: n < len(head[-1]) and head[-1][n].strip().isdigit() for n, name in enumerate(names)}, headless


def _named(path: Path, columns: dict[str, bool], options: ReadOptions) -> RatingsFormat:
    """The part that each column plays; `columns` says of each name whether its values can be times."""
    plain = {re.sub(r"[^a-z]", "", name.lower()): name for name in reversed(columns)}
    chosen = {
        part: getattr(options, part) or next((plain[word] for word in usual if word in plain), None)
        for part, usual in USUAL.items()
    }
    if chosen["time"] and not options.time and not columns[chosen["time"]]:
        chosen["time"] = None  # dates as text
    for part in ("user", "item", "rating"):
        if chosen[part] is None:
            raise DataError(
                f"{path}: no column that looks like the {part}. Its columns are: {', '.join(list(columns)[:20])}.",
                f"Name it: {part} (--{part}-column), and the separator (--separator) where the columns look wrong.",
            )
    anime = "anime" in str(chosen["item"]).lower()
    return RatingsFormat(
        **chosen,  # type: ignore[arg-type]
        unscored=(0, -1) if anime else (),
        scale=Scale(1, 10, 1) if anime else None,
        integer_ids=False,
    )


def _separator(path: Path) -> str:
    """The separator that makes the most columns of the first line; the first of equals."""

    def columns(separator: str) -> int:
        try:
            return len(first_records(path, separator)[0])
        except DataError:  # such as a quote where this separator wants none
            return 1

    return max(SEPARATORS, key=columns)


def _is_number(text: str) -> bool:
    try:
        number(text)
    except ValueError:
        return False
    return True
