"""The order for a silent person: titles that many people know and rate well."""

import numpy as np
import polars as pl

from konomi.arrays import F32

QUALITY = 0.25  # how many e-folds of people one standard deviation of quality is worth


def robust_popularity(items: pl.DataFrame) -> F32:
    """The score of each item for somebody of whom nothing is known, f32[I], from the catalogue's `ratings` (n), `bayes` (b):

        log(1 + n) + β (b − m) / s        m, s: mean and deviation of b over all ratings, β = `QUALITY`

    The logarithm keeps a title from being first only because twice as many people know it. The Bayesian average b is near m
    where few have rated, so that no title is first because three people loved it. Both terms are independent of the rating
    scale and of the size of the dataset. `python bench/silent.py` compares it with other formulas.
    """
    count, bayes = items["ratings"].to_numpy().astype(np.float64), items["bayes"].to_numpy().astype(np.float64)
    share = count / max(count.sum(), 1)
    above = bayes - share @ bayes
    deviation = np.sqrt(share @ above**2)
    quality = above / deviation if deviation > 1e-6 else np.zeros_like(above)
    score: F32 = (np.log1p(count) + QUALITY * quality).astype(np.float32)
    return score
