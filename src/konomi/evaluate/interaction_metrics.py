"""Metrics of predicted probabilities of liking: pure functions of true f32[N], 1 liked and 0 not, and predicted f32[N]."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from konomi.arrays import F64, Bools

Counts = npt.NDArray[Any]
Floats = npt.NDArray[np.floating[Any]]

LEAST = 1e-7  # log loss clips probabilities to [LEAST, 1 − LEAST]


def log_losses(true: Floats, predicted: Floats) -> F64:
    """−(y ln p + (1 − y) ln(1 − p)) of each entry, f64[N], p clipped to [LEAST, 1 − LEAST]."""
    p = np.clip(predicted.astype(np.float64), LEAST, 1 - LEAST)
    return -np.where(true > 0, np.log(p), np.log1p(-p))


def log_loss(true: Floats, predicted: Floats) -> float:
    """The mean of `log_losses`; NaN without entries."""
    return _mean(log_losses(true, predicted))


def accuracy(true: Floats, predicted: Floats) -> float:
    """The share of entries for which p > ½ exactly if they are liked; NaN without entries."""
    return _mean(_predicts_like(predicted) == (true > 0))


def precision(true: Floats, predicted: Floats) -> float:
    """The share of liked entries among those with p > ½; NaN where there are none."""
    return _mean(true[_predicts_like(predicted)])


def recall(true: Floats, predicted: Floats) -> float:
    """The share of entries with p > ½ among the liked ones; NaN where there are none."""
    return _mean(_predicts_like(predicted)[true > 0])


def auc(true: Floats, predicted: Floats) -> float:
    """The area under the ROC curve: how often a liked entry has a higher p than one not liked, a tie counting half.

    The Mann–Whitney statistic over the number of such pairs (Hanley & McNeil 1982); NaN unless there are both kinds.
    """
    liked, disliked = _by_probability(true, predicted)
    pairs = liked.sum() * disliked.sum()
    below = np.cumsum(disliked) - disliked
    return float(liked @ (below + disliked / 2) / pairs) if pairs else math.nan


def average_precision(true: Floats, predicted: Floats) -> float:
    """Σ (R_n − R_{n−1}) P_n over the thresholds n from the highest p down, P and R the precision and recall of all at or above.

    (Manning, Raghavan & Schütze 2008, section 8.4, without interpolation.) Entries of the same p pass a threshold together. NaN
    where nothing is liked.
    """
    liked, disliked = (count[::-1] for count in _by_probability(true, predicted))
    if not liked.sum():
        return math.nan
    hits = np.cumsum(liked)
    return float(liked @ (hits / (hits + np.cumsum(disliked))) / liked.sum())


def brier(true: Floats, predicted: Floats) -> float:
    """mean (y − p)² (Brier 1950, of one of the two classes); NaN without entries."""
    return _mean((true.astype(np.float64) - predicted) ** 2)


def ece(true: Floats, predicted: Floats) -> float:
    """Expected calibration error, Σ n_b/N |mean y − mean p| over the bins of `reliability` (Naeini et al. 2015)."""
    gaps = [row["n"] * abs(row["true"] - row["predicted"]) for row in reliability(true, predicted)]
    return sum(gaps) / len(true) if gaps else math.nan


def reliability(true: Floats, predicted: Floats, bins: int = 10) -> list[dict[str, float]]:
    """Predictions in `bins` classes of equal width, [0, 0.1), … [0.9, 1]: their mean, the share of likes, their number.

    Empty classes are left out.
    """
    place = np.minimum((predicted.astype(np.float64) * bins).astype(np.int64), bins - 1)
    n = np.bincount(place, minlength=bins)
    sums = (np.bincount(place, values, bins) for values in (predicted, true))
    rows = zip(*sums, n, strict=True)
    return [{"predicted": float(p / count), "true": float(liked / count), "n": int(count)} for p, liked, count in rows if count]


def _predicts_like(predicted: Floats) -> Bools:
    return predicted > 0.5


def _mean(values: npt.NDArray[Any]) -> float:
    return float(np.mean(values, dtype=np.float64)) if len(values) else math.nan


def _by_probability(true: Floats, predicted: Floats) -> tuple[Counts, Counts]:
    """How many liked and how many other entries have each distinct p, in ascending order of p."""
    _, place = np.unique(predicted, return_inverse=True)
    liked: Counts = np.bincount(place, true)
    return liked, np.bincount(place) - liked
