"""Checks of output paths: only what Konomi wrote as the same kind is replaced, and never an input."""

import errno
import os
import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from konomi.errors import KonomiError
from konomi.files.locks import alone
from konomi.files.manifest import foreign_files, kind_of
from konomi.files.regular import read_regular

LONGEST = 255  # bytes of a name, the limit of most file systems
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
SHOWN = 5  # names of files that an error shows, at most


def check_folder(target: Path, kind: str, error: type[KonomiError], inputs: Iterable[Path] = ()) -> Path:
    """The resolved path for a new folder of this `kind`. A command calls it before its work.

    Raises `error` where something would be lost (a file, a folder of another kind or with foreign files, an input, the current
    folder), where the path is within a folder that Konomi wrote, or where it cannot be written.
    """
    place = resolved(target, error)
    if (here := _here()) and here.is_relative_to(place):
        raise error(f"{target}: holds the folder that you are in.", "Choose another place with `path`.")
    _check(target, place, inputs, error)
    if not place.exists():
        return place
    with alone(place):
        found, others = kind_of(place), foreign_files(place) if place.is_dir() else []
    if found != kind:
        raise error(f"{target}: already exists and is not a {kind}.", "Choose another place with `path`, or move it away.")
    if others:
        raise error(
            f"{target}: holds more than a {kind}: {', '.join(others[:SHOWN])}.",
            "Move that away, or choose another place with `path`.",
        )
    return place


def check_file(
    target: Path,
    error: type[KonomiError],
    inputs: Iterable[Path] = (),
    option: str = "path",
    older: tuple[str, Callable[[Path], bool]] | None = None,
) -> Path:
    """The resolved path for a new file. A command calls it before its work.

    Raises `error` where a file or folder is there already, where the path is an input or within a folder that Konomi wrote, or
    where it cannot be written. older: files that may be replaced, (their name in errors, whether a file is one); option: the
    setting with the path, for hints.
    """
    place = resolved(target, error, option)
    _check(target, place, inputs, error, option)
    if place.is_dir():
        raise error(f"{target}: is a folder.", f"Name a file with `{option}`.")
    if place.exists() and not (older and place.is_file() and older[1](place)):
        reason = f" and is not {older[0]}" if older else ""
        raise error(f"{target}: already exists{reason}.", f"Choose another place with `{option}`, or move it away.")
    return place


def resolved(target: Path, error: type[KonomiError], option: str = "path") -> Path:
    """`target` without links, "." and ".."; `error` where no file can have this name."""
    try:
        place = Path(os.path.realpath(target))
        str(place).encode()  # polars writes to no other names
        if any(len(os.fsencode(name)) > LONGEST for name in place.parts):
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
        if os.path.lexists(place) and not os.path.exists(place):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))  # realpath returns a link to itself unresolved
    except OSError as cause:
        raise unwritable(target, cause, error, option) from cause
    except UnicodeEncodeError:
        raise error(f"{str(place)!r}: not a name in UTF-8.", f"Choose another place with `{option}`.") from None
    except ValueError:  # a NUL
        raise error(f"{str(target)!r}: no file can be called that.", f"Choose another place with `{option}`.") from None
    return place


def _check(target: Path, place: Path, inputs: Iterable[Path], error: type[KonomiError], option: str = "path") -> None:
    """The checks that files and folders share."""
    for given in inputs:
        given = Path(os.path.realpath(given))
        if given.is_relative_to(place) or _same(given, place):
            raise error(f"{target}: is read by this command, and would be lost.", f"Choose another place with `{option}`.")
    for folder in place.parents:
        if kind := kind_of(folder):
            raise error(f"{target}: lies in {folder}, a {kind}.", f"Choose a place beside it with `{option}`.")
    beside = next(folder for folder in (*place.parents, place) if os.path.lexists(folder))
    try:
        probe = beside / workplace_name(place)
        probe.mkdir()
        with suppress(FileNotFoundError):  # another process has collected it as a leftover
            probe.rmdir()
    except OSError as cause:
        raise unwritable(target, cause, error, option) from cause


def _here() -> Path | None:
    """The current folder of the process, None where it has been removed."""
    try:
        return Path.cwd()
    except OSError:
        return None


def _same(one: Path, other: Path) -> bool:
    """Whether two paths are the same file, such as names that differ in case where the file system ignores it."""
    try:
        return one.samefile(other)
    except OSError:
        return False


def workplace_name(place: Path) -> str:
    """A new name for a workplace: a hidden folder beside `place`, in which its new content is written."""
    return f".{place.name}.{secrets.token_hex(4)}.partial"


def first_bytes(path: Path, n: int) -> bytes:
    """The first n bytes of a file, fewer where it has fewer, none where it cannot be read."""
    try:
        return read_regular(path, n)
    except OSError:
        return b""


def unwritable(target: Path, cause: OSError, error: type[KonomiError], option: str = "path") -> KonomiError:
    """The error for a path that cannot be written. NumPy's error for a full disk has no errno, only a text."""
    full = cause.errno in FULL or (cause.errno is None and "written" in str(cause))
    reason = "the disk is full" if full else cause.strerror or str(cause)
    hint = "Free some space or choose another place" if full else "Choose a place that can be written"
    return error(f"{target}: cannot be written: {reason}.", f"{hint} with `{option}`.")
