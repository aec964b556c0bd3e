"""PeopleStore: what a service knows of people, and of items by its clients, and how it comes to know it."""

import json
import os
import secrets
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, select, update

from konomi.serve.status import Changed
from konomi.serve.store.clock import now
from konomi.serve.store.database import Database, open_database, reading_engine, shown_place, understood
from konomi.serve.store.entries import AT_ONCE, Change, Ledger, Verdict, chunks
from konomi.serve.store.erased import Erased
from konomi.serve.store.items import ItemChange, Told, change_items, told_of
from konomi.serve.store.keys import forget_sessions, make_session
from konomi.serve.store.migrate import migrate
from konomi.serve.store.tables import TAKEN_BACK, entry, item, key, meta, person, session
from konomi.serve.store.writer import Writer


class Entry(NamedTuple):
    """What somebody says of an item. item_row: of the store's table; the rest as in `Change`."""

    item_row: int
    item: str
    rating: float | None
    status: int
    at: int


@dataclass(frozen=True)
class PeopleStore:
    """An open store. Any thread may call any method; what writes gives a Future that is done once it is on the disk.

    secret: 32 bytes of this store, which sign what clients have to bring back unchanged.
    """

    database: Database
    writer: Writer
    ledger: Ledger
    secret: bytes

    @classmethod
    def open(cls, place: Path | str, erased: Path | None = None) -> "PeopleStore":
        """Open, or make, a store and bring it up to date; StoreError as for `open_database`.

        erased: the file of who was erased, by default beside SQLite's file, or in the folder of this user's data.
        """
        database = open_database(place)
        try:
            gone = Erased(erased or beside(place))
            with database.write() as connection:
                migrate(connection)
                secret = _settled(connection, "secret", secrets.token_hex(32))
                ledger = Ledger(gone)
                _erase_again(connection, ledger)
                forget_sessions(connection)
            return cls(database, Writer(database, ledger), ledger, bytes.fromhex(secret))
        except BaseException:
            database.close()
            raise

    def close(self) -> None:
        """Write what waits, and give the place back."""
        self.writer.close()
        self.database.close()

    def put(self, changes: Sequence[Change]) -> Future[list[Verdict]]:
        """Merge changes, see `Ledger.apply`."""
        return self.writer.put(changes)

    def entries(self, id: str, after: int = -1, limit: int | None = None) -> list[Entry]:
        """What somebody says, in order of the store's item rows, from the row `after` on; nothing of somebody unknown."""
        asked = select(item.c.row, item.c.id, entry.c.rating, entry.c.status, entry.c.at)
        asked = asked.join_from(person, entry, entry.c.person == person.c.row).join(item, item.c.row == entry.c.item)
        asked = asked.where(person.c.id == id, entry.c.item > after, entry.c.status != TAKEN_BACK)
        with self.database.read() as connection:
            return [Entry(*row) for row in connection.execute(asked.order_by(entry.c.item).limit(limit))]

    def change_items(self, changes: Sequence[ItemChange]) -> Future[list[Changed]]:
        """Store what clients say of items, see `change_items`."""
        return self.writer.call(partial(change_items, self.ledger, changes))

    def told_items(self) -> list[Told]:
        """What clients say of items, see `told_of`."""
        with self.database.read() as connection:
            return told_of(connection)

    def settings(self, id: str) -> dict[str, Any] | None:
        """The wishes and dials of somebody; None where nobody has this id."""
        with self.database.read() as connection:
            found = connection.scalar(select(person.c.settings).where(person.c.id == id))
        return None if found is None else json.loads(found)

    def set_settings(self, id: str, settings: dict[str, Any]) -> Future[None]:
        """Replace the wishes and dials of somebody, who may be new."""
        return self.writer.call(partial(self._set_settings, id, json.dumps(settings)))

    def _set_settings(self, id: str, text: str, connection: Connection) -> None:
        self.ledger.people(connection, [id])
        connection.execute(update(person).where(person.c.id == id).values(settings=text))

    def begin_session(self) -> Future[tuple[str, str]]:
        """(cookie, person) of a new anonymous person."""
        return self.writer.call(self._begin_session)

    def _begin_session(self, connection: Connection) -> tuple[str, str]:
        cookie, who = make_session(connection)
        self.ledger.people(connection, [who])
        return cookie, who

    def erase(self, id: str) -> Future[int | None]:
        """Delete all that is known of somebody, in one transaction, and note it beside the store; how many entries there were,
        None where nobody had this id. What comes later with an older time is not theirs; the id is that of a new person."""
        return self.writer.call(partial(_erase, self.ledger, id))

    def seq(self) -> int:
        """The number of the last change."""
        return self.writer.call(self.ledger.seq).result()

    def check(self) -> None:
        """Write something; StoreError where that cannot be done."""
        self.writer.call(partial(_set_meta, "checked", str(now()))).result()


def beside(place: Path | str) -> Path:
    """The usual place of the file of who was erased from a store."""
    return _beside(place, "erased")


def models_beside(place: Path | str) -> Path:
    """The folder of the models of a store."""
    return _beside(place, "models")


def _beside(place: Path | str, ending: str) -> Path:
    text = shown_place(place)
    return data_folder() / f"{sha256(text.encode()).hexdigest()[:16]}.{ending}" if "://" in text else Path(f"{text}.{ending}")


def data_folder() -> Path:
    """The folder for the data of this user's programs, by the rules of the system, and Konomi's in it."""
    usual = "~/Library/Application Support" if sys.platform == "darwin" else "~/.local/share"
    return Path(os.environ.get("XDG_DATA_HOME") or usual).expanduser() / "konomi"


@contextmanager
def beside_a_service(place: Path | str | None) -> Iterator[Connection]:
    """A transaction that writes to a store, which a service may have open: for keys alone. None: the usual place, which is made
    where there is none."""
    database = open_database(place or usual_place(), alone=False)
    try:
        with database.write() as connection:
            migrate(connection)
            yield connection
    finally:
        database.close()


def usual_place() -> Path:
    """Where a store is if nobody says where."""
    return data_folder() / "store.db"


def secret_of(place: Path | str) -> bytes:
    """The secret of a store that a service may have open; StoreError where there is no store."""
    engine = reading_engine(place)
    try:
        with understood(shown_place(place)), engine.connect() as connection:
            found = connection.scalar(select(meta.c.value).where(meta.c.name == "secret"))
    finally:
        engine.dispose()
    return bytes.fromhex(found or "")


def _settled(connection: Connection, name: str, value: str) -> str:
    """The value of a name, which is this one from now on where there is none."""
    found = connection.scalar(select(meta.c.value).where(meta.c.name == name))
    if found is None:
        connection.execute(meta.insert().values(name=name, value=value))
    return found or value


def _set_meta(name: str, value: str, connection: Connection) -> None:
    if not connection.execute(update(meta).where(meta.c.name == name).values(value=value)).rowcount:
        connection.execute(meta.insert().values(name=name, value=value))


def _erase(ledger: Ledger, id: str, connection: Connection) -> int | None:
    row = connection.scalar(select(person.c.row).where(person.c.id == id))
    if row is None:
        return None
    newest = connection.scalar(select(func.max(entry.c.at)).where(entry.c.person == row))
    ledger.erased.add(id, max(now(), newest or 0))
    return _delete(ledger, [row], connection)


def _erase_again(connection: Connection, ledger: Ledger) -> None:
    """Erase whom lines name that this store has not seen: it is older than they are, or was killed before it had done it."""
    new = ledger.erased.unseen(connection.scalar(select(meta.c.value).where(meta.c.name == "erased")))
    if not new:
        return
    people = connection.execute(select(person.c.row, person.c.id, person.c.created))
    _delete(ledger, [row for row, id, created in people if created <= new.get(ledger.erased.key(id), -1)], connection)


def _delete(ledger: Ledger, rows: Sequence[int], connection: Connection) -> int:
    """Delete people with their entries; how many of these there were."""
    _set_meta("seq", str(ledger.seq(connection)), connection)  # no number is given twice
    entries = 0
    for some in chunks(rows, AT_ONCE):
        entries += connection.execute(delete(entry).where(entry.c.person.in_(some))).rowcount
        ids = connection.scalars(delete(person).where(person.c.row.in_(some)).returning(person.c.id)).all()
        for of_theirs in (session, key):
            connection.execute(delete(of_theirs).where(of_theirs.c.person.in_(ids)))
    _set_meta("erased", ledger.erased.mark, connection)
    ledger.forget()
    return entries
