"""Training `mf` from an earlier model: people, and the items that have changed, are folded in; an epoch brings all together.

A model keeps no vectors of people, so theirs come from their entries: about the minimum of the objective for the items' vectors
as they are, which is as far as most epochs of a training from nothing come. So do those of items that the earlier model knew
much less well, or not at all, from the people's.
"""

from dataclasses import replace

import numpy as np

from konomi.arrays import F32, I32, I64
from konomi.data.split import TrainSet
from konomi.data.statistics import trust
from konomi.errors import ConfigError
from konomi.kernels.conjugate import fold_in_labels_roughly, fold_in_roughly
from konomi.models.api import Model
from konomi.models.factors import MF, Config
from konomi.models.mf_fit import Weights, learn, problem_of
from konomi.runtime import Run, blocks

EPOCHS = 1  # at most
BEFORE = 100  # epochs that count as done for the learning rate: the vectors are near their minimum, and should not leave it
STEPS = 3  # of conjugate gradients
GROWN = 0.05  # how much better an item has to be known than before, as `trust` measures it, to be folded in
TASK = 64  # people, or items, of one task


def fit_from(start: Model, train: TrainSet, config: Config, run: Run) -> MF:
    """As `fit`, beginning with the items of an earlier model, which may have fewer of them. Same seed, same bytes.

    ConfigError where the earlier model is not of this module, or has another `dim` or `task`, other biases, or more items.
    """
    if not isinstance(start, MF):
        raise ConfigError("mf: the earlier model is of another kind.", "Start from an mf.")
    n, bias = len(start.item_known) - 1, np.float32(config.biases == "outside")
    same = start.item_code.shape[1] == config.dim + 1 and bool(len(start.labelling)) == (config.task == "interaction")
    if not same or n > len(train.items) or start.item_code[0, -1] != bias:
        raise ConfigError("mf: the earlier model has other settings or items.", "Start from one with the same ones.")
    problem = problem_of(train, config, run)
    seen, count = problem.seen, problem.count_of
    items, known = np.zeros((len(train.items), config.dim + 1), np.float32), np.zeros(len(train.items), np.float32)
    items[:n], known[:n] = np.column_stack([start.item_code[:, :-1], start.item_bias])[:-1], start.item_known[:-1]  # [q_i, b_i]
    average = items[known > 0].mean(axis=0, dtype=np.float64).astype(np.float32)
    people = np.tile(start.average, (len(seen), 1))  # [p_u, b_u]
    _fold(start, seen.indptr, seen.item, seen.rating, problem.mean, items, bias, people, run)
    grown = trust(count) > known + GROWN
    if grown.any():
        entries = np.flatnonzero(grown[seen.item])
        entries = entries[np.argsort(seen.item[entries], kind="stable")]
        bounds = np.concatenate([[0], np.cumsum(count[grown])])
        found = np.tile(average, (int(grown.sum()), 1))
        _fold(start, bounds, seen.user[entries], seen.rating[entries], problem.mean, people, bias, found, run)
        items[grown] = found
    P, Q, bu, bi = (np.ascontiguousarray(each) for each in (people[:, :-1], items[:, :-1], people[:, -1], items[:, -1]))
    short = replace(config, epochs=min(config.epochs, EPOCHS))
    return learn(train, problem, Weights(P, Q, bu * bias, bi * bias), short, np.random.default_rng(run.seed), run, BEFORE)


def _fold(
    start: MF, indptr: I64, other: I32, target: F32, mean: np.float32, codes: F32, bias: np.float32, out: F32, run: Run
) -> None:
    """Fold in the rows of `out`, the codes of people or of items, given the others' codes [vector, bias]."""
    vectors = np.column_stack([codes[:, :-1], np.full(len(codes), bias)])
    fixed: F32 = mean + bias * codes[other, -1]
    known = (vectors, start.penalty, np.square(vectors).mean(axis=0), STEPS)

    def fold(span: tuple[int, int]) -> None:
        if len(start.labelling):
            fold_in_labels_roughly(indptr, other, target, fixed, *known, *span, out)
        else:
            fold_in_roughly(indptr, other, target - fixed, *known, *span, out)

    with run.workers() as each:
        each(fold, blocks(len(out), TASK))
