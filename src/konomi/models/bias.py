"""bias: global mean + user offset + item offset, each damped towards zero.

    r̂_ui = μ + b_u + b_i     b_i = Σ_u (r_ui − μ) / (n_i + λ_i)     b_u = Σ_i (r_ui − μ − b_i) / (n_u + λ_u)

(Koren 2010, "Factor in the neighbors", eq. 2–3). A new person's offset is the same sum over their profile, 0 without ratings.
The baseline that every other model has to beat.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from konomi.arrays import F32, I32
from konomi.data.profiles import Profiles
from konomi.data.split import TrainSet
from konomi.data.statistics import damped, item_sums, mean_rating, trust
from konomi.errors import ConfigError, FitError
from konomi.models.api import check_output, in_short
from konomi.runtime import Run
from konomi.settings import check_types

TASKS = ("rating",)


@dataclass(frozen=True)
class Config:
    """The damping of the offsets, in ratings."""

    damp_item: float = 5.0  # λ_i ≥ 0, in ratings at the mean that are added to an item's
    damp_user: float = 5.0  # λ_u ≥ 0, in ratings at the mean that are added to a user's

    def __post_init__(self) -> None:
        check_types(self, "bias")
        if self.damp_item < 0 or self.damp_user < 0:
            raise ConfigError("bias: a damping is negative.", "Set damp_item and damp_user to 0 or more.")


@dataclass(frozen=True)
class Bias:
    """mean, damp_user f32[1]; item_bias, item_known f32[I+1], the last for an unknown item."""

    mean: F32
    damp_user: F32
    item_bias: F32
    item_known: F32
    history: F32

    __repr__ = in_short

    outputs = frozenset({"rating", "rank"})

    def encode(self, profiles: Profiles, threads: int = 1) -> F32:
        """b_u, f32[B, 1]."""
        scored = profiles.scored()
        rest = scored.rating - self.mean - self.item_bias[scored.item]
        total = np.bincount(scored.user, weights=rest, minlength=len(scored))
        return damped(total, scored.counts, self.damp_user).astype(np.float32)[:, None]

    def score(self, codes: F32, output: str, items: I32 | None = None) -> F32:
        """f32[B, I] or f32[B, n]."""
        check_output(self, output)
        rows = slice(0, -1) if items is None else items
        offset = self.item_bias[rows] if output == "rating" else self.item_bias[rows] * self.item_known[rows]
        scores: F32 = self.mean + codes + offset  # B × 1 + I
        return scores

    def score_pairs(self, codes: F32, item_rows: I32, output: str) -> F32:
        """f32[N]."""
        check_output(self, output)
        offset = self.item_bias if output == "rating" else self.item_bias * self.item_known
        scores: F32 = self.mean + codes[:, 0] + offset[item_rows]
        return scores

    def parts(self, profiles: Profiles, items: I32, output: str) -> F32:
        """f32[N, k]: the part of each rating in b_u, (r_ui − μ − b_i) / (n + λ_u), in the scores of all items alike."""
        check_output(self, output)
        rest = profiles.rating - self.mean - self.item_bias[profiles.item]
        part = np.nan_to_num(rest / max(float((~np.isnan(rest)).sum() + self.damp_user[0]), 1e-9))
        return np.tile(part.astype(np.float32)[:, None], (1, len(items)))

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Every array."""
        return {**vars(self)}


def fit(train: TrainSet, config: Config, run: Run) -> Bias:
    """Two passes over the ratings; no seed, no epochs. FitError where there is no rating."""
    seen = train.seen.scored()
    if len(seen.item) == 0:
        raise FitError("There is no rating to learn from.", "Lower `valid` and `test`, or prepare more data.")
    mean = np.float32(mean_rating(seen.rating, train.scale))
    count, total = item_sums(seen, len(train.items) + 1, train.scale)
    divisor = np.maximum(count + config.damp_item, 1e-9)  # an item without ratings keeps an offset of 0, damped or not
    item_bias = ((total - count * float(mean)) / divisor).astype(np.float32)
    damp = np.array([config.damp_user], np.float32)
    return Bias(np.array([mean]), damp, item_bias, trust(count), np.empty((0, 2), np.float32))


SHAPES = {
    "mean": "f32[1]",
    "damp_user": "f32[1] 0..",
    "item_bias": "f32[I+1]",
    "item_known": "f32[I+1] 0..1",
    "history": "f32[E, 2] nan",
}


def load(state: dict[str, npt.NDArray[Any]]) -> Bias:
    """The model of a `state()`."""
    return Bias(**state)
