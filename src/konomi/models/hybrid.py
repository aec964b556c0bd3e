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
from konomi.models.network import SHAPES as SHAPES
from konomi.models.network import Layers, PairNetwork
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
    need("torch", "hybrid")
    from konomi.models.network_fit import Losses, fit_network

    return fit_network("hybrid", train, config, Losses(("rating", "interaction"), config.interaction, config.learned), run)


def load(state: dict[str, npt.NDArray[Any]]) -> PairNetwork:
    """The model of a `state()`."""
    return PairNetwork(**state)
