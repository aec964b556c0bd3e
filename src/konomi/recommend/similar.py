"""Items near an item, by the vectors that a model has of them."""

from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from konomi.config import closest
from konomi.data.features import ITEM_PRIOR
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


def similar(
    model: Model,
    item_row: int,
    k: int,
    allowed: npt.NDArray[np.bool_],
    ratings: npt.NDArray[np.int64],
    metric: str = "cosine",
) -> Ranking:
    """The k nearest items to one item among those allowed (bool[I]), the item itself left out: a ranking of one row.

    The vector of an item with few training ratings n (`ratings` i64[I]) is mostly noise, so its similarity is shrunk:

        cosine: cos(q_i, q_j) · w_j    euclidean: −|q_i − q_j| / w_j    w_j = n_j / (n_j + C), C = `ITEM_PRIOR`

    Items without a rating are never near. RequestError where the model has no item vectors or the metric is unknown.
    """
    if metric not in METRICS:
        raise RequestError(f'Unknown metric "{metric}".{closest(metric, METRICS)}', "The metrics are: cosine, euclidean.")
    if not isinstance(model, HasItemVectors):
        raise RequestError("This model has no item vectors, so nothing is near or far for it.", "Train one that has: -m mf.")
    vectors = model.item_vectors()
    weight = ratings / (ratings + ITEM_PRIOR)
    allowed = allowed & (ratings > 0)
    with np.errstate(invalid="ignore", divide="ignore"):  # of items without a rating
        if metric == "cosine":
            length = np.linalg.norm(vectors, axis=1)
            score = vectors @ vectors[item_row] / (length * length[item_row]) * weight
        else:
            score = -np.linalg.norm(vectors - vectors[item_row], axis=1) / weight
    itself = np.array([item_row], np.int32)
    return Ranking(*topk(score[None].astype(np.float32), k, np.array([0, 1]), itself, allowed))
