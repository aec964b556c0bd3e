"""When a training stops, and which of its epochs is kept. A history is (training error, validation figure) of each epoch.

It stands below the models, without torch: the loop of the networks asks it, and so do `mf` and comparisons.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

History = Sequence[tuple[float, float]] | npt.NDArray[Any]
"""E pairs, or f32[E, 2]; the validation figure of an epoch is NaN where nothing was validated."""


def best_epoch(history: History, higher: bool = False) -> int:
    """The last epoch, counted from 0, with the best validation figure: the lowest, or the highest where `higher` is better.

    The last of all where nothing was validated; −1 before the first. Figures are compared as a model keeps them, in float32.
    """
    figures = np.array([valid for _, valid in history], np.float32)
    if np.isnan(figures).all():
        return len(figures) - 1
    best = np.nanmax(figures) if higher else np.nanmin(figures)
    return int(np.flatnonzero(figures == best)[-1])


def finished(history: History, epochs: int, patience: int, higher: bool = False) -> bool:
    """Whether these epochs are enough: `epochs` at most, or `patience` (0: never) of them since the best one."""
    return len(history) >= epochs or bool(patience and len(history) - 1 - best_epoch(history, higher) >= patience)
