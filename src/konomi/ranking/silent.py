"""What to show somebody who has said nothing: what many people know and rate well."""

import numpy as np
import polars as pl

from konomi.arrays import F32

QUALITY = 0.25  # how many e-folds of people one standard deviation of quality is worth


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
