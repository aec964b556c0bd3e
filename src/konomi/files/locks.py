"""Locks of the operating system: held by one process at a time, and let go when it ends, however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def lock(path: Path, wait: bool = False) -> int:
    """Lock a file or folder; returns the handle, and closing that unlocks it.

    BlockingIOError where somebody else has it and `wait` is false; another OSError where it is gone, or where the file system
    knows no locks.
    """
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)  # some file systems lock only what can be written
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BaseException:
        os.close(handle)
        raise
    return handle


def is_at(handle: int, path: Path) -> bool:
    """Whether what is locked is still what stands at `path`: somebody may have removed it before it was locked."""
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except OSError:
        return False


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Look at a folder or change it while nobody else does who asks for the same; where the file system knows locks."""
    try:
        handle = lock(folder, wait=True)
    except OSError:  # no locks; or no folder, which opening it says again
        handle = os.open(folder, os.O_RDONLY)
    try:
        yield
    finally:
        os.close(handle)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock file `path` in the block; it is gone afterwards. BlockingIOError where another process or thread holds it.

    The file alone means nothing: one that a killed process left is taken over.
    """
    while True:
        path.touch()
        try:
            handle = lock(path)
        except BlockingIOError:
            raise
        except FileNotFoundError:  # its holder has just ended and removed it
            continue
        except OSError:  # a file system without locks: there is nothing to hold
            handle = os.open(path, os.O_RDWR)
        if is_at(handle, path):
            break
        os.close(handle)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)
