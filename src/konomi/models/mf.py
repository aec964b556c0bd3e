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

import math
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from konomi.arrays import F32, I32, I64
from konomi.data.labels import Labelling
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.data.split import TrainSet
from konomi.data.statistics import trust
from konomi.errors import ConfigError, FitError
from konomi.kernels.downdate import leave_one_out
from konomi.kernels.ridge import fold_in, fold_in_labels
from konomi.kernels.sgd import INSIDE, NONE, OUTSIDE, predict_pairs, sgd_block
from konomi.kernels.strata import GRID, Strata, diagonals, make_strata
from konomi.models.api import check_output
from konomi.runtime import Each, Run, blocks, workers
from konomi.settings import positive

FOLD_BLOCK = 256  # people folded in by one task
FOLD_L2, FOLD_L2_BIAS = 0.03, 0.005  # the least penalties of folding in: SGD without one stops early, a solution does not
FOLD_PRIOR = 30  # ρ, what a person's vector is held back by before any rating, in ratings
FOLD_PRIOR_BIAS = 0.1, 100.0  # the least and the most for the bias, which is measured: one over the variance of next to nothing
ADAGRAD_START = 0.1  # where the sums of squared gradients start
BIASES = {"none": NONE, "outside": OUTSIDE, "inside": INSIDE}


TASKS = ("rating", "interaction")


@dataclass(frozen=True)
class Config:
    """What is learnt and how fast. Rate and penalties are per rating, and for ratings of standard deviation 1: `fit` converts
    them to the deviation σ of the ratings at hand, or of the labels 1 and 0, so that a setting means the same on a scale to 10,
    on a scale to 5 and for interactions.
    """

    task: Literal["rating", "interaction"] = "rating"  # what is predicted
    dim: int = 128  # D, the length of a vector
    biases: Literal["outside", "inside", "none"] = "outside"  # beside the dot product, inside it, or no μ, b_u and b_i at all
    dropout: float = 0.0  # δ, the share of a vector's coordinates that an entry does not see while training
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
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"mf: dropout is {self.dropout:g}.", "It is a share: set it to 0 or more, and below 1.")

    def rate_at(self, epoch: int) -> np.float32:
        """The learning rate of an epoch, counted from 0."""
        if self.schedule == "inverse-time":
            return np.float32(self.rate / (1 + self.decay * epoch))
        if self.schedule == "warm-up":
            return np.float32(self.rate * min(1, (epoch + 1) / (self.warm_up + 1)))
        return np.float32(self.rate)


@dataclass(frozen=True)
class MF:
    """mean f32[1]; item_code f32[I+1, D+1], rows [q_i, 1] ([q_i, 0] without b_u); item_bias, item_known f32[I+1].

    The row after the last item stands for an unknown one. Biases inside are added to the vectors: then they are the plain dot
    product that is left, plus μ. A code is [p_u, b_u]; average f32[D+1] is that of nobody in particular. penalty
    f32[2, D+1], per rating and once. labelling: what an interaction is, f32[4] (`Labelling.pack`), or f32[0] in a model of
    ratings.
    """

    mean: F32
    item_code: F32
    item_bias: F32
    item_known: F32
    average: F32
    penalty: F32
    labelling: F32
    history: F32

    @property
    def outputs(self) -> frozenset[str]:
        """The task and "rank"."""
        return frozenset({"interaction" if len(self.labelling) else "rating", "rank"})

    def encode(self, profiles: Profiles, threads: int = 1) -> F32:
        """[p_u, b_u] by ridge regression on the profile's ratings, or logistic regression on its labels; f32[B, D+1]."""
        given = examples(profiles, self.labelling)
        fixed = self.mean + self.item_bias[given.item]
        codes = np.tile(self.average, (len(given), 1))
        known = (self.item_code, self.penalty.astype(np.float64))

        def fold(task: tuple[int, int]) -> None:
            if len(self.labelling):
                fold_in_labels(given.indptr, given.item, given.rating, fixed, *known, *task, codes)
            else:
                fold_in(given.indptr, given.item, given.rating - fixed, *known, *task, codes)

        with workers(threads if len(given) > FOLD_BLOCK else 1) as each:
            each(fold, blocks(len(given), FOLD_BLOCK))
        return codes

    def score(self, codes: F32, output: str, items: I32 | None = None) -> F32:
        """f32[B, I] or f32[B, n]."""
        check_output(self, output)
        rows = slice(0, -1) if items is None else items
        taste = codes[:, :-1] @ self.item_code[rows, :-1].T + self.item_bias[rows]  # B × I
        if output == "rank":
            taste *= self.item_known[rows]
        return _linked(taste + (self.mean + codes[:, -1:]), output)

    def score_pairs(self, codes: F32, item_rows: I32, output: str) -> F32:
        """f32[N]."""
        check_output(self, output)
        taste = np.einsum("nd,nd->n", codes[:, :-1], self.item_code[item_rows, :-1]) + self.item_bias[item_rows]
        if output == "rank":
            taste *= self.item_known[item_rows]
        return _linked(taste + self.mean + codes[:, -1], output)

    def without(self, profiles: Profiles, items: I32, output: str) -> F32 | None:
        """How far each entry of one person moves the scores of items i32[k]: f32[n, k], 0 for an entry without a rating.

        The scores less those of a profile without the entry, exactly, from one factorisation (`kernels/downdate.py`); None of
        interactions, whose fold-in has no closed form.
        """
        check_output(self, output)
        if len(self.labelling):
            return None
        effects = np.zeros((len(profiles.item), len(items)), np.float32)
        entries = np.flatnonzero(~np.isnan(profiles.rating))
        if len(entries) == 0:
            return effects
        item = profiles.item[entries]
        target = profiles.rating[entries] - (self.mean + self.item_bias[item])
        with workers(1):
            target -= self.item_code[item] @ self.average  # what the average person would give
            added = leave_one_out(item, target, self.item_code, self.penalty.astype(np.float64))  # n × D+1
        taste = added[:, :-1] @ self.item_code[items, :-1].T.astype(np.float64)
        if output == "rank":
            taste *= self.item_known[items]
        effects[entries] = taste + added[:, -1:]
        return effects

    @property
    def dot_outputs(self) -> frozenset[str]:
        """The outputs that `dots` can take apart."""
        return self.outputs - {"interaction"}

    def dots(self, codes: F32, output: str) -> tuple[F32, F32, F32, F32]:
        """p f32[B, D], v f32[I, D], c f32[I], level f32[B]: the score of a code and an item is p·v + c + level."""
        check_output(self, output)
        vectors, constant = self.item_code[:-1, :-1], self.item_bias[:-1]
        if output == "rank":
            vectors, constant = vectors * self.item_known[:-1, None], constant * self.item_known[:-1]
        return codes[:, :-1], vectors, constant, self.mean + codes[:, -1]

    def item_vectors(self) -> F32:
        """q_i of every item, f32[I, D], for comparing items with each other."""
        return self.item_code[:-1, :-1]

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Every array."""
        return {**vars(self)}


def _linked(z: F32, output: str) -> F32:
    """A probability of a logit; ratings are what they are, and ranks of interactions stay logits."""
    scores: F32 = expit(z) if output == "interaction" else z
    return scores


def examples(profiles: Profiles, labelling: F32) -> Profiles:
    """The entries that tell something, with what is to be predicted in the place of the rating: itself, or the label 1 or 0
    where there is a labelling (f32[4]; else f32[0])."""
    if len(labelling):
        label = Labelling.unpack(labelling).of(profiles)
        profiles = replace(profiles, rating=np.where(label < 0, np.nan, label).astype(np.float32))
    return profiles.scored()


class Weights(NamedTuple):
    """What training changes: P f32[U, D], Q f32[I, D], bu f32[U], bi f32[I]."""

    P: F32
    Q: F32
    bu: F32
    bi: F32

    def copy(self) -> "Weights":
        return Weights(*(array.copy() for array in self))

    def outside(self, config: Config) -> "Weights":
        """Weights with biases outside that predict the same: biases inside become part of the vectors."""
        if config.biases != "inside":
            return self
        return Weights(self.P + self.bu[:, None], self.Q + self.bi[:, None], np.zeros_like(self.bu), np.zeros_like(self.bi))


class Training(NamedTuple):
    """What an epoch works on: entries, weights, what Adagrad keeps of these (SGD: None), the key of the masks (or None)."""

    strata: Strata
    weights: Weights
    sums: tuple[F32, ...] | None
    key: np.uint64 | None


class Problem(NamedTuple):
    """What is to be learnt: seen, valid of `examples`; count_of i64[I], entries of each item; μ; σ; the packed labelling."""

    seen: Profiles
    valid: Profiles
    count_of: I64
    mean: np.float32
    sigma: float
    labelling: F32

    def criterion(self, loss: float) -> float:
        """The error that a mean loss stands for: the root of a mean square, or a log loss as it is."""
        return loss if len(self.labelling) else math.sqrt(loss)

    def valid_error(self, z: F32, scale: Scale) -> float:
        """The validation error of predictions z f32[N], NaN without validation entries; ratings are clipped to the scale."""
        y = self.valid.rating
        loss = np.logaddexp(0, z) - y * z if len(self.labelling) else (scale.clip(z) - y) ** 2
        return self.criterion(float(loss.mean(dtype=np.float64))) if len(y) else math.nan


def fit(train: TrainSet, config: Config, run: Run) -> MF:
    """Learn until the validation error stops falling; keep the weights of its best epoch (of the last, without validation).

    FitError where there is nothing to learn from, or where the error leaves the finite numbers.
    """
    problem = _problem(train, config)
    seen, valid, count, sigma = problem.seen, problem.valid, problem.count_of, problem.sigma
    knobs = replace(config, rate=config.rate / sigma, l2=config.l2 * sigma, init=config.init * math.sqrt(sigma))
    draw = np.random.default_rng(run.seed)
    P, Q = (np.float32(knobs.init) * draw.standard_normal((n, config.dim), np.float32) for n in (len(seen), len(count)))
    Q[count == 0] = 0  # what is never learnt must not look like knowledge
    weights = Weights(P, Q, np.zeros(len(seen), np.float32), np.zeros(len(count), np.float32))
    sums = tuple(np.full_like(array, ADAGRAD_START) for array in weights) if config.optimizer == "adagrad" else None
    key = draw.integers(2**64, dtype=np.uint64) if config.dropout or config.biases == "inside" else None
    training = Training(make_strata(seen.indptr, seen.item, seen.rating, len(count)), weights, sums, key)
    strangers = np.flatnonzero((valid.counts > 0) & (seen.counts == 0))  # held out whole: validated, but not learnt from
    valid_user = valid.user
    history: list[tuple[float, float]] = []
    best, best_epoch = weights, 0
    with workers(run.threads) as each:
        for epoch in range(config.epochs):
            run.progress("train mf", epoch, config.epochs)
            loss = _epoch(training, problem.mean, knobs, epoch, draw.permutation(GRID), each)
            if not np.isfinite(loss) or not all(np.isfinite(array).all() for array in weights):
                raise FitError(
                    f"mf diverged in epoch {epoch + 1}: the error is not finite.", f"Lower rate (it is {config.rate:g})."
                )
            error = problem.criterion(loss / len(seen.item))
            if len(strangers):
                codes = _model(problem, weights, config, error, []).encode(train.shown.take(strangers))
                weights.P[strangers], weights.bu[strangers] = codes[:, :-1], codes[:, -1]
            z = predict_pairs(valid_user, valid.item, *weights.outside(config), problem.mean)
            valid_error = problem.valid_error(z, train.scale)
            history.append((error, valid_error))
            if math.isnan(valid_error):
                best_epoch = epoch
            elif valid_error <= min(error for _, error in history):
                best, best_epoch = weights.copy(), epoch
            elif config.patience and epoch - best_epoch >= config.patience:
                break
    run.progress("train mf", config.epochs, config.epochs)
    return _model(problem, best, config, history[best_epoch][0], history)


def _problem(train: TrainSet, config: Config) -> Problem:
    """The entries of the task and what has to be known of them; FitError where there is nothing to learn."""
    labelling = train.labelling.pack() if config.task == "interaction" else np.empty(0, np.float32)
    seen, valid = (examples(part, labelling) for part in (train.seen, train.valid))
    if len(seen.item) == 0:
        raise FitError(f"There is no {config.task} to learn from.", "Lower --valid and --test, or prepare more data.")
    mean, sigma = seen.rating.mean(dtype=np.float64), float(seen.rating.std(dtype=np.float64))
    if config.task == "interaction":
        if not 0 < mean < 1:
            raise FitError(
                f"Every training interaction is {'' if mean else 'not '}liked: there is nothing to tell apart.",
                "Prepare data with both, or learn ratings (task=rating).",
            )
        mean = logit(mean)
    level = np.float32(mean if config.biases != "none" else 0)
    return Problem(seen, valid, np.bincount(seen.item, minlength=len(train.items)), level, sigma or 1.0, labelling)


def _epoch(training: Training, mean: np.float32, config: Config, epoch: int, order: I64, each: Each) -> float:
    """One pass over all entries, diagonal by diagonal; returns the sum of the losses before each step."""
    strata, weights, sums, key = training
    steps = (config.rate_at(epoch), np.float32(config.l2), np.float32(config.l2_bias))
    form = (BIASES[config.biases], True if config.task == "interaction" else None)
    keep = np.float32((1 - config.dropout) ** 2)

    def learn(block: int) -> float:
        entries = slice(strata.start[block], strata.start[block + 1])
        first = np.int64((epoch * len(strata.user) + strata.start[block]) * config.dim)  # every mask has numbers of its own
        dropout = None if key is None else (key, first, keep)
        given = (strata.user[entries], strata.item[entries], strata.target[entries])
        return float(sgd_block(*given, *weights, sums, dropout, mean, *steps, *form))

    return sum(sum(each(learn, diagonal)) for diagonal in diagonals(order))


def _model(problem: Problem, weights: Weights, config: Config, error: float, history: list[tuple[float, float]]) -> MF:
    """The part of the weights that is kept: items, and of the users who were learnt from the average and how far from it they
    are. error: of the epoch, in training."""
    P, Q, bu, bi = weights.outside(config)
    item_code = np.full((len(Q) + 1, config.dim + 1), config.biases == "outside", np.float32)  # the last column meets b_u
    item_code[:-1, :-1], item_code[-1, :-1] = Q, 0
    active = problem.seen.counts > 0
    average = np.append(P[active].mean(axis=0, dtype=np.float64), bu[active].mean(dtype=np.float64))
    l2, l2_bias = max(config.l2, FOLD_L2) * problem.sigma, max(config.l2_bias, FOLD_L2_BIAS)
    noise = 1 if len(problem.labelling) else error**2  # a log loss is a likelihood as it is
    prior_bias = np.clip(noise / max(bu[active].var(dtype=np.float64), 1e-9), *FOLD_PRIOR_BIAS)
    penalty = np.full((2, config.dim + 1), [[l2], [FOLD_PRIOR * l2]])
    penalty[:, -1] = l2_bias, prior_bias
    return MF(
        mean=np.array([problem.mean]),
        item_code=item_code,
        item_bias=np.append(bi, np.float32(0)),
        item_known=trust(np.append(problem.count_of, 0)),
        average=average.astype(np.float32),
        penalty=penalty.astype(np.float32),
        labelling=problem.labelling,
        history=np.array(history, np.float32).reshape(-1, 2),
    )


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
