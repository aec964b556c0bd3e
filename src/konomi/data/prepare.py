"""Table → Dataset: removes duplicates, applies thresholds, turns ids into rows, and counts every row that is left out."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from konomi.arrays import I8, I32, Bools
from konomi.data.dataset import Dataset
from konomi.data.labels import Labelling, Rule
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.data.statistics import add_statistics
from konomi.data.table import ITEM_COLUMNS, Table
from konomi.data.vocab import Vocab
from konomi.errors import ConfigError, DataError
from konomi.files import hash_file
from konomi.kernels.csr import count_marked, gather, is_sorted, mark_last, marked_only, sort_rows, stable_order, unmark_others
from konomi.kernels.ids import look_up, mark_present
from konomi.runtime import Run, Stage, beside, blocks, interruptible
from konomi.settings import check_types

MOST_ROWS = 1 << 31  # rows of a table; they are numbered in 32 bits
SORT_BLOCK = 1024  # users whose entries one task sorts


@dataclass(frozen=True)
class Rules:
    """What `prepare` keeps. Thresholds count ratings (not unscored entries, but where nobody rates) once, on the whole table
    without duplicates."""

    min_item_ratings: int = 0  # keep items with *more than* this many ratings
    min_user_ratings: int = 0  # keep users with *more than* this many ratings
    k_core: int = 0  # then repeat until every user and item has at least this many ratings
    labels: Rule = "scored"  # how interactions are derived, see `labels.interactions`
    liked: float | None = None  # the least rating that is liked; None = any above the middle of the scale

    def __post_init__(self) -> None:
        check_types(self, "rules")
        for name in ("min_item_ratings", "min_user_ratings", "k_core"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name} is {getattr(self, name)}.", f"Set `{name}` to 0 or more.")


def prepare(table: Table, rules: Rules | None = None, run: Run | None = None) -> Dataset:
    """The dataset of a table, with one entry for each pair of user and item; `manifest["report"]` counts what was left out.

    Of entries of the same pair the last by time is kept, without times the last in the file. DataError where nothing is left.
    """
    rules, run = rules or Rules(), run or Run()
    hashes = beside(lambda: [hash_file(file) for file in table.files])  # takes about as long as everything else here
    dataset = _prepare(table, rules, run)
    sources = [
        {"name": file.name, "bytes": file.stat().st_size, "sha256": sha256}
        for file, sha256 in zip(table.files, hashes(), strict=True)
    ]
    return replace(dataset, manifest={**dataset.manifest, "input": sources})


def _prepare(table: Table, rules: Rules, run: Run) -> Dataset:
    if len(table) >= MOST_ROWS:
        raise DataError(f"{len(table):,} rows are more than {MOST_ROWS:,}.", "Leave some out.")
    step, labelling = iter(range(1, 6)), Labelling(table.scale, rules.labels, rules.liked)
    run.progress(Stage("prepare", 0, 5, "steps"))
    with run.workers() as each:
        (users, user), (items, item) = each(_rows, (table.user_id, table.item_id))
    stored = table.scale.encode(table.rating)
    report: list[dict[str, Any]] = [{"step": "read", "rows": len(table) + len(table.rejects.line)}]
    report.append({"step": "bad rows", "rows": len(table.rejects.line)})
    run.progress(Stage("prepare", next(step), 5, "steps"))

    order = np.empty(0, np.int32)  # empty: the order of the file; most files are sorted by user
    if table.time is not None or not is_sorted(user):
        by_time = np.arange(len(table)) if table.time is None else interruptible(partial(np.argsort, table.time, kind="stable"))
        order = np.empty(len(table), np.int32)
        interruptible(stable_order, user, len(users), by_time.astype(np.int32), order)
    kept = np.empty(len(table), np.bool_)
    interruptible(mark_last, user, item, order, len(items), kept)
    report.append({"step": "duplicates", "rows": int(len(kept) - kept.sum())})
    if table.deleted is not None:
        report.append({"step": "deleted", "rows": int((kept & table.deleted).sum())})
        kept &= ~table.deleted
    scored = table.scale.scored(stored) if table.signal == "ratings" else np.ones(len(table), np.bool_)
    report += _thresholds(user, item, len(users), len(items), scored, rules, kept)
    report.append({"step": "kept", "rows": int(kept.sum())})
    if not kept.any():
        raise DataError(
            f"Nothing is left of {report[0]['rows']:,} rows: "
            + ", ".join(f"{d['rows']:,} by {d['step']}" for d in report[1:-1])
            + ".",
            "Lower `min_item_ratings`, `min_user_ratings` or `k_core`.",
        )
    run.progress(Stage("prepare", next(step), 5, "steps"))

    all_rows, order = order, np.empty(kept.sum(), np.int32)
    marked_only(all_rows, kept, order)
    user_ids, user = _dense(users.ids, user, order)
    indptr = np.searchsorted(user, np.arange(len(user_ids) + 1, dtype=np.int32))
    with run.workers() as each:
        each(lambda rows: sort_rows(indptr, item, order, *rows), blocks(len(user_ids), SORT_BLOCK))
    item_ids, item = _dense(items.ids, item, order)
    if table.items is not None and not rules.min_item_ratings and not rules.k_core:
        item_ids, item = _with_unrated(item_ids, item, table.items["item_id"])
    run.progress(Stage("prepare", next(step), 5, "steps"))

    stored = stored[order]
    status = None if table.status is None else table.status[order]
    time = None if table.time is None else table.time[order]
    weight = None if table.weight is None else table.weight[order]
    profiles = Profiles(indptr, item, table.scale.decode(stored), status)
    catalogue = add_statistics(with_catalogue_of(item_ids, table.items), profiles, table.scale)
    run.progress(Stage("prepare", next(step), 5, "steps"))
    manifest = {
        "source": table.source,
        "note": table.note,
        "signal": table.signal,
        "rules": {**vars(rules)},
        "report": report,
        "items_with_title": int(catalogue["title"].is_not_null().sum()),
        "rated_with_title": int(catalogue.filter(pl.col("ratings") > 0)["title"].is_not_null().sum()),
        "histogram": histogram(stored, table.scale),
        "labels": count_labels(labelling.of(profiles)),
    }
    people = people_of(user_ids, table.users)
    dataset = Dataset(catalogue, Vocab(user_ids), indptr, item, stored, status, time, table.scale, manifest, weight, people)
    run.progress(Stage("prepare", next(step), 5, "steps"))
    return dataset


def _thresholds(
    user: I32, item: I32, n_users: int, n_items: int, scored: Bools, rules: Rules, kept: Bools
) -> list[dict[str, Any]]:
    """Unmark in `kept` the entries that the rules drop; returns how many each rule dropped."""
    rated = scored & kept
    # a threshold of 0 also keeps users and items without a rating
    by_item, by_user = unmark_others(
        user,
        item,
        count_marked(user, n_users, rated) > (rules.min_user_ratings or -1),
        count_marked(item, n_items, rated) > (rules.min_item_ratings or -1),
        kept,
    )
    by_core = 0
    while rules.k_core:
        rated = scored & kept
        core = (count_marked(user, n_users, rated) >= rules.k_core, count_marked(item, n_items, rated) >= rules.k_core)
        dropped = unmark_others(user, item, *core, kept)
        by_core += sum(dropped)
        if not any(dropped):
            break
    return [
        {"step": "items with too few ratings", "rows": by_item},
        {"step": "users with too few ratings", "rows": by_user},
        {"step": "k-core", "rows": by_core},
    ]


def _rows(ids: pl.Series) -> tuple[Vocab, I32]:
    vocab = Vocab.of(ids)
    return vocab, vocab.rows(ids)


def _dense(ids: pl.Series, row: I32, order: I32) -> tuple[pl.Series, I32]:
    """The ids that occur in the entries of `order` i32[n], and the row of each entry's id among them, i32[n]."""
    present, rows = np.zeros(len(ids), np.bool_), np.empty(len(order), np.int32)
    gather(row, order, rows)
    mark_present(rows, 0, present)
    if not present.all():
        ids = ids.filter(pl.Series(present))
        look_up(rows, 0, np.cumsum(present, dtype=np.int32) - np.int32(1), rows)
    return ids, rows


def _with_unrated(item_ids: pl.Series, item: I32, known: pl.Series) -> tuple[pl.Series, I32]:
    """The item ids with those of a catalogue that nobody has rated, ascending, and the rows of entries among them."""
    both = Vocab.of(pl.concat([item_ids, known.cast(item_ids.dtype, strict=False).drop_nulls()]))
    rows = np.empty_like(item)
    look_up(item, 0, both.rows(item_ids), rows)
    return both.ids, rows


def people_of(user_ids: pl.Series, users: pl.DataFrame | None) -> pl.DataFrame | None:
    """The features of each user, in their order, null where unknown; users: user_id and features, or None."""
    if users is None or users.width < 2:
        return None
    known = users.with_columns(users["user_id"].cast(user_ids.dtype, strict=False)).drop_nulls("user_id")
    known = known.unique("user_id", keep="last")
    return pl.DataFrame({"user_id": user_ids}).join(known, on="user_id", how="left", maintain_order="left").drop("user_id")


def with_catalogue_of(item_ids: pl.Series, catalogue: pl.DataFrame | None) -> pl.DataFrame:
    """A catalogue row for each item id, in their order; nulls where the catalogue lacks it."""
    rows = pl.DataFrame({"item_id": item_ids})
    if catalogue is None:
        catalogue = pl.DataFrame(schema={**ITEM_COLUMNS, "item_id": item_ids.dtype})
    key = catalogue["item_id"]
    known = catalogue.with_columns(key.cast(item_ids.dtype, strict=False)).drop_nulls("item_id").unique("item_id", keep="first")
    joined = rows.join(known, on="item_id", how="left", maintain_order="left")
    return joined.with_columns(pl.col("sensitive").fill_null(False))


def histogram(stored: npt.NDArray[Any], scale: Scale) -> dict[str, int]:
    """How often each rating occurs, in ten classes where the scale has no steps. "not scored" comes first."""
    if scale.coded:
        # in blocks, since bincount converts its input to int64
        count = np.sum([np.bincount(stored[a:b], minlength=256) for a, b in blocks(len(stored), 1 << 16)], axis=0)
        values = scale.decode(np.arange(1, 256, dtype=np.uint8))
        bars = {f"{value:g}": int(n) for value, n in zip(values, count[1:], strict=True) if n}
        return {"not scored": int(count[0]), **bars}
    known = stored[~np.isnan(stored)]
    count, edges = np.histogram(known, bins=10)
    bars = {f"{low:g} to {high:g}": int(n) for low, high, n in zip(edges[:-1], edges[1:], count, strict=True)}
    return {"not scored": len(stored) - len(known), **bars}


def count_labels(label: I8) -> dict[str, int]:
    return {name: int((label == value).sum()) for name, value in (("liked", 1), ("not liked", 0), ("left out", -1))}
