"""The subject of the laws: a small dataset whose right answers are obvious to a person, and a model trained on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache, cached_property
from typing import Any

import numpy as np
import polars as pl

from konomi.data.dataset import Dataset
from konomi.data.prepare import prepare
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.data.split import Split, SplitConfig, TrainSet, make_split
from konomi.data.table import Table
from konomi.models import module
from konomi.models.api import Model, ModelModule
from konomi.runtime import Run

PEOPLE, ITEMS = 30, 20
NOT_LEARNT = 19  # the row of an item without training entries


@cache
def board() -> Dataset:
    """A checkerboard: even people rate even items 9 and odd ones 2, odd people the other way; one rating in seven is missing.

    The two colours are the genres "Even" and "Odd".
    """
    places = [(u, i) for u in range(PEOPLE) for i in range(ITEMS) if (3 * u + 5 * i) % 7]
    user, item = np.array(places).T
    rating = np.where((user + item) % 2, 2, 9).astype(np.float32)
    table = Table(pl.Series(100 + user), pl.Series(10 * item), rating, scale=Scale(1, 10, 1), source="konomi.testing")
    dataset = prepare(table)
    genres = pl.Series("genres", [["Odd" if i % 2 else "Even"] for i in range(ITEMS)])
    return replace(dataset, items=dataset.items.with_columns(genres))


@cache
def split() -> Split:
    """A tenth of the ratings are validation entries, the others training entries."""
    return make_split(board(), SplitConfig(valid=0.1, test=0))


@cache
def train_set() -> TrainSet:
    """The training set, without the ratings of `NOT_LEARNT`."""
    train = split().train_set(board())
    return replace(train, seen=train.seen.keep(train.seen.item != NOT_LEARNT))


@dataclass(frozen=True)
class Subject:
    """A model under test with one task, and one training that all laws use.

    settings: of its Config, where the defaults do not suit 30 people; other, beside: see `konomi.testing.laws`; task: None if
    its Config has no such setting; personal: whether it learns people's taste; random: whether another seed gives another
    model, None = if it has epochs.
    """

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    other: Mapping[str, Any] = field(default_factory=dict)
    beside: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    task: str | None = None
    personal: bool = True
    random: bool | None = None

    @property
    def module(self) -> ModelModule:
        """The module of the model."""
        return module(self.name)

    @property
    def train(self) -> TrainSet:
        """The training set."""
        return train_set()

    @property
    def seen(self) -> Profiles:
        """The training entries of the 30 people."""
        return self.train.seen

    @property
    def names(self) -> list[str]:
        """The names of its settings."""
        return [setting.name for setting in fields(self.module.Config)]

    def config(self, **changed: Any) -> Any:
        """Its Config, with some settings changed."""
        task = {} if self.task is None else {"task": self.task}
        return self.module.Config(**{**self.settings, **task, **changed})

    def fit(self, run: Run | None = None, **changed: Any) -> Model:
        """A new training; by default with seed 0 on one thread."""
        return self.module.fit(self.train, self.config(**changed), run or Run(threads=1))

    @cached_property
    def model(self) -> Model:
        """The model of the one training."""
        return self.fit()


def one(ratings: Mapping[int, float]) -> Profiles:
    """One person who gave these ratings: {item row: rating}."""
    return Profiles.of([dict(ratings)])


def same(a: Model, b: Model) -> bool:
    """Whether two models have the same bytes."""
    x, y = a.state(), b.state()
    return x.keys() == y.keys() and all(x[key].tobytes() == y[key].tobytes() for key in x)
