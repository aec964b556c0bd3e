"""How a ratings file is laid out, and what a person may say about it."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from konomi.data.scale import Scale
from konomi.errors import ConfigError
from konomi.reading.records import OnBadRows

FIELDS = ("user", "item", "rating", "status", "time")
"""What a column of a ratings file can hold."""


@dataclass(frozen=True)
class ReadOptions:
    """What a person may say about the input; None = as the source has it, or guessed."""

    on_bad_rows: OnBadRows = "refuse"  # or leave them out and list them
    scale: Scale | None = None
    user: str | None = None  # column names
    item: str | None = None
    rating: str | None = None
    status: str | None = None
    time: str | None = None
    separator: str | None = None  # between columns: a character, or "::"
    items: Path | None = None  # a catalogue in place of the source's own

    def __post_init__(self) -> None:
        mark = self.separator
        one = mark is not None and len(mark) == 1 and mark.isascii() and (mark == "\t" or mark.isprintable())
        if mark not in (None, "::") and (not one or str(mark).isalnum() or mark in ("'", '"')):
            raise ConfigError(
                f'separator: "{mark}" cannot stand between columns.',
                "Give ::, tab, or one ASCII character that is no letter, digit or quote.",
            )

    def again(self, guessed: Mapping[str, str]) -> dict[str, str]:
        """What to say about other files of the same kind, to have them read likewise; `guessed` of columns, as in `Table`.

        Statuses and times are not asked of them unless the person did so here.
        """
        needed = {name: word for name, word in guessed.items() if name not in ("status", "time")}
        said = {name: word for name in (*FIELDS, "separator") if (word := getattr(self, name)) is not None}
        return {**needed, **said, "on_bad_rows": self.on_bad_rows}


@dataclass(frozen=True)
class RatingsFormat:
    """How a ratings file is laid out. Parquet and Arrow files use only the names, `unscored`, `scale` and `integer_ids`."""

    user: str  # column names
    item: str
    rating: str
    status: str | None = None
    time: str | None = None  # seconds since 1970
    separator: str = ","
    columns: tuple[str, ...] | None = None  # of a file without a header, in order
    unscored: tuple[float, ...] = ()  # ratings that mean "not scored"
    scale: Scale | None = None  # None: guessed from the ratings
    integer_ids: bool = True  # whether an id that is not a whole number is an error; else such ids make a column of strings

    def __str__(self) -> str:
        return ", ".join(f"{field} = {name}" for field, name in self.names().items())

    def names(self) -> dict[str, str]:
        """Each field that has a column → the name of that column."""
        return {field: getattr(self, field) for field in FIELDS if getattr(self, field) is not None}

    def given(self, options: ReadOptions) -> "RatingsFormat":
        """The same format with what a person said about it in place of its own."""
        said = {field: getattr(options, field) for field in (*FIELDS, "scale", "separator")}
        format = dataclasses.replace(self, **{key: value for key, value in said.items() if value is not None})
        if options.scale is None or not self.unscored:
            return format
        marks = np.array(self.unscored, np.float32)
        marks = marks[~options.scale.valid(marks)]  # on a scale from 0, 0 is a rating
        return dataclasses.replace(format, unscored=tuple(marks.tolist()))
