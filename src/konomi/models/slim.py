"""slim: scores every item from the items of a profile, by a sparse matrix: each item is regressed on its K nearest.

    score_ui = Σ_j x_uj W_ji     W_ji = w_ji max(1 − ξ, Λ_ii / R_i),  W_ii = 0

    w_i minimises  Σ_u d_u^−β (x_ui − Σ_j∈N_i x_uj w_ji)² + Σ_j Λ_jj w_ji²     Λ_jj = λ + p / (1 − p) G_jj,  G = Xᵀ D^−β X
    w_i = (G_NN + Λ_NN)⁻¹ G_Ni   N_i: the K items j with the largest G_ji² / (G_jj + Λ_jj)   R_i = G_ii + Λ_ii − w_iᵀ G_Ni

(fsSLIM of Ning & Karypis 2011, "SLIM: Sparse linear methods for top-N recommender systems", which selects the items of each
regression first; without its penalty |w|₁ and its bound w ≥ 0 it has a closed form. p, β and ξ as in `ease.py`, whose 1 / P_ii
is R_i if all others are in N_i.) x is as in `ease.py`, 0 for what is disliked; d_u is how many entries person u has.

The regressions are independent, and nothing of n² numbers is made, so it is for catalogues that `ease` is too large for, too.
K, λ, p, β and ξ are chosen by the validation entries; of much data, on the best known items. A weight is saved in 8 bits, as a
share of the largest of its row.
"""

from math import isqrt
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from konomi.arrays import I64
from konomi.data.split import TrainSet
from konomi.data.statistics import trust
from konomi.errors import FitError
from konomi.kernels.gram import both_forms
from konomi.kernels.nearest import kept_gram, ridge_on_nearest
from konomi.kernels.sparse_rows import whole_numbers
from konomi.models.choice import Validation, chosen, left_open
from konomi.models.room import check_room
from konomi.models.shallow import ONE, learnt, too_much_alike, values, weighed
from konomi.models.sparse import CHOSEN, DISLIKED, Config, Slim
from konomi.runtime import Run, Stage, blocks

__all__ = ["SHAPES", "TASKS", "Config", "Slim", "fit", "forecast", "load"]

HEAD = 4096  # items whose Gram matrix is kept, at least
WORK = 1 << 31  # items times entries of a training that settings are chosen by: more items than that are left out of it
LEAST = 2048  # items that settings are chosen on, at least
ITEMS = 64  # regressions of one task
SHORT = 1 << 16  # items that 16 bits number
LEVEL = np.int8  # of a weight that is kept
FINE = np.int16  # of one by which settings are chosen: 8 bits change NDCG as little as some settings do

USUAL: dict[str, float] = {"l2": 20.0, "nearest": 64, "dropout": 0.25, "user_power": 0.25, "relaxed": 0.3}
"""Where the search begins, and what is used without validation entries."""
LADDERS = {
    "l2": (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0),
    "user_power": (0.0, 0.25, 0.5),
    "relaxed": (0.0, 0.3, 0.6),
    "dropout": (0.0, 0.25, 0.5),
    "nearest": (32, 64, 128, 256),
}

TASKS = ()


def head(n: int, nearest: int) -> int:
    """Of how many items the Gram matrix is kept: as many numbers as the weights take, but of `HEAD` items at least."""
    return min(n, max(HEAD, isqrt(4 * n * nearest)))


def forecast(n: int, nearest: int, entries: int, threads: int) -> int:
    """The bytes that fitting n items takes at most, beside the dataset: the kept part of the Gram matrix, weights and
    neighbours as they are learnt and in rows, the entries by person and by item, and what each thread computes in."""
    nearest = min(nearest, n)
    return 4 * head(n, nearest) ** 2 + 40 * n * nearest + 80 * entries + threads * (25 * n + 32 * nearest**2)


def fit(train: TrainSet, config: Config, run: Run) -> Slim:
    """Choose what is left open, then one regression for each item; no seed, no epochs.

    FitError where there is no entry to learn from, the `forecast` is above `run.memory`, or items cannot be told apart.
    """
    n_items = len(train.items)
    many = np.bincount(train.seen.item[train.seen.consumed], minlength=n_items + 1)
    order = np.argsort(-many, kind="stable")[: int((many >= config.least).sum())]
    if len(order) == 0:
        few = "There is no entry to learn from." if not many.any() else f"No item has {config.least} entries to learn from."
        raise FitError(few, "Lower `valid` and `test`, or prepare more data." if not many.any() else "Lower it: `least`=1.")
    given = {name: getattr(config, name) for name in CHOSEN}
    settings = {**USUAL, **{name: value for name, value in given.items() if value is not None}}
    most = int(max(settings["nearest"], *LADDERS["nearest"])) if config.nearest is None else config.nearest
    wanted = forecast(len(order), most, len(train.seen.item), run.threads)
    check_room("slim", wanted, run.memory, f"{len(order):,} items on {most} each", ", lower `nearest`, or raise `least`")
    validation, ladders = Validation.of(train), {name: LADDERS[name] for name in LADDERS if name in left_open(config)}
    if len(validation.wanted) and ladders:
        best_known = order[: max(LEAST, WORK // len(train.seen.item))]

        def figure(found: dict[str, float]) -> float:
            return validation.ndcg(_regressed(train, best_known, many, found, run, FINE), run)

        settings = chosen("slim", settings, ladders, figure, run)
    run.progress(Stage("train slim", 0, 1, "step"))
    model = _regressed(train, order, many, settings, run, LEVEL)
    run.progress(Stage("train slim", 1, 1, "step"))
    return model


def _regressed(
    train: TrainSet, order: I64, many: I64, settings: dict[str, float], run: Run, kind: type[np.int8 | np.int16]
) -> Slim:
    """The model of some items, order i64[n], the best known first; many i64[I+1]: the people who have an item; kind: of the
    levels of weights."""
    n, labelling = len(order), train.labelling
    nearest = min(int(settings["nearest"]), n)
    column = np.full(len(many), n, np.int32)
    column[order] = np.arange(n)
    entries, x = learnt(train.seen, values(train.seen, labelling, DISLIKED), column, n)
    columns, rows = both_forms(weighed(entries, x, n, settings["user_power"]))
    item = np.repeat(np.arange(n), np.diff(columns[0]))
    diagonal = np.bincount(item, columns[2].astype(np.float64) ** 2, n) / ONE**2
    penalty = settings["l2"] + settings["dropout"] / (1 - settings["dropout"]) * diagonal
    near, weight, told = np.empty((n, nearest), np.int32), np.empty((n, nearest), np.float32), np.empty(n)
    with run.workers() as each:
        known = kept_gram(columns, rows, head(n, nearest), 1 / ONE, each)
        whole = (columns, rows, known, diagonal, penalty, 1 / ONE)
        try:
            each(lambda span: ridge_on_nearest(*whole, *span, near, weight, told), blocks(n, ITEMS))
        except np.linalg.LinAlgError:
            raise too_much_alike("slim", settings["l2"]) from None
    i, k = np.nonzero(near >= 0)
    left = np.maximum(diagonal + penalty - told, penalty)  # R, which rounding may bring below Λ
    kept = np.maximum(1 - settings["relaxed"], penalty / left)
    W = sp.csr_matrix((weight[i, k] * kept[i], (near[i, k], i)), (n, n), np.float32)
    W.sort_indices()
    indptr = W.indptr.astype(np.int64)
    level, scale = whole_numbers(indptr, W.data, kind)
    return Slim(
        indptr=indptr,
        target=W.indices.astype(np.uint16 if n <= SHORT else np.int32),
        level=level,
        scale=scale,
        column=column,
        item_known=np.where(column < n, trust(many), np.float32(0)),
        labelling=labelling.pack(),
        settings=np.array([settings[name] for name in CHOSEN]),
        history=np.empty((0, 2), np.float32),
    )


SHAPES = {
    "scale": "f32[n] 0..",
    "indptr": "i64[n+1] 0..E",
    "level": "i8[E]?",
    "weight": "i16[E]?",
    "target": "u16[E] 0..n?",
    "wide_target": "i32[E] 0..n?",
    "column": "i32[I+1] 0..n",
    "item_known": "f32[I+1] 0..1",
    "labelling": "f32[L]",
    "settings": "f64[5]",
    "history": "f32[H, 2] nan",
}


def load(state: dict[str, npt.NDArray[Any]]) -> Slim:
    """The model of a `state()`; the levels of format 5 are `weight`. ValueError for rows that do not ascend, or targets beyond
    the items."""
    arrays = {name.removeprefix("wide_").replace("weight", "level"): array for name, array in state.items()}
    indptr, target = arrays["indptr"], arrays["target"]
    if indptr[0] != 0 or indptr[-1] != len(target) or (np.diff(indptr) < 0).any() or target.max(initial=0) >= len(indptr) - 1:
        raise ValueError("rows that do not ascend, or reach beyond the items")
    return Slim(**arrays)
