"""Where output may go: nothing is replaced that Konomi did not write as the same kind of thing, and never an input."""

import errno
import os
import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from konomi.errors import KonomiError
from konomi.files.locks import alone
from konomi.files.manifest import kind_of, strangers
from konomi.files.regular import read_regular

LONGEST = 255  # bytes of a name, where file systems of today end
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
SHOWN = 5  # how many names a refusal shows


def check_folder(target: Path, kind: str, error: type[KonomiError], inputs: Iterable[Path] = ()) -> Path:
    """Where a folder of this `kind` will be: `target` without links and dots. For a command to call before it works.

    Raises `error` where something would be lost (a file, a folder of another kind or with more in it, an input, the current
    folder), where the place lies within a folder of Konomi's, or where it cannot be written.
    """
    place = resolved(target, error)
    if (here := _here()) and here.is_relative_to(place):
        raise error(f"{target}: holds the folder that you are in.", "Choose another place with `output`.")
    _check(target, place, inputs, error)
    if not place.exists():
        return place
    with alone(place):
        found, others = kind_of(place), strangers(place) if place.is_dir() else []
    if found != kind:
        raise error(f"{target}: already exists and is not a {kind}.", "Choose another place with `output`, or move it away.")
    if others:
        raise error(
            f"{target}: holds more than a {kind}: {', '.join(others[:SHOWN])}.",
            "Move that away, or choose another place with `output`.",
        )
    return place


def check_file(
    target: Path,
    error: type[KonomiError],
    inputs: Iterable[Path] = (),
    option: str = "output",
    older: tuple[str, Callable[[Path], bool]] | None = None,
) -> Path:
    """Where a file will be: `target` without links and dots. For a command to call before it works.

    Raises `error` where a file or folder is there already, where the place is an input or lies within a folder of Konomi's, or
    where it cannot be written. `older` is what may be replaced: how it is called, and whether a file is one. `option` is what
    the place was given with.
    """
    place = resolved(target, error)
    _check(target, place, inputs, error, option)
    if place.is_dir():
        raise error(f"{target}: is a folder.", f"Name a file with `{option}`.")
    if place.exists() and not (older and place.is_file() and older[1](place)):
        reason = f" and is not {older[0]}" if older else ""
        raise error(f"{target}: already exists{reason}.", f"Choose another place with `{option}`, or move it away.")
    return place


def resolved(target: Path, error: type[KonomiError]) -> Path:
    """`target` without links and dots; `error` where no file can have this name."""
    try:
        place = Path(os.path.realpath(target))
        str(place).encode()  # polars writes to no other names
        if any(len(os.fsencode(name)) > LONGEST for name in place.parts):
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
        if os.path.lexists(place) and not os.path.exists(place):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))  # realpath gives back a link that leads to itself
    except OSError as cause:
        raise unwritable(target, cause, error) from cause
    except UnicodeEncodeError:
        raise error(f"{str(place)!r}: not a name in UTF-8.", "Choose another place with `output`.") from None
    except ValueError:  # a NUL
        raise error(f"{str(target)!r}: no file can be called that.", "Choose another place with `output`.") from None
    return place


def _check(target: Path, place: Path, inputs: Iterable[Path], error: type[KonomiError], option: str = "output") -> None:
    """What holds for files and folders alike."""
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
        with suppress(FileNotFoundError):  # somebody who collects what is left over was quicker
            probe.rmdir()
    except OSError as cause:
        raise unwritable(target, cause, error, option) from cause


def _here() -> Path | None:
    """The current folder, None where it has been removed."""
    try:
        return Path.cwd()
    except OSError:
        return None


def _same(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file, as they may where upper and lower case are the same."""
    try:
        return one.samefile(other)
    except OSError:
        return False


def workplace_name(place: Path) -> str:
    """A name for the hidden folder beside a place in which something is written before it goes there."""
    return f".{place.name}.{secrets.token_hex(4)}.partial"


def first_bytes(path: Path, n: int) -> bytes:
    """The first n bytes of a file, fewer where it has fewer, none where it cannot be read."""
    try:
        return read_regular(path, n)
    except OSError:
        return b""


def unwritable(target: Path, cause: OSError, error: type[KonomiError], option: str = "output") -> KonomiError:
    """What to say when a place cannot be written; NumPy tells of a short write without an error number."""
    full = cause.errno in FULL or (cause.errno is None and "written" in str(cause))
    reason = "the disk is full" if full else cause.strerror or str(cause)
    hint = "Free some space or choose another place" if full else "Choose a place that can be written"
    return error(f"{target}: cannot be written: {reason}.", f"{hint} with `{option}`.")
