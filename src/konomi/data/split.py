"""Splits: the role of every entry of a dataset (training, validation, test or shown), frozen by a hash."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from konomi.arguments import expect
from konomi.arrays import I64, U8
from konomi.data import draw
from konomi.data.dataset import Dataset
from konomi.data.features import Feature
from konomi.data.labels import Labelling
from konomi.data.profiles import Profiles
from konomi.data.roles import SHOWN as SHOWN
from konomi.data.roles import TEST as TEST
from konomi.data.roles import TRAIN as TRAIN
from konomi.data.roles import VALID as VALID
from konomi.data.roles import SplitConfig as SplitConfig
from konomi.data.roles import drawn, roles_of
from konomi.data.scale import Scale
from konomi.data.table import Table
from konomi.errors import ConfigError, DataError
from konomi.files import hash_array, hash_bytes


@dataclass(frozen=True)
class TrainSet:
    """What a model is fitted on.

    seen: every user's training entries; valid: their validation entries (may be empty); shown: the shown entries of people who
    are held out whole, which nothing is learnt from; all three are of the same U users. items: the catalogue without the
    statistics `ratings`, `mean` and `bayes`, which include hidden ratings; labelling: what is an interaction; features: those
    of people, whose categories are in the profiles. learnt: what the earlier model has learnt of the same users, where training
    starts from one and something tells it.
    """

    seen: Profiles
    valid: Profiles
    shown: Profiles
    scale: Scale
    items: pl.DataFrame
    labelling: Labelling
    features: tuple[Feature, ...] = ()
    learnt: Profiles | None = None

    def __repr__(self) -> str:
        size = f"{len(self.seen.item):,} entries, {len(self.seen):,} users × {len(self.items):,} items"
        return f"TrainSet({size}, {len(self.valid.item):,} to validate on)"


@dataclass(frozen=True)
class Split:
    """role u8[N]: the role of every entry of a dataset; spec: how it was drawn or given; data: the hash of the dataset."""

    role: U8
    spec: dict[str, Any]
    data: str

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name} {count:,}" for name, count in self.counts().items() if count)
        return f"Split({self.spec.get('kind', 'given')}: {sizes})"

    @cached_property
    def sha256(self) -> str:
        """The hash of dataset and roles."""
        return hash_bytes(f"{self.data} {hash_array(self.role)}".encode())

    def train_set(self, dataset: Dataset) -> TrainSet:
        """The training, validation and shown entries."""
        seen, valid, shown = (self._having(dataset, role) for role in (TRAIN, VALID, SHOWN))
        catalogue = dataset.items.drop("ratings", "mean", "bayes")
        return TrainSet(seen, valid, shown, dataset.scale, catalogue, dataset.labelling, dataset.features)

    def validation(self, dataset: Dataset) -> tuple[Profiles, Profiles]:
        """(seen, hidden) of every user: the training and shown entries, and the validation entries."""
        return self._having(dataset, TRAIN, SHOWN), self._having(dataset, VALID)

    def test(self, dataset: Dataset) -> tuple[Profiles, Profiles]:
        """(seen, hidden) of every user: all entries but the test entries, and those.

        What validated is known of a person when the test is taken: it is in the profile, and no recommendation.
        """
        return self._having(dataset, TRAIN, SHOWN, VALID), self._having(dataset, TEST)

    def _having(self, dataset: Dataset, *roles: int) -> Profiles:
        return dataset.profiles.keep(np.isin(self.role, roles))

    def counts(self) -> dict[str, int]:
        """Entries per role."""
        names = ("train", "valid", "test", "shown")
        return {name: int(n) for name, n in zip(names, np.bincount(self.role, minlength=4), strict=True)}


def make_split(dataset: Dataset, config: SplitConfig) -> Split:
    """Part a dataset's entries; the same dataset, config and seed give the same split.

    DataError for what is no dataset or has no times to go by, ConfigError for what is no config or asks for more than there is.
    """
    expect(dataset, Dataset, "a dataset", DataError, "Give a konomi.Dataset, such as Dataset.open(…) gives.")
    expect(config, SplitConfig, "a way to split", ConfigError, "Give a konomi.SplitConfig.")
    role, found = roles_of(dataset, config)
    return Split(role, {name: value for name, value in vars(found).items() if value is not None}, dataset.sha256)


def all_of(dataset: Dataset) -> Split:
    """All entries are training entries: what a model that has been chosen is trained on again."""
    return Split(np.full(len(dataset.item), TRAIN, np.uint8), {"kind": "everything"}, dataset.sha256)


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
        _draw_validation(role, dataset, share, seed)
    return Split(role, spec, dataset.sha256)


def _draw_validation(role: U8, dataset: Dataset, share: float, seed: int) -> None:
    """Make a share of the training entries validation entries."""
    rest = np.flatnonzero(role == TRAIN)
    among = drawn(draw.of_entries(dataset, seed)[rest], SplitConfig(valid=share, test=0, seed=seed), "entries")
    role[rest[among == VALID]] = VALID


def with_validation(split: Split, dataset: Dataset, share: float) -> Split:
    """A split that has no validation entries, with a share of them, as it would have been drawn; the test entries stay.

    One whose validation entries were given has what was given.
    """
    spec = {name: value for name, value in split.spec.items() if name != "valid_from"}
    if spec["kind"] != "predefined":
        tested = 1 / spec["folds"] if spec.get("folds") else spec["test"]
        return make_split(dataset, SplitConfig(**{**spec, "valid": min(share, (1 - tested) / 2) if tested < 1 else share}))
    if "valid" not in spec:
        return split
    role = split.role.copy()
    _draw_validation(role, dataset, share, spec["seed"])
    return replace(split, role=role, spec={**spec, "valid": share})


def _entries(dataset: Dataset, table: Table) -> I64:
    """i64[N]: the entry of the dataset that each row of a table is, −1 for none."""
    user, item = dataset.users.rows(table.user_id), dataset.item_ids.rows(table.item_id)
    n_items = len(dataset.items)
    # ascending, since entries are sorted by user and item
    key = dataset.profiles.user.astype(np.int64) * n_items + dataset.item
    row_key = user.astype(np.int64) * n_items + item
    place = np.minimum(np.searchsorted(key, row_key), len(key) - 1)
    return np.where((user >= 0) & (item >= 0) & (key[place] == row_key), place, -1)


def continued(split: Split, dataset: Dataset, sha256: str) -> Split:
    """The split in which only what was added to an earlier state of the dataset, of this hash, keeps its role: the rest is
    training entries. DataError where it was none."""
    added = dataset.added_to(sha256)
    if added is None:
        raise DataError("The dataset is not an earlier one with additions.", "Give the one that was added to.")
    return replace(split, role=np.where(added, split.role, np.uint8(TRAIN)), spec={**split.spec, "after": sha256})


def made_again(dataset: Dataset, spec: dict[str, Any]) -> Split:
    """A drawn split from its spec; of a dataset that has grown since, with the roles of what is new."""
    drawn = make_split(dataset, SplitConfig(**{name: value for name, value in spec.items() if name != "after"}))
    return continued(drawn, dataset, spec["after"]) if "after" in spec else drawn


def rebuild(dataset: Dataset, spec: dict[str, Any], sha256: str) -> Split:
    """The drawn split of a bundle, made again from its dataset; DataError where it differs."""
    split = made_again(dataset, spec)
    if split.sha256 != sha256:
        raise DataError(
            "The dataset is not the one that the model was trained on.", "Give the dataset it was trained on, or train again."
        )
    return split
