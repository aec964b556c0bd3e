"""prepare, by hand and against a plain pandas-like twin; datasets on disk."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import table_of
from konomi.data.dataset import Dataset
from konomi.data.prepare import SORT_BLOCK, Rules, prepare
from konomi.data.scale import Scale
from konomi.data.table import Rejects
from konomi.errors import ConfigError, DataError
from konomi.runtime import Run


def entries(dataset):
    """{(user id, item id): rating}."""
    profiles = dataset.profiles
    users, items = dataset.users.ids.to_list(), dataset.items["item_id"].to_list()
    return {(users[u], items[i]): r for u, i, r in zip(profiles.user, profiles.item, profiles.rating.tolist(), strict=True)}


def report(dataset):
    return {row["step"]: row["rows"] for row in dataset.manifest["report"]}


ROWS = st.lists(st.tuples(st.integers(0, 6), st.integers(-3, 5), st.sampled_from([None, 1.0, 4.0, 10.0])), min_size=1)


@given(ROWS)
def test_the_last_of_the_duplicates_stays(rows):
    dataset = prepare(table_of(rows))
    expected = {(u, i): r for u, i, r in rows}
    found = {pair: None if np.isnan(r) else r for pair, r in entries(dataset).items()}
    assert found == expected
    assert report(dataset)["duplicates"] == len(rows) - len(expected)
    assert list(entries(dataset)) == sorted(expected)


def test_the_latest_of_the_duplicates_stays_where_there_are_times():
    rows = [(1, 1, 3), (1, 1, 5), (1, 1, 7), (1, 1, 9)]
    dataset = prepare(table_of(rows, time=np.array([5, 9, 9, 2])))
    assert entries(dataset) == {(1, 1): 7} and dataset.time.tolist() == [9]


@given(ROWS, st.integers(0, 3), st.integers(0, 3))
def test_thresholds_are_more_than_and_counted_once(rows, item_least, user_least):
    kept = {(u, i): r for u, i, r in rows}
    scored = [pair for pair, r in kept.items() if r is not None]
    users, items = ([pair[k] for pair in scored] for k in (0, 1))
    expected = {
        (u, i)
        for u, i in kept
        if (not item_least or items.count(i) > item_least) and (not user_least or users.count(u) > user_least)
    }
    rules = Rules(min_item_ratings=item_least, min_user_ratings=user_least)
    if not expected:
        with pytest.raises(DataError, match="Nothing is left") as caught:
            prepare(table_of(rows), rules)
        assert "`min_item_ratings`" in caught.value.hint
        return
    dataset = prepare(table_of(rows), rules)
    assert set(entries(dataset)) == expected
    steps = report(dataset)
    assert steps["read"] == steps["kept"] + sum(n for step, n in steps.items() if step not in ("read", "kept"))


@given(ROWS, st.integers(1, 3))
def test_a_k_core_is_a_fixed_point(rows, k):
    kept = {(u, i): r for u, i, r in rows}
    while True:
        scored = [pair for pair, r in kept.items() if r is not None]
        users, items = ([pair[n] for pair in scored] for n in (0, 1))
        smaller = {(u, i): r for (u, i), r in kept.items() if users.count(u) >= k and items.count(i) >= k}
        if smaller == kept:
            break
        kept = smaller
    if kept:
        assert set(entries(prepare(table_of(rows), Rules(k_core=k)))) == set(kept)
    else:
        with pytest.raises(DataError, match="by k-core"):
            prepare(table_of(rows), Rules(k_core=k))


def test_a_negative_threshold_is_refused():
    with pytest.raises(ConfigError, match="k_core is -1"):
        Rules(k_core=-1)


def test_the_catalogue_is_joined_in_item_order():
    items = pl.DataFrame({"item_id": [30, 10, 99], "title": ["C", "A", "never rated"], "sensitive": [True, False, False]})
    dataset = prepare(table_of([(1, 10, 8), (1, 20, 6), (2, 30, 2)], items=items))
    assert dataset.items["item_id"].to_list() == [10, 20, 30, 99]
    assert dataset.items["title"].to_list() == ["A", None, "C", "never rated"]
    assert dataset.items["sensitive"].to_list() == [False, False, True, False]
    assert dataset.titles([2, 1]) == ["C", "20"] and dataset.manifest["items_with_title"] == 3
    assert dataset.items["ratings"].to_list() == [1, 1, 1, 0]


def test_the_manifest_counts_what_was_read():
    rejects = Rejects(line=[4], reason=["not a number"], text=["1,2,x"])
    dataset = prepare(table_of([(1, 1, 8), (1, 2, None), (2, 1, 8), (2, 1, 3)], rejects=rejects, note="made up"))
    steps = ("read", "bad rows", "duplicates", "items with too few ratings", "users with too few ratings", "k-core", "kept")
    assert report(dataset) == dict(zip(steps, (5, 1, 1, 0, 0, 0, 3), strict=True))
    assert dataset.manifest["histogram"] == {"not scored": 1, "3": 1, "8": 1}
    assert dataset.manifest["labels"] == {"liked": 1, "not liked": 1, "left out": 1}
    assert dataset.manifest["note"] == "made up"


# ---- on disk


@pytest.fixture
def saved(tmp_path):
    dataset = prepare(table_of([("ann", "x", 8), ("ann", "y", None), ("bob", "y", 3.5)], scale=Scale(1, 10, 0.5)))
    dataset.save(tmp_path / "data")
    return tmp_path / "data"


def test_saved_and_opened_it_is_the_same(saved):
    dataset = Dataset.open(saved)
    assert str(entries(dataset)) == "{('ann', 'x'): 8.0, ('ann', 'y'): nan, ('bob', 'y'): 3.5}"
    assert (
        dataset.sha256
        == prepare(table_of([("bob", "y", 3.5), ("ann", "x", 8), ("ann", "y", None)], scale=Scale(1, 10, 0.5))).sha256
    )
    profile = dataset.profile("bob")
    assert (profile.item.tolist(), profile.rating.tolist()) == ([1], [3.5])
    assert sorted(str(p.relative_to(saved)) for p in saved.rglob("*") if p.is_file()) == [
        "current",
        "versions/1/indptr.npy",
        "versions/1/item.npy",
        "versions/1/items.parquet",
        "versions/1/manifest.json",
        "versions/1/rating.npy",
        "versions/1/users.parquet",
    ]
    assert [p.name for p in saved.parent.iterdir()] == ["data"]


def test_an_older_dataset_is_replaced_and_anything_else_refused(saved, tmp_path):
    prepare(table_of([(1, 1, 8)])).save(saved)
    assert len(Dataset.open(saved).item) == 1
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(DataError, match="already exists and is not a konomi dataset"):
        prepare(table_of([(1, 1, 8)])).save(tmp_path / "mine")
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"


def test_files_of_others_in_a_dataset_are_not_lost(saved):
    (saved / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match=r"holds more than a konomi dataset: notes\.txt"):
        prepare(table_of([(1, 1, 8)])).save(saved)
    assert (saved / "notes.txt").read_text() == "mine" and len(Dataset.open(saved).item) == 3


def test_through_a_link_the_linked_folder_is_replaced(saved, tmp_path):
    (tmp_path / "link").symlink_to(saved)
    prepare(table_of([(1, 1, 8)])).save(tmp_path / "link")
    assert len(Dataset.open(saved).item) == 1 and sorted(p.name for p in tmp_path.iterdir()) == ["data", "link"]


@pytest.mark.parametrize("threads", [2, 8])
def test_any_number_of_threads_gives_the_same_bytes(threads):
    rng = np.random.default_rng(0)
    rows = list(zip(rng.integers(0, 2500, 9000).tolist(), rng.integers(0, 50, 9000).tolist(), [7] * 9000, strict=True))
    one, many = (prepare(table_of(rows), run=Run(threads=n)) for n in (1, threads))
    assert len(one.users) > 2 * SORT_BLOCK and one.sha256 == many.sha256


def test_labels_follow_the_rule_it_was_prepared_with():
    table = table_of([(1, 1, 8), (1, 2, None), (1, 3, 2)], status=np.array([2, 2, 4], np.uint8))
    assert prepare(table).labels().tolist() == [1, 1, 0]
    assert prepare(table, Rules(labels="unscored-negative")).labels().tolist() == [1, 0, 0]


def test_a_full_disk_leaves_nothing_half_written(saved, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(DataError, match="the disk is full") as caught:
        prepare(table_of([(1, 1, 8)])).save(saved)
    assert "`path`" in caught.value.hint
    assert [p.name for p in saved.parent.iterdir()] == ["data"] and len(Dataset.open(saved).item) == 3
