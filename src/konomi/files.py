"""Folders that are written whole or not at all, and hashes of what is in them."""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from konomi.errors import KonomiError

MANIFEST = "manifest.json"


@contextmanager
def whole_folder(target: Path, kind: str, error: type[KonomiError]) -> Iterator[Path]:
    """A folder beside `target` to write into; it becomes `target` when the block ends well and vanishes when it does not.

    An older folder of the same `kind` (its manifest says so) is replaced; anything else at `target` is left alone and refused,
    before the work begins.
    """
    refuse_foreign(target, kind, error)
    partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
    try:
        partial.mkdir(parents=True)
        yield partial
        for file in partial.iterdir():
            _sync(file)
        _sync(partial)
        if target.exists():
            old = target.with_name(f".{target.name}.old-{os.getpid()}")
            target.rename(old)
            partial.rename(target)
            shutil.rmtree(old)
        else:
            partial.rename(target)
        _sync(target.parent)
    except OSError as cause:
        # None: NumPy could not write all of an array, and does not say why
        full = cause.errno in (None, errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        reason = "the disk is full" if full else cause.strerror or str(cause)
        hint = "Free some space or choose another place with -o." if full else "Choose a place that can be written with -o."
        raise error(f"{target}: cannot be written: {reason}.", hint) from cause
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def refuse_foreign(target: Path, kind: str, error: type[KonomiError]) -> None:
    """Raise `error` where `target` exists and is not a folder that Konomi wrote as this `kind`."""
    if not target.exists():
        return
    try:
        mine = json.loads((target / MANIFEST).read_text(encoding="utf-8")).get("kind") == kind
    except (OSError, ValueError, AttributeError):
        mine = False
    if not mine:
        raise error(f"{target}: already exists and is not a {kind}.", "Choose another place with -o, or move it away.")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """manifest.json, readable by people: indented, UTF-8."""
    text = json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_manifest(folder: Path, kind: str, newest: int, error: type[KonomiError], remedy: str) -> dict[str, Any]:
    """The manifest of a folder of this `kind` and a format number up to `newest`, or `error` with a hint."""
    if not folder.exists():
        raise error(f"{folder}: no such folder.", remedy)
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise error(f"{folder}: not a {kind}: it has no {MANIFEST}.", remedy) from None
    except ValueError:
        raise error(f"{folder / MANIFEST}: not readable as JSON.", remedy) from None
    except OSError as cause:
        raise error(f"{folder}: cannot be read: {cause.strerror}.", remedy) from cause
    if not isinstance(manifest, dict) or manifest.get("kind") != kind:
        found = manifest.get("kind", "something else") if isinstance(manifest, dict) else "something else"
        raise error(f"{folder}: not a {kind} but {found}.", remedy)
    number = manifest.get("format")
    if not isinstance(number, int) or not 1 <= number <= newest:
        raise error(
            f"{folder}: {kind} format {number} is not known here.",
            f"This Konomi reads formats 1 to {newest}: upgrade it, or make the {kind} anew.",
        )
    return manifest


def hash_bytes(*parts: bytes | memoryview) -> str:
    """sha256 of the parts in order, as "sha256:…"."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return f"sha256:{digest.hexdigest()}"


def hash_array(array: npt.NDArray[Any]) -> str:
    """sha256 of an array's dtype, shape and little-endian bytes."""
    array = np.ascontiguousarray(array)
    return hash_bytes(
        f"{array.dtype.str}{array.shape}".encode(),
        array.tobytes() if array.size < 1 << 16 else array.reshape(-1).view(np.uint8).data,
    )


def hash_file(path: Path) -> str:
    """sha256 of a file's bytes."""
    with path.open("rb") as handle:
        return f"sha256:{hashlib.file_digest(handle, 'sha256').hexdigest()}"
