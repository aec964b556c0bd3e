"""Training of `ease` from an earlier one, by the people whose entries have changed.

    P' = P − P Uᵀ (S + U P Uᵀ)⁻¹ U P

(Woodbury's identity: Golub & Van Loan 2013, eq. 2.1.4). The rows of U are these people's x before, with −1 on the diagonal S,
and after, with 1; with dropout also a row for each item whose G_jj has changed, since its penalty has, too. Items that are new
begin with 1 / λ.
"""

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from konomi.arrays import F64
from konomi.errors import BeginAnew, ConfigError
from konomi.kernels.inverse import add_low_rank
from konomi.models.api import Model
from konomi.models.ease_fit import Problem, Settings, Sums, squares
from konomi.models.shallow import ONE, Config, Ease
from konomi.runtime import Run, Stage

MOST_CHANGED = 10  # items for each person whose entries have changed, at least, for an update to pay


def updated(start: Model, problem: Problem, config: Config, run: Run, check: Callable[[int], None]) -> Ease:
    """See `ease.fit_from`. check: raises FitError where so many bytes beside those of a training are too much."""
    settings = _settings_of(start, problem, config)
    assert isinstance(start, Ease) and start.diagonal is not None
    n, learnt = problem.n, problem.train.learnt
    items = np.flatnonzero(start.column[:-1] < len(start.weight))  # of its columns
    if learnt is None or (problem.column[items] == n).any():
        raise BeginAnew("ease is trained anew: entries that the earlier model has learnt are gone.", "Train anew.")
    earlier = np.full_like(problem.column, n)
    earlier[items] = problem.column[items]
    had = np.bincount(learnt.item[learnt.consumed], minlength=len(problem.many))
    before = Problem(problem.train, earlier, had, problem.disliked).rows(learnt, settings)
    now = problem.rows(problem.train.seen, settings)
    changed = np.flatnonzero(np.diff((before != now).indptr))
    U, sign = _difference(before[changed], now[changed], settings, squares(now) - squares(before))
    if U.shape[0] * MOST_CHANGED > 2 * n:
        many_said = f"{len(changed):,} people have changed, and an update pays for {n // MOST_CHANGED:,} at most"
        raise BeginAnew(f"ease is trained anew: {many_said}.", "Train anew.")
    check(8 * n * U.shape[0])
    place = problem.column[items]
    left, right = Sums(squares(before)[place], had[items]).scales(settings, start.diagonal)
    used = np.diff(U.indptr) > 0
    matrix = np.diag(np.full(n, -1 / settings["l2"], np.float32))  # −P
    matrix[np.ix_(place, place)] = start.weight / right / left[:, None]
    matrix[place, place] = -start.diagonal
    run.progress(Stage("update ease", 0, 1, "step"))
    with run.workers() as each:
        add_low_rank(matrix, U[used], sign[used], each)
    run.progress(Stage("update ease", 1, 1, "step"))
    return problem.model(matrix, problem.sums(now), settings)


def _settings_of(start: Model, problem: Problem, config: Config) -> Settings:
    """The settings of the earlier model, if they are those of the Config, where it has any."""
    if not isinstance(start, Ease):
        raise ConfigError("ease: the earlier model is of another kind.", "Start from an ease.")
    if start.diagonal is None or start.settings is None:
        raise BeginAnew("ease is trained anew: the earlier model is of an older Konomi, which kept too little.", "Train anew.")
    given = {name: value if getattr(config, name) is None else getattr(config, name) for name, value in start.chosen.items()}
    same = np.array_equal(np.array(list(given.values()), np.float32), start.settings.astype(np.float32))
    if len(start.column) > len(problem.column) or start.disliked[0] != problem.disliked or not same:
        raise ConfigError(
            "ease: the earlier model has other settings or items.", "Start from one with the same, or train anew."
        )
    return start.chosen


def _difference(before: sp.csr_matrix, now: sp.csr_matrix, settings: Settings, more: F64) -> tuple[sp.csr_matrix, F64]:
    """(U f32[k, n], S f64[k]) with Uᵀ S U the change of G + Λ: of people's rows in units of 1 / `ONE`, of which G_jj has `more`
    f64[n] afterwards."""
    steps = settings["dropout"] / (1 - settings["dropout"]) * more
    item = np.flatnonzero(steps)
    rows = sp.csr_matrix((np.sqrt(np.abs(steps[item])), (np.arange(len(item)), item)), (len(item), len(more)))
    U = sp.vstack([before / ONE, now / ONE, rows]).tocsr().astype(np.float32)
    sign = np.concatenate([np.full(before.shape[0], -1.0), np.ones(now.shape[0]), np.sign(steps[item])])
    return U, sign
