"""Folders that are written whole or not at all, and hashes of what is in them."""

import errno
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
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

    The block writes the manifest last. An older folder of the same `kind` is replaced; anything else at `target` is refused
    before the work begins, and so is a folder with files in it that are not Konomi's.
    """
    refuse_foreign(target, kind, error)
    target = target.resolve()
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    old = partial.with_suffix(".old")
    try:
        partial.mkdir(parents=True)
        yield partial
        for file in partial.iterdir():
            _sync(file)
        _sync(partial)
        try:
            if target.exists():
                target.rename(old)
            partial.rename(target)
        except BaseException:
            if old.exists() and not target.exists():
                old.rename(target)
            raise
        _sync(target.parent)
    except OSError as cause:
        raise _unwritten(target, cause, error) from cause
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def whole_file(target: Path, error: type[KonomiError]) -> Iterator[Path]:
    """A file beside `target` to write; it replaces `target` in one step when the block ends well, else it vanishes."""
    target = target.resolve()
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    try:
        yield partial
        _sync(partial)
        partial.replace(target)
        _sync(target.parent)
    except OSError as cause:
        raise _unwritten(target, cause, error) from cause
    finally:
        partial.unlink(missing_ok=True)


def _unwritten(target: Path, cause: OSError, error: type[KonomiError]) -> KonomiError:
    """What to say when a place cannot be written; NumPy tells of a short write without an error number."""
    full = cause.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) or (cause.errno is None and "written" in str(cause))
    reason = "the disk is full" if full else cause.strerror or str(cause)
    hint = "Free some space or choose another place with -o." if full else "Choose a place that can be written with -o."
    return error(f"{target}: cannot be written: {reason}.", hint)


def refuse_foreign(target: Path, kind: str, error: type[KonomiError]) -> None:
    """Raise `error` where `target` exists and is not a folder of this `kind` with nothing else in it."""
    if not target.exists():
        return
    manifest = _manifest(target)
    if manifest.get("kind") != kind:
        raise error(f"{target}: already exists and is not a {kind}.", "Choose another place with -o, or move it away.")
    strangers = sorted({file.name for file in target.iterdir()} - set(manifest.get("files", ())) - {MANIFEST})
    if strangers:
        raise error(
            f"{target}: holds more than a {kind}: {', '.join(strangers[:5])}.",
            "Move that away, or choose another place with -o.",
        )


def kind_of(folder: Path) -> str | None:
    """The kind of a folder that Konomi wrote, None for anything else."""
    kind = _manifest(folder).get("kind")
    return kind if isinstance(kind, str) else None


def _manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a folder, empty where there is none to be read."""
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """manifest.json, readable by people, with the names of the files beside it; written last."""
    whole = {**manifest, "files": sorted(file.name for file in folder.iterdir())}
    (folder / MANIFEST).write_text(_json(whole) + "\n", encoding="utf-8")


def hash_manifest(manifest: dict[str, Any]) -> str:
    """sha256 of a manifest without its own hashes and list of files."""
    return hash_bytes(_json({key: value for key, value in manifest.items() if key not in ("sha256", "files")}).encode())


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)


def read_manifest(
    folder: Path, kind: str, newest: int, keys: Iterable[str], error: type[KonomiError], remedy: str
) -> dict[str, Any]:
    """The manifest of a folder of this `kind`, a format number up to `newest` and these `keys`, or `error` with a hint."""
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
    for key in keys:
        if key not in manifest:
            raise error(f'{folder / MANIFEST}: "{key}" is missing.', remedy)
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
