"""mf: matrix factorisation by stochastic gradient descent.

    r̂_ui = μ + b_u + b_i + p_u·q_i        minimising Σ (r − r̂)² + λ(|p_u|² + |q_i|²) + λ_b(b_u² + b_i²)

(Koren, Bell & Volinsky 2009, eq. 4–5). With biased=false it is the plain dot product, r̂ = p_u·q_i. Training learns p_u and b_u
for its own users, but the model does not keep them: everybody, trained on or new, is folded in from their profile by the exact
ridge solution of the same objective (`kernels/ridge.py`; of one with a small penalty, where training has none or a smaller
one). Somebody without ratings gets the average training user.
"""

import math
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from konomi.config import Run, positive
from konomi.data.features import trust
from konomi.data.profiles import Profiles
from konomi.data.split import TrainSet
from konomi.errors import ConfigError, FitError
from konomi.kernels.ridge import fold_in
from konomi.kernels.sgd import adagrad_block, predict_pairs, sgd_block
from konomi.kernels.strata import GRID, Strata, diagonals, make_strata
from konomi.kernels.threads import Each, blocks, workers
from konomi.models import check_output

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]

FOLD_BLOCK = 256  # people folded in by one task
FOLD_L2, FOLD_L2_BIAS = 0.03, 0.005  # the least penalties of folding in: SGD without one stops early, a solution does not
ADAGRAD_START = 0.1  # where the sums of squared gradients start


@dataclass(frozen=True)
class Config:
    """What is learnt and how fast. Rate and penalties are per rating, and for ratings of standard deviation 1: `fit` converts
    them to the deviation σ of the ratings at hand, so that a setting means the same on a scale to 10 and on a scale to 5.
    """

    dim: int = 128  # D, the length of a vector
    biased: bool = True  # learn μ, b_u and b_i; false: the dot product alone
    optimizer: Literal["sgd", "adagrad"] = "sgd"
    rate: float = 0.04  # γσ, the first epoch's learning rate
    schedule: Literal["constant", "warm-up", "inverse-time"] = "inverse-time"
    decay: float = 0.1  # inverse-time: γ / (1 + decay·epoch)
    warm_up: int = 3  # warm-up: epochs in which the rate rises to γ
    l2: float = 0.05  # λ/σ, the penalty of the vectors
    l2_bias: float = 0.005  # λ_b, the penalty of the biases
    init: float = 0.01  # standard deviation of the first vectors, over √σ
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

    def encode(self, profiles: Profiles, threads: int = 1) -> F32:
        """[p_u, b_u] by ridge regression on the profile's ratings, f32[B, D+1]."""
        scored = profiles.scored()
        target = scored.rating - self.mean - self.item_bias[scored.item]
        codes = np.tile(self.average, (len(scored), 1))
        penalty = self.penalty.astype(np.float64)
        with workers(threads if len(scored) > FOLD_BLOCK else 1) as each:
            each(
                lambda task: fold_in(scored.indptr, scored.item, target, self.item_code, penalty, *task, codes),
                blocks(len(scored), FOLD_BLOCK),
            )
        return codes

    def score(self, codes: F32, output: str, items: I32 | None = None) -> F32:
        """f32[B, I] or f32[B, n]."""
        check_output(self, output)
        rows = slice(0, -1) if items is None else items
        taste = codes[:, :-1] @ self.item_code[rows, :-1].T + self.item_bias[rows]  # B × I
        if output == "rank":
            taste *= self.item_known[rows]
        scores: F32 = taste + (self.mean + codes[:, -1:])
        return scores

    def score_pairs(self, codes: F32, item_rows: I32, output: str) -> F32:
        """f32[N]."""
        check_output(self, output)
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
    count = np.bincount(seen.item, minlength=n_items)
    mean = np.float32(seen.rating.mean(dtype=np.float64)) if config.biased else np.float32(0)
    sigma = float(seen.rating.std(dtype=np.float64)) or 1.0
    knobs = replace(config, rate=config.rate / sigma, l2=config.l2 * sigma, init=config.init * math.sqrt(sigma))
    strata = make_strata(seen.indptr, seen.item, seen.rating - mean, n_items)
    draw = np.random.default_rng(run.seed)
    P, Q = (np.float32(knobs.init) * draw.standard_normal((n, config.dim), np.float32) for n in (len(seen), n_items))
    Q[count == 0] = 0  # what is never learnt must not look like knowledge
    weights = Weights(P, Q, np.zeros(len(seen), np.float32), np.zeros(n_items, np.float32))
    state = [np.full_like(array, ADAGRAD_START) for array in weights] if config.optimizer == "adagrad" else []
    strangers = np.flatnonzero((valid.counts > 0) & (seen.counts == 0))  # held out whole: validated, but not learnt from
    valid_user = valid.user
    history: list[tuple[float, float]] = []
    best, best_epoch = weights, 0
    with workers(run.threads) as each:
        for epoch in range(config.epochs):
            run.progress("train mf", epoch, config.epochs)
            squares = _epoch(strata, weights, state, knobs, epoch, draw.permutation(GRID), each)
            if not np.isfinite(squares) or not all(np.isfinite(array).all() for array in weights):
                raise FitError(
                    f"mf diverged in epoch {epoch + 1}: the error is not finite.", f"Lower rate (it is {config.rate:g})."
                )
            if len(strangers):
                codes = _model(mean, sigma, weights, seen, count, config, []).encode(train.shown.take(strangers))
                weights.P[strangers], weights.bu[strangers] = codes[:, :-1], codes[:, -1]
            missed = train.scale.clip(predict_pairs(valid_user, valid.item, *weights, mean)) - valid.rating
            valid_error = math.sqrt(np.mean(missed**2, dtype=np.float64)) if len(missed) else math.nan
            history.append((math.sqrt(squares / len(seen.item)), valid_error))
            if len(missed) == 0:
                best_epoch = epoch
            elif valid_error <= min(error for _, error in history):
                best, best_epoch = weights.copy(), epoch
            elif config.patience and epoch - best_epoch >= config.patience:
                break
    run.progress("train mf", config.epochs, config.epochs)
    return _model(mean, sigma, best, seen, count, config, history)


def _epoch(
    strata: Strata, weights: Weights, state: list[F32], config: Config, epoch: int, order: npt.NDArray[np.int64], each: Each
) -> float:
    """One pass over all ratings, diagonal by diagonal; returns the sum of squared errors before each step."""
    steps = (config.rate_at(epoch), np.float32(config.l2), np.float32(config.l2_bias), config.biased)
    kernel = adagrad_block if config.optimizer == "adagrad" else sgd_block

    def learn(block: int) -> float:
        entries = slice(strata.start[block], strata.start[block + 1])
        ratings = (strata.user[entries], strata.item[entries], strata.target[entries])
        return float(kernel(*ratings, *weights, *state, *steps))

    return sum(sum(each(learn, diagonal)) for diagonal in diagonals(order))


def _model(
    mean: np.float32,
    sigma: float,
    weights: Weights,
    seen: Profiles,
    count: npt.NDArray[np.int64],
    config: Config,
    history: list[tuple[float, float]],
) -> MF:
    """The part of the weights that is kept: items, and the average of the users who were learnt from."""
    item_code = np.full((len(count) + 1, config.dim + 1), config.biased, np.float32)  # the last column meets b_u
    item_code[:-1, :-1], item_code[-1, :-1] = weights.Q, 0
    active = seen.counts > 0
    average = np.append(weights.P[active].mean(axis=0, dtype=np.float64), weights.bu[active].mean(dtype=np.float64))
    penalty = np.append(np.full(config.dim, max(config.l2, FOLD_L2) * sigma), max(config.l2_bias, FOLD_L2_BIAS))
    return MF(
        mean=np.array([mean], np.float32),
        item_code=item_code,
        item_bias=np.append(weights.bi, np.float32(0)),
        item_known=trust(np.append(count, 0)),
        average=average.astype(np.float32),
        penalty=penalty.astype(np.float32),
        history=np.array(history, np.float32).reshape(-1, 2),
    )


def load(state: dict[str, npt.NDArray[Any]]) -> MF:
    """The model of a `state()`."""
    return MF(**state)
