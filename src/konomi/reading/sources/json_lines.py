"""JSON lines, such as Amazon's reviews: one object per line with a user, an item and perhaps a rating; .gz too."""

import dataclasses
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl

from konomi.data.table import Rejects, Table
from konomi.errors import DataError
from konomi.reading.detect import Layout
from konomi.reading.formats import ReadOptions
from konomi.reading.read_frame import read_typed
from konomi.reading.records import DAMAGED, first_lines, open_text, printable, reject, settle
from konomi.runtime import Run

LAYOUT = Layout("json-lines", (), ())
EMPTY = 10_000  # objects without any text or number, after which no more are read


def recognise(paths: Sequence[Path]) -> bool:
    """Files whose first line is a JSON object."""
    return bool(paths) and all(path.is_file() and _begins_with_an_object(path) for path in paths)


def _begins_with_an_object(path: Path) -> bool:
    with suppress(ValueError, RecursionError):
        return any(isinstance(json.loads(line), dict) for line in first_lines(path, 1))
    return False


def read(paths: Sequence[Path], options: ReadOptions, run: Run) -> Table:
    """The objects of one file, or of several, with the named keys or their usual names."""
    frames, rejects = [], Rejects()
    for path in paths:
        bad = Rejects()
        frames.append(_objects(path, bad))
        settle(path, bad, options.on_bad_rows)
        for line, reason, text in zip(bad.line, bad.reason, bad.text, strict=True):
            reject(rejects, line, reason if len(paths) == 1 else f"{path.name}: {reason}", text)
    frame = pl.concat(frames, how="diagonal_relaxed")
    if not len(frame):
        raise DataError(f"{paths[0]}: there is no row of ratings in it.", "Check that it was downloaded or written whole.")
    table = read_typed(frame, str(paths[0]), options, run, "json-lines")
    for name in ("line", "reason", "text"):
        getattr(rejects, name).extend(getattr(table.rejects, name))
    return dataclasses.replace(table, files=tuple(paths), rejects=rejects)


def _objects(path: Path, rejects: Rejects) -> pl.DataFrame:
    """The simple values of every object; lines that are none go to `rejects`."""
    rows: list[dict[str, Any]] = []
    with open_text(path) as text:
        lines = enumerate(text, 1)
        while True:
            try:
                line, written = next(lines)
            except StopIteration:
                break
            except DAMAGED:
                reject(rejects, len(rows) + 1, "the compressed file is damaged or ends too early", "")
                break
            if not written.strip():
                continue
            try:
                found = json.loads(written)
                if not isinstance(found, dict):
                    raise ValueError
            except (ValueError, RecursionError):
                reject(rejects, line, "no JSON object", printable(written.strip())[:500])
                continue
            if len(rows) == EMPTY and not any(rows):
                raise DataError(f"{path}: the first {EMPTY:,} objects have nothing in them.", "Give a ratings file.")
            rows.append({printable(key): _plain(value) for key, value in found.items() if isinstance(value, str | int | float)})
    keys = dict.fromkeys(key for row in rows for key in row)
    return pl.DataFrame({key: pl.Series(key, [row.get(key) for row in rows], strict=False) for key in keys})


def _plain(value: str | int | float) -> str | int | float:
    """A value that polars can hold: a JSON text may have halves of characters, and a number any length."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if not value.isascii() else value
    return str(value) if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63 else value
