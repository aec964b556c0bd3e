"""mf: matrix factorisation by stochastic gradient descent.

    r̂_ui = μ + b_u + b_i + p_u·q_i        minimising Σ (r − r̂)² + λ(|p_u|² + |q_i|²) + λ_b(b_u² + b_i²)

(Koren, Bell & Volinsky 2009, eq. 4–5). With biased=false it is the plain dot product, r̂ = p_u·q_i. Training learns p_u and b_u
for its own users, but the model does not keep them: everybody, trained on or new, is folded in from their profile by the exact
ridge solution of the same objective (`kernels/ridge.py`). Somebody without ratings gets the average training user.
"""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from konomi.config import Run, available_cores, positive
from konomi.data.features import known
from konomi.data.profiles import Profiles
from konomi.data.split import TrainSet
from konomi.errors import ConfigError, FitError
from konomi.kernels.ridge import fold_in
from konomi.kernels.sgd import adagrad_block, predict_pairs, sgd_block
from konomi.kernels.strata import GRID, Strata, diagonals, make_strata
from konomi.kernels.threads import Each, blocks, workers

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]

FOLD_BLOCK = 256  # people folded in by one task
ADAGRAD_START = 0.1  # where the sums of squared gradients start


@dataclass(frozen=True)
class Config:
    """What is learnt and how fast. `rate` is per rating; the penalties are per rating too."""

    dim: int = 128  # D, the length of a vector
    biased: bool = True  # learn μ, b_u and b_i; false: the dot product alone
    optimizer: Literal["sgd", "adagrad"] = "sgd"
    rate: float = 0.025  # γ, the first epoch's learning rate
    schedule: Literal["constant", "warm-up", "inverse-time"] = "inverse-time"
    decay: float = 0.1  # inverse-time: γ / (1 + decay·epoch)
    warm_up: int = 3  # warm-up: epochs in which the rate rises to γ
    l2: float = 0.08  # λ, the penalty of the vectors
    l2_bias: float = 0.005  # λ_b, the penalty of the biases
    init: float = 0.01  # standard deviation of the first vectors
    epochs: int = 60  # at most
    patience: int = 3  # stop after this many epochs without a better validation error; 0 = never

    def __post_init__(self) -> None:
        positive("mf", dim=self.dim, rate=self.rate, init=self.init, epochs=self.epochs)
        if min(self.decay, self.l2, self.l2_bias, self.patience, self.warm_up) < 0:
            raise ConfigError("mf: a setting is negative.", "Set decay, l2, l2_bias, patience and warm_up to 0 or more.")

    def rate_at(self, epoch: int) -> np.float32:
        """The learning rate of an epoch, counted from 0."""
        if self.schedule == "inverse-time":
            return np.float32(self.rate / (1 + self.decay * epoch))
        if self.schedule == "warm-up":
            return np.float32(self.rate * min(1, (epoch + 1) / (self.warm_up + 1)))
        return np.float32(self.rate)


@dataclass(frozen=True)
class MF:
    """mean f32[1]; item_code f32[I+1, D+1], rows [q_i, 1] ([q_i, 0] without biases); item_bias, item_known f32[I+1].

    The row after the last item stands for an unknown one.

    average f32[D+1], the code of nobody in particular; penalty f32[D+1]. A code is [p_u, b_u].
    """

    mean: F32
    item_code: F32
    item_bias: F32
    item_known: F32
    average: F32
    penalty: F32
    history: F32

    outputs = frozenset({"rating", "rank"})

    def encode(self, profiles: Profiles) -> F32:
        """[p_u, b_u] by ridge regression on the profile's ratings, f32[B, D+1]."""
        scored = profiles.scored()
        target = scored.rating - self.mean - self.item_bias[scored.item]
        codes = np.tile(self.average, (len(scored), 1))
        penalty = np.maximum(self.penalty.astype(np.float64), 1e-6)  # without any penalty the solution is not unique
        with workers(available_cores() if len(scored) > FOLD_BLOCK else 1) as each:
            each(
                lambda task: fold_in(scored.indptr, scored.item, target, self.item_code, penalty, *task, codes),
                blocks(len(scored), FOLD_BLOCK),
            )
        return codes

    def score(self, codes: F32, output: str, items: I32 | None = None) -> F32:
        """f32[B, I] or f32[B, n]."""
        rows = slice(0, -1) if items is None else items
        taste = codes[:, :-1] @ self.item_code[rows, :-1].T + self.item_bias[rows]  # B × I
        if output == "rank":
            taste *= self.item_known[rows]
        scores: F32 = taste + (self.mean + codes[:, -1:])
        return scores

    def score_pairs(self, codes: F32, item_rows: I32, output: str) -> F32:
        """f32[N]."""
        taste = np.einsum("nd,nd->n", codes[:, :-1], self.item_code[item_rows, :-1]) + self.item_bias[item_rows]
        if output == "rank":
            taste *= self.item_known[item_rows]
        scores: F32 = taste + self.mean + codes[:, -1]
        return scores

    def item_vectors(self) -> F32:
        """q_i of every item, f32[I, D], for comparing items with each other."""
        return self.item_code[:-1, :-1]

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Every array."""
        return {**vars(self)}


class Weights(NamedTuple):
    """What training changes: P f32[U, D], Q f32[I, D], bu f32[U], bi f32[I]."""

    P: F32
    Q: F32
    bu: F32
    bi: F32

    def copy(self) -> "Weights":
        return Weights(*(array.copy() for array in self))


def fit(train: TrainSet, config: Config, run: Run) -> MF:
    """Learn until the validation error stops falling; keep the weights of its best epoch (of the last, without validation).

    FitError where there is nothing to learn from, or where the error leaves the finite numbers.
    """
    seen, valid = train.seen.scored(), train.valid.scored()
    if len(seen.item) == 0:
        raise FitError("There is no rating to learn from.", "Lower --valid and --test, or prepare more data.")
    n_items = len(train.items)
    mean = np.float32(seen.rating.mean(dtype=np.float64)) if config.biased else np.float32(0)
    strata = make_strata(seen.indptr, seen.item, seen.rating - mean, n_items)
    draw = np.random.default_rng(run.seed)
    P, Q = (config.init * draw.standard_normal((n, config.dim), np.float32) for n in (len(seen), n_items))
    weights = Weights(
        P.astype(np.float32), Q.astype(np.float32), np.zeros(len(seen), np.float32), np.zeros(n_items, np.float32)
    )
    state = [np.full_like(array, ADAGRAD_START) for array in weights] if config.optimizer == "adagrad" else []
    valid_user = valid.user
    history: list[tuple[float, float]] = []
    best, best_epoch = weights, 0
    with workers(run.threads) as each:
        for epoch in range(config.epochs):
            run.progress("train mf", epoch, config.epochs)
            squares = _epoch(strata, weights, state, config, epoch, draw.permutation(GRID), each)
            error = np.sqrt(squares / len(seen.item))
            predicted = predict_pairs(valid_user, valid.item, *weights, mean)
            valid_error = (
                np.sqrt(np.mean((train.scale.clip(predicted) - valid.rating) ** 2, dtype=np.float64))
                if len(predicted)
                else np.nan
            )
            if not np.isfinite(error) or not all(np.isfinite(array).all() for array in weights):
                raise FitError(
                    f"mf diverged in epoch {epoch + 1}: the error is not finite.", f"Lower rate (it is {config.rate:g})."
                )
            history.append((float(error), float(valid_error)))
            if len(predicted) == 0:
                best_epoch = epoch
            elif valid_error <= min(v for _, v in history):
                best, best_epoch = weights.copy(), epoch
            elif config.patience and epoch - best_epoch >= config.patience:
                break
    run.progress("train mf", config.epochs, config.epochs)
    return _model(mean, best, seen, n_items, config, history)


def _epoch(
    strata: Strata, weights: Weights, state: list[F32], config: Config, epoch: int, order: npt.NDArray[np.int64], each: Each
) -> float:
    """One pass over all ratings, diagonal by diagonal; returns the sum of squared errors before each step."""
    knobs = (config.rate_at(epoch), np.float32(config.l2), np.float32(config.l2_bias), config.biased)
    kernel = adagrad_block if config.optimizer == "adagrad" else sgd_block

    def learn(block: int) -> float:
        entries = slice(strata.start[block], strata.start[block + 1])
        ratings = (strata.user[entries], strata.item[entries], strata.target[entries])
        return float(kernel(*ratings, *weights, *state, *knobs))

    return sum(sum(each(learn, diagonal)) for diagonal in diagonals(order))


def _model(
    mean: np.float32, weights: Weights, seen: Profiles, n_items: int, config: Config, history: list[tuple[float, float]]
) -> MF:
    """The part of the weights that is kept: items, and the average user. Items without ratings get zeros, like unknown ones."""
    count = np.bincount(seen.item, minlength=n_items + 1)
    rated = (count > 0)[:, None]
    item_code = np.full((n_items + 1, config.dim + 1), config.biased, np.float32)  # the last column meets b_u
    item_code[:, :-1] = np.where(rated, np.vstack([weights.Q, np.zeros((1, config.dim), np.float32)]), 0)
    active = seen.counts > 0
    average = np.append(weights.P[active].mean(axis=0, dtype=np.float64), weights.bu[active].mean(dtype=np.float64))
    penalty = np.append(np.full(config.dim, config.l2), config.l2_bias)
    return MF(
        mean=np.array([mean], np.float32),
        item_code=item_code,
        item_bias=np.append(weights.bi, np.float32(0)) * rated[:, 0],
        item_known=known(count),
        average=average.astype(np.float32),
        penalty=penalty.astype(np.float32),
        history=np.array(history, np.float32),
    )


def load(state: dict[str, npt.NDArray[Any]]) -> MF:
    """The model of a `state()`."""
    return MF(**state)
