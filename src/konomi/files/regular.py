"""Files as such: a pipe that nobody writes to would never answer, and a device never end."""

import errno
import stat
from io import BufferedReader
from pathlib import Path


def open_regular(path: Path) -> BufferedReader:
    """A file, to read its bytes. OSError where it is gone or cannot be read, or is a pipe, a device and the like."""
    kind = stat.S_IFMT(path.stat().st_mode)
    if kind not in (stat.S_IFREG, stat.S_IFDIR):  # of a folder, `open` says the same everywhere
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    return path.open("rb")


def read_regular(path: Path, most: int = -1) -> bytes:
    """The bytes of a file, at most `most` of them. OSError as `open_regular` raises it."""
    with open_regular(path) as file:
        return file.read(most)
