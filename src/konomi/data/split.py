"""Splits: the role of every entry of a dataset (training, validation, test or shown), frozen by a hash."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl

from konomi.arguments import expect
from konomi.arrays import I64, U8
from konomi.data.dataset import Dataset
from konomi.data.labels import Labelling
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.data.table import Table
from konomi.errors import ConfigError, DataError
from konomi.files import hash_array, hash_bytes
from konomi.kernels.csr import mark_first
from konomi.runtime import interruptible
from konomi.settings import check_types

TRAIN, VALID, TEST, SHOWN = 0, 1, 2, 3
"""The roles. SHOWN entries are of people held out whole: they may be in a profile, but no model learns from them."""

Kind = Literal["random", "per-user", "last", "users", "items"]


@dataclass(frozen=True)
class SplitConfig:
    """How entries get their roles. valid and test are shares (below 1) or counts (1 and up) of what is drawn:

    random: entries of the whole table · per-user: entries of each user · last: each user's latest entries · users: people, held
    out whole (a share `shown` of their entries is shown) · items: items, held out whole.
    """

    kind: Kind = "random"
    valid: float = 0.1
    test: float = 0.1
    shown: float = 0.5  # share of a held-out person's entries, with kind "users"
    seed: int = 0

    def __post_init__(self) -> None:
        check_types(self, "split")
        if not (0 <= self.valid < math.inf and 0 <= self.test < math.inf and 0 <= self.shown <= 1 and self.seed >= 0):
            raise ConfigError(
                f"A split of valid {self.valid:g}, test {self.test:g}, shown {self.shown:g}, seed {self.seed}.",
                "Use shares from 0 to 1 or counts from 1 up, and a seed of 0 or more.",
            )
        if self.valid < 1 and self.test < 1 and self.valid + self.test >= 1:
            raise ConfigError(
                f"A split of valid {self.valid:g} and test {self.test:g} leaves nothing to train on.", "Lower them."
            )


@dataclass(frozen=True)
class TrainSet:
    """What a model is fitted on.

    seen: every user's training entries; valid: their validation entries (may be empty); shown: the shown entries of people who
    are held out whole, which nothing is learnt from; all three are of the same U users. items: the catalogue without the
    statistics `ratings`, `mean` and `bayes`, which include hidden ratings; labelling: what is an interaction.
    """

    seen: Profiles
    valid: Profiles
    shown: Profiles
    scale: Scale
    items: pl.DataFrame
    labelling: Labelling

    def __repr__(self) -> str:
        size = f"{len(self.seen.item):,} entries, {len(self.seen):,} users × {len(self.items):,} items"
        return f"TrainSet({size}, {len(self.valid.item):,} to validate on)"


@dataclass(frozen=True)
class Split:
    """role u8[N]: the role of every entry of a dataset; spec: how it was drawn or given; sha256: the hash of dataset and
    roles."""

    role: U8
    spec: dict[str, Any]
    sha256: str

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name} {count:,}" for name, count in self.counts().items() if count)
        return f"Split({self.spec.get('kind', 'given')}: {sizes})"

    def train_set(self, dataset: Dataset) -> TrainSet:
        """The training, validation and shown entries."""
        profiles = dataset.profiles
        catalogue = dataset.items.drop("ratings", "mean", "bayes")
        seen, valid, shown = (profiles.keep(self.role == role) for role in (TRAIN, VALID, SHOWN))
        return TrainSet(seen, valid, shown, dataset.scale, catalogue, dataset.labelling)

    def test(self, dataset: Dataset) -> tuple[Profiles, Profiles]:
        """(seen, hidden): the entries of every user that a model may see, training and shown ones, and the test entries."""
        profiles = dataset.profiles
        return profiles.keep((self.role == TRAIN) | (self.role == SHOWN)), profiles.keep(self.role == TEST)

    def counts(self) -> dict[str, int]:
        """Entries per role."""
        names = ("train", "valid", "test", "shown")
        return {name: int(n) for name, n in zip(names, np.bincount(self.role, minlength=4), strict=True)}


def make_split(dataset: Dataset, config: SplitConfig) -> Split:
    """Part a dataset's entries; the same dataset, config and seed give the same split.

    DataError for what is no dataset or has no times to go by, ConfigError for what is no config.
    """
    expect(dataset, Dataset, "a dataset", DataError, "Give a konomi.Dataset, such as Dataset.open(…) gives.")
    expect(config, SplitConfig, "a way to split", ConfigError, "Give a konomi.SplitConfig.")
    draw = _draw(config.seed)
    n, users = len(dataset.item), len(dataset.users)
    role = np.full(n, TRAIN, np.uint8)
    if config.kind == "random":
        order = interruptible(draw.permutation, n)
        tests, valids = _sizes(config, np.array([n]))
        role[order[: tests[0]]] = TEST
        role[order[tests[0] : tests[0] + valids[0]]] = VALID
    elif config.kind in ("per-user", "last"):
        if config.kind == "last" and dataset.time is None:
            raise DataError("This dataset has no times, so there is no last entry.", "Use `split` per-user.")
        key = draw.random(n)
        if config.kind == "last" and dataset.time is not None:
            key -= dataset.time  # whole seconds; the random numbers in [0, 1) break ties
        mark_first(dataset.indptr, key, *_sizes(config, np.diff(dataset.indptr)), TEST, VALID, role)
    else:
        people = config.kind == "users"
        user = dataset.profiles.user
        rows, groups = (user, users) if people else (np.asarray(dataset.item), len(dataset.items))
        order = draw.permutation(groups)
        tests, valids = _sizes(config, np.array([groups]))
        group = np.full(groups, TRAIN, np.uint8)
        group[order[: tests[0]]] = TEST
        group[order[tests[0] : tests[0] + valids[0]]] = VALID
        role = group[rows]
        if people:
            role[(role != TRAIN) & (draw.random(n) < config.shown)] = SHOWN
    return _frozen(dataset, role, {**vars(config)})


def predefined(dataset: Dataset, test: Table, valid: Table | None = None, share: float = 0.1, seed: int = 0) -> Split:
    """A split given by files: `test` has the test entries, `valid` the validation entries.

    Without `valid`, a `share` of the other entries is drawn for validation. DataError where a row of a file is not an entry of
    the dataset, or is in both files.
    """
    role = np.full(len(dataset.item), TRAIN, np.uint8)
    for table, name, value in ((test, "test", TEST), (valid, "valid", VALID)):
        if table is None:
            continue
        entry = _entries(dataset, table)
        lost = int((entry < 0).sum())
        if lost:
            raise DataError(
                f"{lost:,} of {len(entry):,} rows of the {name} file are not in the dataset.", "Prepare both together."
            )
        if (role[entry] != TRAIN).any():
            raise DataError("The valid and the test file share rows.", "Give files without common rows.")
        role[entry] = value
    spec: dict[str, Any] = {"kind": "predefined"}
    if valid is None:
        spec |= {"valid": share, "seed": seed}
        rest = np.flatnonzero(role == TRAIN)
        sizes = _sizes(SplitConfig(valid=share, test=0, seed=seed), np.array([len(rest)]))
        role[_draw(seed).permutation(rest)[: sizes[1][0]]] = VALID
    return _frozen(dataset, role, spec)


def _draw(seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, 0x5B117])


def _entries(dataset: Dataset, table: Table) -> I64:
    """i64[N]: the entry of the dataset that each row of a table is, −1 for none."""
    user, item = dataset.users.rows(table.user_id), dataset.item_ids.rows(table.item_id)
    n_items = len(dataset.items)
    # ascending, since entries are sorted by user and item
    key = dataset.profiles.user.astype(np.int64) * n_items + dataset.item
    row_key = user.astype(np.int64) * n_items + item
    place = np.minimum(np.searchsorted(key, row_key), len(key) - 1)
    return np.where((user >= 0) & (item >= 0) & (key[place] == row_key), place, -1)


def _sizes(config: SplitConfig, n: I64) -> tuple[I64, I64]:
    """How many of each group of n entries are drawn for test and for validation; at least one of each group is left."""
    test = np.floor(config.test * n + 0.5) if config.test < 1 else np.full(n.shape, config.test)
    test = np.minimum(test, np.maximum(n - 1, 0))
    valid = np.floor(config.valid * n + 0.5) if config.valid < 1 else np.full(n.shape, config.valid)
    valid = np.minimum(valid, np.maximum(n - 1 - test, 0))
    return test.astype(np.int64), valid.astype(np.int64)


def _frozen(dataset: Dataset, role: U8, spec: dict[str, Any]) -> Split:
    sha256 = hash_bytes(f"{dataset.sha256} {hash_array(role)}".encode())
    return Split(role, spec, sha256)


def rebuild(dataset: Dataset, spec: dict[str, Any], sha256: str) -> Split:
    """The drawn split of a bundle, made again from its dataset; DataError where it differs."""
    split = make_split(dataset, SplitConfig(**spec))
    if split.sha256 != sha256:
        raise DataError(
            "The dataset is not the one that the model was trained on.", "Give the dataset it was trained on, or train again."
        )
    return split
