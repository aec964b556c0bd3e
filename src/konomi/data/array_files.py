"""Arrays of one dimension in `.npy` files: mapped when read, and refused unless dtype and length are as expected."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from konomi.files import open_regular

MAGIC = b"\x93NUMPY\x01\x00"  # version 1.0
LONGEST = 1 << 12  # bytes of a header that are read; it has about a hundred


def write_array(path: Path, array: npt.NDArray[Any]) -> None:
    """An array as a `.npy` file, without a copy in memory."""
    np.save(path, array, allow_pickle=False)


def map_array(path: Path, dtype: npt.DTypeLike, n: int) -> npt.NDArray[Any]:
    """The file's array [n] of this dtype, mapped and read-only.

    ValueError where the file has another dtype or length; OSError where it cannot be read. The header is not parsed: it equals
    the expected text, or is refused.
    """
    kind = np.dtype(dtype)
    with open_regular(path) as file:
        head = file.read(len(MAGIC) + 2)
        length = int.from_bytes(head[len(MAGIC) :], "little")
        text = file.read(min(length, LONGEST))
        size = file.seek(0, 2)
    expected = f"{{'descr': '{kind.str}', 'fortran_order': False, 'shape': ({n},), }}"
    if head[: len(MAGIC)] != MAGIC or text.rstrip(b" \n") != expected.encode():
        raise ValueError(f"{path.name} is not an array of {n:,} {kind.name}")
    start = len(head) + length
    if size != start + n * kind.itemsize:
        raise ValueError(f"{path.name} has {size:,} bytes, not {start + n * kind.itemsize:,}")
    if n == 0:
        return np.empty(0, kind)  # an empty array cannot be mapped
    return np.asarray(np.memmap(path, kind, "r", start, (n,)))
