"""The contract of models: what every model has, and its optional capabilities.

A model file has `Config`, `fit(train, config, run) -> Model`, `load(state) -> Model` and `TASKS`; see `ModelModule`. `fit`
returns a frozen record of arrays; see `Model`. `konomi.testing` checks both against this file; docs/add-a-model.md shows how to
write one.

A model has some of three outputs. "rating" is a predicted rating, not yet clipped to the scale; "interaction" is the
probability of liking, in (0, 1); "rank" is a number to order recommendations by. The first two are tasks: they can be compared
with an entry. `popular` and `ease` have no task, they only rank.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy.typing as npt

from konomi.arrays import F32, I32
from konomi.data.profiles import Profiles
from konomi.data.split import TrainSet
from konomi.errors import RequestError
from konomi.runtime import Run
from konomi.settings import closest

TASKS = ("rating", "interaction")
"""The outputs that predict an entry, and so can be measured by it."""

ERRORS = {("rating",): "RMSE", ("interaction",): "log loss", TASKS: "weighted loss", (): ""}
"""tasks → the error by which an epoch is chosen, unless the model has another criterion."""


@runtime_checkable
class Model(Protocol):
    """What every model can do. No method changes its arguments."""

    @property
    def outputs(self) -> frozenset[str]:
        """Some of "rating", "interaction" and "rank"; always "rank"."""
        ...

    @property
    def history(self) -> F32:
        """f32[E, 2]: the training error of each epoch and its validation value of the `criterion`, NaN without validation
        entries; f32[0, 2] without epochs."""
        ...

    @property
    def item_known(self) -> F32:
        """f32[I+1] in [0, 1]: how far its scores of an item can be trusted, 0 = it knows nothing; last an unknown item."""
        ...

    def encode(self, profiles: Profiles, threads: int = 1) -> F32:
        """A code for each profile, f32[B, D], from its entries alone: the same bytes whatever else is encoded, at any thread
        count."""
        ...

    def score(self, codes: F32, output: str, items: I32 | None = None) -> F32:
        """Scores of every item, f32[B, I], or of the item rows i32[n], f32[B, n]; row −1 is an unknown item. RequestError as
        in `check_output`."""
        ...

    def score_pairs(self, codes: F32, item_rows: I32, output: str) -> F32:
        """The scores of N pairs, f32[N]: code n with item row n of i32[N]."""
        ...

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """The whole model as arrays: `load(state())` gives the same scores."""
        ...


class ModelModule(Protocol):
    """What every model file has.

    TASKS: the tasks that it can have; where it has one of two, its setting `task` chooses. Config: a frozen dataclass, each
    field with a default; None means that validation entries choose it (see `HasChosen`). It may have more: `NEEDS` (see
    `needs`), `CHECKPOINTS` (see `keeps_checkpoints`), `fit_from` (see `WarmStart`), and the constant SHAPES: dtype, shape and
    range of each array of a `state()`, as in {"history": "f32[E, 2] nan"}; a bundle with other arrays is refused when it is
    opened. `bundle/shapes.py` says how it is written.
    """

    TASKS: tuple[str, ...]
    Config: type[Any]

    def fit(self, train: TrainSet, config: Any, run: Run) -> Model:
        """FitError where there is nothing to learn from, or training cannot go on."""
        ...

    def load(self, state: dict[str, npt.NDArray[Any]]) -> Model:
        """The model of a `state()`; KeyError, TypeError or ValueError for arrays that do not fit."""
        ...


@runtime_checkable
class WarmStart(Protocol):
    """A model file whose training can start from an earlier model of the same items, or of the first of them."""

    def fit_from(self, start: Model, train: TrainSet, config: Any, run: Run) -> Model:
        """As `fit`, in a fraction of the time where few entries are new: `train.learnt` has those that `start` was fitted on,
        if anything tells.

        `start` is not changed. ConfigError where it is of another module, of other settings, or has more items; BeginAnew
        where to begin with nothing would be as quick.
        """
        ...


@runtime_checkable
class HasDots(Protocol):
    """A model with outputs that are a dot product plus constants, named in `dot_outputs`: top lists then need few scores."""

    @property
    def dot_outputs(self) -> frozenset[str]: ...

    def dots(self, codes: F32, output: str) -> tuple[F32, F32, F32, F32]:
        """p f32[B, D], v f32[I, D], c f32[I], level f32[B]: the score of a code and an item is p·v + c + level."""
        ...


@runtime_checkable
class HasParts(Protocol):
    """A model whose scores are sums over a person's entries, but for what it says of somebody unknown."""

    def parts(self, profiles: Profiles, items: I32, output: str) -> F32 | None:
        """f32[n, k]: what each entry of one profile adds to the scores of items i32[k]. They add up to the scores less those of
        an empty profile; whatever they are divided by stays as it is. None where this output is no such sum."""
        ...


@runtime_checkable
class HasFeatures(Protocol):
    """A model of contents: it knows a person by their taste for tags."""

    def features(self, profiles: Profiles, items: I32, output: str) -> F32:
        """f32[F, k]: what one person's taste for each of the first F of `tags.item_tags` adds to the scores of items i32[k]."""
        ...


@runtime_checkable
class HasItemVectors(Protocol):
    """A model that places items in a space."""

    def item_vectors(self) -> F32:
        """f32[I, D]: items that the same people like are near each other."""
        ...


@runtime_checkable
class HasVariance(Protocol):
    """A model with a variance of its predicted ratings."""

    def variance(self, codes: F32, item_rows: I32) -> F32:
        """f32[N] ≥ 0, in squared ratings: the variances of the predicted ratings of N pairs, as in `score_pairs`. Only for a
        model with the output "rating"."""
        ...


@runtime_checkable
class HasChosen(Protocol):
    """A model whose Config may leave settings open, as None: validation entries choose those."""

    @property
    def chosen(self) -> dict[str, float]:
        """The values in its training of all settings that can be left open: with them a training gives the same model."""
        ...


@dataclass(frozen=True)
class Criterion:
    """What an epoch is chosen by on the validation entries: a figure such as "RMSE", and whether higher is better."""

    name: str
    higher: bool = False


@runtime_checkable
class HasCriterion(Protocol):
    """A model whose epoch is chosen by another metric than the error of its tasks."""

    @property
    def criterion(self) -> Criterion:
        """Such as Criterion("NDCG@10", higher=True)."""
        ...


def in_short(model: Model) -> str:
    """A model in a few words: the `__repr__` of those that are made of arrays."""
    return f"{type(model).__name__}({', '.join(sorted(model.outputs))}: {len(model.item_known) - 1:,} items)"


def check_output(model: Model, output: str) -> None:
    """A `RequestError` where the model has no such output."""
    if not isinstance(output, str) or output not in model.outputs:
        raise RequestError(
            f'This model has no output "{output}".{closest(str(output), model.outputs)}',
            f"It has: {', '.join(sorted(model.outputs))}.",
        )


def tasks(model: Model) -> tuple[str, ...]:
    """Those of `TASKS` that the model has an output for."""
    return tuple(task for task in TASKS if task in model.outputs)


def criterion(model: Model) -> Criterion:
    """The metric that the model's epoch is chosen by, in the second column of its history.

    By default that of `ERRORS`; lower is better. The name is "" for a model without a task, which has no history.
    """
    if isinstance(model, HasCriterion):
        return model.criterion
    return Criterion(ERRORS[tasks(model)])


def needs(module: ModelModule) -> tuple[str, ...]:
    """The packages that `fit` needs beside those that Konomi installs; serving a model needs none of them.

    A model that needs torch is a network: it is trained on `Run.device` and writes `Run.checkpoint`.
    """
    return tuple(getattr(module, "NEEDS", ()))


def keeps_checkpoints(module: ModelModule) -> bool:
    """Whether `fit` writes `Run.checkpoint`: networks do, and modules with CHECKPOINTS = True."""
    return "torch" in needs(module) or bool(getattr(module, "CHECKPOINTS", False))


def first_giving(models: Iterable[Model], output: str) -> Model | None:
    """The first model that has an output."""
    return next((model for model in models if output in model.outputs), None)


def ordering(models: Iterable[Model]) -> tuple[Model, ...]:
    """The models that order titles: those that only rank or predict what is liked; where there is none, all of them. Predicted
    ratings put what everybody knows before what somebody will see next."""
    models = tuple(models)
    return tuple(model for model in models if tasks(model) != ("rating",)) or models


def first_placing(models: Iterable[Model]) -> HasItemVectors | None:
    """The first model that has item vectors."""
    return next((model for model in models if isinstance(model, HasItemVectors)), None)
