"""Reading a store for a training: the same as a plain slow reading, in one order, and of one moment while a service writes."""

from threading import Event

import numpy as np
import pytest
from sqlalchemy import text

from konomi.errors import Cancelled, StoreError
from konomi.serve.store import reading
from konomi.serve.store.entries import Change
from konomi.serve.store.people_store import PeopleStore
from konomi.serve.store.reading import read_store
from konomi.serve.store.tables import TAKEN_BACK
from stores import KINDS, new_place


@pytest.fixture(params=KINDS)
def place(request, tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "AT_ONCE", 50)  # so that there are several blocks
    monkeypatch.setattr(reading, "PAGES", 1)
    return new_place(request.param, tmp_path)


@pytest.fixture
def store(place, tmp_path):
    opened = PeopleStore.open(place, tmp_path / "erased")
    yield opened
    opened.close()


def fill(store, seed, n=600):
    """Changes at random: ratings, statuses, what is said again and what is taken back."""
    rng = np.random.default_rng(seed)
    for _ in range(3):
        changes = []
        for who, what, rating, kind in rng.integers(0, (40, 30, 12, 10), (n, 4)).tolist():
            rated = kind < 6 and rating < 10
            status = TAKEN_BACK if kind == 9 else kind if kind < 9 else 0
            changes.append(
                Change(f"p{who}", f"ねこ {what}", rating / 2 if rated else None, status, int(rng.integers(1, 10**15)))
            )
        store.put(changes).result()


def slowly(store, after=0):
    """The same by plain queries, as lists."""
    with store.database.read() as connection:

        def rows(asked):
            return [tuple(row) for row in connection.execute(text(asked))]

        people = rows('SELECT "row", id, created FROM person ORDER BY "row"')
        items = rows('SELECT "row", id, facts, withdrawn FROM item ORDER BY "row"')
        entries = rows(f'SELECT person, item, rating, status, "at" FROM entry WHERE seq > {after} ORDER BY person, item')
        return people, items, entries, rows("SELECT coalesce(max(seq), 0) FROM entry")[0][0]


def as_lists(found):
    people = list(zip(found.people.row.tolist(), found.people.id, found.people.created.tolist(), strict=True))
    columns = found.items.row.tolist(), found.items.id, found.items.facts, found.items.withdrawn.tolist()
    entries = found.entries
    rating = [None if np.isnan(each) else each for each in entries.rating.tolist()]
    rows = zip(
        entries.person.tolist(), entries.item.tolist(), rating, entries.status.tolist(), entries.at.tolist(), strict=True
    )
    return people, list(zip(*columns, strict=True)), list(rows), found.seq


def test_it_reads_what_a_plain_reading_finds(store, place):
    fill(store, 0)
    middle = slowly(store)[3] // 2
    with store.database.write() as connection:
        connection.execute(text("UPDATE item SET facts = '{}', withdrawn = (1 = 1) WHERE \"row\" = 3"))
    found = read_store(place)
    assert as_lists(found) == slowly(store) and len(found.entries.at) > 400 and found.items.withdrawn.sum() == 1
    assert {name: values.dtype.str for name, values in vars(found.entries).items()} == {
        "person": "<i8", "item": "<i8", "rating": "<f4", "status": "|i1", "at": "<i8"
    }  # fmt: skip
    assert -1 in found.entries.status and np.isnan(found.entries.rating).any()
    later = read_store(place, middle)
    assert as_lists(later) == slowly(store, middle) and 0 < len(later.entries.at) < len(found.entries.at)
    assert len(read_store(place, found.seq).entries.at) == 0


def test_it_is_of_one_moment_while_a_service_writes(store, place):
    fill(store, 1)
    before = slowly(store)
    seen = []

    def meanwhile(stage):
        if not seen:
            fill(store, 2)
            store.put([Change("new", "new", 5.0, 0, 1)]).result()
            store.erase("p3").result()
        seen.append(stage)

    assert as_lists(read_store(place, progress=meanwhile)) == before
    assert [stage.done for stage in seen] == sorted(stage.done for stage in seen) and len(seen) > 1
    assert (seen[-1].done, seen[-1].total, seen[-1].unit) == (len(before[2]), len(before[2]), "entries")
    after = read_store(place)
    assert as_lists(after)[:3] == slowly(store)[:3] and after.seq > before[3]
    assert "p3" not in after.people.id and "new" in after.people.id


def test_the_last_number_counts_what_is_gone(store, place):
    store.put([Change("ann", "1", 9.0, 2, 50), Change("bob", "1", 9.0, 2, 50)]).result()
    store.erase("bob").result()
    found = read_store(place)
    assert (found.seq, found.people.id, found.entries.rating.tolist()) == (2, ["ann"], [9.0])


def test_it_can_be_cancelled(store, place):
    fill(store, 3)
    cancel = Event()
    with pytest.raises(Cancelled):
        read_store(place, progress=lambda stage: cancel.set(), cancel=cancel)


def test_an_empty_store_and_none(store, place, tmp_path):
    assert as_lists(read_store(place)) == ([], [], [], 0)
    with pytest.raises(StoreError, match="there is no store"):
        read_store(tmp_path / "none.db")


@pytest.mark.parametrize("few", [0, 1, 10**9])
def test_what_is_new_is_found_by_either_way(store, place, monkeypatch, few):
    """By going through the table (few = 10⁹), and by the index of the numbers (0)."""
    fill(store, 1)
    monkeypatch.setattr(reading, "FEW", few)
    last = slowly(store)[3]
    for after in (1, last // 2, last - 5, last):
        assert as_lists(read_store(place, after)) == slowly(store, after)
