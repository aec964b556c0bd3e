"""Bundles, damaged: see damage.py.

Damage is either to the bytes (bits flipped, the file cut or lengthened, its header edited), which no load may let pass, or to
the contents, written anew with right hashes: arrays, columns of the catalogue, values of the manifest. What is loaded then has
to answer with finite numbers, and `konomi info` has to show it.
"""

import contextlib
import io
import json
import random
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from konomi.bundle.format import Bundle, load_bundle, save_bundle
from konomi.bundle.layout import map_file, write
from konomi.cli.info import info
from konomi.data.dataset import parquet
from konomi.data.prepare import prepare
from konomi.errors import BundleError, KonomiError
from konomi.models import module
from konomi.models.api import needs
from konomi.pipeline.train import train_model
from konomi.recommend.recommender import Recommender
from konomi.runtime import Run
from konomi.simulate.sample import sample
from spoil import outcome

ODD = [None, True, 7, -1, 10**30, 0.5, float("nan"), float("inf"), "", "x", [], {}, [7], [[]], {"a": 7}, "deep"]
NUMBERS = [float("nan"), float("inf"), -float("inf"), 3e38, 1e20, -1, 0, 255, 1 << 30]
DTYPES = [np.float64, np.float32, np.float16, np.int32, np.int64, np.uint8, np.bool_]

SMALL: dict[str, dict[str, Any]] = {
    "mf": {"dim": 8, "epochs": 3},
    "ease": {},
    "genre": {},
    "bias": {},
    "nn": {"dim": 8, "hidden": 8, "epochs": 1},
    "hybrid": {"dim": 8, "hidden": 8, "epochs": 1},
    "two_tower": {"epochs": 1},
}
"""Models and their settings; those that cannot be trained here are left out."""

Draw = np.random.Generator


def flip(whole: bytes, draw: Draw) -> bytes:
    """One to four bits turned over, half of the time in the header."""
    content = bytearray(whole)
    end = len(whole) if draw.random() < 0.5 else min(len(whole), 8 + int.from_bytes(whole[:8], "little"))
    for place in draw.integers(end, size=draw.integers(1, 5)).tolist():
        content[place] ^= 1 << int(draw.integers(8))
    return bytes(content)


def cut(whole: bytes, draw: Draw) -> bytes:
    """The file without its end, its beginning, or a piece; or with more after it."""
    at, size = sorted(draw.integers(len(whole), size=2).tolist())
    return [whole[:at], whole[at:], whole[:at] + whole[size + 1 :], whole + whole[at:size] + b"x"][int(draw.integers(4))]


def header(whole: bytes, draw: Draw) -> bytes:
    """Another length of the header, or a number or letter of the header replaced."""
    length = int.from_bytes(whole[:8], "little")
    if draw.random() < 0.3:
        other = [0, 1, length - 1, length + 64, 1 << 31, 1 << 63, (1 << 64) - 1][int(draw.integers(7))]
        return other.to_bytes(8, "little") + whole[8:]
    place = 8 + int(draw.integers(length))
    return whole[:place] + b'0129{}[],:"aF '[int(draw.integers(14)) :][:1] + whole[place + 1 :]


def array(parts: dict[str, Any], draw: Draw) -> None:
    """One array that is away, of another dtype or shape, empty, a number, or with a number that is none."""
    names = [name for name in parts["arrays"] if name != "items.parquet"]
    name = names[int(draw.integers(len(names)))]
    found = parts["arrays"][name]
    how = int(draw.integers(9))
    if how == 0:
        del parts["arrays"][name]
    elif how == 1:
        parts["arrays"]["mf/another"] = found
    elif how == 2:
        with np.errstate(all="ignore"):
            parts["arrays"][name] = found.astype(DTYPES[int(draw.integers(len(DTYPES)))])
    elif how == 3:
        parts["arrays"][name] = found.reshape(-1)[: int(draw.integers(found.size + 1))]
    elif how == 4:
        parts["arrays"][name] = np.zeros((), found.dtype)
    elif how == 5:
        parts["arrays"][name] = found[:0]
    elif how == 6:
        parts["arrays"][name] = np.concatenate([found, found[:1]]) if found.ndim else found
    elif found.size:
        spoilt = found.copy().reshape(-1)
        with np.errstate(all="ignore"):
            spoilt[draw.integers(found.size, size=1 + found.size // 50)] = np.array(
                NUMBERS[int(draw.integers(len(NUMBERS)))]
            ).astype(found.dtype)
        parts["arrays"][name] = spoilt.reshape(found.shape)


def column(parts: dict[str, Any], draw: Draw) -> None:
    """One column of the catalogue that is away, null, of another type, shuffled or constant; or other rows."""
    items = pl.read_parquet(io.BytesIO(parts["arrays"]["items.parquet"].tobytes()))
    name = items.columns[int(draw.integers(items.width))]
    how = int(draw.integers(7))
    if how == 0:
        items = items.drop(name)
    elif how == 1:
        items = items.with_columns(pl.lit(None, items[name].dtype).alias(name))
    elif how == 2:
        with contextlib.suppress(pl.exceptions.PolarsError):
            items = items.cast({name: [pl.String, pl.Float64, pl.Int32, pl.List(pl.String)][int(draw.integers(4))]})
    elif how == 3:
        items = items.with_columns(items[name].gather(draw.permutation(len(items))))
    elif how == 4:
        items = items.with_columns(items[name].gather(np.zeros(len(items), np.int64)))
    elif how == 5:
        items = items.head(int(draw.integers(len(items))))
    elif items[name].dtype.is_numeric():
        value = NUMBERS[int(draw.integers(len(NUMBERS)))]
        items = items.with_columns(pl.lit(value).cast(items[name].dtype, strict=False).alias(name))
    content = parquet(items)
    if draw.random() < 0.1:
        content = flip(content, draw)
    parts["arrays"]["items.parquet"] = np.frombuffer(content, np.uint8)


def fact(parts: dict[str, Any], draw: Draw) -> None:
    """One value somewhere in the manifest that is away or another; or text that is no manifest."""
    manifest = json.loads(parts["metadata"]["manifest"])
    place: Any = manifest
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = keys[int(draw.integers(len(keys)))]
        if not isinstance(place[key], dict | list) or not place[key] or draw.random() < 0.3:
            break
        place = place[key]
    odd = ODD[int(draw.integers(len(ODD)))]
    if draw.random() < 0.2:
        del place[key]
    else:
        place[key] = odd
    text = json.dumps(manifest).replace('"deep"', "[" * 20_000 + "]" * 20_000).replace("Infinity", "1e999")
    parts["metadata"]["manifest"] = text if draw.random() < 0.97 else text[: int(draw.integers(len(text)))]


BYTES: list[Callable[[bytes, Draw], bytes]] = [flip, cut, header]
CONTENTS: list[Callable[[dict[str, Any], Draw], None]] = [array, column, fact]


def bundle_rounds(rounds: int, draw: random.Random) -> Iterator[tuple[str, str]]:
    """(how it was damaged, how that ended) of each round, on one bundle of many models."""
    dataset = prepare(sample(Run()).table())
    models = {name: each for name, each in SMALL.items() if all(map(find_spec, needs(module(name))))}
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "model"
        save_bundle(path, train_model(dataset, models))
        yield from damaged(path, np.random.default_rng(draw.getrandbits(32)), rounds)


def damaged(path: Path, draw: Draw, rounds: int) -> Iterator[tuple[str, str]]:
    """The same of a bundle's file, each kind of damage in turn; the file is as before afterwards."""
    whole = path.read_bytes()
    for n in range(rounds):
        path.unlink()
        if n % 2:
            kind: Any = CONTENTS[n // 2 % len(CONTENTS)]
            path.write_bytes(whole)
            _forge(path, kind, draw)
        else:
            kind = BYTES[n // 2 % len(BYTES)]
            while (content := kind(whole, draw)) == whole:
                pass
            path.write_bytes(content)
        yield kind.__name__, outcome(lambda: _open(path), lambda _: False, lambda found: _use(found, path), forged=bool(n % 2))
    path.unlink()
    path.write_bytes(whole)


def _forge(path: Path, change: Callable[[dict[str, Any], Draw], None], draw: Draw) -> None:
    """Write a bundle anew with other contents and right hashes."""
    mapped = map_file(path)
    parts = {"metadata": dict(mapped.metadata), "arrays": {name: each.copy() for name, each in mapped.arrays.items()}}
    change(parts, draw)
    path.unlink()
    write(path, parts["metadata"], parts["arrays"])


def _open(path: Path) -> Bundle:
    """The bundle. AssertionError where a refusal does not say which file it is of and what to do."""
    try:
        return load_bundle(path)
    except BundleError as error:
        assert str(error).startswith(f"{path}: "), error
        assert error.hint, error
        raise


def _use(bundle: Bundle, path: Path) -> None:
    """AssertionError where it answers with what is no number, or refuses only when it is asked."""
    try:
        assert all(np.isfinite(score) for score in answers(bundle, path)), "it answers with what is no number"
    except KonomiError as error:
        raise AssertionError(f"refused only when asked: {error}") from error


def answers(bundle: Bundle, path: Path) -> list[float]:
    """What a person, a stranger and a title are answered, with reasons; `konomi info` shows the file."""
    recommender = Recommender(bundle)
    ids, scale = recommender.catalogue.ids, bundle.scale
    best = scale.high if scale.valid(np.array([scale.high], np.float32))[0] else scale.low  # the last step may end below
    lists = [recommender.recommend({ids[0]: best, ids[-1]: scale.low}, k=20)]
    lists += [recommender.recommend(k=5), recommender.similar(ids[3], k=5)]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        info(path)
        info(path, json=True)
    rows = [row for found in lists for row in found.rows]
    parts = [(row.score, row.rating, row.probability, *(row.interval or ())) for row in rows]
    return [value for part in parts for value in part if value is not None]
