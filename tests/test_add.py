"""Data that grows: rows that never move, the latest word on each entry, and what bundles make of it."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import konomi
from command_line import konomi as command
from command_line import refused, write
from conftest import table_of
from konomi.data.add import add
from konomi.data.dataset import Dataset
from konomi.data.prepare import Rules, prepare
from konomi.data.split import SplitConfig, make_split
from konomi.data.vocab import Vocab
from konomi.errors import DataError
from konomi.files import held
from konomi.pipeline.evaluate import evaluate_model
from konomi.pipeline.train import train_model
from konomi.recommend.recommender import Recommender
from konomi.runtime import Run

RUN = Run(threads=1)


def entries(dataset):
    """{(user id, item id): (rating, time)} of all entries."""
    users, items = dataset.users.ids.to_list(), dataset.items["item_id"].to_list()
    profiles = dataset.profiles
    times = [None] * len(profiles.item) if dataset.time is None else dataset.time.tolist()
    rated = zip(profiles.user.tolist(), profiles.item.tolist(), profiles.rating.tolist(), times, strict=True)
    return {(users[u], items[i]): (r, t) for u, i, r, t in rated}


def counts(dataset):
    return {step["step"]: step["rows"] for step in dataset.manifest["report"]}


# rows that never move


@given(st.lists(st.integers(-5, 99), unique=True, min_size=1), st.lists(st.integers(-5, 99), min_size=1))
@pytest.mark.parametrize("kind", [pl.Int64, pl.String])
def test_a_vocabulary_keeps_its_rows(kind, first, more):
    known = Vocab.of(pl.Series(first, dtype=pl.Int64).cast(kind))
    grown = known.extended(pl.Series(more, dtype=pl.Int64).cast(kind))
    assert grown.ids.head(len(known)).equals(known.ids) and set(grown.ids) == set(pl.Series(first + more).cast(kind))
    assert grown.rows(grown.ids).tolist() == list(range(len(grown)))
    assert grown.rows(pl.Series([12345], dtype=pl.Int64).cast(kind)).tolist() == [-1]


def test_ids_far_apart_keep_their_rows():
    known = Vocab.of(pl.Series([5, 2**40, -(2**50)]))
    grown = known.extended(pl.Series([7, 2**60, 5]))
    assert grown.ids.to_list() == [-(2**50), 5, 2**40, 7, 2**60]
    assert grown.rows(pl.Series([7, 2**60, 5, 6])).tolist() == [3, 4, 1, -1]
    with pytest.raises(DataError, match="ids of text"):
        known.extended(pl.Series(["five"]))
    assert known.extended(pl.Series(["7"])).ids.to_list()[-1] == 7


ROWS = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(1, 10), st.integers(0, 3)), min_size=1, max_size=20)


@given(ROWS, ROWS)
def test_at_once_or_one_after_the_other(first, second):
    """With times other than 0, it makes no difference in which file a row stands, but for equal times."""

    def made(rows):
        return table_of([(u, i, r) for u, i, r, _ in rows], time=np.array([1 + t for *_, t in rows], np.int64))

    grown = add(prepare(made(first)), made(second))
    assert entries(grown) == entries(prepare(made(first + second)))
    assert grown.profiles.item.dtype == np.int32 and grown.indptr[-1] == len(grown.item)


@given(ROWS, st.sampled_from(["random", "users", "items"]), st.integers(0, 5))
def test_what_was_there_keeps_its_rows_and_roles(checkerboard, more, kind, seed):
    before = checkerboard
    after = add(before, table_of([(97 + u + t, 10 * i, r) for u, i, r, t in more]))
    assert after.users.ids.head(len(before.users)).equals(before.users.ids)
    assert after.items["item_id"].head(len(before.items)).equals(before.items["item_id"])
    config = SplitConfig(kind, valid=0.2, test=0.2, seed=seed)
    pairs = zip(after.profiles.user.tolist(), after.item.tolist(), strict=True)
    role = dict(zip(pairs, make_split(after, config).role.tolist(), strict=True))
    places = zip(before.profiles.user.tolist(), before.item.tolist(), strict=True)
    assert [role[pair] for pair in places] == make_split(before, config).role.tolist()


# the latest word on each entry


def timed(rows, **more):
    return table_of([row[:3] for row in rows], time=np.array([row[3] for row in rows], np.int64), **more)


def test_corrections_and_deletions_by_hand():
    before = prepare(timed([(1, 1, 5, 10), (1, 2, 6, 10), (2, 1, 7, 10), (2, 3, 8, 0)]))
    rows = [
        (1, 1, 9, 11),  # a correction
        (1, 2, 1, 9),  # older than what is there
        (2, 1, 2, 12), (2, 1, 3, 12),  # of equal times the later line
        (2, 3, 4, 1),  # what has no time is older
        (1, 3, 6, 5),  # new
        (3, 1, 6, 5),  # new, of a new person
        (1, 9, 1, 5),  # the deletion of nothing
    ]  # fmt: skip
    after = add(before, replace(timed(rows), deleted=np.array([False] * 7 + [True])))
    assert entries(after) == {
        (1, 1): (9, 11), (1, 2): (6, 10), (1, 3): (6, 5), (2, 1): (3, 12), (2, 3): (4, 1), (3, 1): (6, 5),
    }  # fmt: skip
    assert counts(after) == {
        "before": 4, "read": 8, "bad rows": 0, "duplicates": 1, "new": 2, "corrected": 3, "unchanged": 0,
        "older than what is there": 1, "deleted": 0, "deleted, but not there": 1, "kept": 6,
    }  # fmt: skip
    assert after.since.tolist() == [-1, 0, 1, -1, -1, 1]
    gone = add(after, replace(timed([(1, 1, 9, 12), (3, 1, 6, 6), (1, 2, 6, 20)]), deleted=np.array([True, True, False])))
    assert (1, 1) not in entries(gone) and gone.users.ids.to_list() == [1, 2, 3]  # whoever has nothing left keeps the row
    assert counts(gone)["deleted"] == 2 and counts(gone)["unchanged"] == 1 and entries(gone)[1, 2] == (6, 20)
    assert gone.lineage == (before.sha256, after.sha256)


def test_without_times_the_last_file_counts():
    before = prepare(timed([(1, 1, 5, 10), (1, 2, 5, 10)]))
    after = add(before, table_of([(1, 1, 9)]))
    assert entries(after) == {(1, 1): (9, 10), (1, 2): (5, 10)}
    plain = add(add(prepare(table_of([(1, 1, 5)])), table_of([(1, 1, 6), (1, 1, 7)])), timed([(1, 1, 8, 3), (2, 2, 9, 4)]))
    assert entries(plain) == {(1, 1): (8, 3), (2, 2): (9, 4)}


def test_what_a_row_does_not_say_stays():
    before = prepare(table_of([(1, 1, 5), (1, 2, 5)], status=np.array([2, 4], np.uint8)))
    after = add(before, table_of([(1, 2, 6), (1, 3, 7)]))
    assert after.status.tolist() == [2, 4, 0] and after.profiles.rating.tolist() == [5, 6, 7]


def test_statistics_are_those_of_all_entries():
    rows = [(u, i, 1 + (u * i) % 10) for u in range(9) for i in range(9) if (u + i) % 3]
    grown, whole = add(prepare(table_of(rows[:30])), table_of(rows[30:])), prepare(table_of(rows))
    by_id = grown.items.sort("item_id")
    assert by_id.select("item_id", "ratings", "mean", "bayes").equals(whole.items.select("item_id", "ratings", "mean", "bayes"))
    for key in ("histogram", "labels"):
        assert grown.manifest[key] == whole.manifest[key]


def test_what_is_refused():
    small = prepare(table_of([(u, i, 5) for u in range(5) for i in range(5)]), Rules(k_core=2))
    with pytest.raises(DataError, match="made smaller by k_core") as caught:
        add(small, table_of([(1, 1, 5)]))
    assert "anew" in caught.value.hint
    plain = prepare(table_of([(1, 1, 5)]))
    with pytest.raises(DataError, match="No entry is left"):
        add(plain, replace(table_of([(1, 1, 5)]), deleted=np.array([True])))


def test_saved_and_opened_again(tmp_path):
    grown = add(prepare(table_of([(5, 50, 5), (3, 30, 6)])), table_of([(4, 40, 7), (1, 50, 8)]))
    grown.save(tmp_path / "d")
    again = Dataset.open(tmp_path / "d")
    assert again.users.ids.to_list() == [3, 5, 1, 4] and again.items["item_id"].to_list() == [30, 50, 40]
    assert entries(again) == entries(grown) and again.since.tolist() == grown.since.tolist() and again.lineage == grown.lineage
    assert again.sha256 == grown.sha256 and again.profile(4).item.tolist() == [2]


# what bundles make of it


@pytest.fixture(scope="module")
def grown(checkerboard, tmp_path_factory):
    """The path of a dataset that has grown, and the bundles that were trained before: with a refit, and without."""
    path = tmp_path_factory.mktemp("grown") / "data"
    checkerboard.save(path)
    words = (path, {"ease": {"l2": 1.0}, "mf": {"dim": 4, "epochs": 3}}, SplitConfig(valid=0.2, test=0.2), RUN)
    bundles = train_model(*words), train_model(*words, refit=False)
    rows = [(100, 0, 9), (999, 0, 9), (999, 20, 9), (999, 777, 9), (101, 777, 2), (102, 0, 9)]
    more = pl.DataFrame(rows, schema=["user_id", "item_id", "rating"], orient="row")
    konomi.add(path, more).save(path)
    return path, *bundles


def test_a_bundle_answers_with_what_was_added(grown):
    path, refitted, _ = grown
    recommender = Recommender(refitted, path)
    listed = [row.item_id for row in recommender.recommend(user=100, k=20).rows]
    assert 0 not in listed  # it was added as seen
    stranger = recommender.recommend(user=999, k=3)  # somebody new, and one of their titles is new to the bundle
    assert len(stranger.rows) == 3 and {row.item_id for row in stranger.rows} < set(range(0, 200, 20))
    assert len(recommender.dataset.items) == 20


def test_what_was_added_tests_a_bundle(grown, checkerboard):
    """Of one that has learnt everything, what came since; of one that has not, its test entries, old and new."""
    path, refitted, measured = grown
    dataset = Dataset.open(path)
    assert dataset.known_to(checkerboard.sha256).sum() == len(checkerboard.item) and dataset.known_to("other") is None
    found = evaluate_model(refitted, path, run=RUN)
    assert found.metrics["n"] == 3  # two are of a title that it does not know, and one was there
    again = evaluate_model(measured, path, run=RUN)
    assert again.metrics["n"] >= measured.metrics["test"]["n"]
    konomi.add(path, pl.DataFrame({"user_id": [100, 100], "item_id": [0, 20], "rating": [1, 1]})).save(path)
    after = Dataset.open(path)
    assert (after.known_to(checkerboard.sha256) | after.added_to(checkerboard.sha256)).sum() == len(after.item) - 2
    assert evaluate_model(refitted, path, run=RUN).metrics["n"] == 2  # what was corrected may have been learnt before


def test_the_command(tmp_path):
    old = write(tmp_path / "old.csv", "user_id,item_id,rating,timestamp\n1,1,5,10\n1,2,3,10\n2,1,4,10\n")
    new = write(tmp_path / "new.csv", "user_id,item_id,rating,timestamp\n1,1,2,11\n3,7,4,11\n")
    command("prepare", old, "--scale", "1:5:1", "-o", tmp_path / "data")
    shown = command("prepare", "--add", new, "-o", tmp_path / "data")
    assert "corrected" in shown.stdout and f"Added to {tmp_path / 'data'}." in shown.stderr
    facts = json.loads(command("prepare", "--add", new, "-o", tmp_path / "data", "--json").stdout)
    assert facts["entries"] == 4 and len(facts["lineage"]) == 2 and [file["name"] for file in facts["input"]][-1] == "new.csv"
    assert "neither read nor added" in refused("prepare", old, "--add", new, "-o", tmp_path / "data")[0]
    assert "none" in refused("prepare", "--add", new, "-o", tmp_path / "none")[0]
    assert "nothing to read" in refused("prepare", "-o", tmp_path / "data")[0]
    with held(tmp_path / ".data.adding"):
        assert "another process adds to it" in refused("prepare", "--add", new, "-o", tmp_path / "data")[0]
    off = write(tmp_path / "off.csv", "user_id,item_id,rating,timestamp\n1,1,99,11\n")
    assert "off the scale" in refused("prepare", "--add", off, "-o", tmp_path / "data")[0]
    assert Dataset.open(tmp_path / "data").manifest["report"] == facts["report"]


# files in the form of the first

FORMS = {  # name of the files, options, the first file, the one that is added, all entries
    "matrix": (
        "{}.csv",
        ("--wide", "--unscored", "99"),
        "who,Alien,Heat\nann,4,2\nbob,99,5\ndot,1,\n",
        "who,Heat,Up,Alien\nann,1,NA,\ncy,99,2,\nbob,3,,\n",
        {("ann", "Alien"): 4, ("ann", "Heat"): 1, ("bob", "Heat"): 3, ("dot", "Alien"): 1, ("cy", "Up"): 2},
    ),
    "lists of items": (
        "{}.txt",
        (),
        "0 5 6\n1 5\n2 6 5\n",
        "3 5\n",  # by itself it would be read as something else
        {pair: None for pair in [(0, 5), (0, 6), (1, 5), (2, 5), (2, 6), (3, 5)]},
    ),
    "JSON lines": (
        "{}.jsonl",
        (),
        '{"user": "x", "item": 1, "score": 4}\n{"user": "y", "item": 1, "score": 1}\n{"user": "z", "item": 1, "score": 2}',
        '{"item": 2, "score": 3, "user": "x", "book": 9}\n',
        {("x", 1): 4, ("y", 1): 1, ("z", 1): 2, ("x", 2): 3},
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_what_is_added_is_read_as_the_first_was(tmp_path, form):
    name, options, first, more, expected = FORMS[form]
    command("prepare", write(tmp_path / name.format("first"), first), *options, "-o", tmp_path / "data")
    command("prepare", "--add", write(tmp_path / name.format("more"), more), "-o", tmp_path / "data")
    found = entries(Dataset.open(tmp_path / "data"))
    assert {pair: None if rating != rating else rating for pair, (rating, _) in found.items()} == expected


def test_a_matrix_is_told_from_a_row_per_rating(tmp_path):
    dataset = konomi.prepare(write(tmp_path / "w.csv", FORMS["matrix"][2]), wide=True, unscored=(99,))
    rows = write(tmp_path / "rows.csv", "user,item,rating\nann,Heat,2\n")
    with pytest.raises(DataError, match="neither ratings nor missing") as refusal:
        konomi.add(dataset, rows)
    assert "without `wide`" in refusal.value.hint
    assert entries(konomi.add(dataset, rows, wide=False))["ann", "Heat"] == (2, None)
