"""A model with more items than it has learnt: it keeps the contract, and says of what it has learnt what it said."""

import types
from dataclasses import replace
from functools import cache, partial

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from konomi import models
from konomi.catalogue.kin import Kin, kin_of
from konomi.data.profiles import Profiles
from konomi.models import MODELS, module
from konomi.models.api import HasDots, HasFeatures, HasItemVectors, HasParts, HasVariance
from konomi.models.grown import grown, grown_from
from konomi.runtime import Run
from konomi.testing import laws
from konomi.testing.subject import ITEMS, train_set
from small_models import TRIALS, fitted, variants

LEARNT = ITEMS - 3  # the last three items of the suite's dataset are new
TAGS = np.arange(2, dtype=np.int32)
OF_TRAINING = (
    "what it cannot do", "every setting", "the same seed", "another seed", "a bundle brings"
)  # fmt: skip
"""Laws of the training within, and of bundles, which no grown model is saved in."""


def cut(train):
    """The training set without the new items."""
    seen, valid, shown = (part.keep(part.item < LEARNT) for part in (train.seen, train.valid, train.shown))
    return replace(train, items=train.items.head(LEARNT), seen=seen, valid=valid, shown=shown, learnt=None)


def kin_in(train):
    """The kin of the last items of a training set."""
    count = np.bincount(cut(train).seen.item, minlength=len(train.items))
    items = train.items.with_columns(pl.Series("ratings", count), pl.Series("franchise", np.arange(len(train.items))))
    return kin_of(items, np.arange(len(items)) >= LEARNT)


def grown_module(name):
    """A model file whose models have learnt all but the last items, and are grown by these."""
    inner = module(name)

    def fit(train, config, run):
        return grown(inner.fit(cut(train), config, run), kin_in(train), TAGS)

    return types.SimpleNamespace(TASKS=inner.TASKS, Config=inner.Config, fit=fit, load=partial(grown_from, load=inner.load))


@pytest.mark.parametrize("name", MODELS)
def test_the_contract(name, monkeypatch):
    monkeypatch.setitem(models._registered, name, grown_module(name))
    kept = [law for law in laws(name, **TRIALS.get(name, {})) if not any(told in str(law) for told in OF_TRAINING)]
    assert len(kept) >= 15
    for law in kept:
        law()


@cache
def learnt(variant):
    """A model of the first items."""
    return fitted(variant, cut(train_set()), Run(threads=1))


def random_kin(draw, n_new):
    """Any kin of new items."""
    row = draw.integers(0, LEARNT, (n_new, 4)).astype(np.int32)
    weight = draw.dirichlet(np.ones(4), n_new).astype(np.float32)
    item = np.arange(LEARNT, LEARNT + n_new, dtype=np.int32)
    return Kin(item, row, weight, np.ones(n_new, np.bool_))


ABLE = {"parts": HasParts, "dots": HasDots, "features": HasFeatures, "item_vectors": HasItemVectors, "variance": HasVariance}


@pytest.mark.parametrize("variant", list(variants()))
@given(seed=st.integers(0, 2**32 - 1), n_new=st.integers(1, 5))
def test_what_it_has_learnt_stays_and_the_rest_are_means(variant, seed, n_new):
    draw, model = np.random.default_rng(seed), learnt(variant)
    kin = random_kin(draw, n_new)
    more = grown(model, kin, TAGS)
    seen = cut(train_set()).seen
    codes = more.encode(seen)
    assert codes.tobytes() == model.encode(seen).tobytes() and more.outputs == model.outputs
    order = draw.permutation(n_new)
    other = grown(model, Kin(kin.item, kin.row[order], kin.weight[order], kin.known[order]), TAGS)
    rows = np.arange(LEARNT, dtype=np.int32)
    for output in model.outputs:
        scores, before = more.score(codes, output), model.score(codes, output)
        assert scores[:, :LEARNT].tobytes() == before.tobytes()
        assert more.score(codes, output, rows).tobytes() == model.score(codes, output, rows).tobytes()
        assert other.score(codes, output)[:, LEARNT:].tobytes() == scores[:, LEARNT:][:, order].tobytes()
        low, high = before[:, kin.row].min(axis=2), before[:, kin.row].max(axis=2)
        slack = 1e-4 * (1 + np.abs(before).max())
        assert (scores[:, LEARNT:] >= low - slack).all() and (scores[:, LEARNT:] <= high + slack).all()
    known = more.item_known
    assert known[:LEARNT].tobytes() == model.item_known[:LEARNT].tobytes() and known[-1] == model.item_known[-1]
    of_kin = model.item_known[kin.row].max(axis=1)
    assert (known[LEARNT:-1] <= of_kin).all() and ((known[LEARNT:-1] < of_kin) | (of_kin == 0)).all()
    for capability, kind in ABLE.items():
        assert isinstance(more, kind) == isinstance(model, kind), capability
    if isinstance(model, HasVariance) and "rating" in model.outputs:
        code, item = codes[:1].repeat(n_new, axis=0), np.arange(LEARNT, LEARNT + n_new, dtype=np.int32)
        least = [model.variance(codes[:1].repeat(4, axis=0), own).min() for own in kin.row]
        assert (more.variance(code, item) >= np.array(least) * (1 - 1e-4)).all()


@pytest.mark.parametrize("variant", list(variants()))
def test_entries_on_new_items_are_left_to_the_next_training(variant):
    model = learnt(variant)
    more = grown(model, random_kin(np.random.default_rng(0), 3), TAGS)
    plain, also = Profiles.of([{0: 9.0, 3: 2.0}]), Profiles.of([{0: 9.0, 3: 2.0, LEARNT + 1: 9.0}])
    assert more.encode(also).tobytes() == model.encode(plain).tobytes()
    mixed = Profiles(np.array([0, 3]), np.array([LEARNT + 1, 0, 3], np.int32), np.array([9, 9, 2], np.float32))
    items = np.array([1, LEARNT, -1], np.int32)
    for output in model.outputs:
        for way in ("parts", "features"):
            if hasattr(more, way) and (found := getattr(more, way)(also, items, output)) is not None:
                alone = getattr(more, way)(plain, items, output)
                assert found[: len(alone)].tobytes() == alone.tobytes() and not found[len(alone) :].any()
        if hasattr(more, "parts") and (found := more.parts(mixed, items, output)) is not None:
            assert not found[0].any() and found[1:].tobytes() == more.parts(plain, items, output).tobytes()


def test_tags_are_told_by_the_grown_catalogue():
    """A tag that comes before the others, and one that is no tag any more."""
    model, kin = learnt(("genre", None)), random_kin(np.random.default_rng(1), 2)
    person, items = Profiles.of([{0: 9.0, 3: 2.0}]), np.array([0, 1, LEARNT], np.int32)
    plain = grown(model, kin, TAGS).features(person, items, "rating")
    moved = grown(model, kin, np.array([1, -1], np.int32)).features(person, items, "rating")
    assert moved.shape == (2, 3) and not moved[0].any() and moved[1].tobytes() == plain[0].tobytes() and plain[1].any()


@pytest.mark.parametrize("variant", list(variants()))
def test_an_item_among_those_of_the_model_is_placed_likewise(variant):
    """It has a row in the model, which has learnt nothing of it."""
    model = learnt(variant)
    kin = random_kin(np.random.default_rng(2), 2)
    inside = Kin(np.array([1, LEARNT], np.int32), np.where(kin.row == 1, 2, kin.row), kin.weight, kin.known)
    after = Kin(np.array([LEARNT, LEARNT + 1], np.int32), *(getattr(inside, name) for name in ("row", "weight", "known")))
    more, plain = grown(model, inside, TAGS), grown(model, after, TAGS)
    codes = more.encode(cut(train_set()).seen)
    rows, theirs = np.array([0, 1, LEARNT, -1], np.int32), np.array([0, LEARNT, LEARNT + 1, -1], np.int32)
    for output in model.outputs:
        assert more.score(codes, output, rows).tobytes() == plain.score(codes, output, theirs).tobytes()
        assert more.score(codes, output)[:, 1].tobytes() == plain.score(codes, output)[:, LEARNT].tobytes()
        pairs = codes[:1].repeat(4, axis=0)
        assert more.score_pairs(pairs, rows, output).tobytes() == plain.score_pairs(pairs, theirs, output).tobytes()
    assert more.item_known[1] == plain.item_known[LEARNT] and len(more.item_known) == LEARNT + 2
