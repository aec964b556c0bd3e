"""Which model of a service answers: given ones, published ones, trained ones; and the folder that they lie in."""

from dataclasses import replace

import pytest

from konomi.bundle.format import load_bundle, save_bundle
from konomi.bundle.store import Store
from konomi.errors import StoreError
from konomi.serve.current import model_id
from konomi.serve.models import Models
from konomi.serve.problems import Unknown
from konomi.serve.store.models import Kept
from konomi.serve.store.people_store import PeopleStore
from konomi.serve.training.shelf import Seen, Shelf


@pytest.fixture
def store(tmp_path):
    store = PeopleStore.open(tmp_path / "store.db")
    yield store
    store.close()


@pytest.fixture
def models(given, store, tmp_path):
    return Models(store, Shelf.open(tmp_path / "models"), given / "bundle")


def test_a_given_bundle_answers_until_another_one_is_given(given, store, tmp_path):
    shelf = Shelf.open(tmp_path / "models")
    models = Models(store, shelf, given / "bundle")
    first = models.current.served.id
    assert first == model_id(given / "bundle") and [each.id for each in models.all()] == [first]
    second = Models(store, shelf, given / "other").current.served.id
    assert second == model_id(given / "other") != first
    assert Models(store, shelf, given / "bundle").current.served.id == second  # it was here before
    models = Models(store, shelf, given / "other")
    assert models.roll_back() == first == models.current.served.id
    with pytest.raises(Unknown, match="No other model"):
        models.roll_back()
    models.activate(second)
    with pytest.raises(Unknown, match="no such model"):
        models.activate("0123456789ab")
    shelf.bundle(second).unlink()
    again = Models(store, Shelf.open(tmp_path / "models"), given / "bundle")
    assert again.current.served.id == first  # its file is gone
    shelf.bundle(first).write_bytes(b"spoilt")
    again = Models(store, Shelf.open(tmp_path / "models"), given / "bundle")
    assert again.current.served.id == first == model_id(shelf.bundle(first))  # the given one is whole


def test_a_folder_of_published_bundles_is_followed(given, store, tmp_path):
    folder = Store(tmp_path / "published")
    folder.publish(given / "bundle")
    models = Models(store, Shelf.open(tmp_path / "models"), folder.folder)
    models.look()
    assert models.current.served.id == model_id(folder.folder / "1")
    folder.publish(given / "other")
    models.look()
    assert models.current.served.id == model_id(folder.folder / "2")
    folder.rollback()
    models.look()
    assert models.current.served.id == model_id(folder.folder / "1")


def test_what_nobody_needs_goes(models, given, store, tmp_path):
    ids = [models.current.served.id]
    for n in range(6):
        bundle = load_bundle(given / "bundle")
        for name in ("new", "twin"):
            save_bundle(tmp_path / name, replace(bundle, facts=replace(bundle.facts, seed=n + 1)))
        made = Kept("", 10**17 + n, None, n, n, {})
        ids.append(models.add(tmp_path / "new", tmp_path / "twin", made, n < 2))
    (models.shelf.folder / "notes.txt").write_text("mine")
    models.collect()
    kept = {each.id for each in models.all()}
    assert kept == {ids[0], ids[1], ids[2], *ids[4:]}  # given, the one before, the one that answers, the newest
    files = {file.name for file in models.shelf.folder.iterdir()} - {"konomi-models", "notes.txt"}
    assert files == kept | {f"{id}.twin" for id in kept if id != ids[0]}


@pytest.mark.parametrize("text", ["", "[]", "5", '{"a": 5}', '{"a": [1, 2]}', '{"a": ["x", "y", "z"]}', "\0\xff"])
def test_what_was_read_of_the_store_is_not_known_where_its_file_is_damaged(tmp_path, text):
    shelf = Shelf.open(tmp_path / "models")
    (shelf.folder / "seen.json").write_text(text, encoding="latin-1")
    assert shelf.seen("a") is None
    shelf.note("a", Seen(1, 2, 3), None)
    assert shelf.seen("a") == Seen(1, 2, 3)


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "thesis.doc").write_text("mine")
    with pytest.raises(StoreError, match="no folder of models"):
        Shelf.open(tmp_path / "models")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StoreError, match="no folder of models"):
        Shelf.open(tmp_path / "file")
    assert (tmp_path / "models" / "thesis.doc").read_text() == (tmp_path / "file").read_text() == "mine"
