"""How each model learns from the 30 people of a checkerboard, for tests that go over all of them."""

import typing

import pytest

from konomi.models import MODELS, module
from konomi.runtime import Run

NETWORK = {
    "epochs": 30, "dim": 4, "hidden": 8, "patience": 0, "l2": 0.02, "l2_dense": 0.001, "rate": 0.03, "batch": 64, "init": 0.1,
}  # fmt: skip
PATIENT = {"patience": {"epochs": 200}}  # it shows only where it can run out
TRIALS = {
    "popular": {"personal": False, "beside": {"item_prior": {"order": "bayes"}}},
    "bias": {"personal": False},
    "mf": {
        "settings": {"epochs": 30, "dim": 4, "patience": 0, "l2": 0.02, "rate": 0.05, "init": 0.1},
        "other": {"patience": 1},
        "beside": {**PATIENT, "warm_up": {"schedule": "warm-up"}},
    },
    "bayes": {
        "settings": {"epochs": 60, "burn_in": 20, "samples": 6, "dim": 4},
        "other": {"patience": 1, "dim": 3},
        "beside": {**PATIENT, "burn_in": {"epochs": 60}, "samples": {"epochs": 60}},
    },
    "ease": {
        "settings": {"l2": 5.0, "dropout": 0.25, "user_power": 0.25, "item_power": 0.1, "relaxed": 0.3},
        "other": {"least": 26},
    },
    "slim": {
        "settings": {"l2": 5.0, "nearest": 8, "dropout": 0.25, "user_power": 0.25, "relaxed": 0.3},
        "other": {"least": 26},
    },
    "nn": {"settings": NETWORK, "other": {"patience": 1}, "beside": PATIENT},
    "hybrid": {"settings": NETWORK, "other": {"patience": 1}, "beside": PATIENT},
    "two_tower": {
        "settings": {"epochs": 20, "layers": "16-8", "patience": 0, "rate": 0.03, "batch": 128},
        "other": {"layers": "8-4", "patience": 1},
        "beside": PATIENT,
    },
}
"""A line for a model that needs one: settings for so few people, and what shows another value of one."""


def variants():
    """(model, task or None): every model, those with the choice once for each of their tasks."""
    for name in sorted(MODELS):
        for task in typing.get_args(typing.get_type_hints(module(name).Config).get("task")) or [None]:
            yield pytest.param((name, task), id=f"{name}-{task}" if task else name)


def fitted(variant, train, run=None, **changed):
    """The model of a variant, with the settings of its trial."""
    name, task = variant
    chosen = {"task": task} if task else {}
    settings = TRIALS.get(name, {}).get("settings", {})
    return module(name).fit(train, module(name).Config(**{**settings, **chosen, **changed}), run or Run())
