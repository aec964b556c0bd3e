"""Training from an earlier model: the rough fold-in, the update of an inverse, and what each model makes of new entries."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from konomi.data.split import SplitConfig, make_split
from konomi.errors import BeginAnew, ConfigError, FitError
from konomi.kernels import conjugate, fold_network, inverse
from konomi.kernels.reference import ridge as slow_ridge
from konomi.models import ease, hybrid, mf, mf_warm, network, network_warm, nn
from konomi.models.ease_fit import Problem, penalties, solve
from konomi.runtime import Run, workers
from test_kernels import ratings

NEW = 6  # an item that the earlier models lack; even people like it, odd ones do not


@pytest.fixture(scope="module")
def now(checkerboard):
    return make_split(checkerboard, SplitConfig(valid=0, test=0)).train_set(checkerboard)


@pytest.fixture(scope="module")
def before(now):
    return replace(now, seen=now.seen.keep(now.seen.item != NEW))


@given(ratings(), st.integers(1, 12))
def test_the_rough_fold_in_comes_to_the_exact_one(case, dim):
    """With as many steps as it takes; after one, it is nearer than nothing. People without ratings are left as they are."""
    _, item, indptr, target, rng = case
    Q = rng.normal(0, 1, (9, dim)).astype(np.float32)
    penalty, start = rng.uniform(0.05, 1, (2, dim)), rng.normal(0, 1, (12, dim)).astype(np.float32)
    squares = np.square(Q).mean(axis=0)
    exact, rough, once = start.copy(), start.copy(), start.copy()
    slow_ridge.fold_in(indptr, item, target, Q, penalty, 0, 12, exact)
    for out, steps in ((rough, 60), (once, 1)):
        conjugate.fold_in_roughly(indptr, item, target, Q, penalty.astype(np.float32), squares, steps, 0, 12, out)
    np.testing.assert_allclose(rough, exact, rtol=1e-2, atol=2e-3)
    for b in range(12):
        entries = slice(indptr[b], indptr[b + 1])
        losses = [_loss(w[b], start[b], Q[item[entries]], target[entries], penalty) for w in (once, start)]
        assert losses[0] <= losses[1] * (1 + 1e-5)


def _loss(w, a, X, y, penalty):
    w, a = w.astype(float), a.astype(float)
    return np.sum((y - X @ w) ** 2) + np.sum((len(X) * penalty[0] + penalty[1]) * (w - a) ** 2)


@given(ratings(), st.integers(1, 12))
def test_the_rough_fold_in_of_labels_is_one_step_of_newton(case, dim):
    _, item, indptr, target, rng = case
    Q, offset = rng.normal(0, 1, (9, dim)).astype(np.float32), rng.normal(0, 1, len(item)).astype(np.float32)
    label, penalty = (target > 0).astype(np.float32), rng.uniform(0.05, 1, (2, dim)).astype(np.float32)
    start = rng.normal(0, 0.3, (12, dim)).astype(np.float32)
    found, wanted = start.copy(), start.astype(float)
    conjugate.fold_in_labels_roughly(indptr, item, label, offset, Q, penalty, np.square(Q).mean(axis=0), 60, 0, 12, found)
    for b in range(12):
        entries = slice(indptr[b], indptr[b + 1])
        X = Q[item[entries]].astype(float)
        if len(X):
            chance = 1 / (1 + np.exp(-(offset[entries] + X @ wanted[b])))
            matrix = X.T @ (X * (chance * (1 - chance))[:, None]) + np.diag(len(X) * penalty[0] + penalty[1])
            wanted[b] += np.linalg.solve(matrix, X.T @ (label[entries] - chance))
    np.testing.assert_allclose(found, wanted, rtol=1e-2, atol=2e-3)


def test_an_inverse_with_a_few_more_rows_and_a_few_less():
    rng = np.random.default_rng(0)
    X, new = rng.normal(0, 1, (300, 70)), rng.normal(0, 1, (5, 70))
    U = sp.csr_matrix(np.vstack([X[:4], new]), dtype=np.float32)
    M = X.T @ X + 50 * np.eye(70)
    wanted = -np.linalg.inv(M - X[:4].T @ X[:4] + new.T @ new)
    found = []
    for threads in (1, 3):
        A = -np.linalg.inv(M).astype(np.float32)
        with workers(threads) as each:
            inverse.add_low_rank(A, U, np.repeat([-1.0, 1.0], [4, 5]), each, tile=16)
        found.append(A)
    np.testing.assert_allclose(found[0], wanted, atol=1e-7)
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("more", [{}, {"user_power": 0.5, "item_power": 0.2, "relaxed": 0.4}], ids=["plain", "general"])
def test_ease_from_an_earlier_one_is_ease(more):
    """Rows that grew, shrank, came and went, and an item that had too few entries."""
    train, rng = _crowd(), np.random.default_rng(1)
    user, item = train.seen.user, train.seen.item
    lost = (user < 4) & (rng.random(len(user)) < 0.4)
    one, two = user[item == NEW][10:12]
    rare = (item == NEW) & (user != one)
    earlier = replace(train, seen=train.seen.keep(~lost & ~rare & (user != 7)))
    seen = train.seen.keep((user != 8) & ~((user == 9) & (item < 20)) & ~(rare & (user != two)))
    later = replace(train, seen=seen, learnt=earlier.seen)
    config = ease.Config(least=2, l2=20.0, disliked=-0.25, **more)
    start = ease.fit(earlier, config, Run())
    before = {name: array.copy() for name, array in start.state().items()}
    found, wanted = (fit(later, config, Run()) for fit in (lambda *given: ease.fit_from(start, *given), ease.fit))
    assert len(wanted.weight) == len(start.weight) + 1
    for name, array in wanted.state().items():
        np.testing.assert_allclose(getattr(found, name), array, atol=2e-6, err_msg=name)
        np.testing.assert_array_equal(getattr(start, name), before[name], err_msg=name)
    chained = ease.fit_from(found, replace(earlier, learnt=later.seen), replace(config, least=1), Run())
    np.testing.assert_allclose(chained.weight, ease.fit(earlier, replace(config, least=1), Run()).weight, atol=4e-6)


def test_with_dropout_the_penalties_stay_those_of_the_earlier_model():
    """All else is as if they had been given."""
    train, config = _crowd(), ease.Config(least=1, l2=5.0, dropout=0.5, user_power=0.25, relaxed=0.5)
    earlier = replace(train, seen=train.seen.keep((train.seen.user >= 12) & (train.seen.item != NEW)))
    start = ease.fit(earlier, config, Run())
    known = np.arange(120) != NEW
    later = replace(train, seen=train.seen.keep((train.seen.item != NEW) | (train.seen.user < 12)), learnt=earlier.seen)
    found = ease.fit_from(start, later, config, Run())
    np.testing.assert_array_equal(found.penalty[known], start.penalty)
    problem, settings = Problem.of(later, config), start.chosen
    rows = problem.rows(later.seen, settings)
    assert found.penalty[NEW] == penalties(rows, settings)[NEW] >= 5
    wanted = problem.model(solve(rows, found.penalty, Run()), found.penalty, settings)
    np.testing.assert_allclose(found.weight, wanted.weight, atol=5e-6)


def _crowd():
    """200 people who have about 15 of 120 items each."""
    from test_popular import train_of

    rng = np.random.default_rng(0)
    pairs = {(int(u), int(i)) for u, i in zip(rng.integers(0, 200, 3000), rng.integers(0, 120, 3000), strict=True)}
    return train_of([(u, i, 9 if (u + i) % 3 else 2) for u, i in sorted(pairs)])


def test_when_ease_begins_anew():
    train, config = _crowd(), ease.Config(least=1)
    start = ease.fit(train, config, Run())
    user = train.seen.user
    fewer = replace(train, seen=train.seen.keep(user >= 12), learnt=train.seen)
    assert len(ease.fit_from(start, fewer, config, Run()).weight) == 120
    for other, said in (
        (train, "gone"),  # nothing tells what it has learnt
        (replace(fewer, seen=train.seen.keep(user >= 13)), "13 people have changed, and an update pays for 12"),
        (replace(fewer, seen=train.seen.keep(train.seen.item != 5)), "gone"),
    ):
        with pytest.raises(BeginAnew, match=said):
            ease.fit_from(start, other, config, Run())
    with pytest.raises(FitError, match="of memory for 120 × 120 items"):
        ease.fit_from(start, fewer, config, Run(memory=1000))
    for changed in ({"l2": 20.0}, {"disliked": 0.5}, {"relaxed": 0.3}):
        with pytest.raises(ConfigError, match="other settings"):
            ease.fit_from(start, fewer, replace(config, **changed), Run())


@pytest.mark.parametrize("task", ["rating", "interaction"])
@pytest.mark.parametrize("biases", ["outside", "inside", "none"])
def test_mf_learns_a_new_item_from_its_entries(task, biases, before, now):
    config = mf.Config(dim=4, task=task, biases=biases, rate=0.1, epochs=20)
    start = mf.fit(before, config, Run())
    warm = mf.fit_from(start, now, config, Run())
    assert len(warm.history) == 1
    _knows_the_new_item(warm, now, task)
    known = np.delete(np.arange(len(now.items)), NEW)
    codes = warm.encode(now.seen)
    apart = [model.score(codes, "rank")[:, known] for model in (warm, start)]
    assert np.corrcoef(apart[0].ravel(), apart[1].ravel())[0, 1] > 0.95


def test_mf_begins_with_what_the_earlier_one_says(now, monkeypatch):
    """People as it would fold them in itself, its items as they are."""
    config = mf.Config(dim=4, rate=0.1, epochs=10)
    start = mf.fit(now, config, Run())
    monkeypatch.setattr(mf_warm, "learn", lambda train, problem, weights, *rest: weights)
    monkeypatch.setattr(mf_warm, "STEPS", 60)
    begun = mf.fit_from(start, now, config, Run())
    np.testing.assert_allclose(np.column_stack([begun.P, begun.bu]), start.encode(now.seen), atol=1e-4)
    np.testing.assert_array_equal(begun.Q, start.item_code[:-1, :-1])
    np.testing.assert_array_equal(begun.bi, start.item_bias[:-1])


def _knows_the_new_item(model, train, task):
    score = model.score(model.encode(train.seen), task)[:, NEW]
    assert score[0::2].min() > score[1::2].max() + (1 if task == "rating" else 0.2)


@pytest.mark.parametrize("product", [True, False])
@pytest.mark.parametrize("task", ["rating", "interaction", "both"])
def test_a_network_begins_as_the_earlier_one_and_learns_a_new_item(task, product, before, now):
    kind, own = (hybrid, {"learned": True}) if task == "both" else (nn, {"task": task})
    config = kind.Config(dim=4, hidden=6, product=product, rate=0.1, epochs=20, patience=0, batch=64, **own)
    losses = network.Losses(("rating", "interaction"), learned=True) if task == "both" else network.Losses((task,))
    start = kind.fit(before, config, Run())
    warm = network_warm.warm_weights(start, now, config, losses, 1)
    hidden = warm.weights["items"] @ warm.weights["item layer"]
    np.testing.assert_allclose(hidden, start.right[:-1, :6], atol=1e-5)
    first = {"items": np.full((20, 4), 7, np.float32), "users": np.zeros((30, 4), np.float32)}
    begun = warm.over(first)["items"]
    assert (begun[NEW] == 7).all() and (np.delete(begun, NEW, axis=0) != 7).any(axis=1).all() and (first["items"] == 7).all()
    model = kind.fit_from(start, now, replace(config, rate=0.3), Run())
    assert len(model.history) == network_warm.EPOCHS and model.outputs == start.outputs
    if product:  # without it, so few entries do not teach a network who likes what
        _knows_the_new_item(model, now, "rating" if "rating" in model.outputs else "interaction")


def test_a_network_with_more_numbers_than_units():
    """Its vectors cannot be told apart from each other by the units, but the units are the same."""
    rng = np.random.default_rng(0)
    hidden = rng.normal(0, 1, (30, 3)).astype(np.float32)
    vectors, layer = network_warm._parted(hidden, None, 5)
    assert vectors.shape == (30, 5) and layer.shape == (5, 3)
    np.testing.assert_allclose(vectors @ layer, hidden, atol=1e-5)


def test_what_does_not_fit_is_refused(before, now):
    small, net = mf.Config(dim=4, epochs=2), nn.Config(dim=4, hidden=4, epochs=1)
    start, other = mf.fit(now, small, Run()), nn.fit(now, net, Run())
    fewer = replace(now, items=now.items.head(19), seen=now.seen.keep(now.seen.item < 19))
    for module, model, train, config in (
        (mf, start, now, replace(small, dim=5)),
        (mf, start, now, replace(small, task="interaction")),
        (mf, start, now, replace(small, biases="none")),
        (mf, start, fewer, small),
        (nn, other, now, replace(net, hidden=5)),
        (nn, other, now, replace(net, product=False)),
        (nn, other, now, replace(net, task="interaction")),
        (nn, other, fewer, net),
    ):
        with pytest.raises(ConfigError, match="other settings or items"):
            module.fit_from(model, train, config, Run())
    for module in (mf, nn, hybrid, ease):
        with pytest.raises(ConfigError, match="of another kind"):
            module.fit_from(start if module is not mf else other, now, module.Config(), Run())


def test_fewer_steps_of_folding_in_are_nearer_than_none(now):
    model = nn.fit(now, nn.Config(dim=4, hidden=4, epochs=10), Run())
    exact = model.encode(now.seen)
    rough = [np.abs(model.folded(now.seen, 1, steps) - exact).max() for steps in (0, 1, fold_network.STEPS)]
    assert rough[2] == 0 < rough[1] < rough[0]
