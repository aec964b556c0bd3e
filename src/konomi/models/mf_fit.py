"""Training the factors of `mf`: epochs of stochastic gradient descent over a fixed grid of people and items."""

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.special import logit

from konomi.arrays import F32, I64
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.data.split import TrainSet
from konomi.data.statistics import deviation, mean_rating, trust
from konomi.errors import FitError
from konomi.kernels.sgd import INSIDE, NONE, OUTSIDE, predict_pairs, sgd_block
from konomi.kernels.strata import GRID, Strata, diagonals, make_strata
from konomi.models.api import ERRORS
from konomi.models.factors import MF, Config, with_targets
from konomi.models.fold_in import LEAST_L2, LEAST_L2_BIAS, PRIOR, prior_of_bias
from konomi.models.priors import first_biases, per_entry
from konomi.models.room import FLOAT, check_room
from konomi.neural.stopping import best_epoch, finished, newest
from konomi.runtime import Each, Run, Stage, interruptible

ADAGRAD_START = 0.1  # in squared gradients: the initial value of their sums, as in TensorFlow's and Keras' Adagrad
LABELS = Scale(0, 1, 1)  # the scale of the targets of interactions
BIASES = {"none": NONE, "outside": OUTSIDE, "inside": INSIDE}


class Weights(NamedTuple):
    """The weights: P f32[U, D], Q f32[I, D], bu f32[U], bi f32[I]."""

    P: F32
    Q: F32
    bu: F32
    bi: F32

    def copy(self) -> "Weights":
        return Weights(*(array.copy() for array in self))

    def outside(self, config: Config) -> "Weights":
        """Weights with biases outside that predict the same: biases inside are added to the vectors."""
        if config.biases != "inside":
            return self
        return Weights(self.P + self.bu[:, None], self.Q + self.bi[:, None], np.zeros_like(self.bu), np.zeros_like(self.bi))


class Training(NamedTuple):
    """What an epoch works on: entries, weights, the penalties of their rows, Adagrad's sums (SGD: None), the key of the dropout
    masks (or None)."""

    strata: Strata
    weights: Weights
    held: tuple[F32, ...]
    sums: tuple[F32, ...] | None
    key: np.uint64 | None


class Problem(NamedTuple):
    """What to learn: seen, valid `with_targets`; count_of i64[I], entries of each item; mean μ; sigma σ; packed labelling."""

    seen: Profiles
    valid: Profiles
    count_of: I64
    mean: np.float32
    sigma: float
    labelling: F32

    def penalties(self, config: Config) -> tuple[F32, ...]:
        """What each entry adds to the penalties of the rows of P f32[U], Q f32[I], bu f32[U] and bi f32[I]."""
        counts, l2, once = (self.seen.counts, self.count_of), config.l2 * self.sigma, self.damping(config)
        vectors = (per_entry(l2, PRIOR * l2, count) for count in counts)
        return *vectors, *(per_entry(config.l2_bias, once, count) for count in counts)

    def damping(self, config: Config) -> float:
        """κ, which only ratings have."""
        return 0.0 if len(self.labelling) else config.damping

    def criterion(self, loss: float) -> float:
        """The error of a mean loss: the root of a mean square, or the log loss itself."""
        return loss if len(self.labelling) else math.sqrt(loss)

    def valid_error(self, z: F32, scale: Scale) -> float:
        """The validation error of predictions z f32[N], NaN without validation entries; ratings are clipped to the scale."""
        y = self.valid.rating
        loss = np.logaddexp(0, z) - y * z if len(self.labelling) else (scale.clip(z) - y) ** 2
        return self.criterion(float(loss.mean(dtype=np.float64))) if len(y) else math.nan


def fit(train: TrainSet, config: Config, run: Run) -> MF:
    """Learn until the validation error stops falling; keep the weights of the best epoch (of the last, without validation).

    FitError where there is nothing to learn from, or where the error is not finite.
    """
    problem, draw = problem_of(train, config, run), np.random.default_rng(run.seed)

    def start(n: int) -> F32:
        return np.float32(config.init * math.sqrt(problem.sigma)) * draw.standard_normal((n, config.dim), np.float32)

    P, Q = (interruptible(start, n) for n in (len(train.seen), len(train.items)))
    Q[problem.count_of == 0] = 0  # items without an entry keep a neutral vector
    bu, bi = np.zeros(len(P), np.float32), np.zeros(len(Q), np.float32)
    if config.biases == "outside" and problem.damping(config):
        bu, bi = first_biases(problem.seen, problem.seen.rating - problem.mean, len(Q), config.damping)
    return learn(train, problem, Weights(P, Q, bu, bi), config, draw, run)


def learn(
    train: TrainSet, problem: Problem, weights: Weights, config: Config, draw: np.random.Generator, run: Run, before: int = 0
) -> MF:
    """The epochs, from weights on, as `fit` has them; before: the epochs that count as done for the learning rate."""
    seen, valid, count, sigma = problem.seen, problem.valid, problem.count_of, problem.sigma
    knobs = replace(config, rate=config.rate / sigma)
    sums = tuple(np.full_like(array, ADAGRAD_START) for array in weights) if config.optimizer == "adagrad" else None
    key = draw.integers(2**64, dtype=np.uint64) if config.dropout or config.biases == "inside" else None
    strata = make_strata(seen.indptr, seen.item, seen.rating, len(count))
    training = Training(strata, weights, problem.penalties(config), sums, key)
    held_out = np.flatnonzero((valid.counts > 0) & (seen.counts == 0))  # people held out whole: validated, but not learnt from
    valid_user = valid.user
    history: list[tuple[float, float]] = []
    best, metric = weights, ERRORS[(config.task,)]
    with run.workers() as each:
        while not finished(history, config.epochs, config.patience):
            epoch = len(history)
            run.progress(Stage("train mf", epoch, config.epochs, "epochs", newest(history, metric)))
            loss = _epoch(training, problem.mean, knobs, before + epoch, draw.permutation(GRID), each)
            if not np.isfinite(loss) or not all(np.isfinite(array).all() for array in weights):
                raise FitError(
                    f"mf diverged in epoch {epoch + 1}: the error is not finite.", f"Lower `rate` (it is {config.rate:g})."
                )
            error = problem.criterion(loss / len(seen.item))
            if len(held_out):
                codes = _model(problem, weights, config, error, []).encode(train.shown.take(held_out))
                weights.P[held_out], weights.bu[held_out] = codes[:, :-1], codes[:, -1]
            z = predict_pairs(valid_user, valid.item, *weights.outside(config), problem.mean)
            history.append((error, problem.valid_error(z, train.scale)))
            if best_epoch(history) == epoch and len(valid.item):
                best = weights.copy()
    run.progress(Stage("train mf", len(history), len(history), "epochs", newest(history, metric)))
    return _model(problem, best, config, history[best_epoch(history)][0], history)


def problem_of(train: TrainSet, config: Config, run: Run) -> Problem:
    """The training and validation entries of the task, with their statistics.

    FitError where there is nothing to learn, or no room for what is to be learnt.
    """
    copies = 2 if config.optimizer == "sgd" else 3  # the weights, those of the best epoch, what Adagrad keeps
    wanted = FLOAT * config.dim * (len(train.seen) + len(train.items)) * copies
    check_room("mf", wanted, run.memory, f"vectors of {config.dim:,} numbers", ", or lower `dim`")
    labelling = train.labelling.pack() if config.task == "interaction" else np.empty(0, np.float32)
    seen, valid = (with_targets(profiles, labelling) for profiles in (train.seen, train.valid))
    if len(seen.item) == 0:
        raise FitError(f"There is no {config.task} to learn from.", "Lower `valid` and `test`, or prepare more data.")
    scale = LABELS if config.task == "interaction" else train.scale
    mean, sigma = mean_rating(seen.rating, scale), deviation(seen.rating, scale)
    if config.task == "interaction":
        if not 0 < mean < 1:
            raise FitError(
                f"Every training interaction is {'' if mean else 'not '}liked: there is nothing to tell apart.",
                "Prepare data with both, or learn ratings: `task`=rating.",
            )
        mean = logit(mean)
    level = np.float32(mean if config.biases != "none" else 0)
    return Problem(seen, valid, np.bincount(seen.item, minlength=len(train.items)), level, sigma or 1.0, labelling)


def _epoch(training: Training, mean: np.float32, config: Config, epoch: int, order: I64, each: Each) -> float:
    """One pass over all entries, diagonal by diagonal; returns the sum of the losses, each before its step."""
    strata, weights, held, sums, key = training
    steps = (config.rate_at(epoch), held)
    form = (BIASES[config.biases], True if config.task == "interaction" else None)
    keep = np.float32((1 - config.dropout) ** 2)

    def learn(block: int) -> float:
        entries = slice(strata.start[block], strata.start[block + 1])
        first = np.int64((epoch * len(strata.user) + strata.start[block]) * config.dim)  # every mask has its own numbers
        dropout = None if key is None else (key, first, keep)
        given = (strata.user[entries], strata.item[entries], strata.target[entries])
        return float(sgd_block(*given, *weights, sums, dropout, mean, *steps, *form))

    return sum(sum(each(learn, diagonal)) for diagonal in diagonals(order))


def _model(problem: Problem, weights: Weights, config: Config, error: float, history: list[tuple[float, float]]) -> MF:
    """The model: the items' weights, and the mean and variance of the training users' weights. error: the epoch's, in
    training."""
    P, Q, bu, bi = weights.outside(config)
    item_code = np.full((len(Q) + 1, config.dim + 1), config.biases == "outside", np.float32)  # the last column meets b_u
    item_code[:-1, :-1], item_code[-1, :-1] = Q, 0
    active = problem.seen.counts > 0
    average = np.append(P[active].mean(axis=0, dtype=np.float64), bu[active].mean(dtype=np.float64))
    l2, l2_bias = max(config.l2, LEAST_L2) * problem.sigma, max(config.l2_bias, LEAST_L2_BIAS)
    noise = 1 if len(problem.labelling) else error**2  # a log loss is a likelihood already
    penalty = np.full((2, config.dim + 1), [[l2], [PRIOR * l2]])
    penalty[:, -1] = l2_bias, prior_of_bias(noise, bu[active].var(dtype=np.float64), problem.damping(config))
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
