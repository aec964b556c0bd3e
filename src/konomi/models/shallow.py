"""The matrix of `ease`: settings, encoding and scoring. `ease.py` has the formulas and the training."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from konomi.arrays import F32, I32, I64
from konomi.data.labels import Labelling
from konomi.data.profiles import Profiles
from konomi.errors import ConfigError
from konomi.kernels.dots import weighted_sums
from konomi.models.api import check_output, in_short
from konomi.runtime import blocks, workers
from konomi.settings import check_types, positive

POPULAR_WEIGHT = 4.0  # ε_u = POPULAR_WEIGHT / (n_u + POPULAR_ENTRIES); in scores times entries
POPULAR_ENTRIES = 10  # in entries; both are measured: docs/decisions.md, "The weight of what is popular falls with the list"
PEOPLE = 16  # people encoded by one task


@dataclass(frozen=True)
class Config:
    """The values of entries, the penalty, and which items are learnt."""

    l2: float = 150.0  # λ, in people
    disliked: float = 0.0  # x of an item dropped or rated at or below the middle, to 1/65,536; x of other consumed items is 1
    least: int = 3  # items of fewer training entries are left out: memory and time grow with the square and cube of the rest

    def __post_init__(self) -> None:
        check_types(self, "ease")
        positive("ease", l2=self.l2, least=self.least)
        if not -1 <= self.disliked <= 1:
            raise ConfigError(f"ease: disliked is {self.disliked:g}.", "Set it between −1 and 1.")


@dataclass(frozen=True)
class Ease:
    """weight f32[n, n]: B over the n learnt items; column i32[I+1]: the column of an item in B, n for items left out.

    share f32[I+1]: of the people, those who have the item; item_known f32[I+1], 0 for items left out. The last of each is an
    unknown item. disliked f32[1]; labelling f32[5] (`Labelling.pack`). A code f32[n+2] is x B, a 0 for all items left out, ε.

    diagonal f32[n], that of P, which B lacks, and l2 f32[1]: with them P need not be computed anew when few people change; None
    in bundles of format 3.
    """

    weight: F32
    column: I32
    share: F32
    item_known: F32
    disliked: F32
    labelling: F32
    history: F32
    diagonal: F32 | None = None
    l2: F32 | None = None

    __repr__ = in_short

    outputs = frozenset({"rank"})

    def encode(self, profiles: Profiles, threads: int = 1) -> F32:
        """x B, 0 and ε, f32[B, n+2]: one row of B for each entry."""
        given, x = self._entries(profiles)
        sums = np.empty((len(given), len(self.weight)), np.float32)
        with workers(threads if len(given) > PEOPLE else 1) as each:
            each(lambda rows: weighted_sums(given.indptr, given.item, x, self.weight, *rows, sums), blocks(len(given), PEOPLE))
        return np.column_stack([sums, np.zeros(len(given), np.float32), weight_of_popular(given.counts)])

    def score(self, codes: F32, output: str, items: I32 | None = None) -> F32:
        """f32[B, I] or f32[B, n]."""
        check_output(self, output)
        rows = slice(0, -1) if items is None else items
        scores = codes[:, self.column[rows]]
        scores += codes[:, -1:] * self.share[rows]
        return scores

    def score_pairs(self, codes: F32, item_rows: I32, output: str) -> F32:
        """f32[N]."""
        check_output(self, output)
        scores: F32 = codes[np.arange(len(codes)), self.column[item_rows]] + codes[:, -1] * self.share[item_rows]
        return scores

    def without(self, profiles: Profiles, items: I32, output: str) -> F32:
        """f32[N, k]: the effects of the N entries of one person on the scores of items i32[k], x_j B_ji + Δε n_i / U.

        Each is the score of the profile less its score without that entry, exactly; 0 where x is 0. Δε, by which one entry
        lowers the weight of popularity, is the same for all of them.
        """
        check_output(self, output)
        n, x = len(self.weight), self._values(profiles)
        entry_column, item_column = self.column[profiles.item], self.column[items]
        used = np.flatnonzero((x != 0) & (entry_column < n))
        more, fewer = weight_of_popular(np.array([len(used), len(used) - 1]))
        effects = np.zeros((len(entry_column), len(item_column)), np.float32)
        effects[used] = (more - fewer) * self.share[items]
        learnt = np.flatnonzero(item_column < n)
        effects[np.ix_(used, learnt)] += x[used, None] * self.weight[np.ix_(entry_column[used], item_column[learnt])]
        return effects

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Every array."""
        return {name: array for name, array in vars(self).items() if array is not None}

    def _values(self, profiles: Profiles) -> F32:
        return values(profiles, Labelling.unpack(self.labelling), self.disliked[0])

    def _entries(self, profiles: Profiles) -> tuple[Profiles, F32]:
        """The entries of learnt items with x ≠ 0, items replaced by their columns, and their x."""
        return learnt(profiles, self._values(profiles), self.column, len(self.weight))


def weight_of_popular(entries: I64) -> F32:
    """ε of people by their number of entries with x ≠ 0, i64[B] → f32[B]."""
    return (POPULAR_WEIGHT / (entries + POPULAR_ENTRIES)).astype(np.float32)


def values(profiles: Profiles, labelling: Labelling, disliked: float | np.float32) -> F32:
    """x of every entry, f32[N]."""
    met = profiles.consumed.astype(np.float32)
    return np.where(labelling.of(profiles) == 0, np.float32(disliked), met)


def learnt(profiles: Profiles, x: F32, column: I32, n: int) -> tuple[Profiles, F32]:
    """The entries with x f32[N] ≠ 0 and an item whose column is below n, items replaced by their columns; and their x."""
    used = (x != 0) & (column[profiles.item] < n)
    kept = profiles.keep(used)
    return Profiles(kept.indptr, column[kept.item], kept.rating), x[used]
