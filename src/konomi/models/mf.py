"""mf: matrix factorisation by stochastic gradient descent.

    r̂_ui = μ + b_u + b_i + p_u·q_i

minimising    Σ_ui (r − r̂)² + Σ_x (n_x + ρ) λ |v_x|² + (n_x λ_b + κ) b_x²        x: every person and item, with n_x ratings

(Koren, Bell & Volinsky 2009, eq. 4–5, where ρ = κ = 0). What does not grow with n_x is a prior, which matters less with every
rating: it keeps people and items of few ratings near the mean. Biases begin where `bias` has them.

For interactions it predicts the probability of liking, σ(μ + b_u + b_i + p_u·q_i), with the log loss instead of the squares, μ
the logit of the share of likes (Johnson 2014, "Logistic matrix factorization", eq. 1–2, with labels instead of counts), κ = 0,
and biases that begin at 0. Biases may also be "inside", μ + (p_u + b_u 1)·(q_i + b_i 1), as in the second founding notebook, or
"none", without μ: the plain dot product.

Training learns p_u and b_u for its own users, but the model does not keep them. Everybody, training user or new, is folded in
from their profile by the exact minimum of

    Σ (r − r̂)² + (n λ + ρ λ) |p_u − p̄|² + (n λ_b + σ²/s²) (b_u − b̄)²

(`kernels/ridge.py`; for interactions, of the log losses plus half of the penalties). It is the objective of training, with
three differences. The penalties have a least value (with biases inside, one penalty is on p_u + b_u 1 as a whole). They pull
towards the average training user p̄, b̄ instead of towards 0. And the prior of the bias is measured: σ²/s², the variance of the
errors over the variance of the b_u, at most κ where that is above 0. Somebody of whom nothing is known is the average.
"""

from typing import Any

import numpy.typing as npt

from konomi.models.factors import MF, Config
from konomi.models.mf_fit import fit
from konomi.models.mf_warm import fit_from

__all__ = ["SHAPES", "TASKS", "Config", "fit", "fit_from", "load"]

TASKS = ("rating", "interaction")


SHAPES = {
    "mean": "f32[1]",
    "item_code": "f32[I+1, D+1]",
    "item_bias": "f32[I+1]",
    "item_known": "f32[I+1] 0..1",
    "average": "f32[D+1]",
    "penalty": "f32[2, D+1] >0",
    "labelling": "f32[L]",
    "history": "f32[E, 2] nan",
}


def load(state: dict[str, npt.NDArray[Any]]) -> MF:
    """The model of a `state()`; ValueError for other arrays."""
    model = MF(**state)
    if model.penalty.shape != (2, model.item_code.shape[1]):
        raise ValueError(f"mf has penalties of shape {model.penalty.shape}")
    return model
