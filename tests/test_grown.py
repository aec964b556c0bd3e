"""A model with more items than it has learnt: it keeps the contract, and says of what it has learnt what it said."""

import types
from dataclasses import replace
from functools import partial

import numpy as np
import polars as pl
import pytest

from konomi import models
from konomi.catalogue.kin import kin_of
from konomi.models import MODELS, module
from konomi.models.grown import grown, grown_from
from konomi.testing import laws
from konomi.testing.subject import ITEMS
from small_models import TRIALS

LEARNT = ITEMS - 3  # the last three items of the suite's dataset are new


def cut(train):
    """The training set without the new items."""
    seen, valid, shown = (part.keep(part.item < LEARNT) for part in (train.seen, train.valid, train.shown))
    return replace(train, items=train.items.head(LEARNT), seen=seen, valid=valid, shown=shown, learnt=None)


def grown_module(name):
    """A model file whose models have learnt all but the last items, and are grown by these."""
    inner = module(name)

    def fit(train, config, run):
        n_items, kept = len(train.items), cut(train)
        count = np.append(np.bincount(kept.seen.item, minlength=LEARNT), np.zeros(n_items - LEARNT, np.int64))
        items = train.items.with_columns(pl.Series("ratings", count), pl.Series("franchise", np.arange(n_items)))
        return grown(inner.fit(kept, config, run), kin_of(items, LEARNT), np.arange(2, dtype=np.int32))

    return types.SimpleNamespace(TASKS=inner.TASKS, Config=inner.Config, fit=fit, load=partial(grown_from, load=inner.load))


ABOUT_SETTINGS = ("what it cannot do is said", "every setting changes something")  # are of the model within


def law_of(name):
    trial = {"random": None, **TRIALS.get(name, {})}
    return [each for each in laws(name, **trial) if not any(told in str(each) for told in ABOUT_SETTINGS)]


@pytest.mark.parametrize("name", MODELS)
def test_the_contract(name, monkeypatch):
    monkeypatch.setitem(models._registered, name, grown_module(name))
    for law in law_of(name):
        law()
