"""Locks of the operating system: held by one process at a time, and released when it ends, even by a kill."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def lock(path: Path, wait: bool = False) -> int:
    """Lock a file or folder; returns a handle, and closing the handle unlocks it.

    BlockingIOError where it is locked already and `wait` is false; another OSError where it is gone, or where the file system
    has no locks.
    """
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)  # some file systems lock only what can be written
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BaseException:
        os.close(handle)
        raise
    return handle


def is_at(handle: int, path: Path) -> bool:
    """Whether the locked file is still at `path`: it may have been removed just before it was locked."""
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except OSError:
        return False


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder in the block, if the file system has locks: one process or thread at a time."""
    try:
        handle = lock(folder, wait=True)
    except OSError:  # no locks; or no folder, and then the next line raises again
        handle = os.open(folder, os.O_RDONLY)
    try:
        yield
    finally:
        os.close(handle)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock file `path` in the block, then remove it. BlockingIOError where another process or thread holds it.

    A file that a killed process left is not locked, and is used again.
    """
    while True:
        path.touch()
        try:
            handle = lock(path)
        except BlockingIOError:
            raise
        except FileNotFoundError:  # its holder has just removed it
            continue
        except OSError:  # a file system without locks
            handle = os.open(path, os.O_RDWR)
        if is_at(handle, path):
            break
        os.close(handle)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)
