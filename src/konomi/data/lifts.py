"""Lifts: how much likelier somebody is to like one title who likes another, for the best known titles.

    lift_ji = (c_ji + C) / (l_j l_i / U + C)

Of U people who like anything, l_j like title j and c_ji like both; without any connection, l_j l_i / U would. (Brin, Motwani,
Ullman & Tsur 1997, "Dynamic itemset counting and implication rules for market basket data", section 4, call it interest.) C
keeps it near 1 where few people can tell. `ranking/circle.py` makes of it what is popular among people like somebody.
"""

import math
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp

from konomi.arrays import F32, I8, I32, I64
from konomi.data.profiles import Profiles
from konomi.data.split import TrainSet
from konomi.data.statistics import RATERS
from konomi.kernels.gram import gram
from konomi.kernels.triangle import sums_of_rows
from konomi.runtime import Run, blocks

MOST = 2896  # titles: their lifts take 4 MiB; more hardly change a list (docs/decisions.md)
PRIOR = 5.0  # C, in people
STEP = 0.05  # of the logarithm of a lift, kept as a whole number of steps
WORK = 1 << 31  # pairs of entries that are counted, at most: beyond, every second person, every third, … is left out
ROWS = 8  # of the counts that are one task


@dataclass(frozen=True, repr=False)
class Lifts:
    """item i32[M]: the item rows of the M best known titles, ascending; steps i8[M (M − 1) / 2]: the logarithm of the lift of
    each two of them, in steps of `STEP`: of titles j and i < j at j (j − 1) / 2 + i. A title has none with itself."""

    item: I32 = field(default_factory=lambda: np.empty(0, np.int32))
    steps: I8 = field(default_factory=lambda: np.empty(0, np.int8))

    def __repr__(self) -> str:
        return f"Lifts({len(self.item):,} titles)"

    @classmethod
    def of(cls, item: I32, square: I8) -> "Lifts":
        """From a symmetric i8[M, M], of which the part below the diagonal is kept."""
        return cls(item, np.concatenate([np.empty(0, np.int8), *(row[:j] for j, row in enumerate(square))]))

    def place(self, n_items: int) -> I32:
        """i32[n_items]: the place of each item among the titles, −1 = it is none of them."""
        place = np.full(n_items, -1, np.int32)
        place[self.item] = np.arange(len(self.item), dtype=np.int32)
        return place

    def between(self, one: I32 | I64, other: I32 | I64) -> I8:
        """The steps of each of n places with each of k, i8[n, k]."""
        low, high = np.minimum.outer(one, other).astype(np.int64), np.maximum.outer(one, other).astype(np.int64)
        apart, found = low < high, np.zeros(low.shape, np.int8)
        found[apart] = self.steps[(high * (high - 1) // 2 + low)[apart]]
        return found

    def sums(self, indptr: I64, place: I32, weight: F32) -> F32:
        """Σ weight · steps with every title, f32[B, M], over the entries of each of B people: indptr i64[B+1]; place i32[N],
        ascending for each; weight f32[N]."""
        out = np.empty((len(indptr) - 1, len(self.item)), np.float32)
        sums_of_rows(indptr, place, weight, self.steps, out)
        return out


def lifts(train: TrainSet, run: Run) -> Lifts:
    """From the training entries, of what `RATERS` people like at least. The same bytes at any number of threads."""
    liked = train.seen.keep(train.labelling.strength(train.seen) > 0)
    many = np.bincount(liked.item, minlength=len(train.items))
    best = np.argsort(-many, kind="stable")[:MOST]
    item = np.sort(best[many[best] >= RATERS]).astype(np.int32)
    place = Lifts(item).place(len(train.items))
    chosen = liked.keep(place[liked.item] >= 0)
    every = math.ceil(float((chosen.counts.astype(np.float64) ** 2).sum()) / (2 * WORK)) or 1
    people = np.flatnonzero(liked.counts)[::every]
    chosen = chosen.take(people)
    both = _likes_of_both(Profiles(chosen.indptr, place[chosen.item], chosen.rating), len(item), run)
    alone = both.diagonal().copy()
    logs = np.log((both + PRIOR) / (np.outer(alone, alone / max(len(people), 1)) + PRIOR))
    return Lifts.of(item, np.clip(np.rint(logs / np.float32(STEP)), -127, 127).astype(np.int8))


def _likes_of_both(liked: Profiles, n: int, run: Run) -> F32:
    """How many people have both of two items, f32[n, n], of profiles over n items."""
    both, one = np.zeros((n, n), np.float32), np.ones(len(liked.item), np.int32)
    people = sp.csr_matrix((one, liked.item, liked.indptr), (len(liked), n)).tocsc()
    columns = (people.indptr.astype(np.int64), people.indices.astype(np.int32), one)
    with run.workers() as each:
        each(lambda rows: gram(*columns, liked.indptr, liked.item, one, *rows, both), blocks(n, ROWS)[::-1])
    both += np.tril(both, -1).T
    return both
