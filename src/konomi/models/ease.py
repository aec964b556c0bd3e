"""ease: scores every item from all items of a profile, by one matrix in closed form.

    score_ui = Σ_j x_uj B_ji     B_ji = −(n_j / n_i)^α P_ji max((1 − ξ) / P_ii, Λ_ii),  B_ii = 0

    P = (G + Λ)⁻¹     G = Xᵀ D^−β X,  Λ_jj = λ + p / (1 − p) G_jj

With p, β, α, ξ = 0 it minimises |X − X B|² + λ|B|² with B_ii = 0 (Steck 2019, "Embarrassingly shallow autoencoders for sparse
data", eq. 3 and 8). p: the expected loss when entries that predict are left out with chance p (Steck 2020, "Autoencoders that
don't overfit towards the identity", EDLAE). β, α: people and items weighed by how many entries they have, d_u and n_i (Park et
al. 2025, "Why is normalization necessary for linear recommenders?", DAN). ξ: a diagonal of ξ at most instead of 0, left out
after that (Moon et al. 2023, "It's enough: relaxing diagonal constraints in linear autoencoders for recommendation", RDLAE).

x_uj is 1 for an item that person u consumed or rated, `disliked` for one that they dropped or rated at or below the middle, and
0 for a planned one and all others. For an empty profile every score is 0. A score is a sum over a person's entries, so each has
its part in it: `parts`. What a Config leaves open, validation entries choose; of many items, on the best known.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from konomi.arrays import I64
from konomi.data.split import TrainSet
from konomi.kernels.inverse import TILE
from konomi.models.api import Model
from konomi.models.choice import Validation, chosen, left_open
from konomi.models.ease_fit import Problem, Settings, penalties, solve
from konomi.models.ease_warm import Change
from konomi.models.room import check_room
from konomi.models.shallow import CHOSEN, ONE, Config, Ease
from konomi.runtime import Run, Stage

__all__ = ["ONE", "SHAPES", "TASKS", "Config", "Ease", "fit", "fit_from", "forecast", "load"]

SAMPLE = 2048  # items that settings are chosen on, at most: an inverse of so many takes tenths of a second

USUAL = {"l2": 150.0, "dropout": 0.0, "user_power": 0.0, "item_power": 0.0, "relaxed": 0.0}
"""Where the search begins, and what is used without validation entries."""
LADDERS = {
    "l2": (5.0, 10.0, 20.0, 50.0, 100.0, 150.0, 250.0, 500.0, 1000.0, 2000.0),
    "relaxed": (0.0, 0.3, 0.6),
    "dropout": (0.0, 0.2, 0.35, 0.5),
    "user_power": (0.0, 0.25, 0.5),
    "item_power": (-0.1, 0.0, 0.1, 0.2, 0.3),
}

TASKS = ()


def forecast(n: int, entries: int) -> int:
    """The bytes that fitting n items takes at most, beside the dataset.

    4 n² for one matrix, which holds the Gram matrix, then its inverse, then B; two panels of n × `TILE`; 80 for each entry (by
    person and by item, intermediate arrays included).
    """
    return 4 * n**2 + 8 * n * min(n, TILE) + 80 * entries


def fit(train: TrainSet, config: Config, run: Run) -> Ease:
    """Choose what is left open, then Gram matrix, inverse, scaling; no seed, no epochs.

    FitError where there is no entry to learn from, or the `forecast` is above `run.memory` (checked before anything large is
    allocated).
    """
    problem = Problem.of(train, config)
    _check_memory(problem.many, problem.n, len(train.seen.item), run.memory)
    settings = _settings(problem, config, run)
    run.progress(Stage("train ease", 0, 1, "step"))
    rows = problem.rows(train.seen, settings)
    penalty = penalties(rows, settings)
    model = problem.model(solve(rows, penalty, run), penalty, settings)
    run.progress(Stage("train ease", 1, 1, "step"))
    return model


def fit_from(start: Model, train: TrainSet, config: Config, run: Run) -> Ease:
    """The same model, but for rounding, from an earlier one and the entries of the people alone whose entries have changed.

    What the Config leaves open is that of the earlier model; so are the penalties of its items, which with dropout a training
    anew would change a little. `train.learnt` has what the earlier model was fitted on.

    ConfigError where the earlier model is not of this module, or has other settings or more items; BeginAnew where nothing
    tells what it was fitted on, or so many people have changed that it would be no quicker; FitError as in `fit`.
    """
    problem = Problem.of(train, config)
    change = Change.of(start, problem, config)
    wanted = forecast(problem.n, len(train.seen.item)) + 16 * problem.n * len(change.people)
    check_room("ease", wanted, run.memory, f"{problem.n:,} × {problem.n:,} items", "")
    return change.made(run)


def _settings(problem: Problem, config: Config, run: Run) -> Settings:
    """The values of `CHOSEN`: those of the Config, and what validation chooses for those that it leaves open."""
    given = {name: getattr(config, name) for name in CHOSEN}
    usual = {**USUAL, **{name: value for name, value in given.items() if value is not None}}
    validation, ladders = Validation.of(problem.train), {name: LADDERS[name] for name in LADDERS if name in left_open(config)}
    if not (len(validation.wanted) and ladders):
        return usual
    sample, inverses = problem.best_known(SAMPLE), dict[tuple[float, ...], Any]()

    def figure(settings: Settings) -> float:
        key = tuple(settings[name] for name in ("l2", "dropout", "user_power"))
        if key not in inverses:  # the other settings only scale it
            inverses.clear()
            rows = sample.rows(problem.train.seen, settings)
            penalty = penalties(rows, settings)
            inverses[key] = solve(rows, penalty, run), penalty
        matrix, penalty = inverses[key]
        return validation.ndcg(sample.model(matrix.copy(), penalty, settings), run)

    return chosen("ease", usual, ladders, figure, run)


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
    "settings": "f64[5]?",
    "penalty": "f32[n] >0?",
    "l2": "f32[1] >0?",
    "share": "f32[I+1] 0..1?",
}


def load(state: dict[str, npt.NDArray[Any]]) -> Ease:
    """The model of a `state()`. Of older bundles, whose only setting is l2, the others are 0; the share of people that those
    before format 5 have is not used."""
    arrays = {name: array for name, array in state.items() if name not in ("share", "l2")}
    if "l2" in state and "settings" not in state:
        arrays["settings"] = np.array([{**USUAL, "l2": float(state["l2"][0])}[name] for name in CHOSEN])
        arrays["penalty"] = np.full(len(state["weight"]), state["l2"][0], np.float32)
    return Ease(**arrays)
