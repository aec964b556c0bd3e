"""hybrid: one network, two tasks. Ratings and interactions are learnt with the same vectors and the same hidden layer.

    L = L_rating + w L_interaction        or with learnt weights        L = Σ_k exp(−s_k) L_k + s_k / 2

L_rating is the squared error in units of the ratings' variance, L_interaction the log loss in units of the labels' deviation;
the s_k are log variances (Kendall, Gal & Cipolla 2018, eq. 7 and 10). People are folded in by both losses at once. `network.py`
has the network, `network_fit.py` the training.
"""

from dataclasses import dataclass
from typing import Any

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
    """The layers and the weights of the tasks."""

    interaction: float = 0.25  # w, the weight of the interactions' loss beside the ratings'
    learned: bool = False  # learn both weights; w then only chooses the epoch

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.interaction < 0:
            raise ConfigError("hybrid: the weight of the interactions is negative.", "Set interaction to 0 or more.")


def fit(train: TrainSet, config: Config, run: Run) -> PairNetwork:
    """Train on ratings and interactions; see `network_fit.fit_network`. ConfigError without torch."""
    return _fit(train, config, run, None)


def fit_from(start: Model, train: TrainSet, config: Config, run: Run) -> PairNetwork:
    """As `fit`, from an earlier network: see `network_warm.py`. ConfigError where that is none with these settings."""
    if not isinstance(start, PairNetwork):
        raise ConfigError("hybrid: the earlier model is of another kind.", "Start from a hybrid.")
    return _fit(train, config, run, start)


def _fit(train: TrainSet, config: Config, run: Run, start: PairNetwork | None) -> PairNetwork:
    need("torch", "hybrid")
    from konomi.models.network_fit import fit_network

    losses = Losses(("rating", "interaction"), config.interaction, config.learned)
    return fit_network("hybrid", train, config, losses, run, start)


def load(state: dict[str, npt.NDArray[Any]]) -> PairNetwork:
    """The model of a `state()`."""
    return PairNetwork(**state)
