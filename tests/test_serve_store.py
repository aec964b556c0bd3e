"""The store of a service, SQLite and PostgreSQL alike: what is merged, erased, refused, and what outlives what."""

import shutil
import sqlite3
import subprocess
import sys
import threading

import pytest
from sqlalchemy import inspect, text

from konomi.errors import RequestError, StoreError
from konomi.serve.store import clock
from konomi.serve.store.database import open_database
from konomi.serve.store.entries import Change
from konomi.serve.store.erased import Erased
from konomi.serve.store.migrate import migrate, newest, schema
from konomi.serve.store.people_store import PeopleStore
from konomi.serve.store.tables import TAKEN_BACK, metadata
from stores import KINDS, new_place


@pytest.fixture(params=KINDS)
def place(request, tmp_path):
    return new_place(request.param, tmp_path)


@pytest.fixture
def store(place, tmp_path):
    with_erased = PeopleStore.open(place, tmp_path / "erased")
    yield with_erased
    with_erased.close()


def said(store, id):
    return {each.item: (each.rating, each.status, each.at) for each in store.entries(id)}


def put(store, *changes):
    return store.put([Change(*change) for change in changes]).result()


def test_the_newest_counts_and_of_equals_the_last(store):
    rows = [("ann", "1", 9.0, 2, 50), ("ann", "1", 3.0, 2, 40), ("ann", "1", 4.0, 4, 50), ("ann", "2", None, 6, 10)]
    assert put(store, *rows) == ["stored", "older", "stored", "stored"]
    assert said(store, "ann") == {"1": (4.0, 4, 50), "2": (None, 6, 10)}
    assert put(store, ("ann", "1", 4.0, 4, 50), ("ann", "1", 4.0, 4, 60), ("ann", "1", 9.0, 2, 55)) == ["same", "same", "older"]
    assert said(store, "ann")["1"] == (4.0, 4, 60)  # the newer time counts from now on


def test_what_is_sent_again_changes_nothing(store):
    rows = [("ann", str(n), float(n), 0, n) for n in range(1, 9)]
    assert put(store, *rows) == ["stored"] * 8
    before = store.entries("ann")
    assert put(store, *rows) == ["same"] * 8 and store.entries("ann") == before


def test_a_tombstone_keeps_what_comes_late_away(store):
    assert put(store, ("ann", "1", None, TAKEN_BACK, 20)) == ["stored"]  # taken back before it arrived
    assert put(store, ("ann", "1", 9.0, 0, 10)) == ["older"] and said(store, "ann") == {}
    assert put(store, ("ann", "1", 9.0, 0, 30)) == ["stored"] and said(store, "ann") == {"1": (9.0, 0, 30)}


def test_pages_of_entries(store):
    put(store, *[("ann", f"i{n}", 5.0, 0, 1) for n in range(7)], ("bob", "i3", 1.0, 0, 1))
    pages, after = [], -1
    while page := store.entries("ann", after, 3):
        pages.append([each.item for each in page])
        after = page[-1].item_row
    assert [len(page) for page in pages] == [3, 3, 1] and sorted(id for page in pages for id in page) == [
        f"i{n}" for n in range(7)
    ]


def test_settings(store):
    assert store.settings("ann") is None
    store.set_settings("ann", {"dials": {"niche": 0.5}}).result()
    assert store.settings("ann") == {"dials": {"niche": 0.5}} and store.entries("ann") == []


def test_an_erased_person_is_gone_and_the_id_is_a_new_one(store):
    put(store, ("ann", "1", 9.0, 2, 50), ("ann", "2", 8.0, 2, 60), ("bob", "1", 7.0, 2, 70))
    store.set_settings("ann", {"dials": {}}).result()
    assert store.erase("ann").result() == 2 and store.erase("ann").result() is None
    assert said(store, "ann") == {} and store.settings("ann") is None and said(store, "bob") == {"1": (7.0, 2, 70)}
    assert put(store, ("ann", "1", 9.0, 2, 50)) == ["older"] and store.settings("ann") is None  # a retry brings nobody back
    assert put(store, ("ann", "3", 5.0, 2, clock.now())) == ["stored"] and list(said(store, "ann")) == ["3"]


def test_numbers_of_changes_are_never_given_twice(store, place, tmp_path):
    put(store, ("ann", "1", 9.0, 2, 50), ("bob", "1", 9.0, 2, 50))
    with store.database.read() as connection:
        highest = connection.scalar(text("SELECT max(seq) FROM entry"))
    store.erase("bob").result()
    store.close()
    again = PeopleStore.open(place, tmp_path / "erased")
    put(again, ("cat", "1", 9.0, 2, 50))
    with again.database.read() as connection:
        assert connection.scalar(text("SELECT max(seq) FROM entry")) > highest
    again.close()


def test_a_store_is_the_same_when_it_is_opened_again(store, place, tmp_path):
    put(store, ("ann", "1", 9.5, 2, 50), ("ann", "ねこ", None, 6, 10))
    before, secret = said(store, "ann"), store.secret
    store.close()
    again = PeopleStore.open(place, tmp_path / "erased")
    assert said(again, "ann") == before and again.secret == secret
    again.close()


def test_a_second_service_on_one_store_is_refused(store, place, tmp_path):
    code = "import sys; from pathlib import Path; from konomi.serve.store.people_store import PeopleStore\n"
    code += "PeopleStore.open(sys.argv[1], Path(sys.argv[2]))"
    child = subprocess.run([sys.executable, "-c", code, place, tmp_path / "erased"], capture_output=True, text=True)
    assert "another service is using this store" in child.stderr.splitlines()[-1]
    with pytest.raises(StoreError, match="another service"):
        PeopleStore.open(place, tmp_path / "erased")
    assert put(store, ("ann", "1", 9.0, 2, 50)) == ["stored"]


def test_many_threads_write_and_read_what_they_wrote(store):
    wrong = []

    def work(n):
        for round in range(20):
            rows = [Change(f"p{n}", f"i{k}", float(round), 0, round + 1) for k in range(5)]
            if store.put(rows).result() != ["stored"] * 5 or {each.rating for each in store.entries(f"p{n}")} != {float(round)}:
                wrong.append((n, round))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_work_that_fails_fails_alone(store):
    def refused(connection):
        connection.execute(text("INSERT INTO meta (name, value) VALUES ('never', 'x')"))
        raise RequestError("No.", "Do not.")

    def wrong(connection):
        raise ZeroDivisionError

    held, begun = threading.Event(), threading.Event()
    hold = store.writer.call(lambda connection: (begun.set(), held.wait()))
    begun.wait()
    results = [store.put([Change("ann", "1", 9.0, 0, 1)]), store.writer.call(refused), store.writer.call(wrong)]
    results += [store.put([Change("ann", "2", 9.0, 0, 1)]), store.put([Change("a\0b", "2", 9.0, 0, 1)])]
    held.set()
    hold.result()
    assert [type(each.exception()) for each in results[1:3]] == [RequestError, ZeroDivisionError]
    assert results[0].result() == results[3].result() == ["stored"] and len(said(store, "ann")) == 2
    with store.database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM meta WHERE name = 'never'")) == 0


def test_the_tables_are_those_that_the_migrations_make(store):
    assert store.database.reading.connect().close() is None
    found = inspect(store.database.reading)
    assert set(found.get_table_names()) == {*metadata.tables, "alembic_version"}
    for name, table in metadata.tables.items():
        columns = {column["name"]: column for column in found.get_columns(name)}
        assert list(columns) == [column.name for column in table.columns]
        for column in table.columns:
            assert columns[column.name]["nullable"] == column.nullable, (name, column.name)
        assert found.get_pk_constraint(name)["constrained_columns"] == [column.name for column in table.primary_key]
        assert {index["name"] for index in found.get_indexes(name) if not index.get("duplicates_constraint")} >= {
            index.name for index in table.indexes
        }


def test_the_schema_of_a_newer_program_is_refused(place, tmp_path):
    store = PeopleStore.open(place, tmp_path / "erased")
    with store.database.write() as connection:
        assert schema(connection) == newest()
        connection.execute(text("UPDATE alembic_version SET version_num = '999'"))
    store.close()
    with pytest.raises(StoreError, match="schema 999"):
        PeopleStore.open(place, tmp_path / "erased")


def test_what_the_first_schema_holds_is_there_in_the_newest(place, tmp_path):
    database = open_database(place)
    with database.write() as connection:
        migrate(connection, "1")
        connection.execute(text("INSERT INTO person (row, id, created) VALUES (3, 'ann', 1)"))
        connection.execute(text("INSERT INTO item (row, id) VALUES (5, 'x')"))
        connection.execute(text("INSERT INTO entry (person, item, rating, status, at, seq) VALUES (3, 5, 9, 0, 2, 7)"))
    database.close()
    store = PeopleStore.open(place, tmp_path / "erased")
    assert said(store, "ann") == {"x": (9.0, 0, 2)}
    assert store.put([Change("ann", "y", 8.0, 0, 3)]).result() == ["stored"]
    with store.database.read() as connection:
        assert connection.execute(text("SELECT id, withdrawn FROM item ORDER BY id")).all() == [("x", False), ("y", False)]
        assert connection.scalar(text("SELECT max(seq) FROM entry")) == 8
    store.close()


def test_a_migration_that_fails_leaves_nothing(place, tmp_path, monkeypatch):
    monkeypatch.setattr("konomi.serve.store.people_store._settled", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        PeopleStore.open(place, tmp_path / "erased")
    database = open_database(place)
    assert inspect(database.reading).get_table_names() == []
    with database.write() as connection:
        migrate(connection)
    database.close()


# ---- SQLite alone


def test_an_older_backup_brings_nobody_back(tmp_path):
    path = tmp_path / "store.db"
    store = PeopleStore.open(path)
    put(store, ("ann", "1", 9.0, 2, 50), ("bob", "1", 9.0, 2, 50))
    store.close()
    shutil.copy(path, tmp_path / "backup.db")
    store = PeopleStore.open(path)
    store.erase("ann").result()
    put(store, ("cat", "1", 9.0, 2, 50))
    store.close()
    shutil.copy(tmp_path / "backup.db", path)
    store = PeopleStore.open(path)
    assert said(store, "ann") == {} and store.settings("ann") is None and list(said(store, "bob")) == ["1"]
    put(store, ("ann", "2", 5.0, 2, clock.now()))
    store.close()
    store = PeopleStore.open(path)  # it was done once, and the new person of this id stays
    assert list(said(store, "ann")) == ["2"]
    store.close()


def test_killed_between_the_note_and_the_erasing(tmp_path):
    store = PeopleStore.open(tmp_path / "store.db")
    put(store, ("ann", "1", 9.0, 2, 50))
    store.close()
    Erased(tmp_path / "store.db.erased").add("ann", clock.now())
    store = PeopleStore.open(tmp_path / "store.db")
    assert store.settings("ann") is None
    store.close()


def test_a_line_that_was_cut_short(tmp_path):
    erased = Erased(tmp_path / "erased")
    erased.add("ann", 5)
    with (tmp_path / "erased").open("a") as file:
        file.write("0123")
    again = Erased(tmp_path / "erased")
    again.add("bob", 7)
    assert [(Erased(tmp_path / "erased").since(id)) for id in ("ann", "bob", "cat")] == [5, 7, -1]
    assert "ann" not in (tmp_path / "erased").read_text()
    (tmp_path / "other").write_text("konomi erased 1 \n")
    with pytest.raises(StoreError, match="is not a list of who was erased"):
        Erased(tmp_path / "other")


def test_every_connection_promises_to_be_durable(tmp_path):
    store = PeopleStore.open(tmp_path / "store.db")
    for engine in (store.database.reading, store.database.writing):
        with engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    store.close()


def test_a_full_disk_is_said_and_gets_well_by_itself(tmp_path):
    store = PeopleStore.open(tmp_path / "store.db")
    put(store, ("ann", "1", 9.0, 2, 50))
    with store.database.writing.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    many = [Change("ann", f"item {n}", 5.0, 2, 1) for n in range(2_000)]
    with pytest.raises(StoreError, match="full"):
        store.put(many).result()
    assert list(said(store, "ann")) == ["1"]
    with store.database.writing.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert store.put(many).result() == ["stored"] * 2_000
    store.close()


def test_places_that_are_none(tmp_path):
    for place, words in {
        tmp_path: "is a folder",
        "mysql://localhost/x": "SQLite or PostgreSQL",
        "postgresql://": "cannot be used now",
        "postgresql://nobody:secret@127.0.0.1:1/x": "cannot be used now",
        "://": "no address",
    }.items():
        with pytest.raises(StoreError, match=words) as told:
            PeopleStore.open(place, tmp_path / "erased")
        assert "secret" not in str(told.value)
    (tmp_path / "text.db").write_text("user,item,rating\n" * 100)
    with pytest.raises(StoreError, match="cannot be used now"):
        PeopleStore.open(tmp_path / "text.db")
    assert (tmp_path / "text.db").read_text().startswith("user,item")


def test_a_network_file_system_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("konomi.serve.store.database.over_network", lambda folder: "nfs4")
    with pytest.raises(StoreError, match="is on nfs4"):
        PeopleStore.open(tmp_path / "store.db")


def test_the_pair_of_an_entry_is_looked_up_not_searched_for(tmp_path):
    """SQLite would go through the whole table for some ways of asking."""
    store = PeopleStore.open(tmp_path / "store.db")
    put(store, ("ann", "1", 9.0, 2, 50))
    store.close()
    from konomi.serve.store.entries import _ASKED

    plan = sqlite3.connect(tmp_path / "store.db").execute("EXPLAIN QUERY PLAN " + _ASKED.format("(?, ?), (?, ?)"), (1, 1, 2, 2))
    assert any("SEARCH entry USING PRIMARY KEY" in row[3] for row in plan)


def test_times():
    assert clock.parsed("1970-01-01T00:00:01Z") == 1_000_000 and clock.written(1_500_000) == "1970-01-01T00:00:01.500000Z"
    assert clock.parsed("2026-11-28T21:15:00.25+01:00") == clock.parsed("2026-11-28T20:15:00.250Z")
    for wrong in (
        "2026-11-28",
        "2026-11-28T20:15:00",
        "1969-12-31T23:59:59Z",
        "yesterday",
        "",
        "2026-13-01T00:00:00Z",
        "T" * 90,
    ):
        with pytest.raises(RequestError, match="is not a point in time"):
            clock.parsed(wrong)
