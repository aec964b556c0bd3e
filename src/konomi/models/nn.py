"""nn: a neural network over the concatenated vectors of a user and an item, with one hidden layer.

    z = b + b_u + b_i + e_u·e_i + v·max(W_u e_u + W_i e_i + h, 0)        r̂ = μ + σ z    or    p(like) = 1 / (1 + exp(−z))

`network.py` has the network and how people are folded in, `network_fit.py` the training. With product=false and biased=false it
is the network of the second and third founding notebooks.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy.typing as npt

from konomi.data.split import TrainSet
from konomi.errors import ConfigError
from konomi.extras import need
from konomi.models.api import Model
from konomi.models.network import SHAPES as SHAPES
from konomi.models.network import Layers, Losses, PairNetwork
from konomi.runtime import Run

TASKS = ("rating", "interaction")
NEEDS = ("torch",)


@dataclass(frozen=True)
class Config(Layers):
    """The layers, and what they learn."""

    task: Literal["rating", "interaction"] = "rating"  # ratings, or whether something is liked


def fit(train: TrainSet, config: Config, run: Run) -> PairNetwork:
    """Train on the ratings or on the interactions; see `network_fit.fit_network`. ConfigError without torch."""
    return _fit(train, config, run, None)


def fit_from(start: Model, train: TrainSet, config: Config, run: Run) -> PairNetwork:
    """As `fit`, from an earlier network: see `network_warm.py`. ConfigError where that is none with these settings."""
    if not isinstance(start, PairNetwork):
        raise ConfigError("nn: the earlier model is of another kind.", "Start from an nn.")
    return _fit(train, config, run, start)


def _fit(train: TrainSet, config: Config, run: Run, start: PairNetwork | None) -> PairNetwork:
    need("torch", "nn")
    from konomi.models.network_fit import fit_network

    losses = Losses((config.task,))
    return fit_network("nn", train, config, losses, run, start)


def load(state: dict[str, npt.NDArray[Any]]) -> PairNetwork:
    """The model of a `state()`."""
    return PairNetwork(**state)
