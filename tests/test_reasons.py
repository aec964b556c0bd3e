"""Reasons: taking a rating out of the profile moves the score by what was said."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from konomi.catalogue.tags import tag_names
from konomi.data.labels import STATUS
from konomi.data.lifts import lifts
from konomi.data.profiles import Profiles
from konomi.data.split import SplitConfig, make_split
from konomi.data.statistics import add_statistics
from konomi.errors import RequestError
from konomi.kernels.reference import ridge as slow_ridge
from konomi.kernels.ridge import parts_of_fold_in
from konomi.models import bias, genre, two_tower
from konomi.models.api import HasFeatures, HasParts, tasks
from konomi.ranking.blend import Blend
from konomi.ranking.dials import Dials
from konomi.ranking.scores import LATER
from konomi.ranking.weights import Weights
from konomi.recommend import reasons as reasons_file
from konomi.recommend.reasons import adds_up, features, leaving_out, moving, parts, reason, strongest, told_once, without
from konomi.runtime import Run
from small_models import TRIALS, fitted, variants

NAN = float("nan")
ITEMS = np.array([7, 0, 19, 12], np.int32)
PEOPLE = {
    "three ratings": {2: 9.0, 5: 3.0, 12: 7.0},
    "one rating": {5: 2.0},
    "one of two is not scored": {5: 2.0, 6: NAN},
    "more ratings than dimensions": {i: float(1 + i * 7 % 10) for i in range(0, 20, 2)},
    "some are not scored": {1: 8.0, 3: NAN, 4: 2.0, 9: NAN},
    "nothing is scored": {3: NAN},
    "nobody": {},
}


@pytest.fixture(scope="module")
def board(checkerboard):
    """The checkerboard with genres, types and years."""
    genres = pl.Series("genres", [["Odd", "All"] if i % 2 else ["Even"] if i else None for i in range(20)])
    types = pl.Series("type", ["TV", "Movie"] * 10)
    years = pl.Series("year", range(1990, 2010), pl.Int32)
    return replace(checkerboard, items=checkerboard.items.with_columns(genres, types, years))


@pytest.fixture(scope="module")
def train(board):
    return make_split(board, SplitConfig(valid=0.1, test=0)).train_set(board)


@pytest.fixture(scope="module", params=variants())
def model(request, train):
    return fitted(request.param, train)


def by_hand(model, one, items, output):
    """Every shortened profile encoded and scored on its own."""
    whole = model.score(model.encode(one), output, items)[0].astype(np.float64)
    rows = []
    for j in range(len(one.item)):
        shorter = one.keep(np.arange(len(one.item)) != j)
        rows.append(whole - model.score(model.encode(shorter), output, items)[0])
    return np.array(rows).reshape(len(one.item), len(items))


# ---- exactness


@pytest.mark.parametrize("who", PEOPLE)
def test_taking_a_rating_out_moves_the_score_by_what_was_said(model, who):
    one = Profiles.of([PEOPLE[who]])
    for output in model.outputs:
        effects = without(model, one, ITEMS, output)
        assert effects.dtype == np.float32
        np.testing.assert_allclose(effects, by_hand(model, one, ITEMS, output), rtol=1e-3, atol=1e-4)
        assert not effects[np.isnan(one.rating)].any()  # nothing else was known of these entries


def test_an_entry_with_a_status_may_say_something_without_a_rating(model):
    status = np.array([STATUS["completed"], STATUS["dropped"], STATUS["plan to watch"]], np.uint8)
    one = replace(Profiles.of([{2: 9.0, 5: NAN, 8: NAN}]), status=status)
    for output in model.outputs:
        effects = without(model, one, ITEMS, output)
        np.testing.assert_allclose(effects, by_hand(model, one, ITEMS, output), rtol=1e-3, atol=1e-4)
        assert not effects[2].any()
        if tasks(model):
            assert effects[1].any() == ("interaction" in tasks(model))


def test_blocks_change_nothing(model, monkeypatch):
    one = Profiles.of([PEOPLE["more ratings than dimensions"]])
    whole = without(model, one, ITEMS, "rank")
    monkeypatch.setattr(reasons_file, "ENTRIES", 21)
    np.testing.assert_allclose(without(model, one, ITEMS, "rank"), whole, rtol=1e-5, atol=1e-6)


def test_an_output_that_the_model_does_not_have(model):
    with pytest.raises(RequestError, match='no output "ranks"'):
        without(model, Profiles.of([{2: 9.0}]), ITEMS, "ranks")


def test_bias_by_hand(train):
    model = bias.fit(train, bias.Config(damp_user=1), Run())
    one = Profiles.of([{2: 9.0, 5: 3.0}])
    first, second = one.rating - model.mean - model.item_bias[one.item]
    offset = (first + second) / 3
    expected = np.array([offset - second / 2, offset - first / 2])
    np.testing.assert_allclose(without(model, one, ITEMS, "rating"), np.tile(expected[:, None], 4), rtol=1e-5)


# ---- parts


@pytest.mark.parametrize("who", PEOPLE)
def test_the_parts_of_a_model_add_up(model, who):
    """To the score, less that of somebody unknown."""
    one, nobody = Profiles.of([PEOPLE[who]]), Profiles.of([{}])
    for output in model.outputs:
        found = model.parts(one, ITEMS, output) if isinstance(model, HasParts) else None
        if found is None:
            continue
        assert found.dtype == np.float32 and found.shape == (len(one.item), 4)
        own, usual = (model.score(model.encode(each), output, ITEMS)[0] for each in (one, nobody))
        np.testing.assert_allclose(found.sum(axis=0), own - usual, rtol=1e-3, atol=1e-4)
        assert not found[np.isnan(one.rating)].any() or not tasks(model)


@given(st.integers(1, 12), st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_a_part_of_a_fold_in_is_that_of_its_rating_alone(n, K, seed):
    """A fold-in is linear in the ratings: the part of one is the vector where all others are the average person's."""
    rng = np.random.default_rng(seed)
    Q, penalty = rng.normal(0, 1, (15, K)).astype(np.float32), rng.uniform(0.005, 0.2, (2, K))
    item, target = rng.choice(15, n, replace=False).astype(np.int32), rng.normal(0, 2, n).astype(np.float32)
    found = parts_of_fold_in(item, target, Q, penalty)
    for j in range(n):
        alone, vector = np.where(np.arange(n) == j, target, 0), np.zeros((1, K))
        slow_ridge.fold_in(np.array([0, n]), item, alone, Q, penalty, 0, 1, vector)
        np.testing.assert_allclose(found[j], vector[0], rtol=1e-6, atol=1e-8)


def test_the_parts_of_bias_by_hand(train):
    model, one = bias.fit(train, bias.Config(damp_user=1), Run()), Profiles.of([{2: 9.0, 5: 3.0}])
    each = (one.rating - model.mean - model.item_bias[one.item]) / 3
    np.testing.assert_allclose(model.parts(one, ITEMS, "rating"), np.tile(each[:, None], 4), rtol=1e-5)


# ---- the scores that people get


MODELS = [
    ("ease", "mf"),
    ("mf",),
    ("genre",),
    ("popular", "bias"),
    ("hybrid",),
    ("two_tower",),
    ("ease",),
    ("ease", "slim", "mf"),
]
TURNED = [Dials(), Dials(love=0.5, niche=0.5), Dials(love=1)]
SUMS = {"ease", "slim", "mf", "genre", "popular", "bias"}


def ordered(train, names):
    models = tuple(fitted((name, None), train) for name in names)
    items, weights = add_statistics(train.items, train.seen, train.scale), Weights((1, 5), ((0.5, 0.3, 0.2), (0.2, 0.7, 0.1)))
    return Blend(models, items, train.labelling, lifts(train, Run()), weights if len(models) == 3 else None)


@pytest.mark.parametrize("names", MODELS, ids=",".join)
@pytest.mark.parametrize("who", PEOPLE)
def test_entries_and_what_is_the_same_for_all_add_up(train, names, who):
    order, one = ordered(train, names), Profiles.of([PEOPLE[who]])
    for dials in TURNED:
        scores = order.weigh(one, dials)
        entries, rest = parts(order, scores, one, ITEMS)
        placed = (scores.total + LATER * scores.later)[0, ITEMS]
        np.testing.assert_allclose(entries.sum(axis=0) + rest, placed, rtol=1e-2, atol=2e-3)
        assert adds_up(scores) == (set(names) <= SUMS or not scores.terms)  # where the circle alone orders


@pytest.mark.parametrize("names", MODELS, ids=",".join)
@pytest.mark.parametrize("who", PEOPLE)
def test_the_score_is_lower_by_what_was_said_without_a_rating(train, names, who, monkeypatch):
    """The whole of it: blended, dialled, and on the footing that the shortened profile has."""
    monkeypatch.setattr(reasons_file, "PEOPLE", 3)
    order, one = ordered(train, names), Profiles.of([PEOPLE[who]])
    wishes = np.array([[np.nan, 9, 2]], np.float32)
    for dials in TURNED:
        now = order.weigh(one, dials, wishes)
        effects = leaving_out(order, now, one, ITEMS, dials, wishes)
        for j in range(len(one.item)):
            then = order.weigh(one.keep(np.arange(len(one.item)) != j), dials, wishes)
            moved = (now.total + LATER * now.later - then.total - LATER * then.later)[0, ITEMS]
            np.testing.assert_allclose(effects[j], moved, rtol=1e-2, atol=2e-3)


def test_plans_are_no_reason(train):
    order = ordered(train, ("ease", "mf"))
    status = np.array([STATUS["completed"], STATUS["plan to watch"]], np.uint8)
    one = Profiles(np.array([0, 2]), np.array([2, 5], np.int32), np.array([9, NAN], np.float32), status)
    entries, _ = parts(order, order.weigh(one, Dials()), one, ITEMS)
    assert entries[0].any() and not entries[1].any()
    plans = one.keep(np.array([False, True]))
    entries, rest = parts(order, order.weigh(plans, Dials()), plans, ITEMS)
    assert not entries.any()
    np.testing.assert_allclose(rest, order.silent_scores[ITEMS])


# ---- features


def test_tags_have_names_in_the_order_of_their_columns(train):
    assert tag_names(train.items) == ["All", "Even", "Odd", "Movie", "TV", *(f"{y}–{y + 4}" for y in range(1990, 2010, 5))]


def test_the_tastes_of_genre_are_what_it_adds(train):
    model, one = genre.fit(train, genre.Config(), Run()), Profiles.of([PEOPLE["three ratings"]])
    taste, plain = model.encode(one)[0, 1:], replace(model, genres=np.zeros_like(model.genres))
    for output in ("rating", "rank"):
        effects = model.features(one, ITEMS, output)
        assert effects.shape == (3, 4)
        known = model.item_known[ITEMS] if output == "rank" else np.ones(4)
        # items 7 and 19 are All and Odd, 0 has no genre, 12 is Even
        half_all, half_odd = taste[0] / 2, taste[2] / 2
        by_genre = [[half_all, 0, half_all, 0], [0, 0, 0, taste[1]], [half_odd, 0, half_odd, 0]]
        np.testing.assert_allclose(effects, by_genre * known, rtol=1e-5)
        without_taste = plain.score(np.column_stack([model.encode(one)[:, :1], np.zeros((1, 3), np.float32)]), output, ITEMS)
        np.testing.assert_allclose(
            effects.sum(axis=0), (model.score(model.encode(one), output, ITEMS) - without_taste)[0], atol=1e-5
        )


@pytest.mark.parametrize("kind", ["full", "notebook5"])
def test_a_tower_without_what_is_known_of_a_tag(train, kind):
    model = two_tower.fit(train, two_tower.Config(features=kind, **TRIALS["two_tower"]["settings"]), Run())
    one, T = Profiles.of([PEOPLE["three ratings"]]), model.tags.shape[1]
    for output in ("rating", "rank"):
        effects = model.features(one, ITEMS, output)
        assert effects.shape == (T, 4) and effects.any()
        score = model.score(model.encode(one), output, ITEMS)[0]
        for t in range(T):
            changed = model.describe(one).copy()
            changed[0, [3 + t, 3 + T + t] if kind == "full" else [t]] = 0
            ordinary = replace(model)
            ordinary.__dict__["describe"] = lambda scored, x=changed: x
            np.testing.assert_allclose(effects[t], score - ordinary.score(ordinary.encode(one), output, ITEMS)[0], atol=1e-4)


def test_models_without_features_and_people_without_ratings_name_none(train):
    one, unscored = Profiles.of([{2: 9.0}]), Profiles.of([{2: NAN}])
    for names, who in ((("bias",), one), (("genre",), unscored), (("two_tower",), Profiles.of([{}]))):
        order = ordered(train, names)
        found, effects = features(order.weigh(who, Dials()), train.items, who, ITEMS)
        assert found == [] and effects.shape == (0, 4)
    assert not isinstance(bias.fit(train, bias.Config(), Run()), HasFeatures)


def test_the_tags_of_a_score_by_hand(train):
    """Half of what they add to the prediction, as it is and shrunk, over the span, less what they add to the level."""
    order, one = ordered(train, ("genre",)), Profiles.of([PEOPLE["three ratings"]])
    dials = Dials(love=0.5, niche=0.4)
    scores = order.weigh(one, dials)
    names, effects = features(scores, train.items, one, ITEMS)
    assert names == tag_names(train.items) and effects.shape == (len(names), 4)
    plain = order.models[0].features(one, ITEMS, "rank")
    sure, loved = scores.terms
    by_sure = sure.weight * plain * sure.term.trust[ITEMS] / sure.span
    expected = (by_sure + 0.5 * plain / loved.span) * scores.left[ITEMS]
    np.testing.assert_allclose(sure.weight + scores.weight, 0.5, rtol=1e-6)
    np.testing.assert_allclose(effects[:3], expected, rtol=1e-4)
    assert not effects[3:].any()


# ---- what is said


def test_the_strongest_by_hand():
    effects = np.array([[0.5, 0], [-0.2, 0], [0.1, 0], [0.024, 0], [0.3, 0], [0.2, 0], [-0.4, 0]], np.float32)
    assert strongest(effects, 3) == [([0, 4, 5], [6, 1]), ([], [])]
    assert strongest(effects, 1) == [([0], [6]), ([], [])]
    assert strongest(effects, 9)[0] == ([0, 4, 5, 2], [6, 1])  # 0.024 is less than a twentieth of 0.5
    assert strongest(np.zeros((0, 2), np.float32)) == [([], []), ([], [])]


def test_equal_effects_come_in_order_of_entry():
    assert strongest(np.array([[0.1], [0.1], [-0.1], [0.1], [-0.1]], np.float32), 2) == [([0, 1], [2, 4])]


def test_reasons_name_the_rating():
    one = replace(Profiles.of([{2: 9.0, 5: NAN, 8: 3.0}]), status=np.array([2, 4, 2], np.uint8))
    first, second = (
        reason(one, j, effect, "abcdefghi", [f"item {row}" for row in range(9)]) for j, effect in ((0, 0.5), (1, -0.25))
    )
    assert (first.item_id, first.title, first.rating, first.effect, first.dropped) == ("c", "item 2", 9.0, 0.5, False)
    assert (second.title, second.rating, second.effect, second.dropped) == ("item 5", None, -0.25, True)


def test_what_speaks_for_most_titles_is_told_once():
    assert told_once([[0, 1], [0, 2], [0, 1], [1, 0], [3]]) == [0, 1]
    assert told_once([[0], [0]]) == [] and told_once([[0], [0], [0]]) == [0]  # of two titles there is no most
    assert told_once([[0], [0], [1], [1]]) == [] == told_once([])


def test_what_moves_a_title_is_named_the_strongest_first():
    effects = np.array([[0.5, 0.0], [-0.2, 0.0], [0.01, 0.0], [0.1, 0.3]], np.float32)
    first, second = moving(["A", "B", "C", "D"], effects, 2)
    assert first == (("A", 0.5), (("D"), pytest.approx(0.1)), ("B", pytest.approx(-0.2)))
    assert [name for name, _ in second] == ["D"]
