"""ease with dropout, weights of people and items and a relaxed diagonal; what validation chooses; bundles of before."""

import numpy as np
import pytest

from konomi.data.split import SplitConfig, make_split
from konomi.errors import ConfigError
from konomi.models import ease
from konomi.models.choice import Validation
from konomi.models.ease_fit import Problem
from konomi.pipeline.train import train_model
from konomi.runtime import Run
from konomi.settings import settings

PLAIN = {"dropout": 0.0, "user_power": 0.0, "item_power": 0.0, "relaxed": 0.0}


@pytest.fixture(scope="module")
def train(checkerboard):
    return make_split(checkerboard, SplitConfig(valid=0.2, test=0)).train_set(checkerboard)


def liked(train):
    """X f64[people, items], without weights."""
    X = np.zeros((len(train.seen), len(train.items)))
    X[train.seen.user, train.seen.item] = train.seen.rating > 5
    return X


@pytest.mark.parametrize("name", PLAIN)
def test_each_setting_is_what_its_formula_says(train, name):
    """B_ji = −(n_j / n_i)^α P_ji max((1 − ξ) / P_ii, Λ_ii)."""
    p, beta, alpha, xi = (0.4 if each == name else 0.0 for each in PLAIN)
    model = ease.fit(train, ease.Config(l2=3.0, least=1, **{**PLAIN, name: 0.4}), Run())
    X = liked(train)
    G = X.T @ (X * X.sum(axis=1, keepdims=True) ** -beta)
    penalty = 3 + p / (1 - p) * G.diagonal()
    P, n = np.linalg.inv(G + np.diag(penalty)), np.bincount(train.seen.item, minlength=20)
    B = -P * np.maximum((1 - xi) / P.diagonal(), penalty) * (n[:, None] / n) ** alpha
    np.fill_diagonal(B, 0)
    np.testing.assert_allclose(model.weight, B, rtol=1e-3, atol=1e-4)
    assert np.abs(model.weight - ease.fit(train, ease.Config(l2=3.0, least=1, **PLAIN), Run()).weight).max() > 1e-3


def test_dropout_is_the_mean_over_what_is_left_out(train):
    """No other matrix with a diagonal of 0 does better on entries left out at random, in the mean over draws."""
    B = ease.fit(train, ease.Config(l2=3.0, least=1, **{**PLAIN, "dropout": 0.3}), Run()).weight.astype(float)
    X, rng, slope, draws = liked(train), np.random.default_rng(0), np.zeros((20, 20)), 4000
    for _ in range(draws):
        Z = X * (rng.random(X.shape) < 0.7) / 0.7
        slope += (Z.T @ (Z @ B - X)) / draws
    slope += 3 * B
    np.fill_diagonal(slope, 0)
    assert np.abs(slope).max() < 0.15 < np.abs(3 * B).max()


def test_a_diagonal_that_is_free_is_the_ridge(train):
    """With ξ = 1 it is that of |X − X B|² + λ|B|² without any bound, I − λP, off its diagonal."""
    B = ease.fit(train, ease.Config(l2=3.0, least=1, **{**PLAIN, "relaxed": 1.0}), Run()).weight
    X = liked(train)
    ridge = np.linalg.solve(X.T @ X + 3 * np.eye(20), X.T @ X)
    np.fill_diagonal(ridge, 0)
    np.testing.assert_allclose(B, ridge, atol=1e-5)


def test_validation_chooses_what_is_left_open(train, monkeypatch):
    validation, told = Validation.of(train), []

    def quality(given):
        return validation.ndcg(ease.fit(train, ease.Config(**given), Run()), Run())

    bad = {**ease.USUAL, "l2": 2000.0, "item_power": 0.3, "user_power": 0.5}
    monkeypatch.setattr(ease, "USUAL", bad)
    model = ease.fit(train, ease.Config(), Run(progress=told.append))
    assert model.chosen != bad and quality(model.chosen) > quality(bad)
    assert told[0].what == "choose ease" and told[0].error.startswith("valid NDCG@10 0.")
    monkeypatch.setattr(ease, "SAMPLE", 5)
    few = ease.fit(train, ease.Config(), Run(progress=told.append))
    assert len(few.weight) == 20 and ease.fit(train, ease.Config(l2=7.0), Run()).chosen["l2"] == 7.0


def test_the_best_known_are_those_of_most_people(train):
    problem = Problem.of(train, ease.Config(least=1))
    some = problem.best_known(6)
    kept = np.flatnonzero(some.column < 6)
    assert len(kept) == some.n == 6 and problem.many[kept].min() >= np.sort(problem.many[:-1])[-6]
    assert some.column[kept].tolist() == list(range(6))


def test_a_second_training_has_the_settings_that_were_chosen(checkerboard):
    bundle = train_model(checkerboard, "ease", SplitConfig(valid=0.2, test=0.1), Run())
    first = train_model(checkerboard, "ease", SplitConfig(valid=0.2, test=0.1), Run(), refit=False)
    assert bundle.models["ease"].chosen == first.models["ease"].chosen and bundle.configs["ease"]["relaxed"] is None


def test_models_and_settings_of_before_are_read(train):
    """They had one penalty, and nothing else that could be set."""
    model = ease.fit(train, ease.Config(l2=7.0, **PLAIN), Run())
    state = {name: array for name, array in model.state().items() if name not in ("settings", "penalty")}
    older = ease.load({**state, "l2": np.array([7.0], np.float32)})
    assert older.chosen == model.chosen == {"l2": 7.0, **PLAIN}
    np.testing.assert_array_equal(older.weight, model.weight)
    np.testing.assert_array_equal(older.penalty, model.penalty)
    config = settings(ease.Config, {"l2": 7.0, "disliked": 0.0, "least": 3}, "a bundle")
    assert config == ease.Config(l2=7.0)


def test_what_is_refused():
    for bad in ({"dropout": 1.0}, {"user_power": 2.0}, {"item_power": -1.5}, {"relaxed": -0.1}):
        with pytest.raises(ConfigError, match=f"ease: {next(iter(bad))} is"):
            ease.Config(**bad)
