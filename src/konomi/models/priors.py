"""What training holds rows of few entries back by, and where biases begin, for `mf` and the networks.

A penalty that goes with the number of entries holds back one entry no more than a hundred: a row has a second one, once, as in
a fold-in (`fold_in.py`). docs/decisions.md has the measurements: "What is few is held back in training, too".
"""

import numpy as np

from konomi.arrays import F32, I64
from konomi.data.profiles import Profiles
from konomi.data.statistics import damped


def per_entry(penalty: float, once: float, count: I64) -> F32:
    """What each entry of rows with count i64[n] adds to their penalties, f32[n]: `penalty`, and its part of `once`."""
    each: F32 = (penalty + once / np.maximum(count, 1)).astype(np.float32)
    return each


def first_biases(rated: Profiles, missed: F32, n_items: int, damping: float) -> tuple[F32, F32]:
    """(b_u f32[U], b_i f32[I]) as in `bias`: b_i = Σ_u e / (n_i + κ), then b_u = Σ_i (e − b_i) / (n_u + κ).

    missed f32[N]: e, the ratings less their mean; damping: κ > 0, in ratings.
    """
    count, damp = np.bincount(rated.item, minlength=n_items), np.array([damping], np.float32)
    item = damped(np.bincount(rated.item, missed, n_items), count, damp)
    user = damped(np.bincount(rated.user, missed - item[rated.item], len(rated)), rated.counts, damp)
    return user.astype(np.float32), item.astype(np.float32)
