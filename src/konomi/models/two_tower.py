"""two_tower: the cosine of two vectors, one from a person's taste and one from an item's features, each by a tower of layers.

    r̂_ui = c + s (a cos(f(x_u), g(y_i)) + b_u + b_i)

x_u are features of a profile (`taste.Taste`), y_i features of an item from the catalogue and its ratings; f and g are towers
(`kernels/towers.py`), b_u and b_i one more unit of each. No person and no item has a vector of its own, so new people and items
without ratings are scored like all others. Two towers and the cosine: Huang et al. 2013 (DSSM), eq. 3 and 4. With biased=false
it is the network of the fourth founding notebook, with features=notebook5 as well that of the fifth. `towers.py` has the
trained model, `two_tower_fit.py` the training.
"""

from typing import Any

import numpy.typing as npt

from konomi.data.split import TrainSet
from konomi.extras import need
from konomi.models.towers import Config, TwoTower
from konomi.runtime import Run

__all__ = ["NEEDS", "SHAPES", "TASKS", "Config", "fit", "load"]

TASKS = ("rating",)
NEEDS = ("torch",)


def fit(train: TrainSet, config: Config, run: Run) -> TwoTower:
    """Train the towers; see `two_tower_fit.fit_towers`. FitError where there is no rating; ConfigError without torch."""
    need("torch", "two_tower")
    from konomi.models.two_tower_fit import fit_towers

    return fit_towers(train, config, run)


SHAPES = {
    "sizes": "i64[L] 1..",
    "weights": "f32[P]",
    "mean": "f32[F]",
    "deviation": "f32[F] >0",
    "base": "f32[I]",
    "unit": "f32[S]",
    "tags": "u8[I, T] 0..1",
    "right": "f32[I+1, D+1]",
    "item_known": "f32[I+1] 0..1",
    "center": "f32[3]",
    "history": "f32[E, 2] nan",
}


def load(state: dict[str, npt.NDArray[Any]]) -> TwoTower:
    """The model of a `state()`."""
    return TwoTower(**state)
