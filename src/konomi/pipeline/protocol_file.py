"""A protocol from its TOML file: one of those that come with Konomi, by name, or any other, by path."""

import os
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date
from math import isfinite
from pathlib import Path
from typing import Any

from konomi.arguments import as_path, is_number
from konomi.data.prepare import Rules
from konomi.data.scale import Scale
from konomi.data.split import SplitConfig
from konomi.errors import ConfigError
from konomi.evaluate.metrics import RANKING as LISTS
from konomi.evaluate.metrics import Metric, metrics_named
from konomi.files.sums import check_sum
from konomi.pipeline.protocol import (
    RANKING,
    RATING,
    Data,
    Drawn,
    Fetch,
    Files,
    HeldOutPeople,
    Index,
    Parting,
    Protocol,
    Published,
    Rule,
    Shuffled,
    files_of,
    holds_out_people,
)
from konomi.pipeline.protocol_tables import check_name, is_words, known, named, record, table_at, tables_at, text_at
from konomi.reading.prepare import Reading
from konomi.settings import byte_size, closest, read_toml, shown

SHIPPED = Path(__file__).parent / "protocols"
SUFFIX = ".toml"
KINDS: dict[str, type[Any]] = {
    "files": Files,
    "index": Index,
    "shuffled": Shuffled,
    "drawn": SplitConfig,
    "people": HeldOutPeople,
}
TOP = ("title", "about", "task", "metrics", "data", "split", "rule", "as_published", "published")
THRESHOLDS = ("min_item_ratings", "min_user_ratings", "k_core")


def protocol_names() -> list[str]:
    """The protocols that come with Konomi."""
    return sorted(path.stem for path in SHIPPED.glob(f"*{SUFFIX}"))


def is_protocol(word: Path | str) -> bool:
    """Whether a word names a protocol and no folder: a TOML file, or one that comes with Konomi."""
    path = Path(word)
    return path.suffix == SUFFIX or (str(word) in protocol_names() and not path.exists())


def load_protocol(given: Path | str) -> Protocol:
    """The protocol of this name, or in this TOML file. ConfigError, with the file and the table, where it is no protocol."""
    path = as_path(given, "a protocol", ConfigError)
    if str(given) in protocol_names():
        path = SHIPPED / f"{given}{SUFFIX}"
    elif path.suffix != SUFFIX and os.sep not in str(given):
        names = protocol_names()
        raise ConfigError(
            f'There is no protocol "{given}".{closest(str(given), names)}',
            f"Give the path of a TOML file, or one of: {', '.join(names)}.",
        )
    return _protocol(path, read_toml(path))


def _protocol(path: Path, tables: Mapping[str, Any]) -> Protocol:
    known(tables, TOP, f"{path}", "tables and keys")
    texts = {key: text_at(tables, key, f"{path}") for key in ("title", "about")}
    if tables.get("task") not in (RATING, RANKING):
        raise ConfigError(f'{path}: task cannot be "{tables.get("task")}".', f"It is {RATING} or {RANKING}.", "task")
    data, split = _data(table_at(tables, "data", path), path), _split(table_at(tables, "split", path), path)
    if isinstance(split, Index | Shuffled) and any(getattr(data.rules, name) for name in THRESHOLDS):
        raise ConfigError(
            f"{path} [data.rules]: rows are numbered before thresholds leave some out.",
            "Leave the thresholds out, or take another kind of split.",
        )
    if isinstance(split, Index) and data.least is not None:
        raise ConfigError(f"{path} [data]: an index numbers all rows.", "Leave `least` out.", "least")
    files = {*data.ratings, *data.contents, *files_of(split)}
    known(data.sums, files, f"{path} [data.sums]", "files of the protocol")
    for n, each in enumerate(data.fetch, 1):
        known(each.files, files, f"{path} [[data.fetch]] {n}", "files of the protocol")
    rule = record(Rule, tables.get("rule", {}), f"{path} [rule]")
    other = tables.get("as_published")
    if isinstance(other, dict):
        other = {**tables.get("rule", {}), **other}
    as_published = None if other is None else record(Rule, other, f"{path} [as_published]")
    if holds_out_people(split) and any(each is not None and each.learnt != "train" for each in (rule, as_published)):
        raise ConfigError(f"{path} [rule]: people who are held out are not learnt from.", 'Write learnt = "train".', "learnt")
    metrics = _metrics(tables, path)
    published = tuple(_published(each, metrics, origin) for each, origin in tables_at(tables, "published", path))
    return Protocol(
        path.stem, texts["title"], texts["about"], tables["task"], metrics, data, split, rule, as_published, published, path
    )


def _data(table: dict[str, Any], path: Path) -> Data:
    origin = f"{path} [data]"
    read, sums = dict(table_at(table, "read", path, "data.")), table_at(table, "sums", path, "data.")
    known(read, sorted({*Reading.__annotations__} - {"items", "users"}), f"{path} [data.read]", "options")
    if "scale" in read:
        scale = read["scale"]
        if not isinstance(scale, list) or len(scale) != 3 or not all(map(is_number, scale)):
            raise ConfigError(f"{path} [data.read]: scale cannot be {shown(scale)}.", "Write scale = [1, 5, 1].", "scale")
        read["scale"] = named(f"{path} [data.read]", lambda: Scale(*scale))
    rules = record(Rules, table_at(table, "rules", path, "data."), f"{path} [data.rules]")
    for name, value in sums.items():
        check_sum(value, f"{path} [data.sums] {name}")
    fetch = tuple(_fetch(each, origin) for each, origin in tables_at(table, "fetch", path, "data."))
    made: dict[str, Any] = {"read": read, "rules": rules, "sums": sums, "fetch": fetch}
    data = replace(record(Data, {key: value for key, value in table.items() if key not in made}, origin), **made)
    if not data.ratings:
        raise ConfigError(f"{origin}: ratings names no file.", 'Write ratings = ["ratings.csv"].', "ratings")
    for name in (data.folder, *data.ratings, *data.contents):
        check_name(name, origin)
    return data


def _fetch(table: Any, origin: str) -> Fetch:
    found = record(Fetch, table, origin)
    if not found.address.startswith(("https://", "http://")):
        raise ConfigError(f'{origin}: address cannot be "{found.address}".', "It begins with https:// or http://.", "address")
    byte_size(found.most, f"{origin}: most")
    if found.sum:
        check_sum(found.sum, f"{origin}: sum")
    if not found.files:
        raise ConfigError(f"{origin}: files names none.", 'Write files = ["ratings.csv"].', "files")
    for name in found.files:
        check_name(name, origin)
    return found


def _split(table: dict[str, Any], path: Path) -> Parting:
    origin, kind = f"{path} [split]", table.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        near = closest(kind, KINDS) if isinstance(kind, str) else ""
        raise ConfigError(f"{origin}: kind cannot be {shown(kind)}.{near}", f"It is one of: {', '.join(KINDS)}.", "kind")
    rest = {key: value for key, value in table.items() if key != "kind"}
    if kind == "drawn":
        rest = {"kind" if key == "by" else key: value for key, value in rest.items()}
    found: Any = record(KINDS[kind], rest, origin)
    if isinstance(found, Files) and (not found.test or len(found.valid) not in (0, len(found.test))):
        raise ConfigError(
            f"{origin}: a fold has a test file, and may have a validation file.", "Name as many of both.", "valid"
        )
    split: Parting = Drawn(found) if isinstance(found, SplitConfig) else found
    for name in files_of(split):
        check_name(name, origin)
    return split


def _metrics(tables: Mapping[str, Any], path: Path) -> tuple[Metric, ...]:
    names = tables.get("metrics")
    if not is_words(names) or not names:
        raise ConfigError(f"{path}: metrics names none.", 'Write metrics = ["rmse"] or ["ndcg@10"].', "metrics")
    metrics: tuple[Metric, ...] = named(f"{path}", lambda: metrics_named(names))
    kind = RATING if tables["task"] == RATING else LISTS
    if other := next((metric for metric in metrics if metric.kind != kind), None):
        raise ConfigError(f"{path}: {other.key} does not measure a {tables['task']}.", "Name metrics of the task.", "metrics")
    return metrics


def _published(table: Any, metrics: tuple[Metric, ...], origin: str) -> Published:
    if isinstance(table, dict) and isinstance(table.get("read"), date):
        table = {**table, "read": table["read"].isoformat()}
    values = table.get("values") if isinstance(table, dict) else None
    if not isinstance(values, dict) or not values or not all(is_number(v) and isfinite(v) for v in values.values()):
        raise ConfigError(f"{origin}: values has no figure.", 'Write values = {"rmse" = 0.905}.', "values")
    known(values, [metric.key for metric in metrics], origin, "metrics of the protocol")
    rest = {key: value for key, value in table.items() if key != "values"}
    names = [each.name for each in fields(Published)]
    if missing := [name for name in names if name not in table]:
        raise ConfigError(f'{origin}: there is no "{missing[0]}".', "A figure has a name, values and its source.", missing[0])
    known(table, names, origin, "keys of a figure")
    texts: dict[str, Any] = {key: str(value) for key, value in rest.items()}
    found: Published = named(origin, lambda: Published(values=values, **texts))
    return found
