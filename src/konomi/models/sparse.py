"""The sparse matrix of `slim`: settings, encoding and scoring. `slim.py` has the formulas and the training."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from konomi.arrays import F32, F64, I8, I16, I32, I64, U16
from konomi.data.labels import Labelling
from konomi.data.profiles import Profiles
from konomi.kernels.sparse_rows import parts_of_rows, sums_of_rows
from konomi.models.api import check_output, in_short
from konomi.models.shallow import check_penalty, check_shares, learnt, values
from konomi.runtime import blocks, workers
from konomi.settings import check_types, positive

PEOPLE = 16  # people encoded by one task
DISLIKED = np.float32(0)  # x of an item dropped or rated at or below the middle
CHOSEN = ("l2", "nearest", "dropout", "user_power", "relaxed")  # what validation entries choose


@dataclass(frozen=True)
class Config:
    """What each item is regressed on, the penalties, and how people and items are weighed. None: validation entries choose."""

    l2: float | None = None  # λ, in people
    nearest: int | None = None  # K: items that each is regressed on, at most; memory goes with it, time with its cube
    dropout: float | None = None  # p below 1: as if each entry that predicts were left out with this chance
    user_power: float | None = None  # β from 0 to 1: somebody with d entries has a weight of 1 / d^β
    relaxed: float | None = None  # ξ from 0 to 1: how far items that are told well by others are held back
    least: int = 2  # items of fewer training entries are left out

    def __post_init__(self) -> None:
        check_types(self, "slim")
        positive("slim", **{} if self.nearest is None else {"nearest": self.nearest}, least=self.least)
        check_penalty("slim", self.l2)
        check_shares("slim", dropout=self.dropout, user_power=self.user_power, relaxed=self.relaxed)


@dataclass(frozen=True)
class Slim:
    """W over n learnt items, the best known first: W_ji = scale[j] level[e] for the entries e of row j, indptr[j] to
    indptr[j+1], with columns target[e], ascending.

    indptr i64[n+1]; target u16[E], i32[E] where n > 65,536; level i8[E], i16[E] in bundles of format 5; scale f32[n]; column
    i32[I+1]: which of them an item is, n for items left out; item_known f32[I+1], 0 for these. The last of each is an unknown
    item. labelling f32[5] (`Labelling.pack`); settings f64[5]: those of `CHOSEN` in its training. A code f32[n+1] is x W and a
    0 for all items left out.
    """

    indptr: I64
    target: U16 | I32
    level: I8 | I16
    scale: F32
    column: I32
    item_known: F32
    labelling: F32
    settings: F64
    history: F32

    __repr__ = in_short

    outputs = frozenset({"rank"})

    @property
    def chosen(self) -> dict[str, float]:
        """The settings that validation entries choose where a Config leaves them open, as they were in its training."""
        found = dict(zip(CHOSEN, self.settings.tolist(), strict=True))
        return {**found, "nearest": int(found["nearest"])}

    @cached_property
    def liking(self) -> Labelling:
        """What is liked."""
        return Labelling.unpack(self.labelling)

    def encode(self, profiles: Profiles, threads: int = 1) -> F32:
        """x W and 0, f32[B, n+1]: one row of W for each entry."""
        given, x = self._entries(profiles)
        sums = np.empty((len(given), len(self.scale) + 1), np.float32)
        rows = (self.indptr, self.target, self.level, self.scale)
        with workers(threads if len(given) > PEOPLE else 1) as each:
            each(lambda span: sums_of_rows(given.indptr, given.item, x, *rows, *span, sums), blocks(len(given), PEOPLE))
        return sums

    def score(self, codes: F32, output: str, items: I32 | None = None) -> F32:
        """f32[B, I] or f32[B, n]."""
        check_output(self, output)
        return codes[:, self.column[slice(0, -1) if items is None else items]]

    def score_pairs(self, codes: F32, item_rows: I32, output: str) -> F32:
        """f32[N]."""
        check_output(self, output)
        scores: F32 = codes[np.arange(len(codes)), self.column[item_rows]]
        return scores

    def parts(self, profiles: Profiles, items: I32, output: str) -> F32:
        """f32[N, k]: what each of the N entries of one person adds to the scores of items i32[k], x_j W_ji."""
        check_output(self, output)
        n, x = len(self.scale), values(profiles, self.liking, DISLIKED)
        wanted, where = np.unique(self.column[items], return_inverse=True)
        place = np.full(n + 1, -1, np.int32)
        place[wanted] = np.arange(len(wanted))
        found = np.zeros((len(x), len(wanted)), np.float32)
        own = np.flatnonzero((x != 0) & (self.column[profiles.item] < n))
        some = np.zeros((len(own), len(wanted)), np.float32)
        rows = (self.indptr, self.target, self.level, self.scale)
        parts_of_rows(self.column[profiles.item[own]], x[own], *rows, place, some)
        found[own] = some
        return found[:, where]

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Every array; targets of more than 16 bits, and levels of as many, have another name."""
        arrays = {name: getattr(self, name) for name in self.__dataclass_fields__}
        if self.target.dtype != np.uint16:
            arrays["wide_target"] = arrays.pop("target")
        if self.level.dtype != np.int8:
            arrays["weight"] = arrays.pop("level")
        return arrays

    def _entries(self, profiles: Profiles) -> tuple[Profiles, F32]:
        """The entries of learnt items with x ≠ 0, items replaced by their columns, and their x."""
        x = values(profiles, self.liking, DISLIKED)
        return learnt(profiles, x, self.column, len(self.scale))
