"""When a training stops and which epoch is kept, the same for mf, for networks and in a comparison."""

import math
from dataclasses import replace

import numpy as np
import pytest

from konomi.data.split import SplitConfig, make_split
from konomi.models import mf, module
from konomi.neural.loop import Steps
from konomi.neural.stopping import best_epoch, finished
from konomi.runtime import Run
from small_models import TRIALS


@pytest.mark.parametrize(
    ("figures", "lowest", "highest"),
    [
        ([], -1, -1),
        ([3, 2, 2, 4], 2, 3),
        ([0.1, 0.3, 0.2], 0, 1),
        ([0.25, math.nan], 0, 0),
        ([math.nan, math.nan], 1, 1),
        ([1.0, 1.0 + 1e-9], 1, 1),  # the same in float32, which is what a model keeps
    ],
)
def test_the_best_epoch_is_the_last_of_the_best(figures, lowest, highest):
    history = [(1.0, figure) for figure in figures]
    assert best_epoch(history) == lowest and best_epoch(history, higher=True) == highest
    kept = np.array(history, np.float32).reshape(-1, 2)
    assert best_epoch(kept) == lowest and best_epoch(kept, higher=True) == highest


def test_patience_goes_by_the_better_direction():
    history = [(1.0, 0.1), (1.0, 0.3), (1.0, 0.2), (1.0, 0.2)]
    assert finished(history, 9, 2, higher=True) and not finished(history, 9, 3, higher=True)
    assert finished(history, 9, 3) and finished(history, 4, 0) and not finished(history, 5, 0)
    steps = Steps(epochs=9, patience=2, rate=1, decay=0, higher=True)
    assert steps.finished(history) and not steps.finished(history[:3])


@pytest.mark.parametrize(
    ("name", "more", "epochs"), [("mf", {"rate": 0.28, "l2": 0}, 12), ("nn", {}, 9), ("two_tower", {}, 12)]
)
def test_the_kept_epoch_is_that_of_a_training_that_ends_there(name, more, epochs, checkerboard):

    train = make_split(checkerboard, SplitConfig(valid=0.1, test=0)).train_set(checkerboard)
    unvalidated = replace(train, valid=train.valid.keep(np.zeros(len(train.valid.item), bool)))
    kind, settings = module(name), {**TRIALS[name]["settings"], **more}

    def fit(parts, epochs):
        return kind.fit(parts, kind.Config(**{**settings, "epochs": epochs}), Run(threads=1))

    whole = fit(train, epochs)
    best = best_epoch(whole.history)
    kept, there, first = (model.state() for model in (whole, fit(unvalidated, best + 1), fit(unvalidated, 1)))
    assert 0 < best < epochs - 1
    assert all(np.array_equal(kept[key], there[key]) for key in kept if key != "history")
    assert not all(np.array_equal(kept[key], first[key]) for key in kept if key != "history")


def test_without_validation_the_last_epoch_is_kept(checkerboard):

    train = make_split(checkerboard, SplitConfig(valid=0, test=0)).train_set(checkerboard)
    three, two = (mf.fit(train, mf.Config(dim=4, epochs=epochs, patience=1), Run(threads=1)) for epochs in (3, 2))
    assert len(three.history) == 3 and np.isnan(three.history[:, 1]).all()
    assert not np.array_equal(three.item_code, two.item_code)
