"""What people say of items, merged into the store: of each pair the newest counts, of equally new ones the last to arrive.

An entry that was taken back stays as a tombstone with its time, so that an older one that comes late does not revive it. The
same rows sent again change nothing, so a client that does not know whether it was heard may repeat itself.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, NamedTuple, TypeVar

from sqlalchemy import Connection, Table, func, insert, select

from konomi.serve.store.clock import now
from konomi.serve.store.erased import Erased
from konomi.serve.store.tables import entry, item, meta, person

T = TypeVar("T")

AT_ONCE = 1_000  # rows of a statement: each is up to six of SQLite's 32,766 variables
MOST_KNOWN = 200_000  # ids whose rows are remembered, of people and of items


class Change(NamedTuple):
    """What somebody says of an item: rating on the source's scale, None = not scored; status as in `tables.entry`; at: when."""

    person: str
    item: str
    rating: float | None
    status: int
    at: int


Verdict = Literal["stored", "same", "older"]
"""What became of a change: it is what counts now; that was said already; something newer was said."""


@dataclass(frozen=True)
class Said:
    """What is said of a pair now."""

    rating: float | None
    status: int
    at: int


class Ledger:
    """Applies changes, within the transactions of the one writer; remembers rows of ids, and the number of the last change."""

    def __init__(self, erased: Erased) -> None:
        self.erased = erased
        self._rows: dict[str, dict[str, int]] = {"person": {}, "item": {}}
        self._seq: int | None = None

    def forget(self) -> None:
        """Remember nothing: after a transaction that may not have been committed, and after rows were deleted."""
        for rows in self._rows.values():
            rows.clear()
        self._seq = None

    def seq(self, connection: Connection) -> int:
        """The number of the last change, also of changes whose rows are gone."""
        if self._seq is None:
            self._seq = last_seq(connection)
        return self._seq

    def apply(self, connection: Connection, changes: Sequence[Change]) -> list[Verdict]:
        """Merge changes, in order of arrival; the verdict on each. What came before somebody was erased is older than that."""
        verdicts: list[Verdict] = ["older"] * len(changes)
        gone = {who: self.erased.since(who) for who in {change.person for change in changes}}
        counted = [n for n, change in enumerate(changes) if change.at > gone[change.person]]
        people = self.people(connection, dict.fromkeys(changes[n].person for n in counted))
        items = self.items(connection, dict.fromkeys(changes[n].item for n in counted))
        pairs = [(people[changes[n].person], items[changes[n].item]) for n in counted]
        said, seq = _said(connection, dict.fromkeys(pairs)), self.seq(connection)
        written: dict[tuple[int, int], tuple[Any, ...]] = {}
        for n, pair in zip(counted, pairs, strict=True):
            change, before = changes[n], said.get(pair)
            verdicts[n] = _verdict(change, before)
            if before is not None and verdicts[n] != "stored" and change.at <= before.at:
                continue  # nothing to write: not even a newer time
            seq += 1
            said[pair] = Said(change.rating, change.status, change.at)
            written[pair] = *pair, change.rating, change.status, change.at, seq
        for rows in chunks(written.values(), AT_ONCE):
            connection.exec_driver_sql(*_filled(connection, _UPSERT, "({}, {}, {}, {}, {}, {})", rows))
        self._seq = seq
        return verdicts

    def people(self, connection: Connection, ids: Iterable[str]) -> dict[str, int]:
        """The rows of people, made where they are new."""
        at, ids = now(), list(ids)
        return self._known(connection, person, ids, {id: {"created": max(at, self.erased.since(id) + 1)} for id in ids})

    def items(self, connection: Connection, ids: Iterable[str]) -> dict[str, int]:
        """The rows of items, made where they are new."""
        return self._known(connection, item, ids, {})

    def _known(
        self, connection: Connection, table: Table, ids: Iterable[str], more: dict[str, dict[str, Any]]
    ) -> dict[str, int]:
        """The rows of ids, {id: row}, made where they are new with the columns `more`."""
        known, ids = self._rows[table.name], list(ids)
        if len(known) > MOST_KNOWN:
            known.clear()
        missing = [id for id in ids if id not in known]
        known.update(_rows(connection, table, missing))
        new = [{"id": id, **more.get(id, {})} for id in missing if id not in known]
        if new:
            connection.execute(insert(table), new)
            known.update(_rows(connection, table, [row["id"] for row in new]))
        return {id: known[id] for id in ids}


def last_seq(connection: Connection) -> int:
    """The number of the last change, also of changes whose rows are gone; 0 = there was none."""
    floor = connection.scalar(select(meta.c.value).where(meta.c.name == "seq"))
    return max(int(floor or 0), connection.scalar(select(func.max(entry.c.seq))) or 0)


def _verdict(change: Change, before: Said | None) -> Verdict:
    if before is None:
        return "stored"
    if change.at < before.at:
        return "older"
    return "same" if (change.rating, change.status) == (before.rating, before.status) else "stored"


def _rows(connection: Connection, table: Table, ids: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for some in chunks(ids, AT_ONCE):
        asked = _filled(connection, f'SELECT id, "row" FROM {table.name} WHERE id IN ({{}})', "{}", [(id,) for id in some])
        found.update((id, row) for id, row in connection.exec_driver_sql(*asked))
    return found


def _said(connection: Connection, pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Said]:
    found: dict[tuple[int, int], Said] = {}
    for some in chunks(pairs, AT_ONCE):
        asked = _filled(connection, _ASKED, "(CAST({} AS bigint), CAST({} AS bigint))", some)
        found.update(((who, what), Said(*said)) for who, what, *said in connection.exec_driver_sql(*asked))
    return found


def _filled(connection: Connection, statement: str, one: str, rows: Sequence[tuple[Any, ...]]) -> tuple[str, tuple[Any, ...]]:
    """A statement for several rows at once, each written as `one`, and their values. SQLAlchemy's own takes longer than the
    writing, and a statement a row waits for the interpreter's lock each time."""
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    each = one.replace("{}", mark)
    return statement.format(", ".join([each] * len(rows))), tuple(value for row in rows for value in row)


# a join, since SQLite goes through the whole table for (person, item) IN (…); and SQLAlchemy's VALUES are not SQLite's
_ASKED = """WITH pair(person, item) AS (VALUES {})
SELECT entry.person, entry.item, rating, status, at
FROM pair JOIN entry ON entry.person = pair.person AND entry.item = pair.item"""


_UPSERT = """INSERT INTO entry (person, item, rating, status, "at", seq) VALUES {}
ON CONFLICT (person, item)
DO UPDATE SET rating = excluded.rating, status = excluded.status, "at" = excluded."at", seq = excluded.seq"""


def chunks(several: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most `size`, in order."""
    rest = iter(several)
    while some := list(islice(rest, size)):
        yield some
