"""Training of `ease` from an earlier one, by the people whose entries have changed.

    P' = P − P Uᵀ (S + U P Uᵀ)⁻¹ U P

(Woodbury's identity: Golub & Van Loan 2013, eq. 2.1.4). The rows of U are these people's x before, with −1 on the diagonal S,
and after, with 1. Λ stays as it was; items that are new begin with 1 / Λ_jj.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from konomi.arrays import F32, I64
from konomi.errors import BeginAnew, ConfigError
from konomi.kernels.inverse import add_low_rank
from konomi.models.api import Model
from konomi.models.ease_fit import Problem, Settings, penalties, scales
from konomi.models.shallow import ONE, Config, Ease
from konomi.runtime import Run, Stage

MOST_CHANGED = 10  # items for each person whose entries have changed, at least, for an update to pay


@dataclass(frozen=True)
class Change:
    """What is new to an earlier model: people i64[k], those whose entries have changed; before, now: everybody's rows, in whole
    numbers; items i64[m]: the rows of what it has learnt."""

    start: Ease
    problem: Problem
    settings: Settings
    items: I64
    before: sp.csr_matrix
    now: sp.csr_matrix
    people: I64

    @classmethod
    def of(cls, start: Model, problem: Problem, config: Config) -> "Change":
        """ConfigError and BeginAnew as in `ease.fit_from`."""
        if not isinstance(start, Ease):
            raise ConfigError("ease: the earlier model is of another kind.", "Start from an ease.")
        settings, n, learnt = _settings(start, problem, config), problem.n, problem.train.learnt
        items = np.flatnonzero(start.column[:-1] < len(start.weight))  # of its columns
        if learnt is None or (problem.column[items] == n).any():
            raise BeginAnew("ease is trained anew: entries that the earlier model has learnt are gone.", "Train anew.")
        earlier = np.full_like(problem.column, n)
        earlier[items] = problem.column[items]
        before = Problem(problem.train, earlier, problem.many, problem.disliked).rows(learnt, settings)
        now = problem.rows(problem.train.seen, settings)
        people = np.flatnonzero(np.diff((before != now).indptr))
        if len(people) * MOST_CHANGED > n:
            many_said = f"{len(people):,} people have changed, and an update pays for {n // MOST_CHANGED:,} at most"
            raise BeginAnew(f"ease is trained anew: {many_said}.", "Train anew.")
        return cls(start, problem, settings, items, before, now, people)

    def made(self, run: Run) -> Ease:
        """The model of what is there now."""
        start, problem, learnt = self.start, self.problem, self.problem.train.learnt
        assert learnt is not None and start.penalty is not None and start.diagonal is not None
        place = problem.column[self.items]
        penalty: F32 = penalties(self.now, self.settings)
        penalty[place] = start.penalty
        had = np.bincount(learnt.item[learnt.consumed], minlength=len(problem.many))[self.items]
        left, right = scales(had, start.penalty, self.settings, start.diagonal)
        matrix: F32 = np.diag(-1 / penalty)  # −P
        matrix[np.ix_(place, place)] = start.weight / right / left[:, None]
        matrix[place, place] = -start.diagonal
        U = sp.vstack([self.before[self.people], self.now[self.people]]).tocsr().astype(np.float32) / np.float32(ONE)
        sign, used = np.repeat([-1.0, 1.0], len(self.people)), np.diff(U.indptr) > 0
        run.progress(Stage("update ease", 0, 1, "step"))
        with run.workers() as each:
            add_low_rank(matrix, U[used], sign[used], each)
        run.progress(Stage("update ease", 1, 1, "step"))
        return problem.model(matrix, penalty, self.settings)


def _settings(start: Ease, problem: Problem, config: Config) -> Settings:
    """The settings of the earlier model, if they are those of the Config, where it has any."""
    if start.diagonal is None or start.settings is None or start.penalty is None:
        raise BeginAnew("ease is trained anew: the earlier model is of an older Konomi, which kept too little.", "Train anew.")
    given = [value if getattr(config, name) is None else getattr(config, name) for name, value in start.chosen.items()]
    same = np.array_equal(np.array(given, np.float32), start.settings.astype(np.float32))
    if len(start.column) > len(problem.column) or start.disliked[0] != problem.disliked or not same:
        raise ConfigError(
            "ease: the earlier model has other settings or items.", "Start from one with the same, or train anew."
        )
    return start.chosen
