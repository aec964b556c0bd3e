"""Users files → features of people: a row per user, a column of text for each feature.

MovieLens' u.user and users.dat, and any delimited, Parquet or Arrow file, or frame, with a column of user ids. Every other
column is a feature. Numbers with more than `MOST_NUMBERS` values are put into classes, ages into those of surveys, others into
ten of about equal size. A column that tells (nearly) everybody apart is no feature, nor is a zip code.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from konomi.data.table import Rejects
from konomi.errors import DataError
from konomi.reading.as_polars import as_polars
from konomi.reading.ids import whole_ids
from konomi.reading.records import OnBadRows, open_text, printable, records, reject, settle
from konomi.reading.sources.delimited import separator_of
from konomi.reading.typed_files import TYPED, frame_of
from konomi.reading.usual_names import USUAL
from konomi.settings import closest

NAME = "the users"  # the name in errors of a frame
FORMS = {  # files without a header, by name: separator, columns
    "u.user": ("|", ("user_id", "age", "sex", "occupation", "zip")),
    "users.dat": ("::", ("user_id", "sex", "age", "occupation", "zip")),
}
MOST_NUMBERS = 20  # distinct numbers that are categories by themselves
CLASSES = 10  # of other numbers
AGES = (18, 25, 35, 45, 50, 56)  # where classes of ages begin, but the first
MOST_CATEGORIES = 1000
ADDRESSES = ("zip", "zipcode", "postcode", "postalcode")  # names of columns that are no feature
FEW = 50  # distinct values, up to which a column may tell everybody apart


def read_users(users: Any, user: str | None = None, on_bad_rows: OnBadRows = "refuse") -> tuple[pl.DataFrame, list[str]]:
    """(the column user_id and the features, the names of columns that are none); of rows with the same id the last is kept.

    users: a path, or a frame; user: the column of ids, by default one of a usual name. DataError where there is none, and for
    rows that cannot be read, by line, unless `on_bad_rows` is "skip".
    """
    frame = _read(users, on_bad_rows) if isinstance(users, Path) else as_polars(users, NAME)
    place = str(users) if isinstance(users, Path) else NAME
    plain = {re.sub(r"[^a-z]", "", name.lower()): name for name in reversed(frame.columns)}
    ids = user if user in frame.columns else next((plain[word] for word in (*USUAL["user"], "id") if word in plain), None)
    if ids is None:
        shown = ", ".join(frame.columns[:20])
        raise DataError(
            f"{place}: no column that looks like the user.{closest(user or 'user_id', frame.columns)}",
            f"Its columns are: {shown}. Name the one with the ids user_id.",
        )
    frame = frame.drop_nulls(ids).unique(ids, keep="last", maintain_order=True)
    found, left_out = [whole_ids(frame[ids].cast(pl.String)).alias("user_id")], []
    for name in frame.columns:
        if name != ids:
            column = _categories(frame[name])
            if column is None:
                left_out.append(name)
            else:
                found.append(column)
    return pl.DataFrame(found), left_out


def _read(path: Path, on_bad_rows: OnBadRows) -> pl.DataFrame:
    """The rows of a file, as text where it is text."""
    if path.suffix in TYPED:
        return frame_of(path)
    form = FORMS.get(path.name.removesuffix(".gz"))
    separator = form[0] if form else separator_of(path)
    rejects, rows, columns = Rejects(), list[Sequence[str | None]](), list(form[1]) if form else []
    with open_text(path) as text:
        for record in records(text, separator):
            if not columns and not record.fault:
                columns = [printable(cell) for cell in record.fields]
            elif record.fault or len(record.fields) != len(columns):
                fault = record.fault or f"too {'few' if len(record.fields) < len(columns) else 'many'} columns"
                reject(rejects, record.line, fault, record.text)
            else:
                rows.append([printable(cell.strip()) or None for cell in record.fields])
    settle(path, rejects, on_bad_rows)
    if not rows:
        raise DataError(f"{path}: there is no user in it.", "Check that it was written whole.")
    if len(set(columns)) < len(columns):
        raise DataError(f"{path}: two columns have the same name.", "Rename one of them.")
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")


def _categories(column: pl.Series) -> pl.Series | None:
    """The column as text of categories; None where it is no feature."""
    if re.sub(r"[^a-z]", "", column.name.lower()) in ADDRESSES:
        return None
    known = column.drop_nulls()
    numbers = known.cast(pl.Float64, strict=False)
    if len(known) and not numbers.null_count() and numbers.n_unique() > MOST_NUMBERS and numbers.is_finite().all():
        ages = column.name.lower() == "age"
        edges = AGES if ages else _edges(numbers.to_numpy())
        between = [f"{a:g} to {b - 1 if ages else b:g}" for a, b in pairwise(edges)]
        names = [f"under {edges[0]:g}", *between, f"{edges[-1]:g} and above"]
        values = column.cast(pl.Float64, strict=False).to_numpy()
        place = np.searchsorted(edges, values, side="right")
        text = [None if np.isnan(value) else names[p] for value, p in zip(values, place, strict=True)]
        return pl.Series(column.name, text, pl.String)
    distinct = known.n_unique()
    if distinct > MOST_CATEGORIES or (distinct > FEW and distinct > len(column) / 2):
        return None
    return column.cast(pl.String)


def _edges(values: Any) -> tuple[float, ...]:
    """Where classes of about equal size begin, but the first."""
    found = np.unique(np.quantile(values, np.arange(1, CLASSES) / CLASSES))
    return tuple(edge for edge in found.tolist() if edge > values.min()) or (float(values.max()),)
