"""Training a network from an earlier one: its layers and items, and people folded in; a few epochs bring all together."""

from typing import NamedTuple

import numpy as np

from konomi.arrays import F32, Bools
from konomi.data.split import TrainSet
from konomi.errors import ConfigError
from konomi.models.network import Layers, Losses, PairNetwork

EPOCHS = 2  # at most
BEFORE = 5  # epochs that count as done for the learning rate
STEPS = 1  # of folding people in


class Warm(NamedTuple):
    """What a training begins with: weights by name, those of items for the first items only; known bool[n]: which of them are;
    what ratings are centred by."""

    weights: dict[str, F32]
    known: Bools
    center: F32

    def over(self, first: dict[str, F32]) -> dict[str, F32]:
        """These weights, and those of a training from nothing for the items that are not known."""
        weights = {**first, **{name: array.copy() for name, array in self.weights.items()}}
        for name in {"items", "item biases"} & set(first):
            weights[name] = first[name].copy()
            weights[name][: len(self.known)][self.known] = self.weights[name][self.known]
        return weights


def warm_weights(start: PairNetwork, data: TrainSet, layers: Layers, losses: Losses, threads: int) -> Warm:
    """The weights of an earlier network, with the people of a training set; ConfigError where it has other settings."""
    D, H, O = layers.dim, layers.hidden, len(losses.tasks)
    heads = [losses.tasks.index(task) if task in losses.tasks else -1 for task in ("rating", "interaction")]
    shape = (len(start.item_known), H + (D if layers.product else 0) + O)
    same = start.W.shape == (D, H) and start.right.shape == shape and list(start.heads) == heads
    if not same or len(start.item_known) > len(data.items) + 1:
        raise ConfigError("The earlier network has other settings or items.", "Start from one with the same ones.")
    right, codes = start.right[:-1], start.folded(data.seen, threads, STEPS)
    vectors, layer = _parted(right[:, :H], right[:, H : H + D] if layers.product else None, D)
    arrays = {
        "users": codes[:, :D], "items": vectors, "user layer": start.W, "item layer": layer,
        "h": start.h, "V": start.V, "constant": start.constant,
    }  # fmt: skip
    if layers.biased:
        arrays |= {"user biases": codes[:, D:], "item biases": right[:, -O:]}
    if losses.learned:
        arrays["log variances"] = -np.log(start.weights)
    weights = {name: np.array(array, np.float32, order="C") for name, array in arrays.items()}
    return Warm(weights, start.item_known[:-1] > 0, start.center)


def _parted(hidden: F32, vectors: F32 | None, dim: int) -> tuple[F32, F32]:
    """(e_i f32[I, D], W_i f32[D, H]) whose products are the items' side of the hidden layer, which is all that a network keeps
    where it has no dot product: then both have equal parts in it."""
    if vectors is not None:
        return vectors, np.linalg.lstsq(vectors.astype(np.float64), hidden.astype(np.float64), rcond=None)[0].astype(np.float32)
    left, size, right = np.linalg.svd(hidden.astype(np.float64), full_matrices=False)
    both = np.sqrt(size[:dim])
    found, layer = np.zeros((len(hidden), dim), np.float32), np.zeros((dim, hidden.shape[1]), np.float32)
    found[:, : len(both)], layer[: len(both)] = left[:, :dim] * both, both[:, None] * right[:dim]
    return found, layer
