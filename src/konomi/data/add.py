"""New entries, corrections and deletions → the dataset with them. No row of a known user or item moves.

Of all that is said of one pair of user and item, the latest by (time, file, line) counts. An added row without a time is newer
than all that is there, an entry without one older than all that is added.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from konomi.arrays import I64, Bools
from konomi.data.dataset import Dataset
from konomi.data.dataset_folder import OPTIONAL
from konomi.data.prepare import count_labels, histogram, people_of, with_catalogue_of
from konomi.data.profiles import MORE
from konomi.data.statistics import add_statistics
from konomi.data.table import ITEM_COLUMNS, Table
from konomi.data.vocab import Vocab
from konomi.errors import DataError
from konomi.files import hash_file

OLDEST, NEWEST = np.iinfo(np.int64).min, np.iinfo(np.int64).max
THRESHOLDS = ("min_item_ratings", "min_user_ratings", "k_core")

Arrays = dict[str, npt.NDArray[Any]]


def add(dataset: Dataset, table: Table) -> Dataset:
    """The dataset with the rows of a table, on its scale: `manifest["report"]` counts what became of them.

    A row marked as deleted says that there is no such entry. What the table does not say of an entry stays, such as its status.
    DataError for a dataset that thresholds have made smaller, for a table of another scale, and where no entry is left.
    """
    if given := [name for name in THRESHOLDS if dataset.manifest["rules"].get(name)]:
        raise DataError(
            f"The dataset was made smaller by {' and '.join(given)}: what would be above now is not in it.",
            "Prepare all files together, anew.",
        )
    if table.scale != dataset.scale:
        raise DataError(f"These ratings are on the scale {table.scale}, the dataset's on {dataset.scale}.", "Give its `scale`.")
    users, items = dataset.users.extended(table.user_id), dataset.item_ids.extended(table.item_id)
    if table.items is not None:
        items = items.extended(table.items["item_id"])
    number = len(dataset.lineage) + 1
    old, key = _old(dataset, len(items))
    new, new_key, latest = _new(table, dataset, users, items, number)
    place = np.minimum(np.searchsorted(key, new_key), max(len(key) - 1, 0))
    there = key[place] == new_key if len(key) else np.zeros(len(new_key), np.bool_)
    deleted = latest.pop("deleted")
    since = old["time"][place] if "time" in old else np.zeros(len(place), np.int64)
    newer = ~there | (latest.pop("time") >= np.where(since == 0, OLDEST, since))
    same = there & newer & ~deleted & _equal(old, new, place)
    changed, gone, fresh = there & newer & ~deleted & ~same, there & newer & deleted, ~there & ~deleted
    for name in {**new}:
        if name != "since":
            old[name][place[there & newer & ~deleted]] = new[name][there & newer & ~deleted]
    old["since"][place[changed]] = -number  # told from what was added
    keep = np.ones(len(key), np.bool_)
    keep[place[gone]] = False
    at = np.searchsorted(key[keep], new_key[fresh])
    merged = {name: np.insert(array[keep], at, _values(new, name, fresh, array.dtype)) for name, array in old.items()}
    if not len(merged["item"]):
        raise DataError("No entry is left.", "Delete fewer.")
    counts = np.bincount(merged.pop("user"), minlength=len(users))
    report = [
        ("before", len(key)), ("read", len(table) + len(table.rejects.line)), ("bad rows", len(table.rejects.line)),
        ("duplicates", len(table) - len(new_key)), ("new", int(fresh.sum())), ("corrected", int(changed.sum())),
        ("unchanged", int(same.sum())), ("older than what is there", int((~newer).sum())), ("deleted", int(gone.sum())),
        ("deleted, but not there", int((~there & deleted).sum())), ("kept", len(merged["item"])),
    ]  # fmt: skip
    return _dataset(dataset, table, users, items, np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), merged, report)


def _old(dataset: Dataset, n_items: int) -> tuple[Arrays, I64]:
    """Copies of the arrays of a dataset by entry, with user rows, and the key of each entry, ascending."""
    user = dataset.profiles.user.astype(np.int64)
    more = {name: np.array(array) for name in OPTIONAL if (array := getattr(dataset, name)) is not None}
    arrays: Arrays = {"user": user, "item": np.array(dataset.item), "rating": np.array(dataset.stored), **more}
    arrays.setdefault("since", np.zeros(len(user), np.int32))
    return arrays, user * n_items + dataset.item


def _new(
    table: Table, dataset: Dataset, users: Vocab, items: Vocab, number: int
) -> tuple[Arrays, I64, dict[str, npt.NDArray[Any]]]:
    """The last row of each pair in a table: its arrays, its key, ascending, and when it is from and whether it deletes."""
    user, item = users.rows(table.user_id).astype(np.int64), items.rows(table.item_id)
    key = user * len(items) + item
    time = np.full(len(table), NEWEST) if table.time is None else np.where(table.time == 0, NEWEST, table.time)
    order = np.lexsort((time, key))  # stable: of equal times the later line comes last
    last = order[np.append(key[order][1:] != key[order][:-1], True)] if len(order) else order
    arrays: Arrays = {"user": user, "item": item, "rating": dataset.scale.encode(table.rating)}
    arrays |= {name: array for name in MORE if (array := getattr(table, name)) is not None}
    arrays["since"] = np.full(len(table), number, np.int32)
    deleted = np.zeros(len(table), np.bool_) if table.deleted is None else table.deleted
    return {name: array[last] for name, array in arrays.items()}, key[last], {"time": time[last], "deleted": deleted[last]}


def _equal(old: Arrays, new: Arrays, place: I64) -> Bools:
    """bool[M]: whether an entry says already what a row says, but for the time; fills in arrays that only one side has."""
    for name, nothing in MORE.items():
        if name in new and name not in old:
            old[name] = np.full(len(old["item"]), nothing, new[name].dtype)
    equal = np.ones(len(place), np.bool_)
    for name in ("rating", "status", "weight"):
        if name in new and len(old[name]):
            before = old[name][place]
            equal &= (before == new[name]) | ((before != before) & (new[name] != new[name]))
    return equal


def _values(new: Arrays, name: str, rows: Bools, kind: npt.DTypeLike) -> npt.NDArray[Any]:
    """What new entries have of an array; what says nothing where the table has no such array."""
    return new[name][rows].astype(kind) if name in new else np.full(int(rows.sum()), MORE[name], kind)


def _dataset(
    dataset: Dataset, table: Table, users: Vocab, items: Vocab, indptr: I64, arrays: Arrays, report: list[tuple[str, int]]
) -> Dataset:
    """The dataset of these arrays, with catalogue, features and manifest brought up to date."""
    catalogue = dataset.items.select(name for name in ITEM_COLUMNS if name in dataset.items.columns)
    added = with_catalogue_of(items.ids, table.items)
    known = pl.concat([catalogue, added.tail(len(items) - len(catalogue))], how="diagonal")
    filled = [pl.coalesce(known[name], added[name]).alias(name) for name in known.columns if name in added.columns]
    people = people_of(users.ids, table.users)
    if dataset.people is not None:
        stretched = pl.concat([dataset.people, pl.DataFrame({"": [None] * (len(users) - len(dataset.users))})], how="diagonal")
        people = stretched.drop("") if people is None else _corrected(stretched.drop(""), people)
    more: dict[str, Any] = {name: arrays.get(name) for name in OPTIONAL}
    grown = replace(dataset, users=users, indptr=indptr, item=arrays["item"], stored=arrays["rating"], people=people, **more)
    grown = replace(grown, items=known.with_columns(filled))
    statistics = add_statistics(grown.items, grown.profiles, grown.scale)
    manifest = {name: value for name, value in dataset.manifest.items() if name not in ("sha256", "files")}
    sources = [{"name": file.name, "bytes": file.stat().st_size, "sha256": hash_file(file)} for file in table.files]
    manifest |= {
        "lineage": [*dataset.lineage, dataset.sha256],
        "input": [*dataset.manifest.get("input", []), *sources],
        "report": [{"step": step, "rows": rows} for step, rows in report],
        "items_with_title": int(statistics["title"].is_not_null().sum()),
        "histogram": histogram(grown.stored, grown.scale),
        "labels": count_labels(grown.labels()),
    }
    return replace(grown, items=statistics, manifest=manifest)


def _corrected(before: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """Features with those of a newer frame of the same users where it has any."""
    names = dict.fromkeys([*before.columns, *people.columns])
    sides = ([frame[name] for frame in (people, before) if name in frame.columns] for name in names)
    return pl.DataFrame([pl.select(pl.coalesce(side)).to_series().alias(name) for name, side in zip(names, sides, strict=True)])
