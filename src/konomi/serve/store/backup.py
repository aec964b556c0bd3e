"""A backup is a store in SQLite, whatever it is of: one state of all tables, copied row by row, beside a service that goes on.

Restoring copies it the other way, to a place where there is no store yet, so it also brings a store from SQLite to PostgreSQL.
The list of who was erased goes with it; who was erased since the backup was made is erased again when the restored store is
opened, if the list of then is beside it or is given (see `erased.py`).
"""

import shutil
from pathlib import Path

from sqlalchemy import Connection, MetaData, create_engine, func, insert, select, text

from konomi.errors import StoreError
from konomi.files import hash_file, read_manifest, whole_folder, write_manifest
from konomi.runtime import Progress, Stage, no_progress
from konomi.serve.store.database import open_database, reading_engine, understood
from konomi.serve.store.entries import chunks
from konomi.serve.store.erased import Erased
from konomi.serve.store.migrate import migrate, newest, schema
from konomi.serve.store.people_store import beside
from konomi.serve.store.tables import entry, job, metadata, model

KIND, FORMAT = "konomi backup", 1
STORE, ERASED = "store.db", "store.db.erased"  # in the folder of a backup
AT_ONCE = 10_000  # rows


def backup(place: Path | str, folder: Path, progress: Progress = no_progress, erased: Path | None = None) -> dict[str, int]:
    """Copy a store, also one that a service has open, into a folder, whole or not at all; how many rows of each table.

    An earlier backup in the folder is replaced. erased: the file of who was erased, which goes with it; by default it is where
    `PeopleStore.open` has it. StoreError where there is no store of this version, or where something else is
    in the folder.
    """
    gone = erased or beside(place)
    engine = reading_engine(place)
    try:
        with understood(str(place)), engine.connect() as source, source.begin():
            if schema(source) != newest():
                hint = "Open it with a service once, which brings it up to date."
                raise StoreError(f"{place}: is no store of this version.", hint, "store")
            if not gone.is_file():
                hint = "Take the backup on the machine of the service, as its user."
                raise StoreError(f"{gone}: there is no list of who was erased.", hint, "store")
            with whole_folder(folder, KIND, StoreError) as work:
                copy = create_engine(f"sqlite:///{work / STORE}")
                with copy.begin() as target:
                    migrate(target)
                    counts = _copied(source, target, progress)
                copy.dispose()
                shutil.copyfile(gone, work / ERASED)  # after the copy, so it lacks nobody who is not in it
                hashes = {name: hash_file(work / name) for name in (STORE, ERASED)}
                write_manifest(work, {"kind": KIND, "format": FORMAT, "rows": counts, "sha256": hashes})
    finally:
        engine.dispose()
    return counts


def restore(folder: Path, place: Path | str, progress: Progress = no_progress, erased: Path | None = None) -> dict[str, int]:
    """Copy a backup to a place where there is no store, in one transaction; how many rows of each table.

    erased: the file of who was erased since, of the store that it replaces. Without it, one beside the place is kept, and where
    there is none the backup's own is put there, which knows of nobody later. StoreError where the backup is missing, damaged or
    of a newer program, or where a store is at the place.
    """
    manifest = read_manifest(folder, KIND, FORMAT, ("rows", "sha256"), StoreError, "Give a folder that `konomi backup` wrote.")
    for name in (STORE, ERASED):
        if not (folder / name).is_file() or hash_file(folder / name) != manifest["sha256"].get(name):
            raise StoreError(f"{folder / name}: is missing or was altered.", "Take another backup.")
    engine, database = create_engine(f"sqlite:///{folder / STORE}"), open_database(place)
    try:
        with engine.connect() as source, database.write() as target:
            if schema(target) is not None:
                raise StoreError(
                    f"{database.place}: there is a store already.", "Move it away, or restore to another place.", "store"
                )
            migrate(target, schema(source) or "head")
            counts = _copied(source, target, progress)
            for name in () if database.sqlite else ("person", "item"):
                target.execute(text(f"SELECT setval(pg_get_serial_sequence('{name}', 'row'), max(\"row\")) FROM {name}"))
            migrate(target)
            if erased is not None or not beside(place).exists():  # before the commit: no store is there without it
                Erased.copy(erased or folder / ERASED, beside(place))
    finally:
        engine.dispose()
        database.close()
    return counts


def _copied(source: Connection, target: Connection, progress: Progress) -> dict[str, int]:
    """Copy the rows of every table, with the columns of the source's schema, but for what is of files that stay where they
    are: models and trainings; how many there are."""
    counts, total = {}, source.scalar(select(func.count()).select_from(entry)) or 0
    there = MetaData()
    there.reflect(source, only=lambda name, _: name in metadata.tables and name not in (model.name, job.name))
    for table in there.sorted_tables:
        counts[table.name] = 0
        rows = source.execution_options(yield_per=AT_ONCE).execute(select(table)).mappings()
        for some in chunks(rows, AT_ONCE):
            target.execute(insert(table), [dict(row) for row in some])
            counts[table.name] += len(some)
            if table.name == entry.name:
                progress(Stage("copy", counts[table.name], total, "entries"))
    return counts
