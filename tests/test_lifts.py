"""Lifts: from a count by hand, whatever the threads, and of the best known titles alone."""

import numpy as np
import polars as pl
import pytest

from konomi.data import lifts as lifts_file
from konomi.data.labels import Labelling
from konomi.data.lifts import PRIOR, STEP, Lifts, lifts
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.data.split import TrainSet
from konomi.runtime import Run

SCALE = Scale(1, 10, 1)


def train_set(people, n_items):
    seen = Profiles.of(people)
    nobody = seen.keep(np.zeros(len(seen.item), bool))
    return TrainSet(seen, nobody, nobody, SCALE, pl.DataFrame({"item_id": range(n_items)}), Labelling(SCALE))


@pytest.fixture(scope="module")
def train():
    draw = np.random.default_rng(0)
    return train_set([{int(i): float(draw.integers(1, 11)) for i in draw.choice(30, 8, replace=False)} for _ in range(200)], 32)


def square(lifts):
    """i8[M, M]."""
    every = np.arange(len(lifts.item))
    return lifts.between(every, every)


def by_hand(train):
    """The counts of who likes one, and two, in plain NumPy."""
    likes = np.zeros((len(train.seen), len(train.items)))
    likes[train.seen.user, train.seen.item] = train.seen.rating > SCALE.middle
    likes = likes[likes.any(axis=1)]
    alone, both = likes.sum(axis=0), likes.T @ likes
    logs = np.log((both + PRIOR) / (np.outer(alone, alone) / len(likes) + PRIOR))
    np.fill_diagonal(logs, 0)
    return np.clip(np.rint(logs / STEP), -127, 127)


def test_the_formula_by_hand(train):
    found = lifts(train, Run())
    assert found.item.tolist() == list(range(30)) and found.steps.dtype == np.int8  # 30 and 31 are liked by nobody
    expected = by_hand(train)[:30, :30]
    assert np.abs(square(found) - expected).max() <= 1 and (square(found) == expected).mean() > 0.99  # rounding
    np.testing.assert_array_equal(square(found), square(found).T)


def test_the_same_bytes_at_any_number_of_threads(train):
    one, two = lifts(train, Run(threads=1)), lifts(train, Run(threads=2))
    np.testing.assert_array_equal(one.steps, two.steps)


def test_only_the_best_known_titles_have_any(train, monkeypatch):
    whole = lifts(train, Run())
    monkeypatch.setattr(lifts_file, "MOST", 5)
    few = lifts(train, Run())
    liked = train.seen.keep(train.seen.rating > 5)
    many = np.bincount(liked.item, minlength=32)
    assert sorted(many[few.item]) == sorted(many)[-5:] and (np.diff(few.item) > 0).all()
    place = whole.place(32)[few.item]
    np.testing.assert_array_equal(square(few), whole.between(place, place))


def test_people_are_left_out_where_they_are_very_many(train, monkeypatch):
    """Every second of 200 people here: the counts are those of the others alone."""
    pairs = int((train.seen.keep(train.seen.rating > 5).counts ** 2).sum())
    monkeypatch.setattr(lifts_file, "WORK", pairs // 3)
    found = lifts(train, Run())
    likers = np.flatnonzero(train.seen.keep(train.seen.rating > 5).counts)
    half = train_set([{int(i): float(r) for i, r in zip(one.item, one.rating, strict=True)}
                      for one in (train.seen.slice(u, u + 1) for u in likers[::2])], 32)  # fmt: skip
    expected = by_hand(half)[:30, :30]
    assert np.abs(square(found) - expected).max() <= 1 and (square(found) == expected).mean() > 0.99


def test_two_titles_that_the_same_people_like_and_two_that_they_do_not():
    found = lifts(train_set([{0: 9.0, 1: 9.0}] * 20 + [{2: 9.0, 3: 2.0}] * 20, 4), Run())
    assert found.item.tolist() == [0, 1, 2]  # 3 is disliked
    assert square(found)[0, 1] == round(np.log(25 / 15) / STEP) and square(found)[0, 2] == round(np.log(5 / 15) / STEP)


def test_what_hardly_anybody_likes_has_none():
    assert len(lifts(train_set([{0: 9.0}, {0: 9.0}, {1: 9.0}], 2), Run()).item) == 0
    assert len(lifts(train_set([{}], 2), Run()).item) == 0


def test_the_place_of_an_item():
    assert Lifts.of(np.array([1, 3], np.int32), np.zeros((2, 2), np.int8)).place(5).tolist() == [-1, 0, -1, 1, -1]
    assert repr(Lifts()) == "Lifts(0 titles)"
