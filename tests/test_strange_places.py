"""Pipes and devices in place of files, folders too deep, and what others have put beside ours."""

import os

import pytest

from command_line import refused
from konomi.bundle.format import load_bundle
from konomi.bundle.store import Store
from konomi.data.dataset import Dataset
from konomi.errors import BundleError, DataError
from konomi.files import check_file, current, kind_of, make_parents, read_regular
from konomi.pipeline.train import train_model
from konomi.reading.records import open_bytes


@pytest.fixture
def pipe(tmp_path):
    """A folder whose `manifest.json` and `current` are pipes that nobody writes to: reading one would wait for ever."""
    folder = tmp_path / "pipes"
    folder.mkdir()
    for name in ("manifest.json", "current"):
        os.mkfifo(folder / name)
    return folder


def test_a_pipe_is_no_file_of_a_folder(pipe):
    with pytest.raises(OSError, match="no regular file"):
        read_regular(pipe / "current")
    assert kind_of(pipe) is None and current(pipe) == pipe
    with pytest.raises(DataError, match="cannot be read: it is no regular file"):
        Dataset.open(pipe)
    with pytest.raises(BundleError):
        load_bundle(pipe)
    assert "not a dataset or a bundle" in refused("info", pipe)[0]


def test_pipes_in_a_parent_do_not_hold_up_whoever_writes_below(pipe):
    assert check_file(pipe / "new.csv", DataError) == pipe / "new.csv"


def test_ratings_from_a_pipe_are_refused(pipe):
    with pytest.raises(DataError, match="no regular file"):
        open_bytes(pipe / "current")


def test_an_endless_file_of_settings_is_refused(tmp_path, place):
    said, _ = refused("train", place / "data", "--config", "/dev/zero", "-o", tmp_path / "bundle")
    assert "holds more than 1 MiB" in said


def test_folders_are_made_however_many_lead_to_a_place(tmp_path):
    deep = tmp_path.joinpath(*["x"] * 1100)
    make_parents(deep / "file")
    assert deep.is_dir()
    for folder in (deep, *deep.parents[:1099]):  # pytest itself could not
        folder.rmdir()


def test_a_parent_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("mine")
    for place in (tmp_path / "file" / "new", tmp_path / "file" / "a" / "b"):
        with pytest.raises(NotADirectoryError):
            make_parents(place)


def test_a_store_collects_nothing_of_others(checkerboard, tmp_path):
    store = Store(tmp_path / "store")
    store.publish(train_model(checkerboard, "popular"))
    foreign = [store.folder / name for name in (".mine.partial", ".1.notes.partial", ".1.12345678.partial.bak")]
    for folder in foreign:
        folder.mkdir()
        (folder / "file").write_text("mine")
    (store.folder / "007").write_text("mine")
    (store.folder / ("9" * 5000)[:200]).write_text("mine")
    (store.folder / ".1.12345678.partial").symlink_to(foreign[0])
    assert store.versions() == [1] and store.collect() == []
    assert all((folder / "file").read_text() == "mine" for folder in foreign)
    assert (store.folder / ".1.12345678.partial").is_symlink()


def test_names_that_are_not_utf_8_are_refused(place, tmp_path):
    folder = tmp_path / "\udcff"
    folder.mkdir()
    (folder / "ratings.csv").write_bytes((place / "ratings.csv").read_bytes())
    commands = (
        ("recommend", place / "bundle", "--all", "-o", folder / "all.parquet"),
        ("synth", "-o", folder / "new", "--ratings", 500, "--users", 40, "--items", 60),
        ("prepare", place / "ratings.csv", "-o", folder / "data"),
        ("prepare", "delimited", folder / "ratings.csv", "-o", tmp_path / "data"),
    )
    for words in commands:
        assert "not a name in UTF-8" in refused(*words)[0]
    assert [path.name for path in folder.iterdir()] == ["ratings.csv"] and list(tmp_path.iterdir()) == [folder]
