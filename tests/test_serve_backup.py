"""Backups of a store: of one state, under load, from SQLite to PostgreSQL and back, and what is no backup."""

import threading

import pytest
from sqlalchemy import create_engine, text

from konomi.errors import StoreError
from konomi.files import hash_file, write_manifest
from konomi.serve.store import clock
from konomi.serve.store.backup import ERASED, FORMAT, KIND, STORE, backup, restore
from konomi.serve.store.entries import Change
from konomi.serve.store.erased import Erased
from konomi.serve.store.keys import find_key, make_key
from konomi.serve.store.migrate import migrate
from konomi.serve.store.people_store import PeopleStore
from stores import KINDS, new_place


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_a_backup_is_the_store_as_it_was(kind, other, tmp_path):
    place = new_place(kind, tmp_path)
    store = PeopleStore.open(place, tmp_path / "erased")
    store.put([Change(f"p{n}", f"i{n % 7}", n / 2, 2, n + 1) for n in range(50)]).result()
    store.set_settings("p1", {"dials": {"niche": 1}}).result()
    token = store.writer.call(lambda connection: make_key(connection, "shop", ["admin"])).result()
    before = [store.entries(f"p{n}") for n in range(50)]
    assert backup(place, tmp_path / "backup", erased=tmp_path / "erased")["entry"] == 50  # while the service has it
    store.erase("p3").result()
    store.close()

    (tmp_path / "there").mkdir()
    copy = new_place(other, tmp_path / "there")
    assert restore(tmp_path / "backup", copy, erased=tmp_path / "erased")["person"] == 50
    again = PeopleStore.open(copy)
    before[3] = []  # who was erased since stays so
    assert [again.entries(f"p{n}") for n in range(50)] == before and again.settings("p1") == {"dials": {"niche": 1}}
    assert again.settings("p3") is None and again.secret == store.secret
    with again.database.read() as connection:
        assert find_key(connection, token).name == "shop"
    assert again.put([Change("new", "new", 1.0, 2, clock.now())]).result() == ["stored"]  # rows are numbered on
    again.close()


def test_a_backup_of_an_older_schema_is_restored_and_brought_up_to_date(tmp_path):
    folder = tmp_path / "backup"
    PeopleStore.open(tmp_path / "now.db").close()
    backup(tmp_path / "now.db", folder)
    (folder / STORE).unlink()
    engine = create_engine(f"sqlite:///{folder / STORE}")
    with engine.begin() as connection:
        migrate(connection, "1")
        connection.execute(text("INSERT INTO person (row, id, created) VALUES (3, 'ann', 1)"))
        connection.execute(text("INSERT INTO item (row, id) VALUES (5, 'x')"))
        connection.execute(text("INSERT INTO entry (person, item, rating, status, at, seq) VALUES (3, 5, 9, 0, 2, 7)"))
    engine.dispose()
    hashes = {name: hash_file(folder / name) for name in (STORE, ERASED)}
    write_manifest(folder, {"kind": KIND, "format": FORMAT, "rows": {}, "sha256": hashes})
    assert restore(folder, tmp_path / "then.db")["entry"] == 1
    store = PeopleStore.open(tmp_path / "then.db")
    assert [entry[1:] for entry in store.entries("ann")] == [("x", 9.0, 0, 2)]
    store.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_backup_under_load_has_every_entry_that_was_stored_before_it(kind, tmp_path):
    place = new_place(kind, tmp_path)
    store = PeopleStore.open(place, tmp_path / "erased")
    ended, told = threading.Event(), []

    def load():
        n = 0
        while not ended.is_set():
            store.put([Change(f"p{n}", f"i{k}", 5.0, 2, 1) for k in range(10)]).result()
            told.append(n)
            n += 1

    thread = threading.Thread(target=load)
    thread.start()
    while len(told) < 20:
        pass
    before = len(told)
    backup(place, tmp_path / "backup", erased=tmp_path / "erased")
    ended.set()
    thread.join()
    store.close()
    restore(tmp_path / "backup", tmp_path / "copy.db")
    copy = PeopleStore.open(tmp_path / "copy.db")
    counts = [len(copy.entries(f"p{n}")) for n in range(len(told) + 1)]
    assert set(counts[:before]) == {10} and set(counts[before:]) <= {0, 10}  # whole transactions
    copy.close()


def test_an_earlier_backup_is_replaced_and_nothing_else(tmp_path):
    PeopleStore.open(tmp_path / "store.db").close()
    backup(tmp_path / "store.db", tmp_path / "backup")
    backup(tmp_path / "store.db", tmp_path / "backup")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "diary.txt").write_text("dear diary")
    with pytest.raises(StoreError):
        backup(tmp_path / "store.db", tmp_path / "mine")
    assert (tmp_path / "mine" / "diary.txt").read_text() == "dear diary"


def test_what_is_no_backup_and_no_place_for_one(tmp_path):
    with pytest.raises(StoreError, match="there is no store"):
        backup(tmp_path / "none.db", tmp_path / "backup")
    (tmp_path / "empty.db").touch()
    with pytest.raises(StoreError, match="no store of this version"):
        backup(tmp_path / "empty.db", tmp_path / "backup")
    with pytest.raises(StoreError, match="no such folder"):
        restore(tmp_path / "backup", tmp_path / "store.db")
    PeopleStore.open(tmp_path / "store.db").close()
    backup(tmp_path / "store.db", tmp_path / "backup")
    with pytest.raises(StoreError, match="there is a store already"):
        restore(tmp_path / "backup", tmp_path / "store.db")
    data = bytearray((tmp_path / "backup" / STORE).read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "backup" / STORE).write_bytes(data)
    with pytest.raises(StoreError, match="altered"):
        restore(tmp_path / "backup", tmp_path / "other.db")


def test_a_store_that_moves_takes_the_list_of_who_was_erased_along(tmp_path):
    """Also of those who were erased before the backup, and after it where the newer list is given."""
    store = PeopleStore.open(tmp_path / "store.db")
    for id in ("ann", "bob", "cat"):
        store.put([Change(id, "1", 9.0, 2, 5)]).result()
    store.erase("ann").result()
    backup(tmp_path / "store.db", tmp_path / "backup")
    store.erase("bob").result()
    store.close()
    restore(tmp_path / "backup", tmp_path / "a.db", erased=tmp_path / "store.db.erased")
    restore(tmp_path / "backup", tmp_path / "b.db")
    for name, there in (("a.db", {"cat"}), ("b.db", {"bob", "cat"})):
        moved = PeopleStore.open(tmp_path / name)
        assert {id for id in ("ann", "bob", "cat") if moved.settings(id) is not None} == there
        assert moved.put([Change("ann", "1", 9.0, 2, 5)]).result() == ["older"]  # a retry of before brings nobody back
        moved.close()
    with pytest.raises(StoreError, match="no such file"):
        restore(tmp_path / "backup", tmp_path / "c.db", erased=tmp_path / "none")


def test_lines_of_another_list_are_all_new(tmp_path):
    """A list that was lost and begun anew has fewer lines than the store has seen; none of them may be passed over."""
    store = PeopleStore.open(tmp_path / "store.db")
    for id in ("ann", "bob"):
        store.put([Change(id, "1", 9.0, 2, 5)]).result()
    store.erase("ann").result()
    store.close()
    (tmp_path / "store.db.erased").unlink()
    Erased(tmp_path / "store.db.erased").add("bob", clock.now())
    store = PeopleStore.open(tmp_path / "store.db")
    assert store.settings("bob") is None
    store.close()
