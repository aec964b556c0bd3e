"""What every model promises, held against every model."""

import dataclasses

import numpy as np
import pytest

from konomi.config import Run
from konomi.data.profiles import Profiles
from konomi.data.split import SplitConfig, make_split
from konomi.models import MODELS, module

EPOCHS = {"mf": {"epochs": 30, "dim": 4, "patience": 0, "l2": 0.02, "rate": 0.05, "init": 0.1}}
OTHER = {
    "bias": {"damp_item": 50.0, "damp_user": 50.0},
    "mf": {
        "dim": 3, "biased": False, "optimizer": "adagrad", "rate": 0.01, "schedule": "constant", "decay": 0.5, "l2": 0.3,
        "l2_bias": 0.5, "init": 0.3, "epochs": 2, "warm_up": 9, "patience": 1,
    },
}  # fmt: skip


@pytest.fixture(scope="module", params=sorted(MODELS))
def name(request):
    return request.param


@pytest.fixture(scope="module")
def train(checkerboard):
    return make_split(checkerboard, SplitConfig(valid=0.1, test=0)).train_set(checkerboard)


@pytest.fixture(scope="module")
def model(name, train):
    return fitted(name, train)


def fitted(name, train, run=None, **changed):
    return module(name).fit(train, module(name).Config(**{**EPOCHS.get(name, {}), **changed}), run or Run())


def same(a, b):
    return all(np.array_equal(a.state()[key], b.state()[key]) for key in a.state())


def test_outputs_and_shapes(model, train):
    assert {"rating", "rank"} <= model.outputs
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


def test_a_withheld_liked_item_comes_before_every_disliked_one(name, checkerboard, model):
    """Everybody's missing items: those of their colour must score higher. bias cannot know that, mf must."""
    if name == "bias":
        pytest.skip("knows nothing of taste")
    seen = checkerboard.profiles
    scores = model.score(model.encode(seen), "rating")
    for u in range(30):
        missing = np.setdiff1d(np.arange(20), seen.item[seen.indptr[u] : seen.indptr[u + 1]])
        liked = (u + missing) % 2 == 0
        if liked.any() and not liked.all():
            assert scores[u, missing[liked]].min() > scores[u, missing[~liked]].max() + 2


def test_a_batch_is_its_single_people(model, train):
    together = model.encode(train.seen)
    alone = np.vstack([model.encode(train.seen.slice(b, b + 1)) for b in range(len(train.seen))])
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_allclose(
        model.score(together, "rating"), np.vstack([model.score(c[None], "rating") for c in alone]), rtol=1e-5
    )


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


def test_same_seed_same_bytes_at_any_thread_count(name, model, train):
    for threads in (1, 2, 8):
        assert same(model, fitted(name, train, Run(threads=threads)))


def test_another_seed_gives_another_model(name, model, train):
    if name == "bias":
        pytest.skip("has no seed")
    assert not same(model, fitted(name, train, Run(seed=1)))


def test_saved_and_loaded_it_scores_the_same(name, model, train):
    again = module(name).load({key: array.copy() for key, array in model.state().items()})
    codes = model.encode(train.seen)
    np.testing.assert_array_equal(codes, again.encode(train.seen))
    for output in model.outputs:
        np.testing.assert_array_equal(model.score(codes, output), again.score(codes, output))


def test_every_setting_changes_something(name, train):
    fields = {f.name for f in dataclasses.fields(module(name).Config)}
    assert fields == OTHER[name].keys()
    for field in sorted(fields):
        # a schedule's own settings show only under that schedule, patience only where it can run out
        base = {"warm_up": {"schedule": "warm-up"}, "patience": {"epochs": 60}}.get(field, {})
        a = fitted(name, train, **base)
        b = fitted(name, train, **{**base, field: OTHER[name][field]})
        scores = [model.score(model.encode(train.seen), "rating") for model in (a, b)]
        assert len(a.history) != len(b.history) or not np.array_equal(*scores), field


def test_history_has_an_error_for_each_epoch(name, model):
    assert model.history.shape[1:] == (2,)
    if name != "bias":
        assert len(model.history) == 30 and np.isfinite(model.history).all()
        assert model.history[-1, 0] < model.history[0, 0]
