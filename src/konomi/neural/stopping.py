"""When a training stops, and which of its epochs is kept. A history is (training error, validation figure) of each epoch.

It stands below the models, without torch: the loop of the networks asks it, and so do `mf` and comparisons.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

History = Sequence[tuple[float, float]] | npt.NDArray[Any]
"""E pairs, or f32[E, 2]; the validation value is NaN without validation entries."""


def best_epoch(history: History, higher: bool = False) -> int:
    """The last epoch, counted from 0, with the best validation value: the lowest, or the highest where `higher` is better.

    The last of all without validation entries; −1 before the first. Values are compared in float32, as models keep them.
    """
    values = np.array([valid for _, valid in history], np.float32)
    if np.isnan(values).all():
        return len(values) - 1
    best = np.nanmax(values) if higher else np.nanmin(values)
    return int(np.flatnonzero(values == best)[-1])


def newest(history: History, metric: str) -> str:
    """The last validation value for people, as in "valid RMSE 1.1340"; "" before the first, and without validation entries."""
    return f"valid {metric} {history[-1][1]:.4f}" if len(history) and not np.isnan(history[-1][1]) else ""


def finished(history: History, epochs: int, patience: int, higher: bool = False) -> bool:
    """Whether training ends: after `epochs` epochs, or `patience` (0: never) epochs after the best one."""
    return len(history) >= epochs or bool(patience and len(history) - 1 - best_epoch(history, higher) >= patience)
