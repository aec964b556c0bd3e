"""The matrix of `ease`: settings, encoding and scoring; what entries say, for `slim`, too. `ease.py` has the formulas."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from konomi.arrays import F32, F64, I32
from konomi.data.labels import Labelling
from konomi.data.profiles import Profiles
from konomi.errors import ConfigError, FitError
from konomi.kernels.dots import weighted_sums
from konomi.models.api import check_output, in_short
from konomi.runtime import blocks, workers
from konomi.settings import check_types, positive

PEOPLE = 16  # people encoded by one task
ONE = 1 << 16  # x d^(−β/2) is rounded to a multiple of 1 / ONE, so that sums of products are exact
LEAST_L2, MOST_L2 = 1e-9, 1e9  # people
CHOSEN = ("l2", "dropout", "user_power", "item_power", "relaxed")  # what validation entries choose


@dataclass(frozen=True)
class Config:
    """The penalties, how people and items are weighed, the values of entries, and which items are learnt.

    None: validation entries choose; without any, λ = 150 and the others are 0 (Steck 2019).
    """

    l2: float | None = None  # λ, in people
    dropout: float | None = None  # p below 1: as if each entry that predicts were left out with this chance
    user_power: float | None = None  # β from 0 to 1: somebody with d entries has a weight of 1 / d^β
    item_power: float | None = None  # α from −1 to 1: a weight from item j to i is multiplied by (n_j / n_i)^α, n: their people
    relaxed: float | None = None  # ξ from 0 to 1: how far items that are told well by others are held back
    disliked: float = 0.0  # x of an item dropped or rated at or below the middle, to 1/65,536; x of other consumed items is 1
    least: int = 3  # items of fewer training entries are left out: memory and time grow with the square and cube of the rest

    def __post_init__(self) -> None:
        check_types(self, "ease")
        positive("ease", least=self.least)
        check_penalty("ease", self.l2)
        check_shares("ease", dropout=self.dropout, user_power=self.user_power, relaxed=self.relaxed)
        if self.item_power is not None and not -1 <= self.item_power <= 1:
            raise ConfigError(f"ease: item_power is {self.item_power:g}.", "Set it between −1 and 1.", "item_power")
        if not -1 <= self.disliked <= 1:
            raise ConfigError(f"ease: disliked is {self.disliked:g}.", "Set it between −1 and 1.")


@dataclass(frozen=True)
class Ease:
    """weight f32[n, n]: B over the n learnt items; column i32[I+1]: the column of an item in B, n for items left out.

    item_known f32[I+1], 0 for items left out. The last of each is an unknown item. disliked f32[1]; labelling f32[5]
    (`Labelling.pack`). A code f32[n+1] is x B and a 0 for all items left out.

    diagonal f32[n], that of P, which B lacks, penalty f32[n], that of Λ, and settings f64[5], those of `CHOSEN` in its
    training: with them P need not be computed anew when few people change; None in bundles of format 3.
    """

    weight: F32
    column: I32
    item_known: F32
    disliked: F32
    labelling: F32
    history: F32
    diagonal: F32 | None = None
    settings: F64 | None = None
    penalty: F32 | None = None

    __repr__ = in_short

    outputs = frozenset({"rank"})

    @property
    def chosen(self) -> dict[str, float]:
        """The settings that validation entries choose where a Config leaves them open, as they were in its training; none in
        bundles of format 3."""
        return {} if self.settings is None else dict(zip(CHOSEN, self.settings.tolist(), strict=True))

    @cached_property
    def liking(self) -> Labelling:
        """What is liked."""
        return Labelling.unpack(self.labelling)

    def encode(self, profiles: Profiles, threads: int = 1) -> F32:
        """x B and 0, f32[B, n+1]: one row of B for each entry."""
        given, x = self._entries(profiles)
        sums = np.empty((len(given), len(self.weight)), np.float32)
        with workers(threads if len(given) > PEOPLE else 1) as each:
            each(lambda rows: weighted_sums(given.indptr, given.item, x, self.weight, *rows, sums), blocks(len(given), PEOPLE))
        return np.pad(sums, ((0, 0), (0, 1)))

    def score(self, codes: F32, output: str, items: I32 | None = None) -> F32:
        """f32[B, I] or f32[B, n]."""
        check_output(self, output)
        rows = slice(0, -1) if items is None else items
        return codes[:, self.column[rows]]

    def score_pairs(self, codes: F32, item_rows: I32, output: str) -> F32:
        """f32[N]."""
        check_output(self, output)
        scores: F32 = codes[np.arange(len(codes)), self.column[item_rows]]
        return scores

    def parts(self, profiles: Profiles, items: I32, output: str) -> F32:
        """f32[N, k]: what each of the N entries of one person adds to the scores of items i32[k], x_j B_ji: with 0 for a person
        without entries they add up to the scores."""
        check_output(self, output)
        n, x = len(self.weight), self._values(profiles)
        entry_column, item_column = self.column[profiles.item], self.column[items]
        used, learnt = np.flatnonzero((x != 0) & (entry_column < n)), np.flatnonzero(item_column < n)
        parts = np.zeros((len(entry_column), len(item_column)), np.float32)
        parts[np.ix_(used, learnt)] = x[used, None] * self.weight[np.ix_(entry_column[used], item_column[learnt])]
        return parts

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Every array."""
        return {name: array for name in self.__dataclass_fields__ if (array := getattr(self, name)) is not None}

    def _values(self, profiles: Profiles) -> F32:
        return values(profiles, self.liking, self.disliked[0])

    def _entries(self, profiles: Profiles) -> tuple[Profiles, F32]:
        """The entries of learnt items with x ≠ 0, items replaced by their columns, and their x."""
        return learnt(profiles, self._values(profiles), self.column, len(self.weight))


def check_penalty(name: str, l2: float | None) -> None:
    """ConfigError for a λ that 32 bits may not have beside numbers of people; None is left out."""
    if l2 is not None and not LEAST_L2 <= l2 <= MOST_L2:
        raise ConfigError(f"{name}: l2 is {l2:g}.", f"Set it from {LEAST_L2:g} to {MOST_L2:g}.", "l2")


def too_much_alike(name: str, l2: float) -> FitError:
    """The error where no regression can tell items apart."""
    return FitError(f"{name}: the items are too much alike to be told apart with l2 = {l2:g}.", "Raise `l2`.")


def check_shares(name: str, **shares: float | None) -> None:
    """ConfigError for a share that is below 0 or above 1, or 1 for `dropout`; None is left out."""
    for setting, share in shares.items():
        if share is not None and not 0 <= share <= 1 - (setting == "dropout") * 1e-6:
            raise ConfigError(f"{name}: {setting} is {share:g}.", "Set it from 0 to 1, and `dropout` below 1.", setting)


def values(profiles: Profiles, labelling: Labelling, disliked: float | np.float32) -> F32:
    """x of every entry, f32[N]."""
    met = profiles.consumed.astype(np.float32)
    return np.where(labelling.of(profiles) == 0, np.float32(disliked), met)


def learnt(profiles: Profiles, x: F32, column: I32, n: int) -> tuple[Profiles, F32]:
    """The entries with x f32[N] ≠ 0 and an item whose column is below n, items replaced by their columns; and their x."""
    used = (x != 0) & (column[profiles.item] < n)
    kept = profiles.keep(used)
    return Profiles(kept.indptr, column[kept.item], kept.rating), x[used]


def weighed(given: Profiles, x: F32, n: int, power: float) -> sp.csr_matrix:
    """The whole numbers nearest to `ONE` x d^(−power/2), i32: people's entries, items in [0, n), with values x f32[N] from −1
    to 1; d is how many entries somebody has."""
    weight = np.maximum(given.counts, 1) ** (-power / 2)
    whole = np.rint(x * np.repeat(weight, given.counts) * ONE).astype(np.int32)
    return sp.csr_matrix((whole, given.item, given.indptr), (len(given), n))
