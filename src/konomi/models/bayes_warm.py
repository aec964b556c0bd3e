"""Training `bayes` from an earlier model: the chain goes on where one of its samples was, with people folded in."""

from dataclasses import replace

import numpy as np

from konomi.data.split import TrainSet
from konomi.errors import ConfigError
from konomi.models.api import Model
from konomi.models.bayes_fit import FIRST, trained
from konomi.models.bayes_settings import Config
from konomi.models.bayes_state import Problem, State, begin
from konomi.models.posterior import Bayes
from konomi.runtime import Run, blocks

PEOPLE = 4096  # folded in at once
SWEEPS, BURN_IN = 60, 20  # at most: the chain is about where it has to be


def fit_from(start: Model, train: TrainSet, config: Config, run: Run) -> Bayes:
    """As `fit`, in a third of the sweeps, from an earlier model, which may have fewer items. Same seed, same bytes.

    ConfigError where the earlier model is not of this module, or has vectors of another length or more items.
    """
    if not isinstance(start, Bayes):
        raise ConfigError("bayes: the earlier model is of another kind.", "Start from a bayes.")
    if len(start.place) > len(train.items) + 1 or config.dim not in (0, start.size[1]):
        raise ConfigError("bayes: the earlier model has other settings or items.", "Start from one with the same ones.")
    quick = replace(config, dim=start.size[1], epochs=min(config.epochs, SWEEPS), burn_in=min(config.burn_in, BURN_IN))
    problem = Problem.of(train, quick, run)
    state = begin(problem, quick, np.random.default_rng([run.seed, FIRST]))
    go_on(problem, state, start, quick)
    return trained(problem, state, quick, run)


def go_on(problem: Problem, state: State, start: Bayes, config: Config) -> None:
    """Put a chain, in place, where the last sample of an earlier model was; what that does not know stays as it begins."""
    place = start.place[:-1]
    known = np.flatnonzero((place < len(start.drawn)) & (problem.place[: len(place)] < len(problem.rated)))
    now, before = problem.place[known], place[known]
    state.items.rows[now] = start.drawn[before, -1]
    if config.implicit:
        state.users.effects[now] = start.tell[before, -1]
    seen = problem.seen.keep(problem.seen.item < len(place))
    state.alpha = np.empty(len(seen), np.float32)
    for span in blocks(len(seen), PEOPLE):
        mean, _, found = start.folded(seen.slice(*span))
        state.users.rows[slice(*span)], state.alpha[slice(*span)] = mean[:, -1], found[0][:, -1]
    state.users.told = (state.users.design.by_row @ state.users.effects).astype(np.float32)
    state.users.centre, state.users.precision = start.prior[-1].astype(np.float64), start.precision[-1].astype(np.float64)
    state.noise = float(start.noise[-1])
