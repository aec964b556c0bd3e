"""How many floating-point operations a row of training takes in the networks, counted by hand; a multiply-add counts two.

Of a batch of n rows, U distinct users and I distinct items are computed: expected numbers, from how often each occurs. Every
product of matrices counts three times: forwards, and for the gradients of both factors. What the optimiser does is left out.

nn, hybrid: with D = dim, H = hidden, O outputs and P = D where the dot product joins, else 0,

    6 D H (U + I) / n        the layer, once for each distinct user and item of a batch
    + 14 O H + 6 P           the part of each row: 4 + 6 + 4 a unit and output (forwards, gradients left and right) and
                             2 + 2 + 2 a coordinate of the dot product

two_tower: with towers of a → b → … units (the gradient of a tower's own input is not needed), D units meeting,

    (6 Σ a b − 2 a_0 b_0) (U + I) / n + 6 D        each side by its own tower; people are met twice an epoch
"""

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from konomi.data.profiles import Profiles
from konomi.neural.batches import size

NUMBERS = 10  # of an item, beside its tags: five, and whether each is missing


def per_row(name: str, config: Any, model: Any, learnt: Profiles) -> float | None:
    """FLOP for each of these entries an epoch; None for a model that is not counted."""
    n, users, items = len(learnt.item), learnt.counts, np.bincount(learnt.item)
    if name in ("nn", "hybrid"):
        batches = max(round(n / (config.batch or size(n))), 1)
        outputs, products = (2 if name == "hybrid" else 1), (config.dim if config.product else 0)
        sides = distinct(users, batches) + distinct(items, batches)
        return 6 * config.dim * config.hidden * sides + 14 * outputs * config.hidden + 6 * products
    if name == "two_tower":
        batches = 2 * max(round(n / 2 / config.batch), 1)
        layers = model.sizes.tolist()
        item_layers = [model.tags.shape[1] + (NUMBERS if config.features == "full" else 0), *layers[1:]]
        sides = distinct(users, 2) * tower(layers) + distinct(items, batches) * tower(item_layers)
        return sides + 6 * (layers[-1] - 1)
    return None


def distinct(count: npt.NDArray[np.int64], batches: int) -> float:
    """The expected distinct users (or items), of `count` rows each, among the rows of a batch, for each of these rows."""
    return float((1 - (1 - 1 / batches) ** count).sum()) * batches / float(count.sum())


def tower(layers: list[int]) -> int:
    """FLOP of one person or item, with its gradients."""
    return 6 * sum(a * b for a, b in pairwise(layers)) - 2 * layers[0] * layers[1]
