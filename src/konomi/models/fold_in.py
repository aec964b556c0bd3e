"""What holds people with few entries close to the average person where they are folded in, the same for `mf` and the networks.

docs/decisions.md has the measurements: "Who has few ratings is held close to the average person".
"""

import numpy as np
import numpy.typing as npt

from konomi.arrays import F64

LEAST_L2, LEAST_L2_BIAS = 0.03, 0.005  # λ, λ_b per entry, at least: SGD without a penalty stops early, a solution does not
PRIOR = 30  # ρ, in entries: what a person's vector is held back by before any of theirs
LEAST_PRIOR, MOST_PRIOR = (
    0.1,
    100.0,
)  # of a bias, in entries: it is measured, and may be one over the variance of next to nothing


def prior_of_bias(noise: float, variance: npt.ArrayLike) -> F64:
    """In entries: the variance of an entry's error over that of the biases that were learnt, as a normal prior has it."""
    prior: F64 = np.clip(noise / np.maximum(variance, 1e-9), LEAST_PRIOR, MOST_PRIOR)
    return prior
