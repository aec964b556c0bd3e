"""Datasets, damaged: see damage.py."""

import dataclasses
import io
import json
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from konomi.data.dataset import Dataset
from konomi.data.prepare import prepare
from konomi.data.scale import Scale
from konomi.data.split import SplitConfig, make_split
from konomi.data.table import ITEM_COLUMNS, Table
from konomi.errors import KonomiError
from konomi.files import current, hash_array, hash_bytes, hash_manifest
from spoil import Damaged, Files, cuts, names, outcome, words


def datasets() -> Iterator[Dataset]:
    """Small ones of every kind: ids of numbers or text, a scale of steps or none, with and without status and time."""
    rng = np.random.default_rng(0)
    genres = [["Action"], ["Drama", "Comedy"], [], None]
    for text in (False, True):
        user, item = rng.integers(0, 60, 900), rng.integers(0, 25, 900)
        user_id = pl.Series([f"u{n}" for n in user.tolist()]) if text else pl.Series(user)
        step, status = 0.0 if text else 1.0, None if text else rng.choice([0, 1, 2, 3, 4, 6], 900).astype(np.uint8)
        rating = (rng.uniform(1, 10, 900) if text else rng.integers(1, 11, 900)).astype(np.float32)
        rating[rng.random(900) < 0.1] = np.nan
        ids = sorted(set(item.tolist()))
        facts = {
            "title": [f"Title {n}" for n in ids],
            "titles": [[f"T{n}"] for n in ids],
            "genres": [genres[n % 4] for n in ids],
        }
        kinds = {name: kind for name, kind in ITEM_COLUMNS.items() if kind is not None and name not in facts}
        catalogue = pl.DataFrame({"item_id": ids, **facts}).with_columns(
            pl.lit(None, kind).alias(n) for n, kind in kinds.items()
        )
        catalogue = catalogue.select(*ITEM_COLUMNS).with_columns(pl.lit(False).alias("sensitive"))
        time = None if text else np.arange(900)
        yield prepare(Table(user_id, pl.Series(item), rating, Scale(1, 10, step), "test", status, time, catalogue))


def files_of(folder: Path) -> Files:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def put(folder: Path, files: Files) -> None:
    for file in folder.iterdir():
        file.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)


def same(one: Dataset, other: Dataset) -> bool:
    """Whether all that is read of two datasets is the same."""
    arrays = all(
        np.array_equal(a, b, equal_nan=a.dtype == np.float32) if a is not None and b is not None else a is b
        for a, b in ((getattr(one, name), getattr(other, name)) for name in ("indptr", "item", "stored", "status", "time"))
    )
    unlisted = [{key: value for key, value in each.manifest.items() if key != "files"} for each in (one, other)]
    tables = one.items.equals(other.items) and one.users.ids.equals(other.users.ids)
    return arrays and tables and one.scale == other.scale and unlisted[0] == unlisted[1]


def use(dataset: Dataset) -> None:
    """What reads all of a dataset."""
    train = make_split(dataset, SplitConfig()).train_set(dataset)
    assert dataset.labels().min() >= -1 and 0 < dataset.density <= 1 and str(dataset) and len(train.seen)
    for id in dataset.users.ids:
        dataset.profile(id)


def forged(files: Files, draw: random.Random) -> Damaged:
    """Wrong contents under right hashes."""
    manifest = json.loads(files["manifest.json"])
    name = draw.choice(sorted(files))
    if name == "manifest.json":
        said, content = words(files[name], draw)
        try:
            manifest = json.loads(content)
        except (ValueError, RecursionError):
            return said, {**files, name: content}
    elif name.endswith(".npy"):
        said, array = _array(np.load(io.BytesIO(files[name])), draw)
        buffer = io.BytesIO()
        np.save(buffer, array)
        files, said = {**files, name: buffer.getvalue()}, f"{name} {said}"
        manifest["sha256"][name.removesuffix(".npy")] = hash_array(array)
    else:
        said, frame = _frame(pl.read_parquet(io.BytesIO(files[name])), draw)
        buffer = io.BytesIO()
        frame.write_parquet(buffer)
        files, said = {**files, name: buffer.getvalue()}, f"{name} {said}"
    return f"forged {said}", fitted(files, manifest)


def fitted(files: Files, manifest: Any) -> Files:
    """The files with the hashes of the manifest made to fit them, as far as it has such."""
    try:
        hashes = manifest["sha256"]
        hashes |= {name: hash_bytes(files[name]) for name in ("items.parquet", "users.parquet")}
        users, items = (pl.read_parquet(io.BytesIO(files[f"{each}.parquet"])) for each in ("users", "items"))
        hashes["ids"] = hash_bytes("\n".join([*map(str, users["user_id"]), "", *map(str, items["item_id"])]).encode())
        names = [name for name in ("indptr", "item", "rating", "status", "time", "ids") if name in hashes]
        scale = Scale(*map(float, (manifest["scale"][key] for key in ("low", "high", "step"))))
        hashes["all"] = hash_bytes("".join(hashes[name] for name in names).encode(), str(scale).encode())
    except (KeyError, TypeError, ValueError, KonomiError, pl.exceptions.PolarsError):
        pass  # it will be refused for that
    if isinstance(manifest, dict) and isinstance(manifest.get("sha256"), dict):
        try:
            manifest["sha256"]["manifest.json"] = hash_manifest(manifest)
        except (ValueError, RecursionError):
            pass
    return {**files, "manifest.json": json.dumps(manifest).encode()}


def _array(array: np.ndarray, draw: random.Random) -> tuple[str, np.ndarray]:
    n = draw.randrange(len(array))
    changed = array.copy()
    changed[n] = draw.choice([0, 1, 5, 9, 200] if array.dtype == np.uint8 else [-1, 0, 7, 2**31 - 1])
    choices = {
        "changed": changed,
        "reversed": array[::-1],
        "empty": array[:0],
        "0-d": np.array(array[0]),
        "2-d": array[:, None],
        "float64": array.astype(np.float64),
        "int16": array.astype(np.float64).clip(0, 99).astype(np.int16),
        "big-endian": array.astype(array.dtype.newbyteorder(">")),
        "short": array[:-1],
        "double": np.repeat(array, 2)[: len(array)],
        "Fortran": np.asfortranarray(np.stack([array, array])),
        "text": array.astype("U9"),
        "NaN": np.full(len(array), np.nan, np.float32),
    }
    said = draw.choice(sorted(choices))
    return said, choices[said]


def _frame(frame: pl.DataFrame, draw: random.Random) -> tuple[str, pl.DataFrame]:
    column = draw.choice(frame.columns)
    choices = {
        "without": frame.drop(column),
        "renamed": frame.rename({column: "x"}),
        "text": frame.with_columns(pl.lit("x").alias(column)),
        "float": frame.with_columns(pl.lit(float("nan")).alias(column)),
        "nulls": frame.with_columns(pl.lit(None, frame.schema[column]).alias(column)),
        "one null": frame.with_columns(pl.when(pl.int_range(pl.len()) != 3).then(pl.col(column)).alias(column)),
        "reversed": frame[::-1],
        "double": pl.concat([frame[:1], frame[:-1]]),
        "short": frame[:-1],
        "empty": frame[:0],
        "no columns": pl.DataFrame(),
        "more": frame.with_columns(pl.lit(1).alias("more")),
        "enum": frame.with_columns(pl.lit("x").cast(pl.Categorical).alias(column)),
        "int8": frame.with_columns(pl.lit(1, pl.Int8).alias(column)),
        "negative": frame.with_columns(pl.lit(-1).cast(pl.Int64).alias(column)),
    }
    said = draw.choice(sorted(choices))
    return f"{column} {said}", choices[said]


def dataset_rounds(rounds: int, draw: random.Random) -> Iterator[tuple[str, str]]:
    """(how it was damaged, how that ended) of each round."""
    with tempfile.TemporaryDirectory() as place:
        kept = []
        for n, dataset in enumerate(datasets()):
            dataset.save(Path(place) / str(n))
            folder = current(Path(place) / str(n))
            whole = Dataset.open(folder)
            kept.append((folder, files_of(folder), dataclasses.replace(whole, **_in_memory(whole))))
        for _ in range(rounds):
            folder, files, whole = draw.choice(kept)
            if old := draw.random() < 0.2:
                files = format_1(files)
            how = draw.choice((cuts, cuts, names, forged, _words))
            said, damaged = how(files, draw)
            put(folder, damaged)
            if damaged != files:
                lenient = old or how is forged
                said = f"format {1 if old else 2}: {said}"
                yield said, outcome(lambda f=folder: Dataset.open(f), lambda found, w=whole: same(found, w), use, lenient)
                # a quick look must not stumble, though it does not look for flips
                quick = outcome(lambda f=folder: Dataset.open(f, check=False), lambda _: True, _profiles, True)
                yield f"{said}, not checked", quick


def format_1(files: Files) -> Files:
    """As older releases wrote it: without hashes of tables and manifest."""
    manifest = json.loads(files["manifest.json"])
    own = {name: value for name, value in manifest["sha256"].items() if "." not in name}
    return {**files, "manifest.json": json.dumps({**manifest, "format": 1, "sha256": own}).encode()}


def _profiles(dataset: Dataset) -> None:
    for id in dataset.users.ids.head(9):
        dataset.profile(id)


def _in_memory(dataset: Dataset) -> dict[str, Any]:
    """Its arrays, no longer mapped: the files will be damaged."""
    arrays = {name: getattr(dataset, name) for name in ("indptr", "item", "stored", "status", "time")}
    return {name: None if array is None else np.array(array) for name, array in arrays.items()}


def _words(files: Files, draw: random.Random) -> Damaged:
    said, content = words(files["manifest.json"], draw)
    return f"manifest {said}", {**files, "manifest.json": content}
