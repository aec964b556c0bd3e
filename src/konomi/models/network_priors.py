"""What holds rows of few entries back in the network of `nn` and `hybrid`, and where biases begin."""

import numpy as np

from konomi.arrays import F32, I64
from konomi.data.profiles import Profiles
from konomi.models.fold_in import LEAST_L2, LEAST_L2_BIAS, PRIOR, prior_of_bias
from konomi.models.network import Layers
from konomi.models.priors import first_biases, per_entry

NOISE = 0.5  # about the variance of a rating's error, in variances of the ratings; the ½ of a normal prior beside a log loss
NO_BIAS = 1e9  # per entry: the penalty that keeps a bias at 0


def begun_biases(seen: Profiles, rating: F32, head: int, n_items: int, layers: Layers, outputs: int) -> tuple[F32, F32]:
    """The biases of people f32[U, O] and of items f32[I, O] that training begins with.

    Those of ratings f32[N] (in units of σ, NaN = none), output `head` (−1: none), are those of `bias`; all others are 0.
    """
    people, items = np.zeros((len(seen), outputs), np.float32), np.zeros((n_items, outputs), np.float32)
    if head >= 0 and layers.damping:
        rated = ~np.isnan(rating)
        people[:, head], items[:, head] = first_biases(seen.keep(rated), rating[rated], n_items, layers.damping)
    return people, items


def penalties(layers: Layers, head: int, outputs: int, count: I64) -> tuple[F32, F32]:
    """What each entry of rows with count i64[n] adds to the penalties of vectors, f32[n, 1], and of biases, f32[n, O].

    head: the output that is the rating, −1 = none; `damping` is for that alone.
    """
    vectors = per_entry(layers.l2, PRIOR * layers.l2, count)[:, None]
    return vectors, np.column_stack([per_entry(layers.l2_bias, layers.damping * (o == head), count) for o in range(outputs)])


def fold_in_penalty(layers: Layers, biases: F32, loss_weights: F32, head: int) -> F32:
    """The penalties of a fold-in, f32[2, D + O], as `PairNetwork` has them.

    biases: f32[U, O] of the people who were learnt from; loss_weights: f32[O], what the loss of each output weighs;
    head: the output that is the rating, −1 = none.
    """
    l2 = max(layers.l2, LEAST_L2)
    penalty = np.full((2, layers.dim + len(loss_weights)), [[l2], [PRIOR * l2]], np.float32)
    penalty[:, layers.dim :] = NO_BIAS
    if layers.biased:
        penalty[0, layers.dim :] = max(layers.l2_bias, LEAST_L2_BIAS)
        damping = layers.damping * (np.arange(len(loss_weights)) == head)
        penalty[1, layers.dim :] = loss_weights * prior_of_bias(NOISE, biases.var(axis=0, dtype=np.float64), damping)
    return penalty
