"""People's taste for tags, and other features of people and items that models learn from."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
import scipy.sparse as sp

from konomi.arrays import F32, I32, I64, U8
from konomi.catalogue.tags import genre_matrix
from konomi.data.profiles import Profiles
from konomi.kernels.taste import taste

TASTE_PRIOR = 5.0  # C, in neutral ratings of a tag that are added to a person's
DAMP_USER = 5.0  # C_u, in neutral ratings that are added for a person's offset; as in `bias`


def genre_taste(profiles: Profiles, items: pl.DataFrame, mean: float, prior: float = TASTE_PRIOR) -> F32:
    """A person's Bayesian average rating per genre, f32[B, G]; NaN where they rated nothing of the genre.

    mean: the overall mean rating; prior: 0 gives the plain mean per genre. Only the given entries count, so that seen entries
    leak no hidden rating.
    """
    scored = profiles.scored()
    genres = sp.csr_matrix(genre_matrix(items), dtype=np.float64)
    shape = (len(profiles), len(items))
    rated = sp.csr_matrix((scored.rating.astype(np.float64), scored.item, scored.indptr), shape)
    seen = sp.csr_matrix((np.ones(len(scored.item)), scored.item, scored.indptr), shape)
    total, count = (rated @ genres).toarray(), (seen @ genres).toarray()
    with np.errstate(invalid="ignore"):
        average = (prior * mean + total) / (prior + count)
    return np.where(count > 0, average, np.nan).astype(np.float32)


def item_numbers(items: pl.DataFrame) -> F32:
    """f32[I, 3]: year of first airing, log episodes, the community's score; NaN where the catalogue has none."""
    numbers = items.select(pl.col("year", "score").cast(pl.Float32), episodes=pl.col("episodes").cast(pl.Float32).log1p())
    return numbers.select("year", "episodes", "score").fill_null(np.nan).to_numpy().astype(np.float32)


@dataclass(frozen=True)
class Taste:
    """Computes people's taste for each tag from their ratings, less the usual rating of each item.

    base f32[I]: the usual ratings; deviation: of ratings; tags u8[I, T].
    """

    base: F32
    deviation: float
    tags: U8

    @cached_property
    def _lists(self) -> tuple[I64, I32]:
        """(indptr i64[I+1], tag i32[N]): item i has the tags tag[indptr[i]:indptr[i+1]]."""
        indptr = np.concatenate([[0], np.cumsum(self.tags.sum(axis=1, dtype=np.int64))])
        return indptr, np.nonzero(self.tags)[1].astype(np.int32)

    def __call__(self, scored: Profiles) -> F32:
        """f32[B, 3 + 2T], of profiles that are all scored. With n ratings of residual e = r − base, n_t of them of tag t:

        b = Σ e / (n + C_u) · log(1 + n) · log of the variance (C_u σ² + Σ (e − b)²) / (C_u + n) · the taste of each tag,
        Σ_t (e − b) / (n_t + C_t) · log(1 + n_t) of each tag. C_u = `DAMP_USER`, C_t = `TASTE_PRIOR`.
        """
        B, n = len(scored), scored.counts.astype(np.float32)
        offset, square = np.zeros((2, B), np.float32)
        total, count = np.zeros((2, B, self.tags.shape[1]), np.float32)
        arrays = (scored.indptr, scored.item, scored.rating, self.base, *self._lists)
        taste(*arrays, DAMP_USER, 0, B, offset, square, total, count)
        spread = np.log((DAMP_USER * self.deviation**2 + square) / (DAMP_USER + n))
        return np.column_stack([offset, np.log1p(n), spread, total / (count + np.float32(TASTE_PRIOR)), np.log1p(count)])


@dataclass(frozen=True)
class Standard:
    """Standardises the columns of features f32[n, F] to mean 0 and deviation 1. mean, deviation f32[F]."""

    mean: F32
    deviation: F32

    @classmethod
    def of(cls, x: F32) -> "Standard":
        """From the known (not NaN) values of each column; mean 0 of a column without any, deviation 1 of a constant one."""
        known = ~np.isnan(x)
        many = np.maximum(known.sum(axis=0), 1)
        mean = (np.where(known, x, 0).sum(axis=0, dtype=np.float64) / many).astype(np.float32)
        square = np.square(np.where(known, x - mean, 0)).sum(axis=0, dtype=np.float64) / many
        return cls(mean, np.where(square > 1e-8, np.sqrt(square), 1).astype(np.float32))

    def __call__(self, x: F32) -> F32:
        """(x − mean) / deviation; 0, the mean, for NaN."""
        standard: F32 = np.nan_to_num((x - self.mean) / self.deviation)
        return standard


def row_scores(x: F32) -> F32:
    """Each row less its mean, over its deviation; 0 in a row that has none."""
    rest = x - x.mean(axis=1, keepdims=True)
    deviation = x.std(axis=1, keepdims=True)
    scores: F32 = np.divide(rest, deviation, out=np.zeros_like(rest), where=deviation > 1e-6)
    return scores


def genre_shares(scored: Profiles, base: F32, genres: U8) -> F32:
    """f32[B, G]: the average genres of a person's rated items, weighted by their rating times the item's usual one (base
    f32[I]).

    genres u8[I, G]. The features of people in the fifth founding notebook.
    """
    weight = scored.rating.astype(np.float64) * base[scored.item]
    total = sp.csr_matrix((weight, scored.item, scored.indptr), (len(scored), len(base))) @ genres.astype(np.float64)
    whole = np.bincount(scored.user, weight, len(scored))[:, None]
    shares: F32 = np.divide(total, whole, out=np.zeros_like(total), where=whole > 0).astype(np.float32)
    return shares
