"""Intervals around predictions: quantiles by hand, the law of coverage, classes, and what a file keeps of them."""

import json
import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stand_in
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.data.split import SplitConfig, make_split
from konomi.errors import RequestError
from konomi.evaluate import intervals as conformal
from konomi.evaluate.intervals import ACTIVITY, HEIGHTS, LEAST, LEVELS, Intervals, cut, intervals, merged, residuals
from konomi.models import bias
from konomi.runtime import Run

SCALE = Scale(1, 10, 1)


def made(n, seed=0, most=400):
    """Predictions whose errors depend on the activity and on the height: (predicted, true, activity)."""
    rng = np.random.default_rng(seed)
    activity = rng.integers(0, most, n)
    predicted = rng.uniform(1, 10, n).astype(np.float32)
    spread = (1 + 3 / (1 + activity / 20)) * (1.5 - predicted / 10)
    true = SCALE.clip((predicted + spread * rng.normal(0.2, 1, n)).astype(np.float32))
    return predicted, true, activity


def held(found, predicted, true, activity, level):
    low, high = found.around(predicted, activity, level, SCALE)
    return (low <= true) & (true <= high)


# ---- quantiles


def test_quantiles_by_hand():
    rest = np.arange(19, 0, -1).astype(float)  # n = 19: k = 20 · 0.9 = 18 and 20 · 0.95 = 19
    assert residuals(rest, 0.8) == (2, 18) and residuals(rest, 0.9) == (1, 19)
    assert residuals(rest, 0.95) == (-math.inf, math.inf)  # 20 · 0.975 = 19.5: more than there are
    assert residuals(np.empty(0), 0.8) == (-math.inf, math.inf)
    assert residuals(np.arange(1, 40.0), 0.95) == (1, 39) and residuals(np.arange(1, 40.0), 0.9) == (2, 38)


def test_digits_are_cut_outwards():
    assert residuals(np.repeat(1 / 3, 20), 0.8) == (0.3333, 0.3334)
    assert residuals(np.repeat(-1 / 3, 20), 0.8) == (-0.3334, -0.3333)


@given(st.integers(1, 60), st.sampled_from(LEVELS), st.integers(0, 2**32 - 1))
def test_of_exchangeable_residuals_no_fewer_are_held_than_said(n, level, seed):
    """Each of n + 1 residuals in turn is the new one: at least the level of them lie between the ends of the others."""
    rest = np.random.default_rng(seed).integers(-5, 6, n + 1).astype(float)
    inside = 0
    for j in range(n + 1):
        low, high = residuals(np.delete(rest, j), level)
        inside += low <= rest[j] <= high
    assert inside >= level * (n + 1) - 1e-9


# ---- coverage


@pytest.mark.parametrize("level", LEVELS)
def test_coverage_is_what_is_said_overall_and_in_every_class(level):
    found, new = Intervals.fit(*made(40_000)), made(40_000, seed=1)
    inside = held(found, *new, level)
    assert inside.mean() == pytest.approx(level, abs=0.01)
    predicted, _, activity = new
    for c, first in enumerate(ACTIVITY):
        part = np.searchsorted(ACTIVITY, activity, side="right") - 1 == c
        assert inside[part].mean() == pytest.approx(level, abs=0.01 + 3 * math.sqrt(2 * level * (1 - level) / part.sum())), (
            first
        )
    for low in range(1, 10):
        part = (predicted >= low) & (predicted < low + 1)
        assert inside[part].mean() == pytest.approx(level, abs=0.03)


def test_who_is_known_less_gets_wider_intervals():
    found = Intervals.fit(*made(40_000))
    low, high = found.around(np.full(2, 5.5, np.float32), np.array([0, 350]), 0.8, SCALE)
    assert high[0] - low[0] > 1.5 * (high[1] - low[1])
    np.testing.assert_array_equal(found.around(np.full(2, 5.5, np.float32), 350, 0.8, SCALE)[0], low[[1, 1]])


@given(st.integers(0, 1000), st.integers(0, 2**32 - 1))
def test_wider_levels_hold_narrower_ones_and_all_lie_on_the_scale(n, seed):
    found = Intervals.fit(*made(n, seed))
    predicted, _, activity = made(200, seed + 1, most=1000)
    ends = [found.around(predicted, activity, level, SCALE) for level in LEVELS]
    for (low, high), (lower, higher) in pairwise(ends):
        assert (lower <= low).all() and (low <= high).all() and (high <= higher).all()
    assert ends[-1][0].min() >= 1 and ends[-1][1].max() <= 10
    assert ends[0][0].dtype == ends[0][1].dtype == np.float32


def test_clipping_loses_no_rating():
    predicted, true, activity = made(5000)
    found = Intervals.fit(predicted, true, activity)
    wide = Scale(-100, 100, 1)
    low, high = found.around(predicted, activity, 0.9, wide)
    np.testing.assert_array_equal((low <= true) & (true <= high), held(found, predicted, true, activity, 0.9))


def test_too_few_to_say_is_the_whole_scale():
    found = Intervals.fit(*made(5))
    low, high = found.around(np.array([3, 9], np.float32), 7, 0.95, SCALE)
    np.testing.assert_array_equal([low, high], [[1, 1], [10, 10]])


# ---- classes


def test_classes_that_are_too_small_join_the_smaller_neighbour():
    big = 2 * LEAST
    assert merged(np.full(7, big)) == list(ACTIVITY)
    assert merged(np.array([0, 1, 2, 3, 0, 0, 0])) == [0]
    assert merged(np.array([big, big, 5, big + 1, big, big, big])) == [0, 1, 10, 30, 100, 300]  # 3 … 9 with 1 … 2
    assert merged(np.array([5, big, big, big, big, big, 5])) == [0, 3, 10, 30, 100]
    assert merged(np.array([0, 60, 60, big, big, big, big])) == [0, 10, 30, 100, 300]


def test_heights_have_enough_ratings_each():
    predicted, true, _ = made(LEAST * 3 + 10)
    (found,) = Intervals.fit(predicted, true, np.zeros(len(true), int)).classes
    assert (found.first, found.n) == (0, len(true)) and len(found.edges) == 2 and found.low.shape == (len(LEVELS), 3)
    (found,) = Intervals.fit(*made(LEAST * 50)[:2], np.zeros(LEAST * 50, int)).classes
    assert len(found.edges) == HEIGHTS - 1


def test_equal_predictions_are_of_one_height():
    """More than half of them at the top of the scale, and all of them the same."""
    predicted, true, _ = made(LEAST * 20)
    predicted[: LEAST * 11] = 10
    (most,) = Intervals.fit(predicted, true, np.zeros(len(true), int)).classes
    assert most.edges[-1] == 10 and len(most.edges) == 5 and np.isfinite(most.low).all()
    (same,) = Intervals.fit(np.full_like(true, 7), true, np.zeros(len(true), int)).classes
    assert len(same.edges) == 0 and np.isfinite(same.low).all()


# ---- files and errors


def test_facts_are_json_and_come_back():
    for n in (0, 5, 5000):
        found = Intervals.fit(*made(n))
        facts = json.loads(json.dumps(found.to_facts(), allow_nan=False))
        again = Intervals.from_facts(facts)
        predicted, _, activity = made(300, seed=2)
        for level in LEVELS:
            np.testing.assert_array_equal(
                found.around(predicted, activity, level, SCALE), again.around(predicted, activity, level, SCALE)
            )
    with pytest.raises(KeyError):
        Intervals.from_facts([{"from": 0}])


def test_an_unknown_level():
    with pytest.raises(RequestError, match=r"no intervals at level 0\.99") as caught:
        Intervals.fit(*made(200)).around(np.ones(1, np.float32), 3, 0.99, SCALE)
    assert caught.value.hint == "The levels are: 0.8, 0.9, 0.95."


# ---- of a model


@given(st.integers(0, 2**32 - 1), st.sampled_from([(0, 1), (1, 3), (3, 10), (5, 6), (10, 30)]))
def test_cut_profiles_have_as_many_ratings_as_asked(seed, bounds):
    rng = np.random.default_rng(seed)
    low, high = bounds
    sizes = rng.integers(low, 40, 20)
    people = Profiles.of([{int(i): 5.0 for i in rng.choice(60, size, replace=False)} for size in sizes])
    shorter = cut(people, low, high, rng)
    assert ((shorter.counts >= low) & (shorter.counts < high)).all()
    for b in range(20):
        assert set(shorter.slice(b, b + 1).item.tolist()) <= set(people.slice(b, b + 1).item.tolist())
    assert cut(people, low, None, rng) is people


def test_cutting_prefers_no_rating_and_no_size():
    rng = np.random.default_rng(0)
    people = Profiles.of([{i: 5.0 for i in range(20)}] * 6000)
    shorter = cut(people, 1, 8, rng)
    times = np.bincount(shorter.item, minlength=20)
    assert times.max() / times.min() < 1.2
    often = np.bincount(shorter.counts)[1:]  # n with the probability log((n + 1) / n) / log 8
    np.testing.assert_allclose(often / 6000, np.log((np.arange(7) + 2) / (np.arange(7) + 1)) / np.log(8), atol=0.02)


@pytest.fixture(scope="module")
def train(checkerboard):
    return make_split(checkerboard, SplitConfig(valid=0.3, test=0)).train_set(checkerboard)


def test_the_intervals_of_a_model(train):
    model = bias.fit(train, bias.Config(), Run())
    found = intervals(model, train.seen, train, Run())
    # 30 people of about twelve ratings each: everybody stands for the classes from 0, 1 and 3, most for that from 10
    assert [each.first for each in found.classes] == [0, 1, 3, 10]
    assert [each.n for each in found.classes][:3] == [len(train.valid.item)] * 3
    assert found.to_facts() == intervals(model, train.seen, train, Run(threads=2)).to_facts()
    predicted = model.score_pairs(model.encode(train.seen)[train.valid.user], train.valid.item, "rating")
    inside = held(found, SCALE.clip(predicted), train.valid.rating, train.seen.counts[train.valid.user], 0.9)
    assert inside.mean() >= 0.88


FEW, MANY = 15, 120  # ratings of two kinds of people; the few are harder to predict


def two_kinds(n, seed):
    """n people: half have `FEW` ratings, 2 away from their mean rating or more, half `MANY`, within 1; the mean is 5.5."""
    draw = np.random.default_rng(seed)
    sizes = np.where(np.arange(n) % 2, FEW, MANY)
    spread = np.where(np.arange(n) % 2, 2.0, 0.7)
    item = np.concatenate([np.sort(draw.permutation(200)[:size]) for size in sizes]).astype(np.int32)
    rating = SCALE.clip((5.5 + spread.repeat(sizes) * draw.standard_normal(len(item))).astype(np.float32))
    return Profiles(np.concatenate([[0], np.cumsum(sizes)]), item, rating)


def test_people_who_did_not_calibrate_are_covered_as_said(checkerboard):
    """In each class the level holds within two points, with 1,000 residuals or more. More active people who stood in for the
    few would make their intervals too short, as would intervals for all alike."""
    everybody = two_kinds(2400, 0)
    hidden = np.random.default_rng(1).random(len(everybody.item)) < 0.2
    calibrating, others = np.arange(0, 1200), np.arange(1200, 2400)
    assert not set(calibrating) & set(others)
    shown, asked = everybody.keep(~hidden), everybody.keep(hidden)
    train = make_split(checkerboard, SplitConfig()).train_set(checkerboard)
    items = pl.DataFrame({"item_id": range(200)})
    train = replace(train, seen=shown.take(calibrating), valid=asked.take(calibrating), items=items, scale=SCALE)
    model = bias.fit(train, bias.Config(), Run())
    found = intervals(model, train.seen, train, Run())
    new, truth = shown.take(others), asked.take(others)
    predicted = SCALE.clip(model.score_pairs(model.encode(new)[truth.user], truth.item, "rating"))
    inside = held(found, predicted, truth.rating, new.counts[truth.user], 0.9)
    few = ((new.counts >= 10) & (new.counts < 30))[truth.user]
    of = {each.first: each.n for each in found.classes}
    assert of[10] >= 1000 and of[30] >= 1000
    assert 0.88 <= inside[few].mean() <= 0.92 and 0.88 <= inside[(new.counts >= 30)[truth.user]].mean() <= 0.92


def test_a_class_without_people_borrows_more_active_ones(train):
    """Nobody has one or two ratings: everybody stands in, with so many shown."""
    found = intervals(bias.fit(train, bias.Config(), Run()), train.seen, train, Run())
    assert min(train.seen.counts) > 3 and found.classes[1].first == 1 and found.classes[1].n == len(train.valid.item)


def test_some_people_are_enough(train, monkeypatch):
    monkeypatch.setattr(conformal, "MOST", len(train.valid.item) / 2)
    found = intervals(bias.fit(train, bias.Config(), Run()), train.seen, train, Run())
    assert sum(each.n for each in found.classes) < 2.5 * len(train.valid.item)


def test_no_intervals_without_ratings_to_validate_on(train, monkeypatch):
    stand_in.register(monkeypatch)
    model = bias.fit(train, bias.Config(), Run())
    nothing = replace(train, valid=train.valid.keep(np.zeros(len(train.valid.item), bool)))
    assert intervals(model, train.seen, nothing, Run()) is None
    interactions = stand_in.fit(train, stand_in.Config(task="interaction"), Run())
    assert intervals(interactions, train.seen, train, Run()) is None
