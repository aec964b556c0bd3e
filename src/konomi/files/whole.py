"""Files and folders that are written whole or not at all, even if the process is killed meanwhile."""

import ctypes
import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path

from konomi.errors import KonomiError
from konomi.files.locks import is_at, lock
from konomi.files.places import check_folder, resolved, unwritable, workplace_name

NEW, OLD = "new", "old"  # in a workplace: the new content, and the old one that it replaces
HERE, EXCHANGE = -100, 2  # Linux' AT_FDCWD and RENAME_EXCHANGE, see renameat2(2)


@contextmanager
def whole_file(target: Path, error: type[KonomiError], option: str = "path") -> Iterator[Path]:
    """A file to write. It replaces `target` by one rename if the block ends without an error, else it is removed.

    Other files may be written beside it, in a workplace that is removed afterwards. option: the setting with the path, for
    hints.
    """
    place = resolved(target, error, option)
    try:
        with workplace(place) as work:
            yield work / NEW
            sync(work / NEW)
            (work / NEW).replace(place)
            sync(place.parent)
    except OSError as cause:
        raise unwritable(target, cause, error, option) from cause


@contextmanager
def whole_folder(target: Path, kind: str, error: type[KonomiError]) -> Iterator[Path]:
    """A folder to write into. It becomes `target` if the block ends without an error, else it is removed.

    The block writes the manifest last. An older folder of the same `kind` is replaced, in one step where the system can swap
    two folders (Linux), else by two renames; after a kill between these, the next write puts the older folder back first.
    Anything else at `target` is refused before the block begins, see `check_folder`.
    """
    place = check_folder(target, kind, error)
    try:
        with workplace(place) as work:
            (work / NEW).mkdir()
            yield work / NEW
            sync_all(work / NEW)
            check_folder(target, kind, error)  # again, since writing takes a while
            _replace(place, work)
            sync(place.parent)
    except OSError as cause:
        raise unwritable(target, cause, error) from cause


def _replace(place: Path, work: Path) -> None:
    """Move `work / NEW` to `place`, and an older folder there into `work`."""
    new, old = work / NEW, work / OLD
    if place.exists() and _swap(place, new):
        return
    try:
        if place.exists():
            place.rename(old)
        new.rename(place)
    except BaseException:
        if old.exists() and not place.exists():
            old.rename(place)
        raise


def _swap(one: Path, other: Path) -> bool:
    """Swap two folders in one step; False where the system or the file system cannot."""
    try:
        renameat2 = ctypes.CDLL(None).renameat2
    except (OSError, AttributeError):
        return False
    return bool(renameat2(HERE, os.fsencode(one), HERE, os.fsencode(other), EXCHANGE) == 0)


@contextmanager
def workplace(place: Path) -> Iterator[Path]:
    """A workplace: a hidden folder beside `place`, on the same file system, locked in the block and removed afterwards.

    Workplaces that killed processes left are collected first; those of running processes are locked, and stay. Missing parents
    are made. OSError where that is impossible.
    """
    make_parents(place)
    collect(place.parent, place.name)
    while True:
        work = place.with_name(workplace_name(place))
        work.mkdir()
        try:
            handle = lock(work)
        except (BlockingIOError, FileNotFoundError):  # another process collected it before it was locked
            continue
        except OSError:  # a file system without locks, where nothing is collected
            handle = os.open(work, os.O_RDONLY)
        if is_at(handle, work):
            break
        os.close(handle)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
        os.close(handle)


def make_parents(place: Path) -> None:
    """Make the folders that lead to a place, however many. NotADirectoryError where something else is in the way."""
    missing = list(takewhile(lambda folder: not os.path.lexists(folder), place.parents))
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
    if not place.parent.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(place.parent))


def collect(folder: Path, name: str = "") -> None:
    """Remove the workplaces in a folder that killed processes left, those for `name`, or all; first put back what one of them
    was about to replace."""
    leftover = re.compile(rf"\.({re.escape(name) or '.+'})\.[0-9a-f]{{8}}\.partial", re.DOTALL)
    for entry in list(os.scandir(folder)):
        if not (found := leftover.fullmatch(entry.name)) or entry.is_symlink():  # a link is not ours
            continue
        work, place = Path(entry.path), folder / found[1]
        try:
            handle = lock(work)
        except OSError:  # in use, or a file system without locks
            continue
        if (work / OLD).exists() and not os.path.lexists(place):
            (work / OLD).rename(place)
        shutil.rmtree(work, ignore_errors=True)
        os.close(handle)


def sync_all(folder: Path) -> None:
    """Flush a folder and the files in it to the disk."""
    for file in folder.iterdir():
        sync(file)
    sync(folder)


def sync(path: Path) -> None:
    """Flush a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
