"""A model whose answers a person can work out, for tests of what happens around models: everybody likes the same items.

    p_i = (liked + 1) / (liked + not liked + 2)        r̂_i = the scale's low + (high − low) p_i

It has what no model of Konomi's has yet, a warm start and a variance. A test registers it with `register(monkeypatch)`.
"""

import sys
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from konomi import models
from konomi.errors import ConfigError, FitError
from konomi.models.api import check_output
from konomi.settings import check_types

TASKS = ("rating", "interaction")


@dataclass(frozen=True)
class Config:
    task: Literal["rating", "interaction"] = "rating"
    both: bool = False

    def __post_init__(self):
        check_types(self, "stand-in")


@dataclass(frozen=True)
class StandIn:
    """probability f32[I+1], the last of an unknown item; scale f32[2]; has bool[2]: the outputs "rating" and "interaction"."""

    probability: Any
    scale: Any
    has: Any
    history: Any

    @property
    def item_known(self):
        return np.ones_like(self.probability)

    @property
    def outputs(self):
        return frozenset({"rank", *np.array(["rating", "interaction"])[self.has].tolist()})

    def encode(self, profiles, threads=1):
        return np.zeros((len(profiles), 1), np.float32)

    def score(self, codes, output, items=None):
        items = np.arange(len(self.probability) - 1) if items is None else items
        return np.stack([self.score_pairs(code[None].repeat(len(items), 0), items, output) for code in codes])

    def score_pairs(self, codes, item_rows, output):
        check_output(self, output)
        low, high = self.scale
        p = self.probability[item_rows] + codes[:, 0]
        return low + (high - low) * p if output == "rating" else p

    def variance(self, codes, item_rows):
        """(high − low)² p (1 − p): of somebody who gives either end of the scale."""
        p = self.probability[item_rows]
        return (self.scale[1] - self.scale[0]) ** 2 * p * (1 - p)

    def state(self):
        return {**vars(self)}


def fit(train, config, run):
    label, n = train.labelling.of(train.seen), len(train.items) + 1
    if not len(label):
        raise FitError("There is nothing to learn from.", "Give more.")
    counts = (np.bincount(train.seen.item[label == value], minlength=n) for value in (0, 1))
    disliked, liked = counts
    has = np.array([config.task == "rating" or config.both, config.task == "interaction" or config.both])
    scale = np.array([train.scale.low, train.scale.high], np.float32)
    history = np.array([[0.5, 0.25], [0.4, np.nan]], np.float32)
    return StandIn(((liked + 1) / (liked + disliked + 2)).astype(np.float32), scale, has, history)


def fit_from(start, train, config, run):
    """Halfway from what was believed before to what the entries say."""
    if not isinstance(start, StandIn) or len(start.probability) != len(train.items) + 1:
        raise ConfigError("stand-in: the model to start from is another one.", "Start from one of the same items.")
    found = fit(train, config, run)
    return replace(found, probability=(start.probability + found.probability) / 2, history=found.history * np.float32(0.5))


def load(state):
    return StandIn(**state)


def register(monkeypatch):
    """Make it a model that is known, for the length of a test."""
    monkeypatch.setattr(models, "_registered", {**models._registered})
    models.register_model("stand-in", sys.modules[__name__])
