"""What a catalogue and a profile say beyond ids: genres, averages that can be trusted, taste per genre.

The Bayesian average of an item (or of a person's ratings of a genre) with n ratings of mean r̄ is

    (C·m + n·r̄) / (C + n)      m = the mean over all ratings, C = how many ratings at m one starts from

With C = 25 for items, an item needs 25 ratings before its own mean weighs as much as everybody's; a genre of a person needs 5.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import scipy.sparse as sp

from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.kernels.csr import count_and_sum
from konomi.kernels.taste import taste

ITEM_PRIOR = 25.0  # C for items
TASTE_PRIOR = 5.0  # C for a person's genres
DAMP_USER = 5.0  # ratings of no residual that a person's offset starts from
KNOWN_PRIOR = 100.0  # K: ordering by predicted rating alone puts unknown titles first (docs/decisions.md has the measurement)
ERA = 5  # years that make an era

F32 = npt.NDArray[np.float32]


def bayesian_average(total: npt.NDArray[Any], count: npt.NDArray[np.int64], mean: float, prior: float) -> F32:
    """(prior·mean + total) / (prior + count), elementwise; `total` is the sum of `count` ratings."""
    return ((prior * mean + total) / (prior + count)).astype(np.float32)


def trust(count: npt.NDArray[np.int64]) -> F32:
    """How far an item's own ratings are to be trusted when recommending, n / (K + n), f32 in [0, 1), with K = `KNOWN_PRIOR`."""
    return (count / (KNOWN_PRIOR + count)).astype(np.float32)


def add_statistics(items: pl.DataFrame, profiles: Profiles, scale: Scale) -> pl.DataFrame:
    """The catalogue with `ratings` (i64, how many), `mean` (f32, null without ratings) and `bayes` (f32) of these profiles."""
    count, total = count_and_sum(profiles.item, profiles.rating, len(items))
    overall = float(total.sum() / max(count.sum(), 1)) or (scale.low + scale.high) / 2
    mean = np.divide(total, count, out=np.full(len(items), np.nan), where=count > 0).astype(np.float32)
    return items.with_columns(
        pl.Series("ratings", count, pl.Int64),
        pl.Series("mean", mean).fill_nan(None),
        pl.Series("bayes", bayesian_average(total, count, overall, ITEM_PRIOR)),
    )


def genre_names(items: pl.DataFrame) -> list[str]:
    """The genres that occur in a catalogue, in alphabetical order."""
    return items["genres"].explode().drop_nulls().unique().sort().to_list()


def genre_matrix(items: pl.DataFrame) -> npt.NDArray[np.uint8]:
    """u8[I, G], 1 where an item has a genre of `genre_names`: by exact name, so "Shoujo" is not part of "Shoujo Ai"."""
    column = {name: g for g, name in enumerate(genre_names(items))}
    matrix = np.zeros((len(items), len(column)), np.uint8)
    pairs = items.select(pl.int_range(pl.len()).alias("row"), "genres").explode("genres").drop_nulls()
    if column:
        matrix[pairs["row"].to_numpy(), pairs["genres"].replace_strict(column, return_dtype=pl.Int64).to_numpy()] = 1
    return matrix


def genre_taste(profiles: Profiles, items: pl.DataFrame, mean: float, prior: float = TASTE_PRIOR) -> F32:
    """A person's Bayesian average rating per genre, f32[B, G]; NaN where they rated nothing of that genre.

    `mean` is the overall mean rating; prior = 0 gives the plain mean per genre. Only the given entries count: give the seen
    part of a profile, and no hidden rating can leak into it.
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


def item_tags(items: pl.DataFrame) -> npt.NDArray[np.uint8]:
    """u8[I, T], 1 where an item has a tag: the genres of `genre_matrix`, then each type, then each era of `ERA` years."""
    flags = [(column == value).fill_null(False).to_numpy() for column, known in _kinds(items) for value in known]
    return np.column_stack([genre_matrix(items), *flags]).astype(np.uint8)


def tag_names(items: pl.DataFrame) -> list[str]:
    """What the tags of `item_tags` are called, in their order: "Action" … "TV" … "1995–1999" …; the first are `genre_names`."""
    (_, types), (_, eras) = _kinds(items)
    return [*genre_names(items), *types, *(f"{ERA * era}–{ERA * era + ERA - 1}" for era in eras)]


def _kinds(items: pl.DataFrame) -> list[tuple[pl.Series, list[Any]]]:
    """Type and era of each item, and the values that occur, in ascending order."""
    return [(column, column.drop_nulls().unique().sort().to_list()) for column in (items["type"], items["year"] // ERA)]


def content_vectors(items: pl.DataFrame) -> F32:
    """What the catalogue says of each item as a vector of length 1, f32[I, T]: its `item_tags`, rare ones weighing more.

    A tag that m of I items have weighs log(I / m) (Spärck Jones 1972); an item without a tag is 0.
    """
    tags = item_tags(items).astype(np.float32)
    weighed = tags * np.log(np.maximum(len(items), 1) / np.maximum(tags.sum(axis=0), 1)).astype(np.float32)
    length = np.linalg.norm(weighed, axis=1, keepdims=True)
    vectors: F32 = np.divide(weighed, length, out=np.zeros_like(weighed), where=length > 0)
    return vectors


def item_numbers(items: pl.DataFrame) -> F32:
    """f32[I, 3]: year of first airing, log episodes, the community's score; NaN where the catalogue does not say."""
    numbers = items.select(pl.col("year", "score").cast(pl.Float32), episodes=pl.col("episodes").cast(pl.Float32).log1p())
    return numbers.select("year", "episodes", "score").fill_null(np.nan).to_numpy().astype(np.float32)


@dataclass(frozen=True)
class Taste:
    """What a person makes of each tag, beyond what the items usually get; it knows of nothing but the ratings it is given.

    base f32[I]: what an item usually gets, of ratings of this deviation; tags u8[I, T].
    """

    base: F32
    deviation: float
    tags: npt.NDArray[np.uint8]

    @cached_property
    def _lists(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
        """The tags of each item, those of item i from the first array's i to its i + 1."""
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
        where = (scored.indptr, scored.item, scored.rating, self.base, *self._lists)
        taste(*where, DAMP_USER, 0, B, offset, square, total, count)
        spread = np.log((DAMP_USER * self.deviation**2 + square) / (DAMP_USER + n))
        return np.column_stack([offset, np.log1p(n), spread, total / (count + np.float32(TASTE_PRIOR)), np.log1p(count)])


@dataclass(frozen=True)
class Standard:
    """Columns of mean 0 and deviation 1: how to bring features f32[n, F] there. mean, deviation f32[F]."""

    mean: F32
    deviation: F32

    @classmethod
    def of(cls, x: F32) -> "Standard":
        """Those of what is known (not NaN) of each column; 0 and 1 of a column that says nothing."""
        known = ~np.isnan(x)
        many = np.maximum(known.sum(axis=0), 1)
        mean = (np.where(known, x, 0).sum(axis=0, dtype=np.float64) / many).astype(np.float32)
        square = np.square(np.where(known, x - mean, 0)).sum(axis=0, dtype=np.float64) / many
        return cls(mean, np.where(square > 1e-8, np.sqrt(square), 1).astype(np.float32))

    def __call__(self, x: F32) -> F32:
        """(x − mean) / deviation, and the mean, 0, where nothing is known."""
        standard: F32 = np.nan_to_num((x - self.mean) / self.deviation)
        return standard


def row_scores(x: F32) -> F32:
    """Each row less its mean, over its deviation; 0 in a row that has none."""
    rest = x - x.mean(axis=1, keepdims=True)
    deviation = x.std(axis=1, keepdims=True)
    scores: F32 = np.divide(rest, deviation, out=np.zeros_like(rest), where=deviation > 1e-6)
    return scores


def genre_shares(scored: Profiles, base: F32, genres: npt.NDArray[np.uint8]) -> F32:
    """f32[B, G]: the average of the genres of what a person rated, weighted by their rating times the item's, `base` f32[I].

    genres u8[I, G]. What the fifth founding notebook knows of people.
    """
    weight = scored.rating.astype(np.float64) * base[scored.item]
    total = sp.csr_matrix((weight, scored.item, scored.indptr), (len(scored), len(base))) @ genres.astype(np.float64)
    whole = np.bincount(scored.user, weight, len(scored))[:, None]
    shares: F32 = np.divide(total, whole, out=np.zeros_like(total), where=whole > 0).astype(np.float32)
    return shares
