"""Catalogues, from files or frames → a frame with `ITEM_COLUMNS`."""

import dataclasses
import datetime
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from konomi.data.table import ITEM_COLUMNS, Rejects
from konomi.errors import DataError
from konomi.reading.catalogue_forms import ANY, FORMS, HEADLESS, CatalogueForm
from konomi.reading.catalogue_items import Cell, item_of, separator_of
from konomi.reading.ids import whole_ids
from konomi.reading.records import (
    DAMAGED,
    HEAD,
    OnBadRows,
    open_bytes,
    printable,
    records,
    refuse_binary,
    reject,
    settle,
)
from konomi.reading.typed_files import TYPED, frame_of
from konomi.settings import closest

FRAME = Path("the catalogue")  # the name in errors of a catalogue that is a frame
SHOWN = 20  # column names that an error shows, at most
TITLES = ("title", "name")  # possible columns of titles in a frame of no known form


def read_catalogue(path: Path, on_bad_rows: OnBadRows = "refuse", rejects: Rejects | None = None) -> pl.DataFrame:
    """The catalogue in a file, recognised by its header (by its name where MovieLens gives it none), one row per item.

    Of rows with the same item id the first is kept. DataError for an unknown form, and for rows that cannot be read unless
    `on_bad_rows` is "skip"; then they are added to `rejects`.
    """
    if path.suffix in TYPED:
        return catalogue_of_frame(frame_of(path), ANY.item, on_bad_rows, rejects)
    with open_bytes(path) as file:
        try:
            raw = file.read()
        except DAMAGED:
            raise DataError(f"{path}: the compressed file is damaged or ends too early.", "Download it again.") from None
    refuse_binary(path, raw[:HEAD])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("iso-8859-1")  # u.item and the movies.dat of 1M
    if not text.strip():
        raise DataError(f"{path}: the file is empty.", "Check that it was downloaded or written whole.")
    form, columns = _recognise(path, text.lstrip("\r\n").partition("\n")[0].rstrip("\r"))
    rejects = Rejects() if rejects is None else rejects
    bad, rows = Rejects(), list[Mapping[str, Cell]]()
    for n, record in enumerate(records(io.StringIO(text, newline=""), form.separator)):
        if n == 0 and not form.columns:
            continue
        fault = record.fault
        if not fault and len(record.fields) != len(columns):
            fault = "too few columns" if len(record.fields) < len(columns) else "too many columns"
        fields = {} if fault else dict(zip(columns, record.fields, strict=True))
        if not fault and not fields[form.item].strip():
            fault = "missing item id"
        if fault:
            reject(bad, record.line, fault, printable(record.text))
        else:
            rows.append({name: value for name, value in fields.items() if name})  # a data frame's index has none
    settle(path, bad, on_bad_rows)
    for line, reason, text in zip(bad.line, bad.reason, bad.text, strict=True):
        reject(rejects, line, f"{path.name}: {reason}", text)
    return _items(rows, form)


def catalogue_of_frame(
    frame: pl.DataFrame, item: str = ANY.item, on_bad_rows: OnBadRows = "refuse", rejects: Rejects | None = None
) -> pl.DataFrame:
    """The catalogue in a frame, the same as from a file with its columns.

    Its form is recognised by its columns, as a file's. In a frame of no known form the ids are in the column `item_id` or
    `item`, the titles in `title` or `name`, and any of `ITEM_COLUMNS` are used; other columns are left out. Genres, studios,
    other titles and related ids may be lists, or text: "Action, Comedy". DataError for a frame without ids, and for rows
    without one unless `on_bad_rows` is "skip".
    """
    form = _form_of_frame(frame.columns, item)
    bad, rows = Rejects(), list[Mapping[str, Cell]]()
    used = [name for name in frame.columns if name in form.used]
    for n, values in enumerate(frame.select(used).iter_rows(named=True), 1):
        fields = {name: _cell(value) for name, value in values.items()}
        if fields[form.item]:
            rows.append(fields)
        else:
            reject(bad, n, "missing item id", ", ".join(map(str, values.values())))
    settle(FRAME, bad, on_bad_rows, "row")
    rejects = Rejects() if rejects is None else rejects
    for line, reason, text in zip(bad.line, bad.reason, bad.text, strict=True):
        reject(rejects, line, f"{FRAME}: {reason}", text)
    return _items(rows, form)


def _recognise(path: Path, header: str) -> tuple[CatalogueForm, Sequence[str]]:
    """The form of a catalogue and its columns."""
    if path.name.removesuffix(".gz") in HEADLESS:
        form = HEADLESS[path.name.removesuffix(".gz")]
        return form, form.columns
    for form in FORMS:
        columns = next(records(io.StringIO(header), form.separator)).fields
        if form.key <= set(columns):
            return form, columns
    if re.search(r"user|rating|score", header.lower()) and not re.search(r"title|name", header.lower()):
        raise DataError(
            f"{path}: looks like ratings, not like a catalogue.", "Give ratings first, and a catalogue with `items`."
        )
    raise DataError(
        f"{path}: not a catalogue that is known here: its first line is {header[:200]!r}.",
        "Give a MyAnimeList or MovieLens catalogue, or a CSV file with the columns item_id, title and any of year, type, "
        "episodes, source, age, score, score_count, image, imdb_id, tmdb_id, sensitive, genres, studios, titles and related "
        "(the last two separated by |).",
    )


def _form_of_frame(columns: Sequence[str], item: str) -> CatalogueForm:
    """The form of a frame with these columns; item: the column of item ids in the ratings."""
    known = next((form for form in FORMS if form.key <= set(columns)), None)
    if known:
        return known
    ids = next((name for name in (ANY.item, item) if name in columns), None)
    if ids is None:
        shown = ", ".join(columns[:SHOWN]) or "none"
        raise DataError(
            f'{FRAME}: no column "{item}" with the item ids.{closest(item, columns)}',
            f"Its columns are: {shown}. Rename the one with the item ids to {item}.",
        )
    return dataclasses.replace(ANY, item=ids, title=next((name for name in TITLES if name in columns), ANY.title))


def _cell(value: Any) -> Cell:
    """A value of a frame as text, as in a file; lists stay lists."""
    if value is None or value != value:
        return ""
    if isinstance(value, list):
        return [str(each) for each in value if each is not None]
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def _items(rows: Iterable[Mapping[str, Cell]], form: CatalogueForm) -> pl.DataFrame:
    """Rows → the frame; ids become int64 where all of them are whole numbers."""
    rows = list(rows)
    several = [name for name in (*form.genres, form.studios) if rows and name in rows[0]]
    between = {name: separator_of(row[name] for row in rows) for name in several}
    items = [item_of(row, form, between) for row in rows]
    ids = pl.Series("item_id", [row["item_id"] for row in items], dtype=pl.String)
    schema = {name: kind for name, kind in ITEM_COLUMNS.items() if kind is not None}
    frame = pl.DataFrame([{name: row[name] for name in schema} for row in items], schema=schema)
    return frame.insert_column(0, whole_ids(ids)).unique("item_id", keep="first", maintain_order=True)
