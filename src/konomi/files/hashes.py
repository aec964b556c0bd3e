"""sha256 of bytes, arrays and files, as "sha256:…"."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from konomi.files.regular import open_regular


def hash_bytes(*pieces: bytes | memoryview) -> str:
    """sha256 of the pieces in order."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
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
    with open_regular(path) as handle:
        return f"sha256:{hashlib.file_digest(handle, 'sha256').hexdigest()}"
