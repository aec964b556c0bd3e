"""What the store has becomes the dataset of a training: who is who in it, what goes into it, and who goes out."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from conftest import table_of
from konomi.bundle.format import load_bundle, save_bundle
from konomi.data.dataset import Dataset
from konomi.data.prepare import prepare
from konomi.errors import DataError
from konomi.pipeline.train import train_model
from konomi.runtime import Run
from konomi.serve.store.entries import Change
from konomi.serve.store.people_store import PeopleStore
from konomi.serve.store.tables import HIDDEN, TAKEN_BACK
from konomi.serve.training.growing import grow
from konomi.serve.training.shelf import Shelf
from stores import KINDS, new_place

RUN = Run(threads=1)
AT = 1_700_000_000_000_000
ROWS = [(100 + u, 10 * i, 9 if (u + i) % 2 == 0 else 2) for u in range(30) for i in range(20) if (3 * u + 5 * i) % 7]


class Growing:
    """A store, a shelf, and the bundle that is served."""

    def __init__(self, kind, folder, rows, keep_data=True):
        self.place, self.folder = new_place(kind, folder), folder
        prepare(table_of(rows)).save(folder / "base")
        save_bundle(folder / "bundle", train_model(folder / "base", "ease", run=RUN))
        self.bundle = load_bundle(folder / "bundle")
        if not keep_data:
            (folder / "base").rename(folder / "elsewhere")
        self.store = PeopleStore.open(self.place, folder / "erased")
        self.shelf = Shelf.open(folder / "models")

    def put(self, *said):
        """Changes (person, item, rating, status), each a second later."""
        changes = [Change(*one, AT + n * 1_000_000) for n, one in enumerate(said)]
        self.store.put(changes).result()

    def grow(self):
        return grow(self.place, self.folder / "erased", self.shelf, self.bundle, RUN)

    @property
    def dataset(self):
        return Dataset.open(self.shelf.data)

    def entries(self):
        """{user id: {item id: rating}} of whoever has any."""
        data, found = self.dataset, {}
        for user, item, rating in zip(data.profiles.user, data.item, data.profiles.rating, strict=True):
            found.setdefault(data.users.ids[int(user)], {})[data.item_ids.ids[int(item)]] = None if np.isnan(rating) else rating
        return found


@pytest.fixture
def make(tmp_path):
    made = []

    def growing(kind="sqlite", rows=ROWS, **more):
        made.append(Growing(kind, tmp_path, rows, **more))
        return made[-1]

    yield growing
    for each in made:
        each.store.close()


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_said_is_put_to_the_dataset(kind, make):
    it = make(kind)
    before = Dataset.open(it.folder / "base")
    it.put(("ann", "10", 9.0, 0), ("ann", "20", None, 2), ("ann", "new", 9.0, 0), ("ann", "777", 8.0, 0), ("104", "0", 1.0, 0))
    grown = it.grow()
    assert (grown.entries, grown.people, grown.seq) == (4, 2, 5)  # "new" is no id of this catalogue
    found, data = it.entries(), it.dataset
    ann = min(found)
    assert ann < 0 and found[ann] == {10: 9, 20: None, 777: 8}
    assert found[104][0] == 1 and len(found) == 31  # the same person as before, who says something else
    assert data.lineage == (before.sha256,) and (data.known_to(before.sha256)).sum() == len(before.item) - (0 in found[104])
    it.store.put([Change("ann", "10", 3.0, 0, AT - 1), Change("bob", "30", 7.0, 0, AT)]).result()
    again = it.grow()
    assert (again.entries, again.people) == (1, 1)  # what ann says now is older than what she said, and changes nothing
    it.store.put([Change("ann", "10", 3.0, 0, AT + 10**9), Change("ann", "20", None, TAKEN_BACK, AT + 10**9)]).result()
    assert it.grow().entries == 2 and it.entries()[ann] == {10: 3, 777: 8}
    assert it.grow().entries == 0 and it.grow().dataset == it.dataset.sha256


def test_what_is_hidden_says_nothing_of_taste(make):
    it = make()
    it.put(("ann", "10", 9.0, 0), ("ann", "20", None, HIDDEN), ("ann", "30", 4.0, HIDDEN), ("ann", "40", None, 6))
    it.grow()
    data = it.dataset
    ann = it.entries()[min(it.entries())]
    assert ann == {10: 9, 30: 4, 40: None}
    assert data.status[data.profiles.user == len(data.users) - 1].tolist() == [0, 0, 6]
    it.store.put([Change("ann", "10", None, HIDDEN, AT + 10**9)]).result()
    it.grow()
    assert it.entries()[min(it.entries())] == {30: 4, 40: None}  # it takes back the 9


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("names", ["numbers", "texts"])
def test_whoever_was_erased_is_in_it_no_more(kind, names, make):
    rows = ROWS if names == "numbers" else [(f"u{u}", f"i{i}", r) for u, i, r in ROWS]
    known, item = ("104", "0") if names == "numbers" else ("u104", "i0")
    it = make(kind, rows)
    it.put(("ann", item, 9.0, 0), (known, item, 1.0, 0))
    first = it.grow()
    assert first.erased == 0 and len(it.entries()) == 31
    ann = next(id for id in it.entries() if str(id)[0] in "-~")
    for id in ("ann", known):
        it.store.erase(id).result()
    second = it.grow()
    found = it.entries()
    assert second.erased > 0 and len(found) == 29 and ann not in found and str(known) not in map(str, found)
    it.store.put([Change(id, item, 5.0, 0, 2**60) for id in ("ann", known)]).result()
    third = it.grow()
    new = [id for id in it.entries() if str(id)[0] in "-~"]
    assert third.erased == second.erased and len(new) == 2 and ann not in new  # new people, whatever they are called
    assert all(len(it.entries()[id]) == 1 for id in new)
    assert not any(name in str(it.dataset.users.ids.to_list()) for name in ("ann",))


def test_a_number_that_is_written_otherwise_is_somebody_else(make):
    it = make()
    it.put(("0104", "10", 1.0, 0), (" 104", "10", 1.0, 0), ("104.0", "10", 1.0, 0), ("99999999999999999999", "010", 1.0, 0))
    it.grow()
    assert len([id for id in it.entries() if id < 0]) == 3 and 104 in it.entries()  # 010 is no item


def test_without_the_dataset_of_the_bundle_it_is_the_store_alone(make):
    it = make(keep_data=False)
    with pytest.raises(DataError, match="nothing to learn from"):
        it.grow()
    it.put(("ann", "10", 9.0, 0), ("104", "20", 8.0, 0))
    it.grow()
    data = it.dataset
    assert len(data.item) == 2 and len(data.items) == 20 and len(data.users) == 2  # the whole catalogue
    assert all(id.startswith("~") for id in data.users.ids.to_list())
    it.put(("bob", "10", 9.0, 0))
    it.store.erase("ann").result()
    facts = it.bundle.facts
    learnt = replace(facts.data, sha256=data.sha256, path=str(it.shelf.data))
    it.bundle = replace(it.bundle, facts=replace(facts, data=learnt))
    it.grow()
    assert len(it.dataset.item) == 2 and it.dataset.lineage[0] == data.sha256


def test_a_bundle_of_other_data_begins_anew(make, tmp_path):
    it = make()
    it.put(("ann", "10", 9.0, 0))
    it.grow()
    prepare(table_of(ROWS[:300])).save(tmp_path / "other")
    it.bundle = train_model(tmp_path / "other", "ease", run=RUN)
    assert it.grow().entries == 1 and len(it.dataset.item) == 301


def test_ratings_off_the_scale_of_the_dataset_are_left_out(make):
    it = make()
    it.put(("ann", "10", 9.5, 0), ("ann", "20", 11.0, 0), ("ann", "30", 3.0, 0))
    assert it.grow().entries == 1


def test_ids_of_texts_are_those_of_the_catalogue(make):
    it = make(rows=[(f"u{u}", f"i{i}", r) for u, i, r in ROWS])
    it.put(("ann", "i10", 9.0, 0), ("ann", "10", 9.0, 0))
    it.grow()
    assert it.dataset.items.filter(pl.col("item_id") == "10").height == 1
