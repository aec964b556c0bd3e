"""evaluate_model: a bundle on its own test entries or on other ratings, and what is refused."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import konomi
from konomi.bundle.format import save_bundle
from konomi.data.split import SplitConfig, predefined
from konomi.data.table import Table
from konomi.errors import BundleError, ConfigError, DataError
from konomi.pipeline.evaluate import evaluate_model
from konomi.pipeline.train import train_model
from konomi.runtime import Run

RUN = Run(threads=1)


@pytest.fixture(scope="module")
def data(checkerboard, tmp_path_factory):
    path = tmp_path_factory.mktemp("evaluate") / "data"
    checkerboard.save(path)
    return path


@pytest.fixture(scope="module")
def bundle(data):
    return train_model(data, {"mf": {"dim": 4, "epochs": 3}}, run=RUN, refit=False)


def test_a_bundle_on_its_own_test_entries(bundle, data, checkerboard, tmp_path):
    """Whichever way bundle and dataset are given, it is what the training found."""
    save_bundle(tmp_path / "bundle", bundle)
    expected = bundle.metrics["test"]
    for given in ((bundle,), (tmp_path / "bundle",), (str(tmp_path / "bundle"), data), (bundle, checkerboard)):
        found = evaluate_model(*given, run=RUN)
        assert found.metrics == expected and found.known_rows == 0 and found.users is found.dataset.users
    elsewhere = train_model(checkerboard, {"mf": {"dim": 4, "epochs": 3}}, run=RUN, refit=False)
    assert evaluate_model(elsewhere, data=data, run=RUN).metrics == expected
    with pytest.raises(DataError, match="the dataset of this model is not there"):
        evaluate_model(elsewhere)


def test_a_bundle_on_other_ratings(bundle, checkerboard):
    """A stranger's ratings, and of somebody in the dataset those that are new to the model: as a frame and as a Table."""
    split = konomi.make_split(checkerboard, SplitConfig())
    seen, hidden = split.test(checkerboard)
    person = int(np.flatnonzero(hidden.counts > 1)[0])
    user = int(checkerboard.users.ids[person])
    tested = [10 * int(item) for item in hidden.slice(person, person + 1).item]
    learnt = 10 * int(seen.slice(person, person + 1).item[0])
    rows = [(5, 10, 9), (5, 999, 2), *((user, item, 9) for item in tested), (user, learnt, 2)]
    frame = pl.DataFrame(rows, schema=["user_id", "item_id", "rating"], orient="row")
    found = evaluate_model(bundle, frame, run=RUN)
    assert found.known_rows == 1 and found.metrics["n"] == len(frame) - 1
    assert found.metrics["users"] == 2 and found.metrics["unknown_users"] == found.metrics["unknown_items"] == 1
    assert found.users.ids.to_list() == [5, user]
    table = Table(frame["user_id"], frame["item_id"], frame["rating"].to_numpy().astype(np.float32), checkerboard.scale, "test")
    assert evaluate_model(bundle, table, run=RUN).metrics == found.metrics
    assert {row["user"] for row in found.sample("rating", 20)} == {5, user}
    assert "(not in the dataset)" in [row["title"] for row in found.sample("rating", 20)]


def test_ratings_that_are_all_known(bundle, checkerboard):
    split = konomi.make_split(checkerboard, SplitConfig())
    seen, entry = split.train_set(checkerboard).seen, slice(0, 3)
    frame = pl.DataFrame(
        {"user_id": [100] * 3, "item_id": [10 * int(i) for i in seen.item[entry]], "rating": seen.rating[entry]}
    )
    with pytest.raises(DataError, match=r"^The DataFrame: the model was trained or validated with all of its 3 rows\.$"):
        evaluate_model(bundle, frame)


def test_what_is_refused(bundle, data, checkerboard, tmp_path):
    others = konomi.Dataset.from_frame(pl.DataFrame({"user_id": [1, 2], "item_id": [1, 2], "rating": [3, 4]}))
    for words, error, message in (
        ((7,), BundleError, "An int is not a bundle."),
        ((None,), BundleError, "None is not a bundle."),
        ((tmp_path / "none",), BundleError, "none"),
        ((bundle, 7), DataError, "a value of the type int is no table"),
        ((bundle, pl.DataFrame({"a": [1]})), DataError, "no column that looks like the user"),
        ((bundle, tmp_path / "none.csv"), DataError, "none.csv"),
        ((bundle, others), DataError, "not the dataset that this model was trained on"),
        ((bundle, None, others), DataError, "not the dataset that this model was trained on"),
        ((bundle, data, data), ConfigError, "is a dataset, and "),
        ((bundle, data, None, 3), ConfigError, "An int is not a run."),
    ):
        with pytest.raises(error) as caught:
            evaluate_model(*words)
        assert message in str(caught.value) and caught.value.hint


def test_what_was_tested_by_a_table_cannot_be_found_again(checkerboard, data):
    first = int(checkerboard.items["item_id"][int(checkerboard.profile(100).item[0])])
    test = Table(pl.Series([100]), pl.Series([first]), np.array([2], np.float32), checkerboard.scale, "test")
    made = train_model(checkerboard, "bias", predefined(checkerboard, test), RUN, path=data, refit=False)
    with pytest.raises(DataError, match="tested on a table that is not noted"):
        evaluate_model(made)


def test_paths_are_noted(bundle, data):
    assert bundle.facts.data.path == str(Path(data).resolve())
