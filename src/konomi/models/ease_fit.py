"""Training of `ease`: the Gram matrix, its inverse, and the matrix of the model from it. `ease.py` has the formulas."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from konomi.arrays import F32, I32, I64
from konomi.data.profiles import Profiles
from konomi.data.split import TrainSet
from konomi.data.statistics import trust
from konomi.errors import FitError
from konomi.kernels.gram import both_forms, gram
from konomi.kernels.inverse import negative_inverse
from konomi.models.shallow import CHOSEN, ONE, Config, Ease, learnt, too_much_alike, values, weighed
from konomi.runtime import Run, blocks

GRAM_ROWS = 8  # rows of the Gram matrix that are one task: those of the best known items take tenths of a second

Settings = dict[str, float]
"""The values of `CHOSEN`."""


@dataclass(frozen=True)
class Problem:
    """What to learn of n items: column i32[I+1], which of them an item is, n for items left out; many i64[I+1], the people who
    have an item; disliked, x of what is disliked, to 1 / `ONE`."""

    train: TrainSet
    column: I32
    many: I64
    disliked: np.float32

    @classmethod
    def of(cls, train: TrainSet, config: Config) -> "Problem":
        """FitError where there is no entry to learn from."""
        many = np.bincount(train.seen.item[train.seen.consumed], minlength=len(train.items) + 1)
        kept = np.flatnonzero(many >= config.least)
        if len(kept) == 0:
            raise FitError(
                "There is no entry to learn from." if not many.any() else f"No item has {config.least} entries to learn from.",
                "Lower `valid` and `test`, or prepare more data." if not many.any() else "Lower it: `least`=1.",
            )
        return cls(train, columns(kept, len(many)), many, np.float32(round(config.disliked * ONE) / ONE))

    @property
    def n(self) -> int:
        """The number of items that are learnt."""
        return int(self.column[-1])

    def best_known(self, most: int) -> "Problem":
        """The same with only the items that most people have; of equal ones the first."""
        kept = np.flatnonzero(self.column < self.n)
        best = np.sort(kept[np.argsort(-self.many[kept], kind="stable")[:most]])
        return Problem(self.train, columns(best, len(self.column)), self.many, self.disliked)

    def rows(self, given: Profiles, settings: Settings) -> sp.csr_matrix:
        """x of each person, weighed, in whole numbers, i32[people, n]."""
        kept, x = learnt(given, values(given, self.train.labelling, self.disliked), self.column, self.n)
        return weighed(kept, x, self.n, settings["user_power"])

    def model(self, matrix: F32, penalty: F32, settings: Settings) -> Ease:
        """From −P f32[n, n], in place, and the diagonal of Λ, f32[n]."""
        diagonal = -matrix.diagonal()
        left, right = scales(self.many[self.column < self.n], penalty, settings, diagonal)
        matrix *= right
        matrix *= left[:, None]
        matrix.flat[:: self.n + 1] = 0
        return Ease(
            weight=matrix,
            diagonal=diagonal,
            penalty=penalty,
            column=self.column,
            item_known=np.where(self.column < self.n, trust(self.many), np.float32(0)),
            settings=np.array([settings[name] for name in CHOSEN]),
            disliked=np.array([self.disliked]),
            labelling=self.train.labelling.pack(),
            history=np.empty((0, 2), np.float32),
        )


def columns(kept: I64, size: int) -> I32:
    """The number of each of some items, ascending, i32[size]; how many they are for all others."""
    column = np.full(size, len(kept), np.int32)
    column[kept] = np.arange(len(kept))
    return column


def penalties(rows: sp.csr_matrix, settings: Settings) -> F32:
    """The diagonal of Λ, f32[n], from people's rows in units of 1 / `ONE`."""
    diagonal = np.bincount(rows.indices, rows.data.astype(np.float64) ** 2, rows.shape[1]) / ONE**2  # of G
    p = settings["dropout"]
    found: F32 = (settings["l2"] + p / (1 - p) * diagonal).astype(np.float32)
    return found


def scales(count: I64, penalty: F32, settings: Settings, diagonal: F32) -> tuple[F32, F32]:
    """(left f32[n], right f32[n]) with B_ji = −left_j P_ji right_i; count i64[n]: people who have each item; penalty f32[n]:
    the diagonal of Λ; diagonal f32[n]: that of P."""
    power = np.maximum(count, 1).astype(np.float32) ** np.float32(settings["item_power"])
    return power, np.maximum(np.float32(1 - settings["relaxed"]) / diagonal, penalty) / power


def solve(rows: sp.csr_matrix, penalty: F32, run: Run) -> F32:
    """−P f32[n, n], from people's rows i32[people, n] in units of 1 / `ONE` and the diagonal of Λ, f32[n].

    The same bytes at any number of threads and in any order of people. FitError where items cannot be told apart.
    """
    n = rows.shape[1]
    matrix = np.zeros((n, n), np.float32)
    forms = both_forms(rows)
    with run.workers() as each:
        tasks = blocks(n, GRAM_ROWS)[::-1]  # the longest rows first
        each(lambda span: gram(*forms[0], *forms[1], *span, matrix), tasks)
        matrix *= np.float32(ONE**-2)
        matrix.flat[:: n + 1] += penalty
        try:
            negative_inverse(matrix, run.threads)
        except np.linalg.LinAlgError:
            raise too_much_alike("ease", float(penalty.min())) from None
    return matrix
