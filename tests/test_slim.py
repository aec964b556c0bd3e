"""slim beyond the contract: a hand-worked example, the twins, 16 bits, what validation chooses, memory, what is refused."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from konomi.data.profiles import Profiles
from konomi.data.split import SplitConfig, make_split
from konomi.errors import ConfigError, FitError, RequestError
from konomi.kernels.gram import both_forms
from konomi.kernels.nearest import kept_gram, ridge_on_nearest
from konomi.kernels.reference import nearest as slow_nearest
from konomi.kernels.sparse_rows import whole_numbers
from konomi.models import choice, ease, slim, sparse
from konomi.pipeline.train import train_model
from konomi.runtime import Run
from test_popular import train_of

A, B, C = 0, 1, 2
PLAIN = {"dropout": 0.0, "user_power": 0.0, "relaxed": 0.0}


@pytest.fixture
def finely(monkeypatch):
    """Weights in 16 bits, as in bundles of format 5."""
    monkeypatch.setattr(slim, "LEVEL", np.int16)


@pytest.fixture(scope="module")
def three():
    """Who has a has b, who has c has b: {a, b}, {a, b}, {b, c}, all liked."""
    return train_of([(1, "a", 9), (1, "b", 9), (2, "a", 9), (2, "b", 9), (3, "b", 9), (3, "c", 9)])


@pytest.fixture(scope="module")
def train(checkerboard):
    return make_split(checkerboard, SplitConfig(valid=0.2, test=0)).train_set(checkerboard)


def rated(*items):
    return Profiles.of([dict.fromkeys(items, 9.0)])


def dense(model):
    """W f32[I, I] over the items."""
    return np.vstack([model.score(model.encode(rated(i)), "rank") for i in range(len(model.column) - 1)])


def test_by_hand(three, finely):
    one, two = (slim.fit(three, slim.Config(l2=1, nearest=k, least=1, **PLAIN), Run()) for k in (1, 2))
    # G = [2 2 0; 2 3 1; 0 1 1]; b is the nearest of a and c, a of b: 2² / (2 + 1) > 1² / (1 + 1); w = G_ji / (G_jj + 1)
    np.testing.assert_allclose(dense(one), [[0, 2 / 3, 0], [2 / 4, 0, 1 / 4], [0, 0, 0]], atol=1e-4)
    np.testing.assert_allclose(dense(two), [[0, 2 / 3, 0], [2 / 4, 0, 1 / 4], [0, 1 / 2, 0]], atol=1e-4)
    np.testing.assert_array_equal(two.score_pairs(two.encode(rated(A, C)), np.array([-1]), "rank"), [0])


def test_each_setting_by_hand(three, finely):
    def of(**settings):
        return dense(slim.fit(three, slim.Config(**{**PLAIN, "l2": 1, "nearest": 1, "least": 1, **settings}), Run()))

    # everybody has two entries, so with β = 1 all of G is halved
    np.testing.assert_allclose(of(user_power=1.0), [[0, 1 / 2, 0], [1 / 2.5, 0, 0.5 / 2.5], [0, 0, 0]], atol=1e-4)
    # with p = ½ the penalties are 1 + G_jj: 3, 4 and 2
    np.testing.assert_allclose(of(dropout=0.5), [[0, 2 / 5, 0], [2 / 7, 0, 1 / 7], [0, 0, 0]], atol=1e-4)
    # R = G_ii + 1 − w G_ji: 3 − 2/4 · 2, 4 − 2/3 · 2, 2 − 1/4 · 1, of which 1 is held back to
    np.testing.assert_allclose(of(relaxed=1.0), [[0, 2 / 3 / (8 / 3), 0], [2 / 4 / 2, 0, 1 / 4 / 1.75], [0, 0, 0]], atol=1e-4)
    np.testing.assert_allclose(of(relaxed=0.5), [[0, 2 / 3 / 2, 0], [2 / 4 / 2, 0, 1 / 4 / 1.75], [0, 0, 0]], atol=1e-4)


def test_with_all_items_near_it_is_what_minimises_the_objective(train, finely):
    """ease does so, too, in another way."""
    settings = {"l2": 7.0, "nearest": 100, **PLAIN}
    model = slim.fit(train, slim.Config(**settings), Run())
    other = ease.fit(train, ease.Config(l2=7.0, least=2, item_power=0.0, **PLAIN), Run())
    both = [(i, j) for i in range(20) for j in range(20) if (dense(model)[i, j] != 0)]
    assert len(both) > 100
    met = np.zeros((len(train.seen), 20))
    met[train.seen.user, train.seen.item] = train.seen.rating > 5
    colours = [np.arange(c, 20, 2) for c in (0, 1)]  # nobody likes items of both colours, so those share no person
    for colour in colours:
        X = met[:, colour]
        W = dense(model)[np.ix_(colour, colour)]
        slope = X.T @ (X @ W - X) + 7.0 * W
        np.fill_diagonal(slope, 0)
        assert np.abs(slope).max() < 2e-3
    np.testing.assert_allclose(dense(model), other.weight, atol=1e-4)


@given(st.integers(1, 14), st.sampled_from([3, 12, 60]), st.integers(1, 6), st.integers(0, 12), st.data())
def test_the_regressions_are_their_twin(people, n, nearest, many, data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**31)))
    X = sp.csr_matrix(rng.integers(0, 2, (people, n)) * rng.choice([slim.ONE, 777]), dtype=np.int32)
    X = X[:, np.asarray((X > 0).sum(axis=0)).ravel() > 0]
    n = X.shape[1]
    columns, rows = both_forms(X)
    given = X.toarray() / slim.ONE
    penalty, diagonal = rng.choice([1.0, 3.0], n), (given**2).sum(axis=0)
    fast, slow = ((np.empty((n, nearest), np.int32), np.empty((n, nearest), np.float32), np.empty(n)) for _ in range(2))
    head = kept_gram(columns, rows, min(many, n), 1 / slim.ONE, lambda call, tasks: [call(task) for task in tasks])
    for start in range(0, n, 5):
        span = (start, min(start + 5, n))
        ridge_on_nearest(columns, rows, head, diagonal, penalty, 1 / slim.ONE, *span, *fast)
    slow_nearest.ridge_on_nearest(given, penalty, *slow)
    for of_kernel, of_twin in zip(fast, slow, strict=True):
        np.testing.assert_allclose(of_kernel, of_twin, atol=1e-5)


def test_the_head_changes_nothing(train, monkeypatch):
    config = slim.Config(l2=5, nearest=4, dropout=0.25, user_power=0.25, relaxed=0.3)
    whole = slim.fit(train, config, Run())
    monkeypatch.setattr(slim, "head", lambda n, nearest: 3)
    few = slim.fit(train, config, Run())
    np.testing.assert_array_equal(whole.target, few.target)
    np.testing.assert_allclose(dense(whole), dense(few), atol=1e-6)


@given(
    st.lists(st.lists(st.floats(-1e3, 1e3, width=32), max_size=5), min_size=1, max_size=6), st.sampled_from([np.int8, np.int16])
)
def test_small_whole_numbers_are_near(rows, kind):
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    weight = np.array([w for row in rows for w in row], np.float32)
    found, scale = whole_numbers(indptr, weight, kind)
    assert found.dtype == kind and scale.dtype == np.float32
    for j, row in enumerate(rows):
        back = found[indptr[j] : indptr[j + 1]] * scale[j]
        np.testing.assert_allclose(back, row, atol=max(map(abs, row), default=0) / np.iinfo(kind).max * 0.51)


def test_many_items_have_wider_numbers(train, monkeypatch):
    config = slim.Config(l2=5, nearest=4, **PLAIN)
    narrow = slim.fit(train, config, Run())
    monkeypatch.setattr(slim, "SHORT", 5)
    wide = slim.fit(train, config, Run())
    assert (narrow.target.dtype, wide.target.dtype) == (np.uint16, np.int32) and "wide_target" in wide.state()
    np.testing.assert_array_equal(dense(wide), dense(narrow))
    np.testing.assert_array_equal(dense(slim.load(wide.state())), dense(narrow))


def test_weights_of_16_bits_are_read(train, monkeypatch):
    """As in bundles of format 5; those of 8 bits are hardly others."""
    config = slim.Config(l2=5, nearest=4, **PLAIN)
    now = slim.fit(train, config, Run())
    monkeypatch.setattr(slim, "LEVEL", np.int16)
    before = slim.fit(train, config, Run())
    assert now.state()["level"].dtype == np.int8 and before.state()["weight"].dtype == np.int16
    assert "level" not in before.state() and "weight" not in now.state()
    again = slim.load(before.state())
    np.testing.assert_array_equal(dense(again), dense(before))
    np.testing.assert_allclose(dense(now), dense(before), atol=np.abs(dense(before)).max() / 127 * 0.51)


def test_what_an_entry_adds_is_what_is_missing_without_it(checkerboard, train):
    model = slim.fit(train, slim.Config(l2=5, nearest=6, least=22, **PLAIN), Run())
    assert 0 < (model.item_known[:-1] == 0).sum() < 20
    person, items = checkerboard.profiles.slice(3, 4), np.array([*range(-1, 20), 4, 4], np.int32)
    parts = model.parts(person, items, "rank")
    assert parts.shape == (len(person.item), 23) and parts.dtype == np.float32 and parts.any()
    whole = model.score(model.encode(person), "rank", items)[0]
    for n in range(len(person.item)):
        others = person.keep(np.arange(len(person.item)) != n)
        np.testing.assert_allclose(parts[n], whole - model.score(model.encode(others), "rank", items)[0], atol=1e-6)
    with pytest.raises(RequestError, match='no output "rating"'):
        model.parts(person, items, "rating")


def test_a_crowd_is_encoded_the_same_on_any_number_of_threads(train):
    model = slim.fit(train, slim.Config(nearest=4), Run())
    crowd = train.seen.take(np.tile(np.arange(len(train.seen)), 5))
    assert len(crowd) > 2 * sparse.PEOPLE
    for threads in (2, 8):
        np.testing.assert_array_equal(model.encode(crowd, 1), model.encode(crowd, threads))


def test_settings_are_moved_as_long_as_it_gets_better():
    """The best of all along each ladder, where the figure has one peak; never further than it pays; each is asked for once."""
    asked, ladders = [], {"a": (1.0, 2.0, 3.0, 4.0), "b": (0.0, 1.0, 2.0)}

    def figure(values):
        asked.append(tuple(values.values()))
        return 1 - abs(values["a"] - 4) / 100 - abs(values["b"]) / 100

    found = choice.chosen("x", {"a": 2.0, "b": 1.0, "c": 7.0}, ladders, figure, Run())
    assert found == {"a": 4.0, "b": 0.0, "c": 7.0} and len(set(asked)) == len(asked)
    flat = choice.chosen("x", {"a": 2.0}, {"a": (1.0, 2.0, 3.0)}, lambda values: 1 + values["a"] * 1e-4, Run())
    assert flat == {"a": 2.0}


def test_validation_chooses_what_is_left_open(train, monkeypatch):
    validation, told = choice.Validation.of(train), []

    def quality(settings):
        return validation.ndcg(slim.fit(train, slim.Config(**settings), Run()), Run())

    bad = {**slim.USUAL, "l2": 5000.0, "nearest": 1}
    monkeypatch.setattr(slim, "USUAL", bad)
    monkeypatch.setattr(slim, "LADDERS", {"l2": (1.0, 20.0, 5000.0), "nearest": (1, 8, 64)})
    model = slim.fit(train, slim.Config(), Run(progress=told.append))
    assert model.chosen != bad and quality(model.chosen) > quality(bad)
    assert told[0].what == "choose slim" and told[0].error.startswith("valid NDCG@10 0.")
    assert slim.fit(train, slim.Config(l2=7.0), Run()).chosen["l2"] == 7.0


def test_nothing_to_choose_by_leaves_the_usual_settings(checkerboard):
    nothing = make_split(checkerboard, SplitConfig(valid=0, test=0)).train_set(checkerboard)
    assert slim.fit(nothing, slim.Config(), Run()).chosen == slim.USUAL
    assert slim.fit(nothing, slim.Config(nearest=3), Run()).chosen == {**slim.USUAL, "nearest": 3}


def test_people_held_out_whole_choose_by_what_is_shown_of_them(checkerboard):
    train = make_split(checkerboard, SplitConfig("users", valid=0.3, test=0.2)).train_set(checkerboard)
    validation = choice.Validation.of(train)
    assert len(validation.shown) == len(validation.wanted) > 3 and validation.shown.counts.min() > 0
    held_out = np.flatnonzero(train.shown.counts * train.valid.counts)
    assert validation.shown.item.tolist() == train.shown.take(held_out).item.tolist()


def test_a_second_training_has_the_settings_that_were_chosen(checkerboard):
    for valid in (0.2, 0.0):  # where nothing validates, something is drawn to choose by
        bundle = train_model(checkerboard, "slim", SplitConfig(valid=valid, test=0.1), Run())
        first = train_model(checkerboard, "slim", SplitConfig(valid=valid or 0.1, test=0.1), Run(), refit=False)
        assert bundle.models["slim"].chosen == first.models["slim"].chosen
        assert bundle.configs["slim"]["l2"] is None


def test_too_much_memory_is_refused_before_the_fit(train):
    with pytest.raises(FitError, match=r"slim needs .* of memory for 20 items on 256 each") as caught:
        slim.fit(train, slim.Config(), Run(memory=1000))
    assert "lower `nearest`, or raise `least`" in caught.value.hint


def test_items_that_the_same_people_have(monkeypatch):
    same = train_of([(u, i, 9) for u in range(1000) for i in range(30)])
    W = dense(slim.fit(same, slim.Config(l2=1e-4, **PLAIN), Run()))
    assert W.sum(axis=0) == pytest.approx(np.ones(30), abs=0.01)  # though a residual is lost in rounding
    with pytest.raises(FitError, match=r"too much alike to be told apart with l2 = 1e-06") as caught:
        slim.fit(same, slim.Config(l2=1e-6, **PLAIN), Run())
    assert caught.value.hint == "Raise `l2`."


def test_settings_that_cannot_be_trained_are_not_chosen():
    def figure(settings):
        if settings["l2"] < 3:
            raise FitError("Too much alike.", "")
        return -settings["l2"]

    for usual in (1.0, 9.0):
        found = choice.chosen("slim", {"l2": usual}, {"l2": (1.0, 2.0, 3.0, 9.0)}, figure, Run())
        assert found["l2"] == (1.0 if usual == 1.0 else 3.0)  # the next one is no better


def test_no_more_neighbours_than_items(train):
    some, all_of_them = (slim.fit(train, slim.Config(l2=5, nearest=k, **PLAIN), Run(memory=1 << 28)) for k in (20, 10**6))
    assert np.array_equal(dense(some), dense(all_of_them)) and all_of_them.chosen["nearest"] == 10**6
    assert slim.forecast(20, 10**6, 0, 1) == slim.forecast(20, 20, 0, 1)


def test_what_is_refused(train):
    for bad in (
        {"l2": 0.0},
        {"l2": 1e39},
        {"nearest": 0},
        {"least": 0},
        {"user_power": -0.1},
        {"dropout": 1.0},
        {"relaxed": 1.5},
    ):
        with pytest.raises(ConfigError, match=next(iter(bad))):
            slim.Config(**bad)
    nothing = replace(train, seen=train.seen.keep(np.zeros(len(train.seen.item), bool)))
    with pytest.raises(FitError, match="no entry to learn from"):
        slim.fit(nothing, slim.Config(), Run())
    with pytest.raises(FitError, match="No item has 99 entries") as caught:
        slim.fit(train, slim.Config(least=99), Run())
    assert "`least`=1" in caught.value.hint
    state = slim.fit(train, slim.Config(nearest=4), Run()).state()
    for broken in ({"target": state["target"] + np.uint16(20)}, {"indptr": state["indptr"][::-1].copy()}):
        with pytest.raises(ValueError, match="beyond the items"):
            slim.load({**state, **broken})
