"""Training `bayes` by Gibbs sampling: sweeps over people, items and noise; samples of the later ones are kept."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from konomi.arrays import F32
from konomi.data.split import TrainSet
from konomi.errors import FitError
from konomi.kernels.regressions import squared_errors
from konomi.models.bayes_checkpoint import Chain, Checkpoint
from konomi.models.bayes_running import Running
from konomi.models.bayes_sample import model, sample
from konomi.models.bayes_settings import Config
from konomi.models.bayes_side import ROWS
from konomi.models.bayes_state import Problem, State, begin
from konomi.models.chance import Chance, Draws
from konomi.models.chance import Means as Expected
from konomi.models.kept import Kept, Sample
from konomi.models.posterior import Bayes
from konomi.neural import checkpoint
from konomi.neural.stopping import finished, newest
from konomi.runtime import Each, Run, Stage, blocks

NAME = "RMSE"
FIRST = 0xBA7E5  # what is drawn before the first sweep has numbers of its own
ENOUGH, FEW = 25, 16  # of variational Bayes: sweeps and samples, at most
Means = Callable[[], F32]


def fit(train: TrainSet, config: Config, run: Run) -> Bayes:
    """Sweep until the validation error of the mean prediction stops falling, and keep samples of the later sweeps.

    With `run.checkpoint` the chain is written there every few seconds, and one that is there goes on, to the same bytes.
    FitError where there is no rating, no room, where a number is not finite, or where the checkpoint is of another training.
    """
    config = config.for_ratings(int((~np.isnan(train.seen.rating)).sum()))
    problem = Problem.of(train, config, run)
    return trained(problem, begin(problem, config, np.random.default_rng([run.seed, FIRST])), config, run)


def trained(problem: Problem, state: State, config: Config, run: Run) -> Bayes:
    """The model after all sweeps from a state on, or from where the checkpoint is."""
    with checkpoint.claimed(run.checkpoint):
        file = Checkpoint.of(run.checkpoint, problem, state, config, run.seed)
        chain = Chain(state, Running.of(problem, config), Kept(config.samples))
        file.resume(chain)
        sweeps(problem, chain, config, file, run)
    drawn = config.method == "gibbs"
    samples = chain.kept.chosen() if drawn else from_means(problem, state, config, np.random.default_rng(run.seed))
    return model(problem, config, samples, chain.history)


def sweeps(problem: Problem, chain: Chain, config: Config, file: Checkpoint, run: Run) -> None:
    """All sweeps that are still to come. Their random numbers depend on the seed and on the number of the sweep alone."""
    drawn, history = config.method == "gibbs", chain.history
    epochs = config.epochs if drawn else min(config.epochs, ENOUGH)
    burn_in = min(config.burn_in, epochs // 2) if drawn else epochs
    first = burn_in if drawn else 0  # a mean over sweeps is compared with such means alone
    with run.workers() as each:
        while not finished(history[first:], epochs - first, config.patience):
            sweep = len(history)
            run.progress(Stage("train bayes", sweep, epochs, "sweeps", newest(history, NAME)))
            error, means = one_sweep(problem, chain.state, config, chance(config, run.seed, sweep), each)
            if not math.isfinite(error):
                raise FitError(f"bayes diverged in sweep {sweep + 1}: the error is not finite.", "Raise `shape`.")
            history.append((error, chain.running.add(problem, chain.state, sweep >= burn_in)))
            if sweep >= burn_in:
                chain.kept.offer(partial(sampled, problem, chain.state, config, means))
            file.keep(chain)
    run.progress(Stage("train bayes", len(history), len(history), "sweeps", newest(history, NAME)))


def chance(config: Config, seed: int, sweep: int) -> Chance:
    """Draws, whose numbers depend on the seed and the sweep alone, or means."""
    return Draws(np.random.default_rng([seed, sweep])) if config.method == "gibbs" else Expected()


def sampled(problem: Problem, state: State, config: Config, means: Means) -> Sample:
    """The sample where the chain is now."""
    return sample(problem, state, config, means(), state.items.rows)


def from_means(problem: Problem, state: State, config: Config, draw: np.random.Generator) -> list[Sample]:
    """Samples of variational Bayes, a few of which give its mean: the items' rows drawn around their means."""
    rows, unsure = state.items.rows, state.items.unsure
    assert unsure is not None
    n, K = rows.shape
    covariance = np.zeros((n, K, K))
    covariance[:, *np.tril_indices(K)] = unsure.covariance
    lower = np.linalg.cholesky(covariance, upper=False)  # reads the lower triangle alone

    def one() -> F32:
        away: F32 = np.einsum("nkl,nl->nk", lower, draw.standard_normal(rows.shape)).astype(np.float32)
        return np.asarray(rows + away)

    return [sample(problem, state, config, rows, one()) for _ in range(min(config.samples, FEW))]


def one_sweep(problem: Problem, state: State, config: Config, chance: Chance, each: Each) -> tuple[float, Means]:
    """Take people, then items, then noise; the RMSE of the training entries, and what gives the means of the items' rows."""
    users, items = state.users, state.items
    ones = np.ones(len(items.rows), np.float32)
    users.sweep(items, ones, state.alpha, config.freedom, chance, each)
    means = items.sweep(users, np.sqrt(state.alpha), ones, 0.0, chance, each)
    squares = np.empty(len(users.rows))
    arrays = (*users.ratings, users.rows, items.rows)
    each(lambda span: squared_errors(*arrays, *span, squares), blocks(len(squares), ROWS))
    error = problem.sigma * math.sqrt(squares.sum() / len(problem.seen.item))
    if users.unsure:
        squares = users.unsure.squares
    many, k = problem.seen.counts, config.shape
    alpha = chance.gamma(k + many / 2) / (k / state.noise + squares / 2)
    state.alpha = np.minimum(alpha, problem.most).astype(np.float32)
    state.noise = k * float(state.alpha.sum(dtype=np.float64)) / float(chance.gamma(k * len(many)))
    return error, means
