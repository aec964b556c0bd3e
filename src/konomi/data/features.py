"""What a catalogue and a profile say beyond ids: genres, averages that can be trusted, taste per genre.

The Bayesian average of an item (or of a person's ratings of a genre) with n ratings of mean r̄ is

    (C·m + n·r̄) / (C + n)      m = the mean over all ratings, C = how many ratings at m one starts from

With C = 25 for items, an item needs 25 ratings before its own mean weighs as much as everybody's; a genre of a person needs 5.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import scipy.sparse as sp

from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.kernels.csr import count_and_sum

ITEM_PRIOR = 25.0  # C for items
TASTE_PRIOR = 5.0  # C for a person's genres
KNOWN_PRIOR = 100.0  # K: ordering by predicted rating alone puts unknown titles first (docs/decisions.md has the measurement)

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
