"""The data of a protocol: its files, found and checked, as a dataset and the split of each fold."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from konomi.arguments import as_path, expect
from konomi.arrays import I64, U8, Bools
from konomi.data.dataset import Dataset
from konomi.data.split import TEST, TRAIN, VALID, Split, SplitConfig, make_split, predefined
from konomi.data.table import Table
from konomi.errors import ConfigError, DataError
from konomi.files.sums import sum_like
from konomi.pipeline.arguments import run_from, splits_from
from konomi.pipeline.people_held_out import hold_out
from konomi.pipeline.protocol import Data, Drawn, Files, HeldOutPeople, Index, Protocol, Rule, Shuffled, files_of
from konomi.pipeline.protocol_file import load_protocol
from konomi.reading.index_files import read_index
from konomi.reading.prepare import prepare, read_ratings
from konomi.reading.signal import with_signal
from konomi.runtime import Run

OUTSIDE = 255  # of a row that is left out


@dataclasses.dataclass(frozen=True)
class Found:
    """The files of a protocol by the names that it has for them, and those whose bytes nothing tells."""

    files: Mapping[str, Path]
    unchecked: tuple[str, ...]


def open_protocol(
    protocol: Protocol | Path | str, data: Path | str = ".", run: Run | None = None, by_ids: bool = False
) -> tuple[Dataset, list[Split]]:
    """The dataset of a protocol, and the split of each fold, as the clean rule has them: for `compare_models`.

    protocol: one, or its name or path; data: the folder with its files, or the one around that; by_ids: leave out what tells of
    titles and people. ConfigError and DataError as in `benchmark`.
    """
    found = protocol if isinstance(protocol, Protocol) else load_protocol(protocol)
    expect(by_ids, bool, "a yes or no", ConfigError, "Give True or False as `by_ids`, or leave it out.", "by_ids")
    place = as_path(data, "the data of a protocol", ConfigError)
    return prepared(found, find_data(found, place, not by_ids), found.clean, run_from(run), not by_ids)


def find_data(protocol: Protocol, place: Path, contents: bool = True) -> Found:
    """The files of a protocol in its folder within `place`, else in `place` itself, each with the checksum that the protocol
    names. contents: whether those that tell of titles and people are wanted.

    DataError where one is missing, cannot be read, or has other bytes than the protocol's.
    """
    data, found = protocol.data, dict[str, Path]()
    wanted = (*data.ratings, *files_of(protocol.split), *(data.contents if contents else ()))
    for name in dict.fromkeys(wanted):
        path = next((path for path in (place / data.folder / name, place / name) if path.is_file()), None)
        if path is None:
            ways = ["Say where the data is with `data`"]
            ways += ["fetch it with `fetch`"] if data.fetch else []
            ways += ["leave titles and people out with `by_ids`"] if name in data.contents else []
            raise DataError(
                f"{place / data.folder / name}: no such file, and none in {place}.", f"{', or '.join(ways)}.", "data"
            )
        try:
            own = sum_like(path, known) if (known := data.sums.get(name)) else None
        except OSError as cause:
            raise DataError(f"{path}: cannot be read: {cause.strerror}.", "Check the file's permissions.") from cause
        if own != known:
            raise DataError(
                f"{path}: is not the file of the protocol: its checksum is {own}, not {known}.",
                "Remove it and fetch the data anew: figures of other data cannot be compared.",
            )
        found[name] = path
    return Found(found, tuple(name for name in found if name not in data.sums))


def prepared(protocol: Protocol, found: Found, rule: Rule, run: Run, contents: bool = True) -> tuple[Dataset, list[Split]]:
    """The dataset, and the split of each fold. Where the protocol names no validation entries, the rule's share is drawn.

    DataError where a file cannot be read, or does not belong to the others, or where nothing trains or tests.
    """
    dataset, splits = _parted(protocol, found, rule, run, contents)
    for counts in (split.counts() for split in splits):
        if none := [role for role in ("train", "test") if not counts[role]]:
            raise DataError(
                f"{protocol.name}: no entry is a {none[0]} entry.", "Give the data that it is meant for, or mend its split."
            )
    return dataset, splits


def _parted(protocol: Protocol, found: Found, rule: Rule, run: Run, contents: bool) -> tuple[Dataset, list[Split]]:
    split, table = protocol.split, _ratings(protocol.data, found, run, contents)
    roles = _roles(split, found, len(table))
    if isinstance(split, Index):
        table = _rows(table, roles[0] != OUTSIDE)
        roles = [each[each != OUTSIDE] for each in roles]
    dataset = prepare(table, protocol.data.rules, run)
    if isinstance(split, Files):
        return dataset, [
            _by_files(dataset, table, found, fold, split, protocol.data, rule, run) for fold in range(len(split.test))
        ]
    if isinstance(split, Drawn):
        return dataset, [_with_share(each, dataset, rule) for each in splits_from(split.config, dataset, run)]
    if isinstance(split, HeldOutPeople):
        return dataset, [hold_out(dataset, split)]
    return dataset, [_by_roles(dataset, table, each, rule) for each in roles]


def _ratings(data: Data, found: Found, run: Run, contents: bool) -> Table:
    items = [found.files[name] for name in data.items] if contents else []
    users = found.files[data.users] if contents and data.users else None
    reading = {**data.read, **({"items": items} if items else {}), **({"users": users} if users else {})}
    table = read_ratings(*(found.files[name] for name in data.ratings), run=run, **reading)
    if not contents:
        table = dataclasses.replace(table, items=None)
    return _kept(table, data)


def _kept(table: Table, data: Data) -> Table:
    """The rows that are rated `least` or more, as presence; all as they are where there is no such threshold."""
    if data.least is None:
        return table
    return with_signal(_rows(table, table.rating >= np.float32(data.least)), counts=False, implicit=True)


def _rows(table: Table, rows: Bools | I64) -> Table:
    """Some rows of a table, given by bool[N] or by their numbers."""
    numbers = np.flatnonzero(rows) if rows.dtype == bool else rows
    arrays: dict[str, Any] = {name: None if (array := getattr(table, name)) is None else array[numbers]
              for name in ("rating", "status", "time", "weight", "deleted")}  # fmt: skip
    return dataclasses.replace(table, user_id=table.user_id.gather(numbers), item_id=table.item_id.gather(numbers), **arrays)


def _roles(split: object, found: Found, n: int) -> list[U8]:
    """The role of each of n rows, u8[n], for every fold of a split of rows; none for other splits."""
    if isinstance(split, Index):
        numbers = read_index(found.files[split.file])
        if len(numbers) != n:
            raise DataError(
                f"{found.files[split.file]}: numbers {len(numbers):,} rows, and there are {n:,}.",
                "Give the index of these ratings.",
            )
        roles = np.full(n, OUTSIDE, np.uint8)
        for number, role in ((split.train, TRAIN), (split.valid, VALID), (split.test, TEST)):
            roles[numbers == number] = role
        return [roles]
    if isinstance(split, Shuffled):
        order = np.random.RandomState(split.seed).permutation(n)
        if split.folds:
            if split.folds > n:
                raise DataError(f"There are {n:,} rows for {split.folds:,} folds.", "Give the data that they are meant for.")
            return [_marked(n, order, [(rows, TEST)]) for rows in np.array_split(np.arange(n), split.folds)]
        train, valid = int(n * split.train_to), int(n * split.valid_to)
        return [_marked(n, order, [(np.arange(train, valid), VALID), (np.arange(valid, n), TEST)])]
    return []


def _marked(n: int, order: I64, marks: Sequence[tuple[I64, int]]) -> U8:
    """u8[n]: training entries, but for the rows at some places of an order."""
    roles = np.full(n, TRAIN, np.uint8)
    for places, role in marks:
        roles[order[places]] = role
    return roles


def _by_roles(dataset: Dataset, table: Table, roles: U8, rule: Rule) -> Split:
    """The split in which the rows of a table have these roles."""
    valid = _rows(table, roles == VALID) if (roles == VALID).any() else None
    return predefined(dataset, _rows(table, roles == TEST), valid, rule.valid, rule.seed)


def _by_files(dataset: Dataset, table: Table, found: Found, fold: int, split: Files, data: Data, rule: Rule, run: Run) -> Split:
    """The split that is given by files, read like the ratings."""
    reading = data.read if table.signal != "ratings" else {**data.read, "scale": table.scale}

    def read(name: str) -> Table:
        return _kept(read_ratings(found.files[name], run=run, **reading), data)

    valid = read(split.valid[fold]) if split.valid else None
    return predefined(dataset, read(split.test[fold]), valid, rule.valid, rule.seed)


def _with_share(split: Split, dataset: Dataset, rule: Rule) -> Split:
    """A drawn split, with the rule's share of validation entries where it has none."""
    if split.counts()["valid"] or not rule.valid:
        return split
    return make_split(dataset, SplitConfig(**{**split.spec, "valid": rule.valid}))
