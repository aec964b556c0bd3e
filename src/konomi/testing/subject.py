"""What the laws are held against: a small world whose right answers are obvious to a person, and a model that has learnt it."""

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
UNTOLD = 19  # an item row that no training entry tells of


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
    """A tenth of the ratings chooses the epoch, the others are learnt from."""
    return make_split(board(), SplitConfig(valid=0.1, test=0))


@cache
def train_set() -> TrainSet:
    """What is learnt from: the training part without the ratings of `UNTOLD`."""
    train = split().train_set(board())
    return replace(train, seen=train.seen.keep(train.seen.item != UNTOLD))


@dataclass(frozen=True)
class Subject:
    """A model under test, learning one task: what is known of it, and one training that all laws look at.

    settings: of its Config, where the defaults are not for 30 people; other, beside: see `konomi.testing.laws`; task: None
    where its Config has no such choice; personal: whether it learns taste; random: whether another seed gives another model,
    None = where it has epochs.
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
        """Its file."""
        return module(self.name)

    @property
    def train(self) -> TrainSet:
        """What it learns from."""
        return train_set()

    @property
    def seen(self) -> Profiles:
        """The 30 people as the model meets them."""
        return self.train.seen

    @property
    def names(self) -> list[str]:
        """The names of its settings."""
        return [setting.name for setting in fields(self.module.Config)]

    def config(self, **changed: Any) -> Any:
        """Its settings, some of them changed."""
        task = {} if self.task is None else {"task": self.task}
        return self.module.Config(**{**self.settings, **task, **changed})

    def fit(self, run: Run | None = None, **changed: Any) -> Model:
        """A training of its own; by default with seed 0 on one thread."""
        return self.module.fit(self.train, self.config(**changed), run or Run(threads=1))

    @cached_property
    def model(self) -> Model:
        """The one training."""
        return self.fit()


def one(ratings: Mapping[int, float]) -> Profiles:
    """One person who gave these ratings: {item row: rating}."""
    return Profiles.of([dict(ratings)])


def same(a: Model, b: Model) -> bool:
    """Whether two models hold the same bytes."""
    x, y = a.state(), b.state()
    return x.keys() == y.keys() and all(x[key].tobytes() == y[key].tobytes() for key in x)
