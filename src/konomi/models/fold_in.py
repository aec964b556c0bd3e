"""The penalties that keep people with few entries close to the average person in a fold-in, for `mf` and the networks.

docs/decisions.md has the measurements: "Who has few ratings is held close to the average person".
"""

import numpy as np
import numpy.typing as npt

from konomi.arrays import F64

LEAST_L2, LEAST_L2_BIAS = 0.03, 0.005  # λ, λ_b per entry, at least: SGD can do without (it stops early), an exact solution not
PRIOR = 30  # ρ, in entries: a person's vector starts with the penalty of so many
LEAST_PRIOR, MOST_PRIOR = 0.1, 100.0  # in entries: bounds of a bias's prior, since the measured variance may be near 0


def prior_of_bias(noise: float, variance: npt.ArrayLike, damping: npt.ArrayLike = 0.0) -> F64:
    """The penalty of a bias, in entries: the variance of an entry's error over the variance of the learnt biases (a normal
    prior), clipped, and no more than the damping of training where there is one: what that holds back varies too little."""
    most = np.where(np.asarray(damping) > 0, damping, MOST_PRIOR)
    prior: F64 = np.clip(noise / np.maximum(variance, 1e-9), LEAST_PRIOR, np.maximum(most, LEAST_PRIOR))
    return prior
