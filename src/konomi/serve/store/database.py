"""The database of a store: SQLite in a file, or PostgreSQL. What is committed is on the disk, or it is not opened.

SQLite: write-ahead log with synchronous = FULL, set on every connection and read back; a writing transaction takes the lock at
its beginning (BEGIN IMMEDIATE), since a reader that becomes a writer is refused at once, whatever the time-out. PostgreSQL:
fsync and synchronous_commit have to be on. One service has a store: a lock of the system on the file beside it, or an advisory
lock of the connection that writes.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from konomi.errors import StoreError
from konomi.files.locks import lock
from konomi.files.mounts import over_network
from konomi.files.whole import sync

READERS = 8  # connections that read at once
BUSY = 30  # seconds that SQLite waits for a lock of another process, such as a copy
ADVISORY = 0x6B6F6E6F6D69  # the number of PostgreSQL's lock: "konomi"
AGAIN = "Nothing is lost that was acknowledged; send again what was not, in a few seconds."


@dataclass(frozen=True)
class Database:
    """An open database. place: to show, without a password; path: of SQLite's file, else None; reading, writing: engines, whose
    transactions begin as each needs it; guard: the locked file, None where there is none."""

    place: str
    path: Path | None
    reading: Engine
    writing: Engine
    guard: IO[bytes] | None = None

    @property
    def sqlite(self) -> bool:
        """Whether it is SQLite, else PostgreSQL."""
        return self.path is not None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state; StoreError where the database is not there."""
        with understood(self.place), self.reading.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes: committed and on the disk when the block has ended well. Only the writer uses it."""
        with understood(self.place), self.writing.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection, and give back the lock."""
        self.reading.dispose()
        self.writing.dispose()
        if self.guard is not None:
            self.guard.close()


def open_database(place: Path | str, alone: bool = True) -> Database:
    """Open, or make, a store: the path of a file for SQLite, or postgresql+psycopg://…

    alone: take the lock of the one service; False: beside a service, for what it does not write.

    StoreError for another kind of address, a network file system, a place that another service has, or a database that does not
    promise that what is committed stays.
    """
    text = str(place)
    return _postgresql(text, alone) if "://" in text else _sqlite(Path(text), alone)


def shown_place(place: Path | str) -> str:
    """A place as it is shown: the whole path of a file, or an address without its password."""
    text = str(place)
    return _address(text).render_as_string(hide_password=True) if "://" in text else str(Path(text).absolute())


@contextmanager
def understood(place: str) -> Iterator[None]:
    """Turn errors of a database into a StoreError that names the place."""
    try:
        yield
    except (DBAPIError, sqlite3.Error, OSError) as cause:
        told = str(cause.orig) if isinstance(cause, DBAPIError) else str(cause)
        raise StoreError(f"{place}: cannot be used now: {' '.join(told.split())}.", AGAIN) from cause


def _sqlite(path: Path, alone: bool) -> Database:
    path = path.absolute()
    if path.is_dir():
        raise StoreError(f"{path}: is a folder.", "Give a file, which is made where there is none.", "store")
    with understood(str(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind := over_network(path.parent):
            hint = "Put it on a disk of this machine, or use PostgreSQL."
            raise StoreError(f"{path}: is on {kind}, where locks and fsync cannot be relied on.", hint, "store")
        guard = _guard(path) if alone else None
    try:
        if not path.exists():
            path.touch(0o600)
            sync(path.parent)
        writing = create_engine(f"sqlite:///{path}", pool_size=1, max_overflow=0)
        event.listen(writing, "connect", _promise_sqlite)
        event.listen(writing, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        found = Database(str(path), path, reading_engine(path), writing, guard)
        with found.write():
            pass
    except BaseException:
        if guard is not None:
            guard.close()
        raise
    return found


def _guard(path: Path) -> IO[bytes]:
    """The lock of a store; StoreError where another process has it."""
    beside = path.with_name(path.name + ".lock")
    beside.touch(0o600)
    try:
        return os.fdopen(lock(beside), "rb")
    except BlockingIOError:
        hint = "Stop that service, or give this one another store."
        raise StoreError(f"{path}: another service is using this store.", hint, "store") from None


def _promise_sqlite(connection: Any, record: object) -> None:
    """Have a new connection promise what a store needs; StoreError where it does not say so afterwards."""
    connection.isolation_level = None  # transactions begin where "begin" says, not where the driver thinks
    settings = {"busy_timeout": BUSY * 1000, "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "fullfsync": 1}
    for name, value in settings.items():
        connection.execute(f"PRAGMA {name} = {value}")
        if (answer := connection.execute(f"PRAGMA {name}").fetchone()) is None or answer[0] != value:
            raise StoreError(
                f"SQLite does not keep to {name} = {value}.", "Put the store on a disk that can be written, or use PostgreSQL."
            )


def reading_engine(place: Path | str) -> Engine:
    """An engine that reads a store, also one that a service has open: each transaction sees one state.

    StoreError where there is no file, or for another kind of address.
    """
    if "://" in str(place):
        url = _address(str(place))
        return create_engine(url, pool_size=READERS, max_overflow=0, pool_timeout=BUSY, isolation_level="REPEATABLE READ")
    path = Path(place).absolute()
    if not path.is_file():
        raise StoreError(f"{path}: there is no store.", "Give the file of a store.", "store")
    engine = create_engine(f"sqlite:///{path}", pool_size=READERS, max_overflow=0, pool_timeout=BUSY)
    event.listen(engine, "connect", _promise_sqlite)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def _address(text: str) -> URL:
    wanted = "Write postgresql+psycopg://NAME@HOST/DATABASE, or the path of a file for SQLite."
    try:
        url = make_url(text)
    except ArgumentError:
        raise StoreError("The store is no address of a database.", wanted, "store") from None
    if url.drivername not in ("postgresql", "postgresql+psycopg"):
        raise StoreError(f"{url.drivername}: stores are in SQLite or PostgreSQL.", wanted, "store")
    return url.set(drivername="postgresql+psycopg")


def _postgresql(text: str, alone: bool) -> Database:
    url, place = _address(text), shown_place(text)
    reading, writing = reading_engine(text), create_engine(url, pool_size=1, max_overflow=0)
    for engine in (reading, writing):
        event.listen(engine, "handle_error", _forget_lost)
    event.listen(writing, "connect", lambda connection, record: _promise_postgresql(connection, place, alone))
    found = Database(place, None, reading, writing)
    try:
        with found.write():
            pass
    except BaseException:
        found.close()
        raise
    return found


def _promise_postgresql(connection: Any, place: str, alone: bool) -> None:
    """Have the writing connection promise what a store needs, and take the lock; StoreError where it cannot."""
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = on")
            for name in ("fsync", "synchronous_commit", "full_page_writes"):
                cursor.execute(f"SHOW {name}")
                if cursor.fetchone() != ("on",):
                    raise StoreError(f"{place}: {name} is not on, so what is committed may be lost.", "Turn it on.", "store")
            cursor.execute("SELECT NOT %s OR pg_try_advisory_lock(%s)", (alone, ADVISORY))
            if cursor.fetchone() != (True,):
                hint = "Stop that service, or give this one another database."
                raise StoreError(f"{place}: another service is using this store.", hint, "store")
    finally:
        connection.autocommit = False


def _forget_lost(context: Any) -> None:
    """Connections to a server that went away are made anew, all of them."""
    if context.is_disconnect:
        context.invalidate_pool_on_disconnect = True
