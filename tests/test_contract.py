"""What every model promises, held against every model."""

import dataclasses
import typing

import numpy as np
import polars as pl
import pytest

from konomi.data.profiles import Profiles
from konomi.data.split import SplitConfig, make_split
from konomi.models import MODELS, module
from konomi.models.api import tasks
from konomi.runtime import Run

NETWORK = {
    "epochs": 30,
    "dim": 4,
    "hidden": 8,
    "patience": 0,
    "l2": 0.02,
    "l2_dense": 0.001,
    "rate": 0.03,
    "batch": 64,
    "init": 0.1,
}
LAYERS = {
    "dim": 3, "hidden": 5, "product": False, "biased": False, "dropout": 0.5, "hidden_dropout": 0.5, "optimizer": "sgd",
    "rate": 0.01, "decay": 0.5, "batch": 32, "l2": 0.3, "l2_bias": 0.5, "l2_dense": 0.1, "init": 0.3, "epochs": 2,
    "patience": 1,
}  # fmt: skip
SMALL = {
    "nn": NETWORK,
    "hybrid": NETWORK,
    "mf": {"epochs": 30, "dim": 4, "patience": 0, "l2": 0.02, "rate": 0.05, "init": 0.1},
    "two_tower": {"epochs": 20, "layers": "16-8", "patience": 0, "rate": 0.03, "batch": 128},
    "ease": {"l2": 5.0},
}
"""Settings for so few people."""
EPOCHS = {name: small["epochs"] for name, small in SMALL.items() if "epochs" in small}
"""Of the models that are trained in epochs, and so have a seed."""
OTHER = {
    "nn": {"task": "interaction", **LAYERS},
    "hybrid": {"interaction": 2.0, "learned": True, **LAYERS},
    "popular": {"order": "bayes", "item_prior": 50.0},
    "ease": {"l2": 50.0, "disliked": -0.5, "least": 26},
    "bias": {"damp_item": 50.0, "damp_user": 50.0},
    "genre": {"item_prior": 50.0, "taste_prior": 50.0, "damp_user": 50.0},
    "mf": {
        "task": "interaction", "dim": 3, "biases": "none", "dropout": 0.3, "optimizer": "adagrad", "rate": 0.01,
        "schedule": "constant", "decay": 0.5, "l2": 0.3, "l2_bias": 0.5, "init": 0.3, "epochs": 2, "warm_up": 9, "patience": 1,
    },
    "two_tower": {
        "features": "notebook5", "layers": "8-4", "biased": False, "hide": 0.5, "optimizer": "sgd", "rate": 0.01, "decay": 0.5,
        "batch": 64, "l2": 0.1, "epochs": 2, "patience": 1,
    },
}  # fmt: skip
TASTELESS = ("popular", "bias")
BASE = {"warm_up": {"schedule": "warm-up"}, "patience": {"epochs": 200}, "item_prior": {"order": "bayes"}}
"""What a setting needs to show: a schedule's own shows only under that schedule, patience only where it can run out."""


def variants():
    """(model, task or None): every model, those with the choice once for each of their tasks."""
    for name in sorted(MODELS):
        for task in typing.get_args(typing.get_type_hints(module(name).Config).get("task")) or [None]:
            yield pytest.param((name, task), id=f"{name}-{task}" if task else name)


@pytest.fixture(scope="module", params=variants())
def variant(request):
    return request.param


@pytest.fixture(scope="module")
def board(checkerboard):
    """The checkerboard with the two colours as genres."""
    genres = pl.Series("genres", [["Odd" if i % 2 else "Even"] for i in range(20)])
    return dataclasses.replace(checkerboard, items=checkerboard.items.with_columns(genres))


@pytest.fixture(scope="module")
def train(board):
    return make_split(board, SplitConfig(valid=0.1, test=0)).train_set(board)


@pytest.fixture(scope="module")
def model(variant, train):
    return fitted(variant, train)


def fitted(variant, train, run=None, **changed):
    name, task = variant
    chosen = {"task": task} if task else {}
    return module(name).fit(train, module(name).Config(**{**SMALL.get(name, {}), **chosen, **changed}), run or Run())


def same(a, b):
    return all(np.array_equal(a.state()[key], b.state()[key]) for key in a.state())


def test_outputs_and_shapes(variant, model, train):
    assert "rank" in model.outputs <= {*module(variant[0]).TASKS, "rank"}
    assert bool(tasks(model)) == bool(module(variant[0]).TASKS)
    codes = model.encode(train.seen)
    assert codes.dtype == np.float32 and codes.shape[0] == len(train.seen)
    for output in model.outputs:
        scores = model.score(codes, output)
        assert scores.dtype == np.float32 and scores.shape == (len(train.seen), len(train.items)) and np.isfinite(scores).all()
        rows = np.array([3, 0, -1], np.int32)
        some = model.score(codes, output, rows)
        np.testing.assert_allclose(some[:, :2], scores[:, [3, 0]], rtol=1e-5)
        pairs = model.score_pairs(codes[:3], rows, output)
        assert pairs.dtype == np.float32
        np.testing.assert_allclose(pairs, some[[0, 1, 2], [0, 1, 2]], rtol=1e-5)


def test_a_probability_is_one(variant, model, train):
    assert variant[1] is None or tasks(model) == (variant[1],)
    if "interaction" in model.outputs:
        chance = model.score(model.encode(train.seen), "interaction")
        assert 0 < chance.min() < 0.5 < chance.max() < 1


def test_a_withheld_liked_item_comes_before_every_disliked_one(variant, board, model):
    """Everybody's missing items: those of their colour must score higher, by every task, or in the order of who has none."""
    if variant[0] in TASTELESS:
        pytest.skip("knows nothing of taste")
    seen = board.profiles
    for output in tasks(model) or ("rank",):
        scores, margin = model.score(model.encode(seen), output), {"rating": 2, "interaction": 0.5, "rank": 0}[output]
        for u in range(30):
            missing = np.setdiff1d(np.arange(20), seen.item[seen.indptr[u] : seen.indptr[u + 1]])
            liked = (u + missing) % 2 == 0
            if liked.any() and not liked.all():
                assert scores[u, missing[liked]].min() > scores[u, missing[~liked]].max() + margin


def test_a_batch_is_its_single_people(model, train):
    together = model.encode(train.seen)
    alone = np.vstack([model.encode(train.seen.slice(b, b + 1)) for b in range(len(train.seen))])
    np.testing.assert_array_equal(together, alone)
    for output in model.outputs:
        single = np.vstack([model.score(c[None], output) for c in alone])
        np.testing.assert_allclose(model.score(together, output), single, rtol=1e-5)


def test_order_in_a_profile_does_not_matter(model):
    items, ratings, bounds = np.array([2, 5, 8], np.int32), np.array([9, 3, 7], np.float32), np.array([0, 3])
    a, b = (model.encode(Profiles(bounds, items[order], ratings[order])) for order in ([0, 1, 2], [2, 0, 1]))
    np.testing.assert_allclose(a, b, rtol=1e-5)


def test_nobody_and_the_unscored_are_the_same_stranger(model):
    nobody, unscored = Profiles.of([{}]), Profiles.of([{1: float("nan"), 2: float("nan")}])
    np.testing.assert_array_equal(model.encode(nobody), model.encode(unscored))
    assert np.isfinite(model.score(model.encode(nobody), "rank")).all()


def test_an_unscored_entry_is_not_a_low_rating(model):
    with_gap, without = Profiles.of([{2: 9, 4: float("nan")}]), Profiles.of([{2: 9}])
    np.testing.assert_array_equal(model.encode(with_gap), model.encode(without))


def test_same_seed_same_bytes_at_any_thread_count(variant, model, train):
    for threads in (1, 2, 8):
        assert same(model, fitted(variant, train, Run(threads=threads)))


def test_another_seed_gives_another_model(variant, model, train):
    if variant[0] not in EPOCHS:
        pytest.skip("has no seed")
    assert not same(model, fitted(variant, train, Run(seed=1)))


def test_saved_and_loaded_it_scores_the_same(variant, model, train):
    again = module(variant[0]).load({key: array.copy() for key, array in model.state().items()})
    codes = model.encode(train.seen)
    np.testing.assert_array_equal(codes, again.encode(train.seen))
    for output in model.outputs:
        np.testing.assert_array_equal(model.score(codes, output), again.score(codes, output))


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_setting_changes_something(name, train):
    fields = {f.name for f in dataclasses.fields(module(name).Config)}
    assert fields == OTHER[name].keys()
    short = {"epochs": 4} if "epochs" in fields else {}
    usual = fitted((name, None), train, **short)
    for field in sorted(fields):
        base = {**short, **(BASE.get(field, {}) if BASE.get(field, {}).keys() <= fields else {})}
        a = usual if base == short else fitted((name, None), train, **base)
        b = fitted((name, None), train, **{**base, field: OTHER[name][field]})
        scores = [model.score(model.encode(train.seen), "rank") for model in (a, b)]
        assert not (np.array_equal(a.history, b.history) and np.array_equal(*scores)), field


def test_history_has_an_error_for_each_epoch(variant, model):
    assert model.history.shape[1:] == (2,)
    if variant[0] in EPOCHS:
        assert len(model.history) == EPOCHS[variant[0]] and np.isfinite(model.history).all()
        assert model.history[-1, 0] < model.history[0, 0]
