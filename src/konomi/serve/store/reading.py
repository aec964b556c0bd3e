"""Reads a store for a training: everybody, every item, and the entries as arrays, in one state while a service goes on.

No entry becomes a Python object that stays. SQLite goes through its table in order, and NumPy takes the tuples one by one.
PostgreSQL sends each column of some pages of its table as one value, so a hundred thousand entries are one row of an answer:
COPY, which sends each entry by itself, costs the client more than the database.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, func, select

from konomi.arrays import F32, I8, I64, Bools
from konomi.runtime import NEVER, Progress, Stage, check_cancel, no_progress
from konomi.serve.store.database import reading_engine, shown_place, understood
from konomi.serve.store.entries import last_seq
from konomi.serve.store.tables import entry, item, person

AT_ONCE = 100_000  # entries
PAGES = 1_000  # of PostgreSQL's table, about 100 entries each
FEW = 20  # times as many changes before the new ones: then these are looked up


@dataclass(frozen=True)
class People:
    """Everybody who is in the store, in order of their rows. row i64[P]; created i64[P], microseconds since 1970."""

    row: I64
    id: list[str]
    created: I64


@dataclass(frozen=True)
class Items:
    """Every item that anybody has named, in order of the rows. row i64[I]; facts: JSON of what clients say of it; withdrawn
    bool[I], whether it is offered no more."""

    row: I64
    id: list[str]
    facts: list[str | None]
    withdrawn: Bools


@dataclass(frozen=True)
class Entries:
    """What people say of items, in order of (person, item), one entry a pair. person, item i64[N], the rows of both; rating
    f32[N], NaN = not scored; status i8[N] as in `tables.entry`, -1 = taken back; at i64[N], microseconds since 1970."""

    person: I64
    item: I64
    rating: F32
    status: I8
    at: I64


@dataclass(frozen=True)
class Contents:
    """What is in a store at one moment. entries: those that were written after a number; seq: the number of the last change."""

    people: People
    items: Items
    entries: Entries
    seq: int


def read_store(place: Path | str, after: int = 0, progress: Progress = no_progress, cancel: Event = NEVER) -> Contents:
    """All people and items of a store, and the entries whose `seq` is greater than `after`, also while a service writes.

    It goes through the whole table, unless few of the entries are so new. Takes 29 bytes an entry, and of PostgreSQL 53, to put
    them in order.
    StoreError where there is no store or it cannot be read; `Cancelled` once `cancel` is set.
    """
    engine = reading_engine(place)
    try:
        with understood(shown_place(place)), engine.connect() as connection, connection.begin():
            people, items = _people(connection), _items(connection)
            return Contents(people, items, _entries(connection, after, progress, cancel), last_seq(connection))
    finally:
        engine.dispose()


def _people(connection: Connection) -> People:
    row, id, created = _columns(connection, select(person.c.row, person.c.id, person.c.created).order_by(person.c.row), 3)
    return People(np.array(row, np.int64), id, np.array(created, np.int64))


def _items(connection: Connection) -> Items:
    asked = select(item.c.row, item.c.id, item.c.facts, item.c.withdrawn).order_by(item.c.row)
    row, id, facts, withdrawn = _columns(connection, asked, 4)
    return Items(np.array(row, np.int64), id, facts, np.array(withdrawn, np.bool_))


def _columns(connection: Connection, asked: Any, n: int) -> Sequence[list[Any]]:
    columns: Sequence[list[Any]] = [[] for _ in range(n)]
    for some in connection.execution_options(yield_per=AT_ONCE).execute(asked).partitions():
        for column, values in zip(columns, zip(*some, strict=True), strict=True):
            column.extend(values)
    return columns


_COLUMNS = {"person": "i8", "item": "i8", "rating": "f4", "status": "i1", "at": "i8"}

Columns = dict[str, npt.NDArray[Any]]
"""A column of entries by its name, as in `Entries`."""


def _entries(connection: Connection, after: int, progress: Progress, cancel: Event) -> Entries:
    total = connection.scalar(select(func.count()).select_from(entry).where(entry.c.seq > after)) or 0
    found: Columns = {name: np.empty(total, kind) for name, kind in _COLUMNS.items()}
    sqlite, few, done = connection.dialect.name == "sqlite", total * FEW < after, 0
    for block in _from_sqlite(connection, after, few) if sqlite else _from_postgresql(connection, after, few):
        check_cancel(cancel)
        start, done = done, done + len(block["person"])
        for name, values in block.items():
            found[name][start:done] = values
        progress(Stage("read", done, total, "entries"))
    assert done == total
    if few or not sqlite:
        _put_in_order(found)
    return Entries(**found)


def _from_sqlite(connection: Connection, after: int, few: bool) -> Iterator[Columns]:
    """By the index of seq where they are few, else in order of the primary key, which is that of the table (`+seq` is in no
    index)."""
    rows: Any = connection.connection.cursor()
    which = "seq > ?" if few else "+seq > ? ORDER BY person, item"
    rows.execute(f"SELECT person, item, rating, status, at FROM entry WHERE {which}", (after,))
    while len(block := np.fromiter(islice(rows, AT_ONCE), list(_COLUMNS.items()))):  # None becomes NaN
        yield {name: block[name] for name in _COLUMNS}


def _from_postgresql(connection: Connection, after: int, few: bool) -> Iterator[Columns]:
    """In the order in which it lies in the table, each column as big-endian numbers without anything between them; by the index
    of seq where they are few."""
    pages = connection.exec_driver_sql("SELECT pg_relation_size('entry') / current_setting('block_size')::int").scalar() or 0
    cursor = connection.connection.cursor(binary=True)
    for first in range(0, 1 if few else pages, PAGES):
        spans = () if few else (f"({first},0)", f"({first + PAGES},0)")
        cursor.execute(_SEQ if few else f"{_SEQ} AND ctid >= %s::tid AND ctid < %s::tid", (after, *spans))
        values = cursor.fetchone() or ()
        if None not in values:
            yield {name: np.frombuffer(value, kind) for (name, kind), value in zip(_SENT.items(), values, strict=True)}


_SENT = {"person": ">i8", "item": ">i8", "rating": ">f4", "status": ">i2", "at": ">i8"}
_SEQ = """SELECT string_agg(int8send(person), ''), string_agg(int8send(item), ''),
    string_agg(float4send(coalesce(rating, 'NaN')::real), ''), string_agg(int2send(status), ''), string_agg(int8send("at"), '')
FROM entry WHERE seq > %s"""


def _put_in_order(columns: Columns) -> None:
    """By (person, item), a column at a time. Rows are numbered from 1, so the product of the highest ones fits into 64 bits."""
    if not len(columns["person"]):
        return
    order = np.argsort(columns["person"] * (columns["item"].max() + 1) + columns["item"])
    for name, values in columns.items():
        columns[name] = values[order]
