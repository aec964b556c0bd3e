"""bayes: Bayesian matrix factorisation with who has rated what on both sides, and a noise level for each person.

    r_ui = μ + σ(b_u + b_i + p_u·q_i) + ε,  ε ~ N(0, σ²/α_u)            W_u = [p_u, b_u],  V_i = [q_i, b_i]
    W_u ~ N(m_U + n_u^−½ Σ_{j∈N(u)} y_j + features of u, (ω_u Λ_U)⁻¹)    ω_u ~ Γ(ν/2, ν/2)
    V_i ~ N(m_V + n_i^−½ Σ_{v∈R(i)} z_v + contents of i, Λ_V⁻¹)          α_u ~ Γ(k, k/a₀)

(Salakhutdinov & Mnih 2008, "Bayesian probabilistic matrix factorization using MCMC"; N(u), what a person has rated, as in Koren
2008, "Factorization meets the neighborhood", eq. 15; R(i), who has rated an item, as in Rendle, Zhang & Koren 2019, "On the
difficulty of evaluating baselines"; ω makes the prior of people a t distribution.) Nothing is minimised: Gibbs sampling draws
everything in turn, many times (`bayes_side.py`), and the prediction is the mean over S samples of the draws.

The model keeps samples of the items' side and of what people have in common. Everybody, training user or new, is folded in from
their profile in each sample: α and ω, which nobody knows, by a few steps of a fixed point,

    α = (k + n/2) / (k/a₀ + ½(Σ e² + Σ xᵀA⁻¹x))        ω = (ν + K) / (ν + EᵀΛE + tr ΛA⁻¹)

Short profiles say little by what is in them, so their prior mean is m + t F + (1 − t)(c̄ + t F_c), with t = n / (n + 20),
F = n^−½ Σ y_j, F_c = F − √n ȳ, ȳ the mean of y over all entries, and m + c̄ the vector of somebody unknown. Who an item's raters
are says something, too, which the mean of its ratings has in it: a part of what that mean is off is added, and fades with
4 / (4 + n).
"""

from typing import Any

import numpy.typing as npt

from konomi.models.bayes_fit import fit
from konomi.models.bayes_settings import Config
from konomi.models.bayes_state import forecast
from konomi.models.bayes_warm import fit_from
from konomi.models.posterior import Bayes

__all__ = ["CHECKPOINTS", "SHAPES", "TASKS", "Config", "fit", "fit_from", "forecast", "load"]

TASKS = ("rating",)
CHECKPOINTS = True

SHAPES = {
    "prior": "f32[S, K]",
    "item": "f16[I+1, S, K]",
    "drawn": "f16[n, S, K]",
    "tell": "f16[n, S, K]",
    "place": "i32[I+1] 0..n",
    "precision": "f32[S, K, K]",
    "noise": "f32[S] >0",
    "typical": "f32[2, S, K]",
    "taken": "f32[S, K, K]",
    "feature": "f16[C, S, K]",
    "bounds": "i64[F+1] 0..C",
    "knobs": "f32[2] 0..",
    "center": "f32[2]",
    "space": "f16[I, K]",
    "gap": "f32[I+1]",
    "item_known": "f32[I+1] 0..1",
    "history": "f32[E, 2] nan",
}


def load(state: dict[str, npt.NDArray[Any]]) -> Bayes:
    """The model of a `state()`."""
    return Bayes(**state)
