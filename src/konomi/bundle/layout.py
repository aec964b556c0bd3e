"""Arrays in one file, in the layout of safetensors: written in one pass, mapped in one call, hashed in parallel.

    8 bytes, how long the header is · the header in JSON, filled up with spaces · the arrays one after the other, little-endian

The widest numbers come first (i64, f32, …, u8), and the header ends at a multiple of 64 bytes, so every number lies at a
multiple of its own size. The last array, `sha256` u8[1 + n, 32], has the hash of all that comes before the arrays, then of each
of the n others in order. The hash of an array is that of the hashes of its blocks of `BLOCK` bytes: several threads share it.
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

HASHES = "sha256"
ALIGNED = 64  # bytes: the header's end, and so the first array
BLOCK = 1 << 23  # bytes hashed by one task
DTYPES = {
    "F64": "<f8", "I64": "<i8", "U64": "<u8", "F32": "<f4", "I32": "<i4", "U32": "<u4",
    "F16": "<f2", "I16": "<i2", "U16": "<u2", "I8": "|i1", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip
NAMES = {np.dtype(code): name for name, code in DTYPES.items()}


@dataclass(frozen=True)
class Mapped:
    """A file as it lies on disk: the metadata; the arrays in order, read-only views of the mapped file, without `HASHES`; the
    hashes that are noted of them, u8[n, 32]."""

    metadata: dict[str, str]
    arrays: dict[str, Array]
    hashes: U8

    def altered(self, names: Iterable[str]) -> list[str]:
        """Which of these arrays do not have the hash noted of them."""
        noted = dict(zip(self.arrays, self.hashes, strict=True))
        wanted = list(names)
        found = hashes([self.arrays[name] for name in wanted])
        return [name for name, own in zip(wanted, found, strict=True) if own != noted[name].tobytes()]


def write(path: Path, metadata: Mapping[str, str], arrays: Mapping[str, Array]) -> None:
    """The file, from the arrays where they are: nothing is copied but what is not contiguous. OSError where it cannot be
    written; ValueError for an array of a dtype that is not in `DTYPES`. The same content gives the same bytes."""
    if odd := [f"{name} is {array.dtype}" for name, array in arrays.items() if array.dtype.newbyteorder("<") not in NAMES]:
        raise ValueError(f"{odd[0]}, which has no place in a file of arrays")
    whole = {name: _little(array) for name, array in arrays.items()}
    whole = dict(sorted(whole.items(), key=lambda each: (-each[1].itemsize, each[0])))
    head = _head(metadata, {**whole, HASHES: np.empty((1 + len(whole), 32), np.uint8)})
    with path.open("wb") as file:
        file.write(head)
        for array in whole.values():
            file.write(_bytes(array).data)
        file.write(b"".join([hashlib.sha256(head).digest(), *hashes(list(whole.values()))]))


def map_file(path: Path) -> Mapped:
    """The file, mapped: its header is read and checked, its arrays are not touched before they are used.

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
    """The hash of each array, by all cores; see the head of this file."""
    flat = [_bytes(array) for array in arrays]
    tasks = [(n, *span) for n, part in enumerate(flat) for span in blocks(len(part), BLOCK)]
    with workers(min(available_cores(), max(len(tasks), 1))) as each:
        digests = each(lambda task: hashlib.sha256(flat[task[0]][task[1] : task[2]].data).digest(), tasks)
    of = [hashlib.sha256() for _ in arrays]
    for (n, _, _), digest in zip(tasks, digests, strict=True):
        of[n].update(digest)
    return [each.digest() for each in of]


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
    """The arrays that a header tells of, in their order, which has to cover the data without a gap."""
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
    """The array in one piece, little-endian; itself, where it is that already."""
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(array.shape)  # a number would become [number]


def _bytes(array: Array) -> U8:
    """The bytes of an array in one piece, without copying them."""
    return array.reshape(-1).view(np.uint8)
