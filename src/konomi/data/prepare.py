"""Table → Dataset: duplicates, thresholds, rows for ids; every row that is left out is counted."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from konomi.config import Run
from konomi.data.dataset import Dataset
from konomi.data.features import add_statistics
from konomi.data.labels import Rule, interactions
from konomi.data.profiles import Profiles
from konomi.data.scale import MISSING
from konomi.data.table import ITEM_COLUMNS, Table
from konomi.data.vocab import Vocab
from konomi.errors import ConfigError, DataError
from konomi.kernels.csr import count_marked, mark_last, stable_order, unmark_others

Bools = npt.NDArray[np.bool_]
I32 = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Rules:
    """What `prepare` keeps. Thresholds count ratings (not unscored entries), once, on the whole table without duplicates."""

    min_item_ratings: int = 0  # keep items with *more than* this many ratings
    min_user_ratings: int = 0  # keep users with *more than* this many ratings
    k_core: int = 0  # then repeat until every user and item has at least this many ratings
    labels: Rule = "scored"  # how interactions are derived, see `labels.interactions`

    def __post_init__(self) -> None:
        for name in ("min_item_ratings", "min_user_ratings", "k_core"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name} is {getattr(self, name)}.", f"Set {name} to 0 or more.")


def prepare(table: Table, rules: Rules | None = None, run: Run | None = None) -> Dataset:
    """The dataset of a table: one entry for each user and item, in rows, with what was left out in `manifest["report"]`.

    Of entries with the same user and item the last by time is kept, else the last in the file. Raises DataError where nothing
    is left.
    """
    rules, run = rules or Rules(), run or Run()
    step = iter(range(1, 6))
    run.progress("prepare", 0, 5)
    users, items = Vocab.of(table.user_id), Vocab.of(table.item_id)
    user, item = users.rows(table.user_id), items.rows(table.item_id)
    stored = table.scale.encode(table.rating)
    report: list[dict[str, Any]] = [{"step": "read", "rows": len(table) + len(table.rejects.line)}]
    report.append({"step": "bad rows", "rows": len(table.rejects.line)})
    run.progress("prepare", next(step), 5)

    first = np.arange(len(table), dtype=np.int32) if table.time is None else np.argsort(table.time, kind="stable").astype(np.int32)
    order = stable_order(user, len(users), stable_order(item, len(items), first))
    last = mark_last(user, item, order)
    report.append({"step": "duplicates", "rows": int(len(last) - last.sum())})
    run.progress("prepare", next(step), 5)

    order = order[last] if not last.all() else order
    user, item, stored = user[order], item[order], stored[order]
    status = None if table.status is None else table.status[order]
    time = None if table.time is None else table.time[order]
    scored = stored != MISSING if table.scale.coded else ~np.isnan(stored)
    run.progress("prepare", next(step), 5)

    kept, dropped = _thresholds(user, item, len(users), len(items), scored, rules)
    report += dropped
    report.append({"step": "kept", "rows": int(kept.sum())})
    if not kept.any():
        raise DataError(
            f"Nothing is left of {len(table):,} rows: " + ", ".join(f"{d['rows']:,} by {d['step']}" for d in report[1:-1]) + ".",
            "Lower --min-item-ratings, --min-user-ratings or --k-core.",
        )
    user_ids, user = _dense(users.ids, user, kept)
    item_ids, item = _dense(items.ids, item, kept)
    stored = stored if kept.all() else stored[kept]
    indptr = np.searchsorted(user, np.arange(len(user_ids) + 1, dtype=np.int32)).astype(np.int64)
    run.progress("prepare", next(step), 5)

    profiles = Profiles(indptr, item, table.scale.decode(stored), _pick(status, kept))
    catalogue = add_statistics(_join(item_ids, table.items), profiles, table.scale)
    manifest = {
        "source": table.source,
        "note": table.note,
        "rules": {**vars(rules)},
        "report": report,
        "items_with_title": int(catalogue["title"].is_not_null().sum()),
        "histogram": _histogram(profiles.rating, table.scale.coded),
        "labels": _count_labels(interactions(profiles.rating, profiles.status, table.scale, rules.labels)),
    }
    dataset = Dataset(catalogue, Vocab(user_ids), indptr, item, stored, profiles.status, _pick(time, kept), table.scale, manifest)
    run.progress("prepare", next(step), 5)
    return dataset


def _thresholds(user: I32, item: I32, n_users: int, n_items: int, scored: Bools, rules: Rules) -> tuple[Bools, list[dict[str, Any]]]:
    """Which entries stay, and how many each rule took away."""
    kept = np.ones(len(user), np.bool_)
    if rules.min_item_ratings or rules.min_user_ratings:
        by_item, by_user = unmark_others(
            user,
            item,
            count_marked(user, n_users, scored) > rules.min_user_ratings if rules.min_user_ratings else np.ones(n_users, np.bool_),
            count_marked(item, n_items, scored) > rules.min_item_ratings if rules.min_item_ratings else np.ones(n_items, np.bool_),
            kept,
        )
    else:
        by_item = by_user = 0
    by_core = 0
    while rules.k_core:
        rated = scored & kept
        dropped = unmark_others(
            user, item, count_marked(user, n_users, rated) >= rules.k_core, count_marked(item, n_items, rated) >= rules.k_core, kept
        )
        by_core += sum(dropped)
        if not any(dropped):
            break
    return kept, [
        {"step": "items with too few ratings", "rows": by_item},
        {"step": "users with too few ratings", "rows": by_user},
        {"step": "k-core", "rows": by_core},
    ]


def _dense(ids: pl.Series, row: I32, kept: Bools) -> tuple[pl.Series, I32]:
    """The ids that still occur among the kept entries, and the kept entries' rows among those."""
    present = np.zeros(len(ids), np.bool_)
    row = row if kept.all() else row[kept]
    present[row] = True
    if present.all():
        return ids, row
    return ids.filter(pl.Series(present)), (np.cumsum(present, dtype=np.int32) - 1)[row]


def _pick(values: npt.NDArray[Any] | None, kept: Bools) -> npt.NDArray[Any] | None:
    return None if values is None else values[kept]


def _join(item_ids: pl.Series, catalogue: pl.DataFrame | None) -> pl.DataFrame:
    """A catalogue row for each item id, in their order; nulls where the catalogue does not know it."""
    wanted = pl.DataFrame({"item_id": item_ids})
    if catalogue is None:
        catalogue = pl.DataFrame(schema={**ITEM_COLUMNS, "item_id": item_ids.dtype})
    key = catalogue["item_id"]
    known = catalogue.with_columns(key.cast(item_ids.dtype, strict=False)).drop_nulls("item_id").unique("item_id", keep="first")
    return wanted.join(known, on="item_id", how="left", maintain_order="left").with_columns(pl.col("sensitive").fill_null(False))


def _histogram(rating: npt.NDArray[np.float32], coded: bool) -> dict[str, int]:
    """How often each rating was given; ten classes where the scale has no steps. "not scored" comes first."""
    missing = np.isnan(rating)
    unscored = int(missing.sum())
    known = rating[~missing] if unscored else rating
    if coded:
        values, counts = np.unique(known, return_counts=True)
        bars = {f"{v:g}": int(c) for v, c in zip(values, counts, strict=True)}
    else:
        counts, edges = np.histogram(known, bins=10)
        bars = {f"{low:g} to {high:g}": int(c) for low, high, c in zip(edges[:-1], edges[1:], counts, strict=True)}
    return {"not scored": unscored, **bars}


def _count_labels(label: npt.NDArray[np.int8]) -> dict[str, int]:
    return {name: int((label == value).sum()) for name, value in (("liked", 1), ("not liked", 0), ("left out", -1))}
