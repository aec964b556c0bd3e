"""The running validation error of `bayes`: that of the mean prediction over the sweeps so far."""

import math
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from konomi.arrays import F32, F64, I32
from konomi.kernels.regressions import draw_rows, pair_dots
from konomi.models.bayes_design import who_rated_what
from konomi.models.bayes_settings import Config
from konomi.models.bayes_side import Ratings
from konomi.models.bayes_state import Problem, State


@dataclass
class Running:
    """The mean prediction of the N validation entries so far: true f32[N], total f64[N] of n sweeps; row, item i32[N]: people,
    then those who are held out whole, and items, then one for all without entries. aside: what these people have shown; chose:
    who has rated what of it, None without implicit feedback."""

    row: I32
    item: I32
    true: F32
    aside: Ratings
    chose: sp.csr_matrix | None
    total: F64
    n: int = 0

    @classmethod
    def of(cls, problem: Problem, config: Config) -> "Running":
        """Before the first sweep."""
        train, valid = problem.train, problem.train.valid.scored()
        held_out = np.flatnonzero((valid.counts > 0) & (train.seen.scored().counts == 0))
        row = np.full(len(valid), -1, np.int32)
        row[problem.people] = np.arange(len(problem.people))
        row[held_out] = len(problem.people) + np.arange(len(held_out))
        shown = train.shown.take(held_out).scored()
        shown = shown.keep(problem.place[shown.item] < len(problem.rated))
        aside = Ratings(shown.indptr, problem.place[shown.item], problem.target(shown.rating))
        chose = who_rated_what(aside.indptr, aside.other, len(problem.rated)) if config.implicit else None
        return cls(row[valid.user], problem.place[valid.item], valid.rating, aside, chose, np.zeros(len(valid.item)))

    def add(self, problem: Problem, state: State, counts: bool) -> float:
        """The RMSE of the mean over the sweeps that count, this one included; of this one alone where it does not."""
        if not len(self.row):
            return math.nan
        items = np.vstack([state.items.rows, state.items.centre.astype(np.float32)])
        users = np.vstack([state.users.rows, self._aside(state)])
        z = np.empty(len(self.row), np.float32)
        pair_dots(self.row, self.item, users, items, z)
        if counts:
            self.total += z
            self.n += 1
        mean = self.total / self.n if counts else z
        predicted = problem.train.scale.clip((problem.mean + problem.sigma * mean).astype(np.float32))
        return math.sqrt(np.square(predicted - self.true).mean(dtype=np.float64))

    def _aside(self, state: State) -> F32:
        """The people who are held out whole, from what they have shown, given everything else."""
        users, n = state.users, len(state.items.rows)
        prior = np.tile(users.centre.astype(np.float32), (len(self.aside.indptr) - 1, 1))
        if self.chose is not None:
            prior += self.chose @ users.effects[:n]
        one, precision = np.ones(max(n, len(prior)), np.float32), users.precision.astype(np.float32)
        given = (*self.aside, state.items.rows, one, np.full(len(prior), state.noise, np.float32), one)
        draw_rows(*given, precision, prior @ precision, np.uint64(0), 0.0, np.float32(0), prior, 0, len(prior), prior)
        return prior
