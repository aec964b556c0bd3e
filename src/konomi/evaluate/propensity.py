"""How likely it is that a person has met an item at all, so that hits of what everybody meets can be counted for less.

    p_i ∝ n_i^((γ + 1) / 2)        n_i = the training entries of item i, at least 1

(Yang, Cui, Xuan, Wang, Belongie & Estrin 2018, "Unbiased offline recommender evaluation for missing-not-at-random implicit
feedback", section 4: an item is presented with a probability that goes with n_i^γ, and met by those who like it.) γ is the
exponent of the power law that popularity follows, P(n) ∝ n^−γ, by maximum likelihood over all items with an entry:

    γ = 1 + m / Σ_i ln(n_i / (n_min − ½))        n_min = 1, m items

(Clauset, Shalizi & Newman 2009, "Power-law distributions in empirical data", eq. 3.7, an approximation for whole numbers.)
"""

import numpy as np

from konomi.arrays import F64, I64


def exponent(count: I64) -> float:
    """(γ + 1) / 2 of items with count i64[I] training entries; 0 where no item has any: all are then equally likely."""
    met = count[count > 0]
    if not len(met):
        return 0.0
    power = 1 + len(met) / float(np.log(met / 0.5).sum())
    return (power + 1) / 2


def inverse_propensity(count: I64) -> F64:
    """1 / p_i, f64[I], up to a factor: 1 for an item with one entry, or none."""
    weight: F64 = np.maximum(count, 1).astype(np.float64) ** -exponent(count)
    return weight
