"""The towers of `two_tower`: settings, encoding and scoring. `two_tower.py` has the formulas."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from konomi.arrays import F32, I32, I64, U8
from konomi.catalogue.taste import Standard, Taste, genre_shares, row_scores
from konomi.data.profiles import Profiles
from konomi.errors import ConfigError
from konomi.kernels import towers
from konomi.models.api import check_output, in_short
from konomi.runtime import blocks, one_blas_thread, workers
from konomi.settings import check_types, positive

PEOPLE = 64  # people encoded by one task

MOST_DIGITS = 5  # of the units of a layer


@dataclass(frozen=True)
class Config:
    """What is learnt from, by which towers, and how fast."""

    features: Literal["full", "notebook5"] = "full"  # notebook5: genres alone, as shares of a profile, z-scored by row
    layers: str = "256-128-32"  # units of the layers of either tower; the last layer gives the vectors of the cosine
    biased: bool = True  # learn b_u, b_i and a; else c ± s are the ends of the rating scale
    hide: float = (
        0.05  # share of items without rating features, and of people with only few shown ratings; drawn twice an epoch
    )
    optimizer: Literal["adam", "sgd"] = "adam"  # how a step is taken
    rate: float = 0.003  # γ, the first epoch's learning rate
    decay: float = 0.05  # γ / (1 + decay·epoch)
    batch: int = 32768  # ratings of a batch, about; all of a person's ratings are in one batch
    l2: float = 1e-4  # λ, the penalty of the layers' weights, per batch
    epochs: int = 80  # at most
    patience: int = 8  # stop after this many epochs without a better validation error; 0 = never

    def __post_init__(self) -> None:
        check_types(self, "two_tower")
        positive("two_tower", rate=self.rate, batch=self.batch, epochs=self.epochs)
        if min(self.decay, self.l2, self.patience) < 0:
            raise ConfigError("two_tower: a setting is negative.", "Set decay, l2 and patience to 0 or more.")
        if not 0 <= self.hide < 1:
            raise ConfigError(f"two_tower: hide is {self.hide}.", "Set hide to 0 or more and below 1.")
        _ = self.sizes

    @property
    def sizes(self) -> list[int]:
        """The units of each layer."""
        units = self.layers.split("-")
        if not all(unit.isascii() and unit.isdigit() and len(unit) <= MOST_DIGITS and int(unit) for unit in units):
            raise ConfigError(
                f'two_tower: layers cannot be "{self.layers}".',
                f"Write whole numbers above 0, of {MOST_DIGITS} digits at most, such as 256-128-32.",
            )
        return [int(number) for number in units]


@dataclass(frozen=True)
class TwoTower:
    """A trained model.

    sizes i64[L+1]: of the user tower, its features and the units of its layers; weights f32[P]: its layers, one after the
    other; mean, deviation f32[F]: of its features (empty with notebook5). base f32[I], unit f32[1], tags u8[I, T]: see
    `taste.Taste`. right f32[I+1, D+1]: [g(y_i) / |g(y_i)|, b_i], the row after the last item for an unknown item; item_known
    f32[I+1]; center f32[3]: c, s, a. A code is [a f(x_u) / |f(x_u)|, b_u].
    """

    sizes: I64
    weights: F32
    mean: F32
    deviation: F32
    base: F32
    unit: F32
    tags: U8
    right: F32
    item_known: F32
    center: F32
    history: F32

    __repr__ = in_short

    outputs = frozenset({"rating", "rank"})

    def encode(self, profiles: Profiles, threads: int = 1) -> F32:
        """f32[B, D+1]; only the tower runs, nothing is learnt."""
        scored, layers, describe = profiles.scored(), self.layers(), self.describe
        codes = np.empty((len(scored), self.right.shape[1]), np.float32)
        forward: Callable[..., list[F32]] = towers.forward

        def task(span: tuple[int, int]) -> None:
            # one person at a time: in a product of several rows, the rounding of each depends on its place
            x = describe(scored.slice(*span))
            codes[slice(*span)] = unit_rows(np.concatenate([forward(x[b : b + 1], layers)[-1] for b in range(len(x))]))

        with workers(threads if len(scored) > PEOPLE else 1) as each:
            each(task, blocks(len(scored), PEOPLE))
        codes[:, :-1] *= self.center[2]
        return codes

    @one_blas_thread()
    def features(self, profiles: Profiles, items: I32, output: str) -> F32:
        """The effect of one person's taste for each tag on the scores of items i32[k]: f32[T, k].

        Each is the score less the score with average features of that tag, which are 0, and all others the same. The features
        of a tag are taste and count; with notebook5, its share.
        """
        x, T = self.describe(profiles.scored()), self.tags.shape[1]
        changed = np.repeat(x, 1 + T, axis=0)
        tag = np.arange(T)
        for first in (3, 3 + T) if len(self.mean) else (0,):
            changed[1 + tag, first + tag] = 0
        forward: Callable[..., list[F32]] = towers.forward
        codes = unit_rows(forward(changed, self.layers())[-1])
        codes[:, :-1] *= self.center[2]
        scores = self.score(codes, output, items)  # 1+T × k
        effects: F32 = scores[0] - scores[1:]
        return effects

    @cached_property
    def describe(self) -> Callable[[Profiles], F32]:
        """A function from scored profiles to x_u, f32[B, F]."""
        if not len(self.mean):
            return lambda scored: row_scores(genre_shares(scored, self.base, self.tags))
        taste, standard = Taste(self.base, float(self.unit[0]), self.tags), Standard(self.mean, self.deviation)
        return lambda scored: standard(taste(scored))

    def layers(self) -> list[F32]:
        """The user tower, see `kernels/towers.py`."""
        shapes = [(int(n) + 1, int(m)) for n, m in pairwise(self.sizes)]
        ends = np.cumsum([n * m for n, m in shapes])[:-1]
        return [layer.reshape(shape) for layer, shape in zip(np.split(self.weights, ends), shapes, strict=True)]

    @one_blas_thread()
    def score(self, codes: F32, output: str, items: I32 | None = None) -> F32:
        """f32[B, I] or f32[B, n]."""
        check_output(self, output)
        rows = slice(0, -1) if items is None else items
        right = self.right[rows]
        z = codes[:, :-1] @ right[:, :-1].T + codes[:, -1:] + right[:, -1]  # B × I
        return self._finish(z, codes, output, rows)

    @one_blas_thread()
    def score_pairs(self, codes: F32, item_rows: I32, output: str) -> F32:
        """f32[N]."""
        check_output(self, output)
        right = self.right[item_rows]
        z = np.einsum("nd,nd->n", codes[:, :-1], right[:, :-1]) + codes[:, -1] + right[:, -1]
        return self._finish(z[:, None], codes, output, item_rows[:, None])[:, 0]

    def _finish(self, z: F32, codes: F32, output: str, items: Any) -> F32:
        """From z f32[B, n] to ratings. "rank" is shrunk towards the score of an unknown item, by `item_known`."""
        if output == "rank":
            unknown = codes[:, :-1] @ self.right[-1, :-1, None] + codes[:, -1:] + self.right[-1, -1]  # B × 1
            z = unknown + (z - unknown) * self.item_known[items]
        rating: F32 = self.center[0] + self.center[1] * z
        return rating

    def item_vectors(self) -> F32:
        """g(y_i) / |g(y_i)| of every item, f32[I, D], for comparing items with each other."""
        return self.right[:-1, :-1]

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Every array."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def unit_rows(h: F32) -> F32:
    """[h / |h|, b] from [h, b], f32[n, D+1]; h / |h| is 0 where h is 0."""
    e = h[:, :-1]
    length = np.sqrt((e * e).sum(axis=1, keepdims=True) + np.float32(1e-12))
    return np.column_stack([e / length, h[:, -1:]])
