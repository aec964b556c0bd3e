"""What to show somebody who has said nothing: what many people know and rate well, of several genres and eras."""

import numpy as np
import numpy.typing as npt
import polars as pl

from konomi.data.features import ERA, genre_matrix

F32 = npt.NDArray[np.float32]

QUALITY = 0.25  # how many e-folds of people one standard deviation of quality is worth
GENRE_SHARE = 0.75  # what two titles of the same genres have in common; the rest is their era's


def robust_popularity(items: pl.DataFrame) -> F32:
    """How well a stranger is served with each item, f32[I], from `ratings` (n) and `bayes` (b) of a bundle's catalogue:

        log(1 + n) + β (b − m) / s        m, s: mean and deviation of b over all ratings, β = `QUALITY`

    The number of people is worth its logarithm, so that a title is not first because twice as many know it; b, the Bayesian
    average, is near m where few have rated, so that no title is first because three people loved it. Both parts are free of the
    scale of ratings and the size of the dataset. `python bench/silent.py` has other formulas beside it.
    """
    count, bayes = items["ratings"].to_numpy().astype(np.float64), items["bayes"].to_numpy().astype(np.float64)
    share = count / max(count.sum(), 1)
    above = bayes - share @ bayes
    deviation = np.sqrt(share @ above**2)
    quality = above / deviation if deviation > 1e-6 else np.zeros_like(above)
    score: F32 = (np.log1p(count) + QUALITY * quality).astype(np.float32)
    return score


def spread_vectors(items: pl.DataFrame) -> F32:
    """f32[I, G + E]: rows of length 1 whose product says how alike two items are in genres and era, for `rerank`.

    The product of i and j is ¾ |G_i ∩ G_j| / √(|G_i| |G_j|) + ¼ [same era of `ERA` years]. Where only genres or only the year
    are known they are all of the row; where neither is, it is 0 and like nothing.
    """
    era = items["year"] // ERA
    eras = [(era == value).fill_null(False).to_numpy() for value in era.drop_nulls().unique().sort()]
    genres = _unit(genre_matrix(items).astype(np.float32)) * np.float32(np.sqrt(GENRE_SHARE))
    times = np.array(eras, np.float32).reshape(len(eras), len(items)).T * np.float32(np.sqrt(1 - GENRE_SHARE))
    return _unit(np.column_stack([genres, times]))


def _unit(x: F32) -> F32:
    """Rows of length 1; those of zeros as they are."""
    length = np.linalg.norm(x, axis=1, keepdims=True)
    rows: F32 = np.divide(x, length, out=np.zeros_like(x), where=length > 0)
    return rows
