"""How wrong predicted ratings are: pure functions of true and predicted f32[N], predictions already on the scale."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.integer[Any]]


def rmse(true: Floats, predicted: Floats) -> float:
    """√ mean (r − r̂)²; NaN without ratings."""
    return float(np.sqrt(np.mean((true - predicted) ** 2, dtype=np.float64))) if len(true) else float("nan")


def mae(true: Floats, predicted: Floats) -> float:
    """mean |r − r̂|; NaN without ratings."""
    return float(np.mean(np.abs(true - predicted), dtype=np.float64)) if len(true) else float("nan")


def by_user(metric: Any, true: Floats, predicted: Floats, indptr: npt.NDArray[np.int64]) -> float:
    """The mean over users (those with hidden ratings) of a metric of each user's own ratings, indptr i64[B+1]."""
    each = [metric(true[a:b], predicted[a:b]) for a, b in zip(indptr[:-1], indptr[1:], strict=True) if b > a]
    return float(np.mean(each)) if each else float("nan")


def segments(true: Floats, predicted: Floats, count: Ints, edges: tuple[int, ...]) -> list[dict[str, Any]]:
    """RMSE and MAE of the ratings whose `count` i64[N] lies from one edge (inclusive) to the next (exclusive, the last open)."""
    rows = []
    for low, high in zip(edges, (*edges[1:], None), strict=True):
        part = (count >= low) & (True if high is None else count < high)
        if part.any():
            rows.append(
                {"from": low, "below": high, "n": int(part.sum()), "rmse": rmse(true[part], predicted[part]), "mae": mae(true[part], predicted[part])}
            )
    return rows


def calibration(true: Floats, predicted: Floats, bins: int = 10) -> list[dict[str, float]]:
    """Predictions in `bins` classes of equal size: their mean, the mean of the true ratings, how many."""
    order = np.argsort(predicted, kind="stable")
    return [
        {"predicted": float(predicted[part].mean(dtype=np.float64)), "true": float(true[part].mean(dtype=np.float64)), "n": len(part)}
        for part in np.array_split(order, bins)
        if len(part)
    ]


def residuals(true: Floats, predicted: Floats) -> dict[str, float]:
    """Mean, standard deviation and quantiles of r − r̂ (the true rating less the predicted one)."""
    rest = (true - predicted).astype(np.float64)
    if len(rest) == 0:
        return {}
    quantiles = {f"q{round(100 * q):02d}": float(np.quantile(rest, q)) for q in (0.05, 0.25, 0.5, 0.75, 0.95)}
    return {"mean": float(rest.mean()), "sd": float(rest.std()), **quantiles}
