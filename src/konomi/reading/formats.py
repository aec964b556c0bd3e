"""The format of a ratings file, and the options that override it."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from konomi.data.scale import PRESENCE, Scale
from konomi.errors import ConfigError
from konomi.reading.records import OnBadRows

FIELDS = ("user", "item", "rating", "status", "time", "deleted")
"""The fields: what a column of ratings can hold."""


@dataclass(frozen=True)
class ReadOptions:
    """Options of reading; None = the source's own, or guessed."""

    on_bad_rows: OnBadRows = "refuse"  # "skip": leave them out and list them
    scale: Scale | None = None
    user: str | None = None  # column names
    item: str | None = None
    rating: str | None = None
    status: str | None = None
    time: str | None = None
    deleted: str | None = None
    implicit: bool = False  # presence alone is the signal: ratings are not read
    counts: bool = False  # the column of ratings holds how often: counts, which are weights
    separator: str | None = None  # between columns: a character, or "::"
    encoding: str | None = None  # of the text; by default UTF-8
    unscored: tuple[float, ...] = ()  # ratings that mean "not scored"
    wide: bool = False  # a column for each item, a row for each user
    items: tuple[Path, ...] = ()  # catalogues before the source's own

    def __post_init__(self) -> None:
        if (self.implicit or self.counts) and self.scale is not None and self.scale != PRESENCE:
            raise ConfigError("Presence and counts have no rating scale.", "Leave out `scale`, or `implicit` and `counts`.")
        if self.implicit and self.counts:
            raise ConfigError("Presence alone has no counts.", "Leave out `implicit` or `counts`.")
        mark = self.separator
        one = mark is not None and len(mark) == 1 and mark.isascii() and (mark == "\t" or mark.isprintable())
        if mark not in (None, "::") and (not one or str(mark).isalnum() or mark in ("'", '"')):
            raise ConfigError(
                f'separator: "{mark}" cannot stand between columns.',
                "Give ::, tab, or one ASCII character that is no letter, digit or quote.",
            )

    def again(self, guessed: Mapping[str, str], signal: str = "ratings") -> dict[str, Any]:
        """The options for reading other files in the same way. guessed: columns, as in `Table.reading`; signal: as in `Table`.

        Guessed columns of statuses, times and deletions are left out, so that the other files need not have them.
        """
        needed = {name: word for name, word in guessed.items() if name not in ("status", "time", "deleted", "header")}
        given: dict[str, Any] = {
            name: word for name in (*FIELDS, "separator", "encoding") if (word := getattr(self, name)) is not None
        }
        as_signal = {"presence": {"implicit": True}, "counts": {"counts": True}}.get(signal, {})
        marks: dict[str, Any] = {"unscored": list(self.unscored)} if self.unscored else {}
        marks |= {"wide": True} if self.wide else {}
        return {**needed, **given, **marks, **as_signal, "on_bad_rows": self.on_bad_rows}


@dataclass(frozen=True)
class RatingsFormat:
    """The format of a ratings file. Parquet and Arrow files use only the names, `unscored`, `scale` and `integer_ids`."""

    user: str  # column names
    item: str
    rating: str | None
    status: str | None = None
    time: str | None = None  # seconds since 1970
    deleted: str | None = None  # whether the row says that there is no such entry
    counts: bool = False  # the column of ratings holds counts
    separator: str = ","
    columns: tuple[str, ...] | None = None  # of a file without a header, in order
    unscored: tuple[float, ...] = ()  # ratings that mean "not scored"
    scale: Scale | None = None  # None: guessed from the ratings
    dates: bool = False  # times are dates as text, not seconds
    integer_ids: bool = True  # True: an id that is no whole number is an error; False: it makes all ids of the column strings

    def __str__(self) -> str:
        return ", ".join(f"{field} = {name}" for field, name in self.names().items())

    def names(self) -> dict[str, str]:
        """field → the name of its column, for each field that has one."""
        return {field: getattr(self, field) for field in FIELDS if getattr(self, field) is not None}

    def given(self, options: ReadOptions) -> "RatingsFormat":
        """The format with the given options instead of its own values."""
        values = {name: getattr(options, name) for name in (*FIELDS, "scale", "separator")}
        format = dataclasses.replace(self, **{name: value for name, value in values.items() if value is not None})
        if options.unscored:
            return dataclasses.replace(format, unscored=options.unscored)
        if options.implicit or options.counts:
            column = format.rating if options.counts else None
            return dataclasses.replace(format, rating=column, counts=options.counts, scale=PRESENCE, unscored=())
        if options.scale is None or not self.unscored:
            return format
        marks = np.array(self.unscored, np.float32)
        marks = marks[~options.scale.valid(marks)]  # on a scale from 0, 0 is a rating
        return dataclasses.replace(format, unscored=tuple(marks.tolist()))
