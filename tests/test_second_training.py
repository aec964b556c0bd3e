"""The second training: it says that it is one, has room to itself, and goes on after an interruption."""

import gc
import shutil
import weakref

import numpy as np
import polars as pl
import pytest

from command_line import konomi, ratings, refused, write
from konomi.data.split import SplitConfig, make_split, predefined
from konomi.data.table import Table
from konomi.models import mf, module
from konomi.neural import checkpoint
from konomi.pipeline import train as pipeline
from konomi.pipeline.refit import AGAIN, second, settled
from konomi.pipeline.train import train_model
from konomi.runtime import Run

SETTINGS = {"batch": 64, "epochs": 4, "patience": 0, "rate": 0.03}  # the last epoch is the best one
NETWORK = ("-m", "nn", *(word for name, value in SETTINGS.items() for word in ("--set", f"{name}={value}")), "--seed", 1)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("again")
    konomi("prepare", write(folder / "ratings.csv", ratings()), "--scale", "1:10:1", "-o", folder / "data")
    return folder / "data"


def test_progress_names_it(checkerboard):
    told = []
    train_model(checkerboard, {"ease": {}, "mf": {"dim": 2, "epochs": 2}}, run=Run(progress=told.append))
    names = [name for name in dict.fromkeys(stage.what for stage in told) if name.startswith("train")]
    assert names == ["train ease", "train mf", f"train ease {AGAIN}", f"train mf {AGAIN}"]


def test_the_first_model_is_gone_by_then(checkerboard, monkeypatch):
    """There need not be room for both."""
    first, fit = [], pipeline.fit

    def watched(name, config, train, run):
        gc.collect()
        assert [model() for model in first] == [None] * len(first)
        found = fit(name, config, train, run)
        first.append(weakref.ref(found.model))
        return found

    monkeypatch.setattr(pipeline, "fit", watched)
    train_model(checkerboard, {"mf": {"dim": 2, "epochs": 2}}, run=Run(threads=1))
    assert len(first) == 2


@pytest.mark.parametrize("schedule", ["constant", "warm-up", "inverse-time"])
def test_an_epoch_is_the_same_in_both(checkerboard, schedule):
    """The step of each epoch does not depend on how many there are to be: the first of many are those of few."""
    train = make_split(checkerboard, SplitConfig(valid=0)).train_set(checkerboard)
    config = mf.Config(dim=2, epochs=6, schedule=schedule, patience=0)
    many, few = mf.fit(train, config, Run()), mf.fit(train, settled(config, [_ended(3)]), Run())
    assert len(few.history) == 3
    np.testing.assert_array_equal(many.history[:3, 0], few.history[:, 0])


def _ended(epoch):
    """A model whose best epoch was this one, counted from 1."""
    history = np.array([[1, 1 + abs(n - epoch)] for n in range(1, 7)], np.float32)
    empty = np.zeros(1, np.float32)
    return module("bias").Bias(empty, empty, empty, empty, history)


@pytest.mark.parametrize("after", [2, 6])
def test_an_interruption_in_either_training(data, tmp_path, monkeypatch, after):
    """Written after each of four epochs, twice: what is interrupted goes on from there, and ends in the same bytes."""
    konomi("train", data, *NETWORK, "-o", tmp_path / "whole")
    file, epochs, save = tmp_path / "state", [], checkpoint.write

    def interrupted(path, *state):
        save(path, *state)
        epochs.append(path)
        if len(epochs) == after:
            raise KeyboardInterrupt

    monkeypatch.setattr(checkpoint, "write", interrupted)
    words = ("train", data, *NETWORK, "--checkpoint", file)
    konomi(*words, "-o", tmp_path / "b", code=130)
    assert file.exists() and second(file).exists() == (after > 4) and not (tmp_path / "b").exists()
    konomi(*words, "-o", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == (tmp_path / "whole").read_bytes()
    assert epochs.count(file) == epochs.count(second(file)) == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "whole"]


def test_the_two_trainings_are_not_mixed(data, tmp_path, monkeypatch):
    """Each checkpoint is of its own entries."""
    file, save = tmp_path / "state", checkpoint.write

    def interrupted(path, *state):
        save(path, *state)
        if path == second(file):
            raise KeyboardInterrupt

    monkeypatch.setattr(checkpoint, "write", interrupted)
    words = ("train", data, *NETWORK, "--checkpoint", file, "-o", tmp_path / "b")
    konomi(*words, code=130)
    shutil.copy(file, second(file))
    assert "with other settings, another seed or other data" in refused(*words)[0]
    write(second(file), "dear diary")
    assert "state.refit: already exists and is not a checkpoint" in refused(*words)[0]
    second(file).unlink()
    assert "the bundle will be at" in refused(*words[:-1], second(file))[0]


def test_a_split_without_validation_entries_gets_some(checkerboard):
    """However it was given; the test entries stay. Without a refit, or without epochs, it is as it was given."""
    models = {"mf": {"dim": 2, "epochs": 40, "rate": 0.28, "l2": 0, "patience": 2}}
    split = make_split(checkerboard, SplitConfig("per-user", valid=0, test=0.2))
    made = train_model(checkerboard, models, split, Run(threads=1))
    assert made.facts.split.entries["test"] == split.counts()["test"] and made.facts.split.entries["valid"] > 0
    assert len(made.models["mf"].history) < 40
    plain = train_model(checkerboard, models, split, Run(threads=1), refit=False)
    assert plain.facts.split.sha256 == split.sha256 and len(plain.models["mf"].history) == 40
    tested = split.test(checkerboard)[1].slice(0, 3)
    user, item = checkerboard.users.ids.gather(tested.user), pl.Series(10 * tested.item)
    given = predefined(checkerboard, Table(user, item, tested.rating, checkerboard.scale, "test"), None, 0)
    assert train_model(checkerboard, models, given, Run(threads=1)).facts.split.entries["valid"] > 0
    assert train_model(checkerboard, "bias", given, Run(threads=1)).facts.split.entries["valid"] == 0
