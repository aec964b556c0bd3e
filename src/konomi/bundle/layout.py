"""Arrays in one file, in the layout of safetensors: written in one pass, mapped in one call, hashed in parallel.

    8 bytes, the length of the header · the header in JSON, padded with spaces · the arrays one after the other, little-endian

The widest numbers come first (i64, f32, …, u8), and the header ends at a multiple of 64 bytes, so every number is aligned to
its own size. The last array, `sha256` u8[1 + n, 32], has the hash of everything before the arrays, then the hash of each of the
n other arrays in order. An array's hash is the hash of the hashes of its blocks of `BLOCK` bytes, which threads share.
"""

import hashlib
import json
import math
import mmap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from konomi.arrays import U8
from konomi.files import open_regular
from konomi.files.header import metadata_of, read_header
from konomi.machine import available_cores
from konomi.runtime import blocks, workers

Array = npt.NDArray[Any]

HASHES = "sha256"  # the name of the array of hashes
ALIGNED = 64  # bytes; the first array begins at a multiple of it
BLOCK = 1 << 23  # bytes hashed by one task
DTYPES = {
    "F64": "<f8", "I64": "<i8", "U64": "<u8", "F32": "<f4", "I32": "<i4", "U32": "<u4",
    "F16": "<f2", "I16": "<i2", "U16": "<u2", "I8": "|i1", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip
NAMES = {np.dtype(code): name for name, code in DTYPES.items()}


@dataclass(frozen=True)
class Mapped:
    """A mapped file: its metadata; its arrays in order, without `HASHES`, as read-only views; their noted hashes, u8[n, 32]."""

    metadata: dict[str, str]
    arrays: dict[str, Array]
    hashes: U8

    def altered(self, names: Iterable[str]) -> list[str]:
        """The names of these arrays whose hash differs from the noted one."""
        noted = dict(zip(self.arrays, self.hashes, strict=True))
        names = list(names)
        found = hashes([self.arrays[name] for name in names])
        return [name for name, digest in zip(names, found, strict=True) if digest != noted[name].tobytes()]


def write(path: Path, metadata: Mapping[str, str], arrays: Mapping[str, Array]) -> None:
    """Write the file without copying contiguous arrays. OSError where it cannot be written; ValueError for an array with a
    dtype that is not in `DTYPES`. The same content gives the same bytes."""
    if odd := [f"{name} is {array.dtype}" for name, array in arrays.items() if array.dtype.newbyteorder("<") not in NAMES]:
        raise ValueError(f"{odd[0]}, which has no place in a file of arrays")
    whole = {name: _little(array) for name, array in arrays.items()}
    whole = dict(sorted(whole.items(), key=lambda pair: (-pair[1].itemsize, pair[0])))
    head = _head(metadata, {**whole, HASHES: np.empty((1 + len(whole), 32), np.uint8)})
    with path.open("wb") as file:
        file.write(head)
        for array in whole.values():
            file.write(_bytes(array).data)
        file.write(b"".join([hashlib.sha256(head).digest(), *hashes(list(whole.values()))]))


def map_file(path: Path) -> Mapped:
    """Map the file: the header is read and checked, the arrays are read only when they are used.

    OSError where it cannot be read; ValueError where it is cut short, has another layout, or its header is altered.
    """
    with open_regular(path) as file:
        header, start = read_header(file)
        metadata = metadata_of(header)
        raw = np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)
    arrays = _views(header, raw[start:])
    noted = arrays.pop(HASHES, None)
    if noted is None or noted.dtype != np.uint8 or noted.shape != (1 + len(arrays), 32):
        raise ValueError("it has no hashes of its arrays")
    if hashlib.sha256(raw[:start].data).digest() != noted[0].tobytes():
        raise ValueError("its header has been altered: its hash is not the one noted")
    return Mapped(metadata, arrays, noted[1:])


def hashes(arrays: list[Array]) -> list[bytes]:
    """The hash of each array, on all cores; see the head of this file."""
    flat = [_bytes(array) for array in arrays]
    tasks = [(n, *span) for n, content in enumerate(flat) for span in blocks(len(content), BLOCK)]
    with workers(min(available_cores(), max(len(tasks), 1))) as each:
        digests = each(lambda task: hashlib.sha256(flat[task[0]][task[1] : task[2]].data).digest(), tasks)
    of_arrays = [hashlib.sha256() for _ in arrays]
    for (n, _, _), digest in zip(tasks, digests, strict=True):
        of_arrays[n].update(digest)
    return [of_array.digest() for of_array in of_arrays]


def _head(metadata: Mapping[str, str], arrays: Mapping[str, Array]) -> bytes:
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    end = 0
    for name, array in arrays.items():
        start, end = end, end + array.nbytes
        header[name] = {"dtype": NAMES[array.dtype], "shape": list(array.shape), "data_offsets": [start, end]}
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % ALIGNED)
    return len(text).to_bytes(8, "little") + text


def _views(header: dict[str, Any], data: U8) -> dict[str, Array]:
    """The arrays of a header, in their order; ValueError unless they cover the data without a gap."""
    places = [(name, *_place(name, about)) for name, about in header.items()]
    arrays, end = {}, 0
    for name, dtype, shape, start, stop in sorted(places, key=lambda place: place[3:]):
        if start != end or stop - start != dtype.itemsize * math.prod(shape):
            raise ValueError(f"{name!r} is not where its header says, or not as large")
        end = stop
        if end > len(data):
            raise ValueError(f"it is cut short: {name!r} is not whole")
        arrays[name] = data[start:stop].view(dtype).reshape(shape)
    if end != len(data):
        raise ValueError("there is something after its last array")
    return arrays


def _place(name: str, about: Any) -> tuple[np.dtype[Any], tuple[int, ...], int, int]:
    """dtype, shape, start and stop of an array."""
    try:
        dtype, shape, offsets = (about[key] for key in ("dtype", "shape", "data_offsets"))
        start, stop = offsets
        numbers = [*shape, start, stop]
        if any(type(number) is not int or not 0 <= number < 1 << 63 for number in numbers):
            raise TypeError
        return np.dtype(DTYPES[dtype]), tuple(shape), start, stop
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"what its header says of {name!r} makes no sense") from None


def _little(array: Array) -> Array:
    """The array, contiguous and little-endian; the same one where it is so already."""
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(array.shape)  # it turns shape () into (1,)


def _bytes(array: Array) -> U8:
    """The bytes of a contiguous array, without copying them."""
    return array.reshape(-1).view(np.uint8)
