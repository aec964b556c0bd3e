"""mf: matrix factorisation by stochastic gradient descent.

    r̂_ui = μ + b_u + b_i + p_u·q_i        minimising Σ (r − r̂)² + λ(|p_u|² + |q_i|²) + λ_b(b_u² + b_i²)

(Koren, Bell & Volinsky 2009, eq. 4–5). Of interactions it predicts the probability of liking, σ(μ + b_u + b_i + p_u·q_i), with
the log loss in the place of the squares and μ the logit of the share of likes (Johnson 2014, "Logistic matrix factorization",
eq. 1–2, with labels of either kind instead of counts). Biases may also be "inside", μ + (p_u + b_u 1)·(q_i + b_i 1), as in the
second founding notebook, or there may be "none", and no μ: the plain dot product.

Training learns p_u and b_u for its own users, but the model does not keep them: everybody, trained on or new, is folded in from
their profile by the exact minimum of

    Σ (r − r̂)² + (n λ + ρ λ) |p_u − p̄|² + (n λ_b + σ²/s²) (b_u − b̄)²

(`kernels/ridge.py`; for interactions, of the log losses plus half of the penalties). That is the objective of training (with a
small penalty where that has none or a smaller one, and with biases inside one of p_u + b_u 1 as a whole), but around the
average training user p̄, b̄ instead of around nothing, and with a part of the penalty that does not go with the number of
ratings. It holds somebody with few of them close to the average: the bias by σ²/s², the variance of the errors over that of the
b_u, the vector by ρ ratings' worth of its own penalty. Somebody of whom nothing is known is the average.
"""

from typing import Any

import numpy.typing as npt

from konomi.models.factors import MF, Config
from konomi.models.mf_fit import fit

__all__ = ["SHAPES", "TASKS", "Config", "fit", "load"]

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
    """The model of a `state()`; ValueError for one of other arrays."""
    model = MF(**state)
    if model.penalty.shape != (2, model.item_code.shape[1]):
        raise ValueError(f"mf has penalties of shape {model.penalty.shape}")
    return model
