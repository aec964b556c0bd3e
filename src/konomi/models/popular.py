"""popular: the same order for everybody, by how many people have an item or by how well they rate it.

    rank_i = log(1 + n_i)   n_i = people who consumed item i      or      rank_i = (C·m + Σ_u r_ui) / (C + n_i)

The second is the Bayesian average rating of `data/statistics.py`. Nothing is learnt about a person, so this is the baseline of
recommendations.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from konomi.arrays import F32, I32
from konomi.data.profiles import Profiles
from konomi.data.split import TrainSet
from konomi.data.statistics import ITEM_PRIOR, bayesian_average, item_sums, trust
from konomi.errors import ConfigError, FitError
from konomi.models.api import check_output, in_short
from konomi.runtime import Run
from konomi.settings import check_types

TASKS = ()


@dataclass(frozen=True)
class Config:
    """What the order is."""

    order: Literal["count", "bayes"] = "count"  # by how many people consumed an item, or by its Bayesian average rating
    item_prior: float = ITEM_PRIOR  # C ≥ 0, for "bayes": how many ratings at the mean are added to an item's

    def __post_init__(self) -> None:
        check_types(self, "popular")
        if self.item_prior < 0:
            raise ConfigError("popular: item_prior is negative.", "Set item_prior to 0 or more.")


@dataclass(frozen=True)
class Popular:
    """level f32[I+1]: the score of each item; item_known f32[I+1]; the last of each is an unknown item."""

    level: F32
    item_known: F32
    history: F32

    __repr__ = in_short

    outputs = frozenset({"rank"})

    def encode(self, profiles: Profiles, threads: int = 1) -> F32:
        """f32[B, 0]: people do not differ in this model."""
        return np.empty((len(profiles), 0), np.float32)

    def score(self, codes: F32, output: str, items: I32 | None = None) -> F32:
        """f32[B, I] or f32[B, n]."""
        check_output(self, output)
        rows = slice(0, -1) if items is None else items
        return np.tile(self.level[rows], (len(codes), 1))

    def score_pairs(self, codes: F32, item_rows: I32, output: str) -> F32:
        """f32[N]."""
        check_output(self, output)
        return self.level[item_rows]

    def parts(self, profiles: Profiles, items: I32, output: str) -> F32:
        """f32[N, k]: 0, since nothing is learnt of people."""
        check_output(self, output)
        return np.zeros((len(profiles.item), len(items)), np.float32)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Every array."""
        return {**vars(self)}


def fit(train: TrainSet, config: Config, run: Run) -> Popular:
    """Count; no seed, no epochs. FitError where there is no entry to count, or no rating to average."""
    seen = train.seen.keep(train.seen.consumed)
    many = np.bincount(seen.item, minlength=len(train.items) + 1)
    if config.order == "count":
        nothing, level = len(seen.item) == 0, np.log1p(many).astype(np.float32)
    else:
        count, total = item_sums(seen, len(train.items) + 1, train.scale)
        mean = float(total.sum() / max(count.sum(), 1))
        # an item that nobody rated is at the mean even without a prior
        nothing, level = not count.any(), bayesian_average(total, count, mean, max(config.item_prior, 1e-9))
    if nothing:
        what = "entry" if config.order == "count" else "rating"
        raise FitError(f"There is no {what} to learn from.", "Lower `valid` and `test`, or prepare more data.")
    return Popular(level, trust(many), np.empty((0, 2), np.float32))


SHAPES = {
    "level": "f32[I+1]",
    "item_known": "f32[I+1] 0..1",
    "history": "f32[E, 2] nan",
}


def load(state: dict[str, npt.NDArray[Any]]) -> Popular:
    """The model of a `state()`."""
    return Popular(**state)
