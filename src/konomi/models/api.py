"""The contract of models. A model file has `Config`, `fit(train, config, run) -> Model` and `load(state) -> Model`.

A model is a frozen record of arrays:

    outputs: frozenset[str]                             of "rating", "interaction", "rank"
    encode(profiles, threads=1) -> f32[B, D]            a code for each profile, from its entries alone
    score(codes, output, items=None) -> f32[B, I]       every item, or those of the rows i32[n]
    score_pairs(codes, item_rows, output) -> f32[N]     one code and one item each; item row −1 is an item nobody knows
    state() -> dict[str, ndarray]                       all of it: load(state()) scores the same
    item_known: f32[I+1]                                how far what it says of an item is to be trusted, 0 = it knows nothing
    history: f32[E, 2]                                  training and validation error of each epoch, see `criterion`

"rating" is a predicted rating, not yet clipped to the scale; "interaction" is the probability of liking, in (0, 1); "rank" is a
number to order recommendations by. Those of the first two that a model has are its tasks; `popular` and `ease` have none: they
order, and say nothing of an entry that could be right or wrong.
"""

from typing import Any, Protocol, runtime_checkable

import numpy.typing as npt

from konomi.arrays import F32, I32
from konomi.data.profiles import Profiles
from konomi.data.split import TrainSet
from konomi.errors import RequestError
from konomi.runtime import Run
from konomi.settings import closest

TASKS = ("rating", "interaction")
"""The outputs that say something of an entry, and so can be right or wrong."""


class Model(Protocol):
    """What every model can do; see the head of this file."""

    @property
    def outputs(self) -> frozenset[str]: ...
    @property
    def history(self) -> F32: ...
    @property
    def item_known(self) -> F32: ...
    def encode(self, profiles: Profiles, threads: int = 1) -> F32: ...
    def score(self, codes: F32, output: str, items: I32 | None = None) -> F32: ...
    def score_pairs(self, codes: F32, item_rows: I32, output: str) -> F32: ...
    def state(self) -> dict[str, npt.NDArray[Any]]: ...


@runtime_checkable
class HasItemVectors(Protocol):
    """A model that places items in a space."""

    def item_vectors(self) -> F32:
        """f32[I, D]."""
        ...


class ModelModule(Protocol):
    """What every model file has. TASKS: what it can predict, if anything; a setting `task` chooses where it is one of two."""

    TASKS: tuple[str, ...]
    Config: type[Any]

    def fit(self, train: TrainSet, config: Any, run: Run) -> Model: ...
    def load(self, state: dict[str, npt.NDArray[Any]]) -> Model: ...


def check_output(model: Model, output: str) -> None:
    """A `RequestError` where the model has no such output."""
    if output not in model.outputs:
        raise RequestError(
            f'This model has no output "{output}".{closest(output, model.outputs)}',
            f"It has: {', '.join(sorted(model.outputs))}.",
        )


def tasks(model: Model) -> tuple[str, ...]:
    """Those of `TASKS` that the model has an output for."""
    return tuple(task for task in TASKS if task in model.outputs)


def criterion(model: Model) -> str:
    """What the errors in its history are: "RMSE" of ratings, "log loss" of interactions, "weighted loss" of both; "" without
    a task, where there is no history."""
    return {("rating",): "RMSE", ("interaction",): "log loss", TASKS: "weighted loss", (): ""}[tasks(model)]
