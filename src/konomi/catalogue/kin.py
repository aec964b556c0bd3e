"""Kin: of items that nobody has rated yet, the rated ones that are most like them, and how much each of these says of them.

Likeness is the cosine of the contents (`tags.content_vectors`), and `SAME_WORK` more for parts of one franchise. Of the
`NEAREST` rated items, the weights are

    w_j ∝ exp(l_j / SPREAD)        Σ_j w_j = 1

so whatever is linear in the items (a score, a vector, what an entry adds) has a weighted mean for the new one. The constants
were chosen on validation items: `bench/new_items.py`, docs/decisions.md.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from konomi.arrays import F32, I32, Bools
from konomi.catalogue.tags import content_vectors
from konomi.kernels.topk import best_of
from konomi.runtime import blocks

NEAREST = 32
SPREAD = 0.03
SAME_WORK = 0.6
AT_ONCE = 256  # new items whose likenesses to all others are computed together


@dataclass(frozen=True, repr=False)
class Kin:
    """Of M new items: item i32[M], their rows, ascending; row i32[M, K], their kin, nearest first; weight f32[M, K] ≥ 0, of
    each row with the sum 1; known bool[M]: something is known of its contents. Where nothing is, its kin are the most rated
    items."""

    item: I32
    row: I32
    weight: F32
    known: Bools

    def __repr__(self) -> str:
        return f"Kin({len(self.row):,} new items)"

    def mean(self, values: F32) -> F32:
        """The weighted means of the values of items f32[…, I], f32[…, M]: of each item the same bytes whatever others there
        are."""
        found = np.zeros((*values.shape[:-1], len(self.row)), np.float32)
        for row, weight in zip(self.row.T, self.weight.T, strict=True):
            found += values[..., row] * weight
        return found


def kin_of(items: pl.DataFrame, new: Bools) -> Kin:
    """The kin of the items that are `new` bool[I], among the others; items: with `ratings`, null or 0 of new ones, and
    `franchise`."""
    vectors, franchise = content_vectors(items), items["franchise"].to_numpy()
    ratings = np.where(new, 0, items["ratings"].fill_null(0).to_numpy())
    item, rated = np.flatnonzero(new), np.flatnonzero(ratings > 0) if ratings.any() else np.flatnonzero(~new)
    many = min(NEAREST, len(rated))
    row, weight = np.empty((len(item), many), np.int32), np.empty((len(item), many), np.float32)
    known: Bools = np.any(vectors[item] > 0, axis=1)
    for start, stop in blocks(len(row), AT_ONCE):
        some = item[start:stop]
        related = franchise[some, None] == franchise[rated]
        known[start:stop] |= related.any(axis=1)
        alike = vectors[some] @ vectors[rated].T + np.float32(SAME_WORK) * related
        alike[~known[start:stop]] += ratings[rated] / max(ratings.max(initial=0), 1)
        best, near = best_of(alike.astype(np.float32), many)
        share = np.exp((near - near[:, :1]) / np.float32(SPREAD))
        row[start:stop], weight[start:stop] = rated[best], share / share.sum(axis=1, keepdims=True)
    return Kin(item.astype(np.int32), row, weight, known)
