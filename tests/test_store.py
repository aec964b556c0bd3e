"""A store: one current bundle, whatever is published, collected or killed meanwhile."""

import multiprocessing
import time
from dataclasses import replace

import numpy as np
import pytest

from konomi.bundle.format import load_bundle, save_bundle
from konomi.bundle.store import Store
from konomi.data.split import SplitConfig
from konomi.errors import BundleError
from konomi.models import bias
from konomi.pipeline.train import train_model
from konomi.runtime import Run
from rewritten import older


@pytest.fixture(scope="module")
def bundle(checkerboard):
    return train_model(checkerboard, {"bias": bias.Config()}, SplitConfig(valid=0), Run(threads=1))


def numbered(bundle, n):
    """The bundle with another seed, to know it by."""
    return replace(bundle, facts=replace(bundle.facts, seed=n))


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def test_the_last_that_was_published_is_current(store, bundle):
    assert [store.publish(numbered(bundle, n)) for n in (10, 20, 30)] == [1, 2, 3]
    assert store.versions() == [1, 2, 3] and store.current() == 3
    assert [store.open(n).facts.seed for n in (1, 2, 3, None)] == [10, 20, 30, 30]


def test_back_and_forth(store, bundle):
    for n in range(3):
        store.publish(numbered(bundle, n))
    assert store.rollback() == 2 and store.open().facts.seed == 1
    assert store.rollback() == 1 and store.current() == 1
    with pytest.raises(BundleError, match="no bundle before 1"):
        store.rollback()
    store.select(3)
    assert store.current() == 3 and store.publish(bundle) == 4
    with pytest.raises(BundleError, match="no such file"):
        store.select(9)
    assert store.current() == 4


def test_files_and_folders_are_published_too(store, bundle, tmp_path):
    save_bundle(tmp_path / "model", bundle)
    store.publish(tmp_path / "model")
    store.publish(older(tmp_path / "older", bundle))
    assert (store.folder / "1").read_bytes() == (tmp_path / "model").read_bytes()
    assert store.open(2).items.equals(bundle.items) and store.open(2).facts == bundle.facts
    (tmp_path / "model").write_bytes((tmp_path / "model").read_bytes()[:-1])
    with pytest.raises(BundleError, match="cut short"):
        store.publish(tmp_path / "model")
    assert store.versions() == [1, 2] and store.current() == 2


def test_collecting_leaves_the_current_one_and_the_newest(store, bundle):
    for n in range(6):
        store.publish(numbered(bundle, n))
    store.select(2)
    opened = store.open(1, check=False)
    (store.folder / ".7.12345678.partial").mkdir()
    (store.folder / ".7.12345678.partial" / "new").write_bytes(b"half")
    assert store.collect(keep=2) == [1, 3, 4] and store.versions() == [2, 5, 6]
    assert np.isfinite(opened.models["bias"].item_bias).all()  # its file is gone
    assert store.collect(keep=0) == [5] and store.versions() == [2, 6] and store.open().facts.seed == 1
    assert sorted(file.name for file in store.folder.iterdir()) == ["2", "6", "current"]
    assert store.publish(bundle) == 7


def test_a_bundle_that_is_collected_while_it_is_opened(store, bundle, monkeypatch):
    store.publish(numbered(bundle, 10))

    def slowly(path, check=True):
        if store.current() == 1:
            store.publish(numbered(bundle, 20))
            store.collect(keep=1)
        return load_bundle(path, check)

    monkeypatch.setattr("konomi.bundle.store.load_bundle", slowly)
    assert store.open().facts.seed == 20 and store.versions() == [2]
    (store.folder / "2").unlink()
    with pytest.raises(BundleError, match="no such file"):
        store.open()


def test_before_anything_is_published(store):
    assert store.versions() == []
    for ask in (store.current, store.open, store.rollback):
        with pytest.raises(BundleError, match="nothing was published"):
            ask()


def test_a_pointer_that_is_damaged(store, bundle):
    store.publish(bundle)
    (store.folder / "current").write_text("one\n")
    with pytest.raises(BundleError, match="current: cannot be read") as caught:
        store.open()
    assert "Select" in caught.value.hint
    store.select(1)
    assert store.open()
    (store.folder / "current").write_text("")
    assert store.publish(bundle) == store.current() == 2
    with pytest.raises(BundleError, match="no such file"):
        store.select(3)
    assert store.current() == 2 and store.versions() == [1, 2]


def test_what_cannot_be_written(bundle, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(BundleError, match="cannot be written"):
        Store(tmp_path / "file").publish(bundle)
    assert (tmp_path / "file").read_text() == "mine"


CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["konomi.bundle.store", "konomi.models.bias"])


def publish(folder, file, times):
    """What another process does; the seeds of what it publishes are the numbers."""
    bundle = load_bundle(file)
    for n in range(times):
        Store(folder).publish(numbered(bundle, n))
        Store(folder).collect(keep=1)


def start(*args):
    process = CONTEXT.Process(target=publish, args=args)
    process.start()
    return process


@pytest.fixture
def file(bundle, tmp_path):
    save_bundle(tmp_path / "model", bundle)
    return tmp_path / "model"


def test_readers_beside_publishers_that_collect(store, bundle, file):
    """Two processes publish and collect all but the newest; every open of the current bundle is a whole one."""
    store.publish(numbered(bundle, -1))
    publishers = [start(store.folder, file, 10) for _ in range(2)]
    seeds = []
    while any(publisher.is_alive() for publisher in publishers):
        seeds.append(store.open().facts.seed)
    assert [publisher.exitcode for publisher in publishers] == [0, 0]
    assert store.current() == 21 and store.open().facts.seed == 9 and len(set(seeds)) > 1


@pytest.mark.slow
def test_publishers_that_are_killed(store, bundle, file):
    """Wherever a kill falls, the current bundle opens, and the next publisher goes on."""
    store.publish(bundle)
    draw, last = np.random.default_rng(0), 1
    for _ in range(5):
        publisher = start(store.folder, file, 1000)
        while store.current() == last:
            time.sleep(0.001)
        time.sleep(float(draw.uniform(0, 0.03)))
        publisher.kill()
        publisher.join()
        last = store.current()
        assert store.open().items.equals(bundle.items)
    store.publish(numbered(bundle, 99))
    store.collect(keep=1)
    assert store.open().facts.seed == 99 and store.current() > last
    assert sorted(file.name for file in store.folder.iterdir()) == sorted([str(store.current()), "current"])
