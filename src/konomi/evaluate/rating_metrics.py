"""Metrics of predicted ratings: pure functions of true and predicted f32[N], predictions already on the scale."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from konomi.arrays import F64

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.integer[Any]]


def rmse(true: Floats, predicted: Floats) -> float:
    """√ mean (r − r̂)²; NaN without ratings."""
    return float(np.sqrt(np.mean((true - predicted) ** 2, dtype=np.float64))) if len(true) else float("nan")


def mae(true: Floats, predicted: Floats) -> float:
    """mean |r − r̂|; NaN without ratings."""
    return float(np.mean(np.abs(true - predicted), dtype=np.float64)) if len(true) else float("nan")


def rmse_by_user(true: Floats, predicted: Floats, user: Ints) -> float:
    """The mean over users of the RMSE of each one's own ratings, user i32[N]; NaN without ratings."""
    return float(np.mean(np.sqrt(_user_means((true - predicted) ** 2, user)))) if len(true) else float("nan")


def mae_by_user(true: Floats, predicted: Floats, user: Ints) -> float:
    """The mean over users of the MAE of each one's own ratings, user i32[N]; NaN without ratings."""
    return float(np.mean(_user_means(np.abs(true - predicted), user))) if len(true) else float("nan")


def _user_means(values: Floats, user: Ints) -> F64:
    """The mean value of each user who has any."""
    count = np.bincount(user)
    means: F64 = np.bincount(user, values)[count > 0] / count[count > 0]
    return means


def segments(
    true: Floats, predicted: Floats, baselines: Mapping[str, Floats], count: Ints, edges: tuple[int, ...]
) -> list[dict[str, Any]]:
    """RMSE and MAE of the ratings whose `count` i64[N] lies from one edge, inclusive, to the next, exclusive.

    A row for each such segment has the errors of `predicted`, and under "baselines" those of every baseline f32[N].
    """

    def errors(guess: Floats) -> dict[str, float]:
        return {"rmse": rmse(true[chosen], guess[chosen]), "mae": mae(true[chosen], guess[chosen])}

    rows = []
    for low, high in zip(edges, (*edges[1:], None), strict=True):
        chosen = (count >= low) & (True if high is None else count < high)
        if chosen.any():
            rows.append(
                {
                    "from": low,
                    "below": high,
                    "n": int(chosen.sum()),
                    **errors(predicted),
                    "baselines": {name: errors(guess) for name, guess in baselines.items()},
                }
            )
    return rows


def calibration(true: Floats, predicted: Floats, bins: int = 10) -> list[dict[str, float]]:
    """Predictions in `bins` classes of equal size: their mean, the mean of the true ratings, their number."""
    order = np.argsort(predicted, kind="stable")
    return [
        {
            "predicted": float(predicted[chosen].mean(dtype=np.float64)),
            "true": float(true[chosen].mean(dtype=np.float64)),
            "n": len(chosen),
        }
        for chosen in np.array_split(order, bins)
        if len(chosen)
    ]


def residuals(true: Floats, predicted: Floats) -> dict[str, float]:
    """Mean, standard deviation and quantiles of r − r̂ (the true rating less the predicted one)."""
    rest = (true - predicted).astype(np.float64)
    if len(rest) == 0:
        return {}
    quantiles = {f"q{round(100 * q):02d}": float(np.quantile(rest, q)) for q in (0.05, 0.25, 0.5, 0.75, 0.95)}
    return {"mean": float(rest.mean()), "sd": float(rest.std()), **quantiles}
