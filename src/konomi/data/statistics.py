"""Statistics of ratings: counts, means, Bayesian averages.

The Bayesian average of an item (or of a person's ratings of a genre) with n ratings of mean r̄ is

    (C·m + n·r̄) / (C + n)      m = the mean over all ratings, C = how many ratings at m are added

With C = 25 for items, an item needs 25 ratings before its own mean weighs as much as m; a genre of a person needs 5.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from konomi.arrays import F32, F64, I64
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.kernels.csr import count_and_sum, power_sums

ITEM_PRIOR = 25.0  # C for items, in ratings
RATERS = 3  # people; a bundle, which may be shared, has no statistics of items with fewer, since they would reveal ratings
KNOWN_PRIOR = 100.0  # K, in ratings: without it, predicted ratings put unknown titles first (measured in docs/decisions.md)

SUM, SQUARE = 32, 16  # bits of a rating in sums and in sums of squares; 31 bits are left for the number of ratings


def unit(most: float, bits: int = SUM) -> float:
    """What numbers from −most to most are multiplied by to be added up as whole numbers: 2^(bits − b).

    b is the least number with most below 2^b, so fewer than 2³¹ ratings add up to less than 2⁶³. With 32 bits
    float32 ratings down to 2^(b − 9) lose nothing, and smaller ones are rounded to 2^(b − 32).
    """
    return math.ldexp(1.0, bits - math.frexp(most)[1])


def _most(scale: Scale) -> float:
    return max(abs(scale.low), abs(scale.high))


def item_sums(profiles: Profiles, n_items: int, scale: Scale) -> tuple[I64, F64]:
    """How many ratings each item has and their sum, (i64[I], f64[I]): the same whatever the order of people."""
    count, total = count_and_sum(profiles.item, profiles.rating, n_items, unit(_most(scale)))
    return count, total / unit(_most(scale))


def mean_rating(rating: F32, scale: Scale) -> float:
    """Of N ≥ 1 ratings on the scale (NaN = none): the same whatever their order."""
    count, total = count_and_sum(np.zeros(len(rating), np.int32), rating, 1, unit(_most(scale)))
    return float(total[0] / unit(_most(scale)) / count[0])


def deviation(rating: F32, scale: Scale) -> float:
    """The standard deviation of N ≥ 1 ratings on the scale (NaN = none), each to 2⁻¹⁶ of it: the same whatever their order."""
    whole = unit(scale.high - scale.low, SQUARE)
    count, total, square = map(int, power_sums(rating - np.float32(scale.low), whole))
    return math.sqrt(count * square - total**2) / count / whole


def bayesian_average(total: npt.NDArray[Any], count: I64, mean: float, prior: float) -> F32:
    """(prior·mean + total) / (prior + count), elementwise; `total` is the sum of `count` ratings."""
    return ((prior * mean + total) / (prior + count)).astype(np.float32)


def damped(total: npt.NDArray[Any], count: npt.NDArray[Any], damp: F32) -> F64:
    """total / (count + damp), elementwise; 0 where count is 0."""
    mean: F64 = np.divide(total, count + damp, out=np.zeros(total.shape), where=count > 0)
    return mean


def trust(count: I64) -> F32:
    """How far a prediction is trusted for an item with n ratings, n / (K + n), f32 in [0, 1), with K = `KNOWN_PRIOR`."""
    return (count / (KNOWN_PRIOR + count)).astype(np.float32)


def overall_mean(items: pl.DataFrame) -> float:
    """The mean of all ratings, from a catalogue with statistics; 0 where there is none."""
    count = items["ratings"].to_numpy()
    return float(count @ items["mean"].fill_null(0).to_numpy().astype(np.float64) / max(count.sum(), 1))


def add_statistics(items: pl.DataFrame, profiles: Profiles, scale: Scale, least: int = 1) -> pl.DataFrame:
    """The catalogue with `ratings` (i64, how many), `mean` (f32, null without ratings) and `bayes` (f32) of these profiles.

    An item with fewer than `least` ratings gets the values of one without any: 0, null and the mean of all ratings. Where
    nobody rates anything, `ratings` is how many people have consumed an item, and every `bayes` the middle of the scale.
    """
    count, total = item_sums(profiles, len(items), scale)
    if not count.any():
        count = np.bincount(profiles.item[profiles.consumed], minlength=len(items))
        count[count < least] = 0
        nothing = pl.Series("mean", np.full(len(items), None), pl.Float32)
        middle = pl.Series("bayes", np.full(len(items), (scale.low + scale.high) / 2, np.float32))
        return items.with_columns(pl.Series("ratings", count, pl.Int64), nothing, middle)
    overall = float(total.sum() / count.sum())
    few = count < least
    count[few], total[few] = 0, 0
    mean = np.divide(total, count, out=np.full(len(items), np.nan), where=count > 0).astype(np.float32)
    return items.with_columns(
        pl.Series("ratings", count, pl.Int64),
        pl.Series("mean", mean).fill_nan(None),
        pl.Series("bayes", bayesian_average(total, count, overall, ITEM_PRIOR)),
    )
