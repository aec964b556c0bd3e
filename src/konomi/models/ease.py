"""ease: scores every item from all items of a profile, by one matrix in closed form.

    score_ui = Σ_j x_uj B_ji + ε_u n_i / U     minimising |X − X B|² + λ|B|²  with B_ii = 0

    P = (XᵀX + λI)⁻¹     B_ji = −P_ji / P_ii,  B_ii = 0

(Steck 2019, "Embarrassingly shallow autoencoders for sparse data", eq. 3 and 8). x_uj is 1 for an item that person u consumed
or rated, `disliked` for one that they dropped or rated at or below the middle, and 0 for a planned one and all others. The last
term is the share of the U people who have item i, times ε_u = 4 / (n_u + 10), where n_u counts the entries of u with x ≠ 0. For
an empty profile all other terms are 0, so popular items come first. The term outweighs one entry or two, and less and less
with every further one.

A score is a sum over a person's entries plus a function of their number, so the effect of each entry is exact: `without`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from konomi.arrays import F32, I32, I64
from konomi.data.labels import Labelling
from konomi.data.profiles import Profiles
from konomi.data.split import TrainSet
from konomi.data.statistics import trust
from konomi.errors import ConfigError, FitError
from konomi.kernels.dots import weighted_sums
from konomi.kernels.gram import gram
from konomi.kernels.inverse import TILE, negative_inverse
from konomi.models.api import check_output, in_short
from konomi.models.room import check_room
from konomi.runtime import Run, blocks, workers
from konomi.settings import check_types, positive

POPULAR_WEIGHT = 4.0  # ε_u = POPULAR_WEIGHT / (n_u + POPULAR_ENTRIES); in scores times entries
POPULAR_ENTRIES = 10  # in entries; both are measured: docs/decisions.md, "The weight of what is popular falls with the list"
ONE = 1 << 16  # x is rounded to a multiple of 1 / ONE, so that sums of products are exact
GRAM_ROWS = 8  # rows of the Gram matrix that are one task: those of the best known items take tenths of a second
PEOPLE = 16  # people encoded by one task

TASKS = ()


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
    """

    weight: F32
    column: I32
    share: F32
    item_known: F32
    disliked: F32
    labelling: F32
    history: F32

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
        return {**vars(self)}

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


def forecast(n: int, entries: int) -> int:
    """The bytes that fitting n items takes at most, beside the dataset.

    4 n² for one matrix, which holds the Gram matrix, then its inverse, then B; two panels of n × `TILE`; 60 for each entry (by
    person and by item, intermediate arrays included).
    """
    return 4 * n**2 + 8 * n * min(n, TILE) + 60 * entries


def fit(train: TrainSet, config: Config, run: Run) -> Ease:
    """Gram matrix, inverse, scaling; no seed, no epochs.

    FitError where there is no entry to learn from, or the `forecast` is above `run.memory` (checked before anything large is
    allocated).
    """
    seen, I = train.seen, len(train.items)
    disliked = round(config.disliked * ONE) / ONE
    x = values(seen, train.labelling, disliked)
    many = np.bincount(seen.item[seen.consumed], minlength=I + 1)
    kept = np.flatnonzero(many >= config.least)
    n = len(kept)
    if n == 0:
        raise FitError(
            "There is no entry to learn from." if not many.any() else f"No item has {config.least} entries to learn from.",
            "Lower `valid` and `test`, or prepare more data." if not many.any() else "Lower it: least=1.",
        )
    _check_memory(many, n, len(seen.item), run.memory)
    column = np.full(I + 1, n, np.int32)
    column[kept] = np.arange(n)
    weight = solve(*learnt(seen, x, column, n), n, config.l2, run)
    return Ease(
        weight=weight,
        column=column,
        share=(many / len(seen)).astype(np.float32),
        item_known=np.where(column < n, trust(many), np.float32(0)),
        disliked=np.array([disliked], np.float32),
        labelling=train.labelling.pack(),
        history=np.empty((0, 2), np.float32),
    )


def solve(given: Profiles, x: F32, n: int, l2: float, run: Run) -> F32:
    """B f32[n, n] from people's entries (items in [0, n)) with values x f32[N], multiples of 1 / `ONE` from −1 to 1.

    The same bytes at any number of threads and in any order of people.
    """
    matrix, x = np.zeros((n, n), np.float32), np.rint(x * ONE).astype(np.int32)
    people = sp.csr_matrix((x, given.item, given.indptr), (len(given), n)).tocsc()  # each item's, in ascending order
    columns = (people.indptr.astype(np.int64), people.indices.astype(np.int32), people.data)
    run.progress("train ease", 0, 2)
    with run.workers() as each:
        tasks = blocks(n, GRAM_ROWS)[::-1]  # the longest rows first
        each(lambda rows: gram(*columns, given.indptr, given.item, x, *rows, matrix), tasks)
    run.progress("train ease", 1, 2)
    matrix *= np.float32(ONE**-2)
    matrix.flat[:: n + 1] += np.float32(l2)
    try:
        with run.workers():
            negative_inverse(matrix, run.threads)  # −P
    except np.linalg.LinAlgError:
        raise FitError(f"ease: the items are too much alike to be told apart with l2 = {l2:g}.", "Raise l2.") from None
    matrix /= -matrix.diagonal()  # B_ji = −P_ji / P_ii
    matrix.flat[:: n + 1] = 0
    run.progress("train ease", 2, 2)
    return matrix


def _check_memory(many: I64, n: int, entries: int, cap: int) -> None:
    """FitError where the forecast is above the cap, with the `least` that would fit."""
    needed = forecast(n, entries)
    if needed <= cap:
        return
    fitting = next((m for m in range(n - 1, 0, -1) if forecast(m, entries) <= cap), 0)
    least = int(np.sort(many)[::-1][fitting]) + 1  # one more than the first item that would be too much
    other = f", or leave out rare items: least={least}" if (many >= least).any() else ""
    check_room("ease", needed, cap, f"{n:,} × {n:,} items", other)


SHAPES = {
    "weight": "f32[n, n]",
    "column": "i32[I+1] 0..n",
    "share": "f32[I+1] 0..1",
    "item_known": "f32[I+1] 0..1",
    "disliked": "f32[1] -1..1",
    "labelling": "f32[L]",
    "history": "f32[E, 2] nan",
}


def load(state: dict[str, npt.NDArray[Any]]) -> Ease:
    """The model of a `state()`."""
    return Ease(**state)
