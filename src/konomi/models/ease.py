"""ease: scores every item from all items of a profile, by one matrix in closed form.

    score_ui = Σ_j x_uj B_ji     minimising |X − X B|² + λ|B|²  with B_ii = 0

    P = (XᵀX + λI)⁻¹     B_ji = −P_ji / P_ii,  B_ii = 0

(Steck 2019, "Embarrassingly shallow autoencoders for sparse data", eq. 3 and 8). x_uj is 1 for an item that person u consumed
or rated, `disliked` for one that they dropped or rated at or below the middle, and 0 for a planned one and all others. For an
empty profile every score is 0. A score is a sum over a person's entries, so each has its part in it: `parts`.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from konomi.arrays import F32, I32, I64
from konomi.data.profiles import Profiles
from konomi.data.split import TrainSet
from konomi.data.statistics import trust
from konomi.errors import BeginAnew, ConfigError, FitError
from konomi.kernels.gram import gram
from konomi.kernels.inverse import TILE, add_low_rank, negative_inverse
from konomi.models.api import Model
from konomi.models.room import check_room
from konomi.models.shallow import Config, Ease, learnt, values
from konomi.runtime import Run, Stage, blocks

__all__ = ["SHAPES", "TASKS", "Config", "Ease", "fit", "fit_from", "forecast", "load", "solve"]

ONE = 1 << 16  # x is rounded to a multiple of 1 / ONE, so that sums of products are exact
GRAM_ROWS = 8  # rows of the Gram matrix that are one task: those of the best known items take tenths of a second
MOST_CHANGED = 10  # items for each person whose entries have changed, at least, for an update to pay

TASKS = ()


def forecast(n: int, entries: int) -> int:
    """The bytes that fitting n items takes at most, beside the dataset.

    4 n² for one matrix, which holds the Gram matrix, then its inverse, then B; two panels of n × `TILE`; 60 for each entry (by
    person and by item, intermediate arrays included).
    """
    return 4 * n**2 + 8 * n * min(n, TILE) + 60 * entries


def fit(train: TrainSet, config: Config, run: Run) -> Ease:
    """Gram matrix, inverse, scaling; no seed, no epochs.

    FitError where there is no entry to learn from, or the `forecast` is above `run.memory` (checked before anything large is
    allocated).
    """
    many, column, n = _learnable(train, config)
    _check_memory(many, n, len(train.seen.item), run.memory)
    x = values(train.seen, train.labelling, _constants(config)[1])
    return _model(solve(*learnt(train.seen, x, column, n), n, config.l2, run), column, many, config, train)


def fit_from(start: Model, train: TrainSet, config: Config, run: Run) -> Ease:
    """The same model, but for rounding, from an earlier one and the entries of the people alone whose entries have changed.

        P' = P − P Uᵀ (S + U P Uᵀ)⁻¹ U P

    (Woodbury's identity: Golub & Van Loan 2013, eq. 2.1.4). The rows of U are these people's x before, with −1 on the diagonal
    S, and after, with 1. `train.learnt` has what the earlier model was fitted on; items that are new to it begin with 1 / λ.

    ConfigError where the earlier model is not of this module, or has other settings or more items; BeginAnew where nothing
    tells what it was fitted on, or so many people have changed that it would be no quicker; FitError as in `fit`.
    """
    if not isinstance(start, Ease):
        raise ConfigError("ease: the earlier model is of another kind.", "Start from an ease.")
    if start.diagonal is None or start.l2 is None:
        raise BeginAnew("ease is trained anew: the earlier model is of an older Konomi, which kept too little.", "Train anew.")
    if len(start.column) > len(train.items) + 1 or (start.l2[0], start.disliked[0]) != _constants(config):
        raise ConfigError(
            "ease: the earlier model has other settings or items.", "Start from one with the same, or train anew."
        )
    many, column, n = _learnable(train, config)
    items = np.flatnonzero(start.column[:-1] < len(start.weight))  # of its columns
    if train.learnt is None or (column[items] == n).any():
        raise BeginAnew("ease is trained anew: entries that the earlier model has learnt are gone.", "Train anew.")
    earlier = np.full_like(column, n)
    earlier[items] = column[items]
    now = _rows(train.seen, column, train, config)
    before = _rows(train.learnt, earlier, train, config)
    changed = np.flatnonzero(np.diff((before != now).indptr))
    if len(changed) * MOST_CHANGED > n:
        many_said = f"{len(changed):,} people have changed, and an update pays for {n // MOST_CHANGED:,} at most"
        raise BeginAnew(f"ease is trained anew: {many_said}.", "Train anew.")
    check_room("ease", forecast(n, len(train.seen.item)) + 16 * n * len(changed), run.memory, f"{n:,} × {n:,} items", "")
    matrix = np.diag(np.full(n, -1 / config.l2, np.float32))  # −P
    place = column[items]
    matrix[np.ix_(place, place)] = start.weight * start.diagonal
    matrix[place, place] = -start.diagonal
    U = sp.vstack([before[changed], now[changed]]).tocsr()
    sign, used = np.repeat([-1.0, 1.0], len(changed)), np.diff(U.indptr) > 0
    run.progress(Stage("update ease", 0, 1, "step"))
    with run.workers() as each:
        add_low_rank(matrix, U[used], sign[used], each)
    run.progress(Stage("update ease", 1, 1, "step"))
    return _model(scaled(matrix), column, many, config, train)


def _learnable(train: TrainSet, config: Config) -> tuple[I64, I32, int]:
    """How many people have each item, i64[I+1]; the column of each, i32[I+1]; the number of columns. FitError if it is 0."""
    many = np.bincount(train.seen.item[train.seen.consumed], minlength=len(train.items) + 1)
    kept = np.flatnonzero(many >= config.least)
    if len(kept) == 0:
        raise FitError(
            "There is no entry to learn from." if not many.any() else f"No item has {config.least} entries to learn from.",
            "Lower `valid` and `test`, or prepare more data." if not many.any() else "Lower it: `least`=1.",
        )
    column = np.full(len(train.items) + 1, len(kept), np.int32)
    column[kept] = np.arange(len(kept))
    return many, column, len(kept)


def _constants(config: Config) -> tuple[np.float32, np.float32]:
    """λ, and x of what is disliked, to 1 / `ONE`."""
    return np.float32(config.l2), np.float32(round(config.disliked * ONE) / ONE)


def _rows(given: Profiles, column: I32, train: TrainSet, config: Config) -> sp.csr_matrix:
    """x of each person, a row each; items whose column is the last of `column` are left out."""
    n = int(column[-1])
    kept, x = learnt(given, values(given, train.labelling, _constants(config)[1]), column, n)
    return sp.csr_matrix((x, kept.item, kept.indptr), (len(kept), n))


def _model(solved: tuple[F32, F32], column: I32, many: I64, config: Config, train: TrainSet) -> Ease:
    """The model of B and the diagonal of P; many i64[I+1]: the people who have an item."""
    l2, disliked = _constants(config)
    return Ease(
        weight=solved[0],
        diagonal=solved[1],
        column=column,
        item_known=np.where(column < len(solved[0]), trust(many), np.float32(0)),
        l2=np.array([l2]),
        disliked=np.array([disliked]),
        labelling=train.labelling.pack(),
        history=np.empty((0, 2), np.float32),
    )


def solve(given: Profiles, x: F32, n: int, l2: float, run: Run) -> tuple[F32, F32]:
    """B f32[n, n] and the diagonal of P f32[n], from people's entries (items in [0, n)) with values x f32[N], multiples of
    1 / `ONE` from −1 to 1.

    The same bytes at any number of threads and in any order of people.
    """
    matrix, x = np.zeros((n, n), np.float32), np.rint(x * ONE).astype(np.int32)
    people = sp.csr_matrix((x, given.item, given.indptr), (len(given), n)).tocsc()  # each item's, in ascending order
    columns = (people.indptr.astype(np.int64), people.indices.astype(np.int32), people.data)
    run.progress(Stage("train ease", 0, 2, "steps"))
    with run.workers() as each:
        tasks = blocks(n, GRAM_ROWS)[::-1]  # the longest rows first
        each(lambda rows: gram(*columns, given.indptr, given.item, x, *rows, matrix), tasks)
    run.progress(Stage("train ease", 1, 2, "steps"))
    matrix *= np.float32(ONE**-2)
    matrix.flat[:: n + 1] += np.float32(l2)
    try:
        with run.workers():
            negative_inverse(matrix, run.threads)  # −P
    except np.linalg.LinAlgError:
        raise FitError(f"ease: the items are too much alike to be told apart with l2 = {l2:g}.", "Raise `l2`.") from None
    run.progress(Stage("train ease", 2, 2, "steps"))
    return scaled(matrix)


def scaled(matrix: F32) -> tuple[F32, F32]:
    """(B, the diagonal of P) from −P f32[n, n], in place: B_ji = −P_ji / P_ii and B_ii = 0."""
    diagonal = -matrix.diagonal()
    matrix /= diagonal
    matrix.flat[:: len(matrix) + 1] = 0
    return matrix, diagonal


def _check_memory(many: I64, n: int, entries: int, cap: int) -> None:
    """FitError where the forecast is above the cap, with the `least` that would fit."""
    needed = forecast(n, entries)
    if needed <= cap:
        return
    fitting = next((m for m in range(n - 1, 0, -1) if forecast(m, entries) <= cap), 0)
    least = int(np.sort(many)[::-1][fitting]) + 1  # one more than the first item that would be too much
    other = f", or leave out rare items: `least`={least}" if (many >= least).any() else ""
    check_room("ease", needed, cap, f"{n:,} × {n:,} items", other)


SHAPES = {
    "weight": "f32[n, n]",
    "column": "i32[I+1] 0..n",
    "item_known": "f32[I+1] 0..1",
    "disliked": "f32[1] -1..1",
    "labelling": "f32[L]",
    "history": "f32[E, 2] nan",
    "diagonal": "f32[n] >0?",
    "l2": "f32[1] >0?",
    "share": "f32[I+1] 0..1?",
}


def load(state: dict[str, npt.NDArray[Any]]) -> Ease:
    """The model of a `state()`; the share of people that bundles before format 5 have is not used."""
    return Ease(**{name: array for name, array in state.items() if name != "share"})
