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
from konomi.models.kept import Kept, Sample
from konomi.models.posterior import Bayes
from konomi.neural import checkpoint
from konomi.neural.stopping import finished, newest
from konomi.runtime import Each, Run, Stage, blocks

NAME = "RMSE"
FIRST = 0xBA7E5  # what is drawn before the first sweep has numbers of its own
Means = Callable[[], F32]


def fit(train: TrainSet, config: Config, run: Run) -> Bayes:
    """Sweep until the validation error of the mean prediction stops falling, and keep samples of the later sweeps.

    With `run.checkpoint` the chain is written there every few seconds, and one that is there goes on, to the same bytes.
    FitError where there is no rating, no room, where a number is not finite, or where the checkpoint is of another training.
    """
    problem = Problem.of(train, config, run)
    with checkpoint.claimed(run.checkpoint):
        file = Checkpoint.of(run.checkpoint, problem, config, run.seed)
        state = begin(problem, config, np.random.default_rng([run.seed, FIRST]))
        chain = Chain(state, Running.of(problem), Kept(config.samples))
        file.resume(chain)
        sweeps(problem, chain, config, file, run)
    return model(problem, config, chain.kept.chosen(), chain.history)


def sweeps(problem: Problem, chain: Chain, config: Config, file: Checkpoint, run: Run) -> None:
    """All sweeps that are still to come. Their random numbers depend on the seed and on the number of the sweep alone."""
    history, burn_in = chain.history, min(config.burn_in, config.epochs // 2)
    with run.workers() as each:
        while not finished(history, config.epochs, config.patience):
            sweep = len(history)
            run.progress(Stage("train bayes", sweep, config.epochs, "sweeps", newest(history, NAME)))
            error, means = one_sweep(problem, chain.state, config, np.random.default_rng([run.seed, sweep]), each)
            if not math.isfinite(error):
                raise FitError(f"bayes diverged in sweep {sweep + 1}: the error is not finite.", "Raise `shape`.")
            history.append((error, chain.running.add(problem, chain.state, sweep >= burn_in, config.implicit)))
            if sweep >= burn_in:
                chain.kept.offer(partial(sampled, problem, chain.state, config, means))
            file.keep(chain)
    run.progress(Stage("train bayes", len(history), len(history), "sweeps", newest(history, NAME)))


def sampled(problem: Problem, state: State, config: Config, means: Means) -> Sample:
    """The sample where the chain is now."""
    return sample(problem, state, config, means())


def one_sweep(problem: Problem, state: State, config: Config, draw: np.random.Generator, each: Each) -> tuple[float, Means]:
    """Draw people, then items, then noise; the RMSE of the training entries for these draws, and what gives the means of the
    items' rows."""
    users, items = state.users, state.items
    n = len(items.rows)
    users.sweep(items.rows, np.ones(n, np.float32), state.alpha, config.freedom, draw, each)
    means = items.sweep(users.rows, np.sqrt(state.alpha), np.ones(n, np.float32), 0.0, draw, each)
    squares = np.empty(len(users.rows))
    arrays = (*users.ratings, users.rows, items.rows)
    each(lambda span: squared_errors(*arrays, *span, squares), blocks(len(squares), ROWS))
    many, k = problem.seen.counts, config.shape
    drawn = draw.standard_gamma(k + many / 2) / (k / state.noise + squares / 2)
    state.alpha = np.minimum(drawn, problem.most).astype(np.float32)
    state.noise = k * float(state.alpha.sum(dtype=np.float64)) / draw.standard_gamma(k * len(many))
    return problem.sigma * math.sqrt(squares.sum() / len(problem.seen.item)), means
