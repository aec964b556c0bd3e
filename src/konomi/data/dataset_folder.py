"""The folder of a dataset, see docs/dataset-format.md: written as a version, mapped and checked when read."""

import io
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from konomi.data import validity
from konomi.data.array_files import map_array, write_array
from konomi.data.scale import Scale
from konomi.errors import DataError
from konomi.files import (
    MANIFEST,
    hash_array,
    hash_bytes,
    hash_manifest,
    new_version,
    open_current,
    read_manifest,
    read_regular,
    write_manifest,
)
from konomi.machine import available_cores
from konomi.runtime import blocks, workers

KIND = "konomi dataset"
FORMAT = 3
REMEDY = "Make one with `prepare`."
KINDS = {
    "indptr": np.int64,
    "item": np.int32,
    "rating": np.uint8,
    "status": np.uint8,
    "time": np.int64,
    "weight": np.float32,
    "since": np.int32,
}
OPTIONAL = ("status", "time", "weight", "since")
TABLES = ("items.parquet", "users.parquet")
BLOCK = 1 << 10  # users whose entries one task checks
DAMAGED = (OSError, ValueError, KeyError, TypeError, RecursionError, pl.exceptions.PolarsError, pl.exceptions.PanicException)


@dataclass(frozen=True)
class Contents:
    """What the folder of a dataset holds, without its manifest.

    items: the catalogue; users: their ids; arrays: by the names in `KINDS`; "rating" is f32 where the scale has no codes,
    those in `OPTIONAL` may be absent; people: a column of text for each feature of the users, or None.
    """

    items: pl.DataFrame
    users: pl.Series
    arrays: dict[str, npt.NDArray[Any]]
    scale: Scale
    people: pl.DataFrame | None = None

    @cached_property
    def hashes(self) -> dict[str, str]:
        """The hash of every array and of the ids, computed once and in parallel; "all": one hash of all of these (not of the
        rest of the catalogue)."""
        ids = [*map(str, self.users), "", *map(str, self.items["item_id"])]
        with workers(available_cores()) as each:
            *hashes, of_ids = each(lambda hashed: hashed(), [*(_hash(a) for a in self.arrays.values()), lambda: _of_text(ids)])
        found = {**dict(zip(self.arrays, hashes, strict=True)), "ids": of_ids}
        return {**found, "all": hash_bytes("".join(found.values()).encode(), str(self.scale).encode())}

    def wrong(self) -> str:
        """What is wrong with the entries, or ""; run after the checks that `_read` always makes."""
        a = self.arrays

        def wrong(users: tuple[int, int]) -> str:
            return validity.wrong_entries(
                a["indptr"], a["item"], a["rating"], a.get("status"), len(self.items), self.scale, users
            )

        with workers(available_cores()) as each:
            return next(filter(None, each(wrong, blocks(len(self.users), BLOCK))), "")


def _hash(array: npt.NDArray[Any]) -> Any:
    return lambda: hash_array(array)


def _of_text(ids: list[str]) -> str:
    return hash_bytes("\n".join(ids).encode())


def write_folder(path: Path, contents: Contents, manifest: dict[str, Any]) -> None:
    """Write the contents as the current version of the folder `path`; DataError where that is impossible."""
    with new_version(path, KIND, DataError) as folder:
        for name, array in contents.arrays.items():
            write_array(folder / f"{name}.npy", array)
        users = pl.DataFrame({"user_id": contents.users})
        frames = (contents.items, users if contents.people is None else users.hstack(contents.people))
        tables = {name: parquet(frame) for name, frame in zip(TABLES, frames, strict=True)}
        for name, content in tables.items():
            (folder / name).write_bytes(content)
        n_users, n_items, entries = len(contents.users), len(contents.items), len(contents.arrays["item"])
        size = {"users": n_users, "items": n_items, "entries": entries, "density": entries / (n_users * n_items)}
        scale = {"low": contents.scale.low, "high": contents.scale.high, "step": contents.scale.step}
        head = {"kind": KIND, "format": FORMAT, **size, "scale": scale}
        whole = {**head, **{key: value for key, value in manifest.items() if key not in head}}
        hashes = {**contents.hashes, **{name: hash_bytes(content) for name, content in tables.items()}}
        write_manifest(folder, {**whole, "sha256": {**hashes, MANIFEST: hash_manifest(whole)}})


def read_folder(path: Path, check: bool) -> tuple[Contents, dict[str, Any]]:
    """The contents and the manifest that `write_folder` wrote; DataError where a file is missing, damaged or does not fit.

    Without `check`, only the dtypes and lengths of the arrays and the values of indptr are checked.
    """
    return open_current(path, lambda folder: _read(folder, check))


def _read(folder: Path, check: bool) -> tuple[Contents, dict[str, Any]]:
    manifest = read_manifest(folder, KIND, FORMAT, validity.MANIFEST_TYPES, DataError, REMEDY)
    try:
        covered = manifest["format"] > 1  # format 1 has no hashes of its tables and its manifest
        if wrong := validity.wrong_manifest(manifest):
            raise ValueError(f"{MANIFEST}: {wrong}")
        hashes = manifest["sha256"]
        if covered and hash_manifest(manifest) != hashes[MANIFEST]:
            raise ValueError(f"{MANIFEST} has been altered: its hash is not the one noted in it")
        scale = validity.scale_of(manifest)
        tables = {name: read_regular(folder / name) for name in TABLES}
        if covered and (altered := [name for name, content in tables.items() if hash_bytes(content) != hashes[name]]):
            raise ValueError(f"{altered[0]} has been altered or cut short: its hash is not the one in the manifest")
        # read from bytes, not by name: polars takes [ ] in a name for a pattern
        items, users = (pl.read_parquet(io.BytesIO(content)) for content in tables.values())
        if users.columns[:1] != ["user_id"] or (len(users), len(items)) != (manifest["users"], manifest["items"]):
            raise ValueError("its users and items are not those of its manifest")
        people = users.drop("user_id") if len(users.columns) > 1 else None
        n = dict.fromkeys(KINDS, manifest["entries"]) | {"indptr": len(users) + 1}
        kinds = KINDS if scale.coded else {**KINDS, "rating": np.float32}
        names = [name for name in KINDS if name not in OPTIONAL or name in hashes]
        if covered and manifest.get("files") != sorted([*(f"{name}.npy" for name in names), *TABLES]):
            raise ValueError(f"{MANIFEST} lists other files than there are")
        arrays = {name: map_array(folder / f"{name}.npy", kinds[name], n[name]) for name in names}
        contents = Contents(items, users["user_id"], arrays, scale, people)
        wrong = (
            validity.wrong_ids(contents.users, "user")
            or validity.wrong_items(items)
            or validity.wrong_features(people)
            or validity.wrong_indptr(arrays["indptr"], manifest["entries"])
        )
        if check and not wrong:
            altered = [name for name, sha256 in contents.hashes.items() if hashes.get(name) != sha256]
            wrong = f"{altered[0]}: has been altered: its hash is not the one in the manifest" if altered else contents.wrong()
        if wrong:
            raise ValueError(wrong)
    except DAMAGED as cause:
        raise DataError(f"{folder}: a file of the dataset is missing or damaged: {_reason(cause)}.", REMEDY) from cause
    return contents, manifest


def _reason(cause: BaseException) -> str:
    if isinstance(cause, OSError):
        return f"{Path(str(cause.filename)).name}: {cause.strerror}"
    return f"{cause} is missing" if isinstance(cause, KeyError) else str(cause)


def parquet(frame: pl.DataFrame) -> bytes:
    """A frame as the bytes of a Parquet file; we write these ourselves, for our own error where the disk is full."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()
