"""Files and folders that are written whole or not at all, whatever ends the process while they are."""

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

NEW, OLD = "new", "old"  # in a workplace: what is being written, and what it is to replace
HERE, EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux


@contextmanager
def whole_file(target: Path, error: type[KonomiError], option: str = "output") -> Iterator[Path]:
    """A file to write; it replaces `target` in one step when the block ends well, else it vanishes.

    The file stands alone in a folder that goes with it, where other files may be written meanwhile. `option` is what the place
    was given with, for the hint of an error.
    """
    place = resolved(target, error)
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
    """A folder to write into; it becomes `target` when the block ends well, else it vanishes.

    The block writes the manifest last. An older folder of the same `kind` is replaced, in one step where the system can swap
    two folders (Linux). Elsewhere two renames do it, and after a kill between them the older folder is back when the place is
    next written to. Anything else at `target` is refused before the work begins, as `check_folder` says.
    """
    place = check_folder(target, kind, error)
    try:
        with workplace(place) as work:
            (work / NEW).mkdir()
            yield work / NEW
            sync_all(work / NEW)
            check_folder(target, kind, error)  # again: the writing has taken its time
            _replace(place, work)
            sync(place.parent)
    except OSError as cause:
        raise unwritable(target, cause, error) from cause


def _replace(place: Path, work: Path) -> None:
    """Put `work / NEW` at `place`; what was there ends up in `work`."""
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
    """Let two folders change places in one step; False where the system or the file system cannot."""
    try:
        renameat2 = ctypes.CDLL(None).renameat2
    except (OSError, AttributeError):
        return False
    return bool(renameat2(HERE, os.fsencode(one), HERE, os.fsencode(other), EXCHANGE) == 0)


@contextmanager
def workplace(place: Path) -> Iterator[Path]:
    """A hidden folder beside `place`, on the same file system, locked in the block and gone afterwards.

    What killed processes left there is collected first; the workplace of a process that lives is locked, and stays. Missing
    parents are made. OSError where that cannot be.
    """
    make_parents(place)
    collect(place.parent, place.name)
    while True:
        work = place.with_name(workplace_name(place))
        work.mkdir()
        try:
            handle = lock(work)
        except (BlockingIOError, FileNotFoundError):  # somebody who collects was quicker than the lock
            continue
        except OSError:  # a file system without locks: nobody collects there
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
        if not (found := leftover.fullmatch(entry.name)):
            continue
        work, place = Path(entry.path), folder / found[1]
        try:
            handle = lock(work)
        except OSError:  # in use, or there are no locks to tell
            continue
        if (work / OLD).exists() and not os.path.lexists(place):
            (work / OLD).rename(place)
        shutil.rmtree(work, ignore_errors=True)
        os.close(handle)


def sync_all(folder: Path) -> None:
    """Bring a folder and the files in it to the disk."""
    for file in folder.iterdir():
        sync(file)
    sync(folder)


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
