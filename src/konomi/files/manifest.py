"""The manifest of a folder that Konomi wrote: its kind and its contents; in a folder of versions, the current one's."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from konomi.errors import KonomiError
from konomi.files.hashes import hash_bytes
from konomi.files.header import read_metadata
from konomi.files.regular import read_regular

MANIFEST, CURRENT, VERSIONS = "manifest.json", "current", "versions"
LONGEST = 64  # bytes of a pointer, and more than any has
NUMBER = re.compile(r"[1-9][0-9]{0,8}")  # of a version
POINTER = re.compile(rf"((?:{VERSIONS}/)?{NUMBER.pattern})\n?")
LEFTOVER = re.compile(rf"\.{VERSIONS}\.[0-9a-f]{{8}}\.partial")  # what a killed process left of a version
UNREADABLE = (ValueError, RecursionError)  # what json raises; nested too deep is the second


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write manifest.json, readable by people, with the names of the files beside it; to be called last."""
    whole = {**manifest, "files": sorted(file.name for file in folder.iterdir())}
    (folder / MANIFEST).write_bytes(_json(whole) + b"\n")


def hash_manifest(manifest: dict[str, Any]) -> str:
    """sha256 of a manifest without its own hashes and list of files."""
    return hash_bytes(_json({key: value for key, value in manifest.items() if key not in ("sha256", "files")}))


def _json(value: Any) -> bytes:
    """JSON as UTF-8; bytes of a file name that are not UTF-8 are written as escapes."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False).encode("utf-8", "backslashreplace")


def current(folder: Path) -> Path:
    """The version that the pointer of a folder names; the folder itself where it has no pointer, or a damaged one."""
    try:
        found = POINTER.fullmatch(read_regular(folder / CURRENT, LONGEST).decode("ascii"))
    except (OSError, ValueError):
        found = None
    return folder / found[1] if found else folder


def kind_of(path: Path) -> str | None:
    """The kind of a folder that Konomi wrote, or of a file of arrays; None for anything else."""
    kind = (read_metadata(path) or _current_manifest(path)).get("kind")
    return kind if isinstance(kind, str) and kind.startswith("konomi ") else None


def _current_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of the current version of a folder, empty where none can be read."""
    version = current(folder)
    while not (manifest := _manifest(version)) and (newer := current(folder)) != version:
        version = newer  # it has become current meanwhile
    return manifest


def foreign_files(folder: Path) -> list[str]:
    """The names in a folder that Konomi wrote, and in its versions, of files that Konomi did not write."""
    written = {*listed(folder), MANIFEST, *([CURRENT] if current(folder) != folder else [])}
    found = [file.name for file in folder.iterdir() if file.name not in written and not LEFTOVER.fullmatch(file.name)]
    if VERSIONS not in found or not (folder / VERSIONS).is_dir():
        return sorted(found)
    found.remove(VERSIONS)
    for version in (folder / VERSIONS).iterdir():
        if not (NUMBER.fullmatch(version.name) and version.is_dir()):
            found.append(f"{VERSIONS}/{version.name}")
            continue
        written = {*listed(version), MANIFEST}
        found += [f"{VERSIONS}/{version.name}/{file.name}" for file in version.iterdir() if file.name not in written]
    return sorted(found)


def listed(folder: Path) -> set[str]:
    """The names of the files that the manifest of a folder lists."""
    names = _manifest(folder).get("files")
    some = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
    return {name for name in some if Path(name).name == name and name not in (CURRENT, VERSIONS)}


def _manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a folder, empty where none can be read."""
    try:
        found = json.loads(read_regular(folder / MANIFEST).decode("utf-8"))
    except (OSError, *UNREADABLE):
        return {}
    return found if isinstance(found, dict) else {}


def read_manifest(
    folder: Path, kind: str, newest: int, keys: Iterable[str], error: type[KonomiError], remedy: str
) -> dict[str, Any]:
    """The manifest of a folder; `error` unless it has this `kind`, a format number up to `newest` and these `keys`."""
    try:
        if not folder.exists():
            raise error(f"{folder}: no such folder.", remedy)
        manifest = json.loads(read_regular(folder / MANIFEST).decode("utf-8"))
    except FileNotFoundError:
        found = kind_of(folder)
        reason = f" but {found}" if found and found != kind else f": it has no {MANIFEST}"
        raise error(f"{folder}: not a {kind}{reason}.", remedy) from None
    except UNREADABLE:
        raise error(f"{folder / MANIFEST}: not readable as JSON.", remedy) from None
    except OSError as cause:
        if found := kind_of(folder):
            raise error(f"{folder}: not a {kind} but {found}.", remedy) from None
        raise error(f"{folder}: cannot be read: {cause.strerror}.", remedy) from cause
    if not isinstance(manifest, dict) or manifest.get("kind") != kind:
        found = manifest.get("kind", "something else") if isinstance(manifest, dict) else "something else"
        raise error(f"{folder}: not a {kind} but {found}.", remedy)
    number = manifest.get("format")
    if type(number) is not int or not 1 <= number <= newest:
        raise error(
            f"{folder}: {kind} format {number} is not known here.",
            f"This Konomi reads formats 1 to {newest}: upgrade it, or make the {kind} anew.",
        )
    for key in keys:
        if key not in manifest:
            raise error(f'{folder / MANIFEST}: "{key}" is missing.', remedy)
    return manifest
