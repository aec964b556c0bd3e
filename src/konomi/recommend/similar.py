"""Items near an item, by the vectors that a model has of them."""

from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from konomi.config import closest
from konomi.errors import RequestError
from konomi.kernels.topk import topk
from konomi.models import Model
from konomi.recommend.rank import Ranking

METRICS = ("cosine", "euclidean")


@runtime_checkable
class HasItemVectors(Protocol):
    """A model that places items in a space."""

    def item_vectors(self) -> npt.NDArray[np.float32]:
        """f32[I, D]."""
        ...


def similar(model: Model, item_row: int, k: int, allowed: npt.NDArray[np.bool_], metric: str = "cosine") -> Ranking:
    """The k nearest items to one item among those allowed (bool[I]), the item itself left out: a ranking of one row.

    Scores are the cosine of the angle between two vectors (1 = same direction; an item without a vector, all zeros, is never
    near), or minus their Euclidean distance. RequestError where the model has no item vectors or the metric is unknown.
    """
    if metric not in METRICS:
        raise RequestError(f'Unknown metric "{metric}".{closest(metric, METRICS)}', "The metrics are: cosine, euclidean.")
    if not isinstance(model, HasItemVectors):
        raise RequestError("This model has no item vectors, so nothing is near or far for it.", "Train one that has: -m mf.")
    vectors = model.item_vectors()
    if metric == "cosine":
        length = np.linalg.norm(vectors, axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            score = vectors @ vectors[item_row] / (length * length[item_row])
    else:
        score = -np.linalg.norm(vectors - vectors[item_row], axis=1)
    itself = np.array([item_row], np.int32)
    return Ranking(*topk(score[None].astype(np.float32), k, np.array([0, 1]), itself, allowed))
