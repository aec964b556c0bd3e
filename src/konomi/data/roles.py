"""Roles: how the entries of a dataset are parted into training, validation, test and shown entries.

Whether an entry is drawn follows from its ids and the seed alone (`draw.py`), so the entries of a dataset that grows keep their
roles: with the kinds random, users and items always, with time if the points in time are given. With per-user and last they
depend on all entries of the person.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from konomi.arrays import F64, I64, U8
from konomi.data import draw
from konomi.data.dataset import Dataset
from konomi.errors import ConfigError, DataError
from konomi.kernels.csr import mark_first
from konomi.settings import check_types

TRAIN, VALID, TEST, SHOWN = 0, 1, 2, 3
"""The roles. SHOWN entries are of people held out whole: they may be in a profile, but no model learns from them."""

Kind = Literal["random", "per-user", "last", "time", "users", "items"]
FOLDED = ("random", "users", "items")  # kinds that can be cut into folds


@dataclass(frozen=True)
class SplitConfig:
    """How entries get their roles. valid and test are shares (below 1) or counts (1 and up) of what is drawn:

    random: entries of the whole table · per-user: entries of each user · last: each user's latest entries · time: the latest
    entries of all, from one point in time on for everybody · users: people, held out whole (a share `shown` of their entries is
    shown) · items: items, held out whole.
    """

    kind: Kind = "random"
    valid: float = 0.1
    test: float = 0.1
    shown: float = 0.5  # share of a held-out person's entries, with kind "users"
    seed: int = 0
    folds: int = 0  # 2 and up: test entries are one of so many parts instead of a share `test`
    fold: int = 0  # which one, from 0
    valid_from: int | None = None  # with kind "time": where the validation entries begin, in seconds since 1970, and
    test_from: int | None = None  # the test entries; None = where the shares say

    def __post_init__(self) -> None:
        check_types(self, "split")
        for name in ("valid", "test"):
            size = getattr(self, name)
            if not 0 <= size < math.inf or (size > 1 and size != int(size)):
                raise ConfigError(f"{name} is {size:g}.", "Use a share from 0 to 1, or a whole number of entries.", name)
        if not 0 <= self.shown <= 1 or self.seed < 0:
            raise ConfigError(f"shown is {self.shown:g}, seed {self.seed}.", "A share goes from 0 to 1, a seed from 0 up.")
        if self.folds and not (self.folds > 1 and 0 <= self.fold < self.folds and self.kind in FOLDED):
            raise ConfigError(
                f"Fold {self.fold} of {self.folds} of a split of kind {self.kind}.",
                f"Use 2 `folds` or more, and one of the kinds {', '.join(FOLDED)}.",
                "folds",
            )
        test = 1 / self.folds if self.folds else self.test
        if self.valid < 1 and test < 1 and self.valid + test >= 1:
            raise ConfigError(f"A split of valid {self.valid:g} and test {test:g} leaves nothing to train on.", "Lower them.")


def roles_of(dataset: Dataset, config: SplitConfig) -> tuple[U8, SplitConfig]:
    """The role of every entry, u8[N], and the config with what was found out. Errors as in `make_split`."""
    if config.kind in ("last", "time") and (dataset.time is None or not dataset.time.any()):
        raise DataError("This dataset has no times, so there is no last entry.", "Use `split` random or per-user.")
    if config.kind == "random":
        role = drawn(draw.of_entries(dataset, config.seed), config, "entries")
    elif config.kind == "time":
        role, config = _by_time(np.asarray(dataset.time), config)
    elif config.kind == "items":
        role = drawn(draw.of_ids(dataset.item_ids, config.seed, "item"), config, "items")[dataset.item]
    elif config.kind == "users":
        role = drawn(draw.of_ids(dataset.users, config.seed, "user"), config, "users")[dataset.profiles.user]
        role[(role != TRAIN) & (draw.of_entries(dataset, config.seed) < config.shown)] = SHOWN
    else:
        role = _of_each_user(dataset, config)
    if not (role == TRAIN).any():
        raise ConfigError(
            f"A split of valid {config.valid:g} and test {config.test:g} leaves none of {len(role):,} entries to train on.",
            "Lower `valid` and `test`.",
        )
    return role, config


def drawn(number: F64, config: SplitConfig, what: str) -> U8:
    """The role of each of n entries, users or items (`what`) by its number in [0, 1), f64[n].

    The lowest are for testing, the next for validation; in folds, the test part begins at fold / folds. ConfigError where none
    would be left.
    """
    role, order = np.full(len(number), TRAIN, np.uint8), np.sort(number)
    if config.folds:
        role[(number - (config.fold + 1) / config.folds) % 1 < config.valid] = VALID
        role[np.floor(number * config.folds) == config.fold] = TEST
        return role
    first = 0.0
    for name, size, value in (("test", config.test, TEST), ("valid", config.valid, VALID)):
        before = int(np.searchsorted(order, first))
        if size >= 1 and before + size >= len(number):
            raise ConfigError(
                f"{name} is {size:,g}, and there are {len(number):,} {what}: none would be left to train on.",
                f"Lower `{name}`, or give a share such as 0.1.",
                name,
            )
        last = first + size if size < 1 else order[before + int(size)]
        if 0 < size < 1 and before < len(order) - 1:
            last = max(last, order[before + 1])  # one at least
        role[(first <= number) & (number < last)] = value
        first = last
    return role


def _by_time(time: I64, config: SplitConfig) -> tuple[U8, SplitConfig]:
    """The roles by two points in time, and the config with these points. Entries without a time are training entries."""
    role, left = np.full(len(time), TRAIN, np.uint8), np.sort(time[time != 0])
    points = list[int]()
    for name, given, value in (("test", config.test_from, TEST), ("valid", config.valid_from, VALID)):
        size = getattr(config, name)
        count = int(size if size >= 1 else np.floor(size * len(time) + 0.5))
        if count >= len(left) and given is None:
            raise ConfigError(
                f"{name} is {size:,g}, and there are {len(left):,} entries with a time: none would be left to train on.",
                f"Lower `{name}`.",
                name,
            )
        point = given if given is not None else int(left[-count]) if count else int(left[-1]) + 1
        role[(time >= point) & (role == TRAIN)] = value
        points.append(point)
        left = left[left < point]
    return role, replace(config, test_from=points[0], valid_from=points[1])


def _of_each_user(dataset: Dataset, config: SplitConfig) -> U8:
    """The roles where entries of each user are drawn, at random or from the last one on."""
    key, many = draw.of_entries(dataset, config.seed), np.diff(dataset.indptr)
    if config.kind == "last" and dataset.time is not None:
        key -= dataset.time  # whole seconds; the random numbers in [0, 1) break ties
    for name in ("valid", "test"):
        if (size := getattr(config, name)) >= many.max():
            raise ConfigError(
                f"{name} is {size:,g}, and nobody has more than {many.max():,} entries.", f"Lower `{name}`.", name
            )
    role = np.full(len(dataset.item), TRAIN, np.uint8)
    mark_first(dataset.indptr, key, *_sizes(config, many), TEST, VALID, role)
    return role


def _sizes(config: SplitConfig, n: I64) -> tuple[I64, I64]:
    """How many of each group of n entries are drawn for test and for validation; at least one of each group is left."""
    test = np.floor(config.test * n + 0.5) if config.test < 1 else np.full(n.shape, config.test)
    test = np.minimum(test, np.maximum(n - 1, 0))
    valid = np.floor(config.valid * n + 0.5) if config.valid < 1 else np.full(n.shape, config.valid)
    valid = np.minimum(valid, np.maximum(n - 1 - test, 0))
    return test.astype(np.int64), valid.astype(np.int64)
