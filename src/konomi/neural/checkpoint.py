"""The state of a training after an epoch, in one file: written whole or not at all, refused where it is damaged or of another
training, and used by one training at a time.

It has all weights of the training, also the users' vectors by row: it is as private as the ratings.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from konomi.errors import FitError
from konomi.files import first_bytes, hash_array, hash_bytes, held, make_parents, read_regular, whole_file

Arrays = dict[str, npt.NDArray[Any]]

FORMAT = "konomi checkpoint 2"
HEAD = "head"  # the array whose bytes are JSON: format, fingerprint of the training, hash of everything
SIZE, LONGEST = 8, 1 << 20  # bytes of a safetensors file: of its header's length; of the header of a checkpoint, at most


@contextmanager
def claimed(path: Path | None) -> Iterator[None]:
    """Reserve the checkpoint at `path`, if it is not None, for this training in the block.

    FitError where another training has it, or where it cannot be written. A lock file beside it is held in the block; the
    system releases the lock even after a kill.
    """
    with ExitStack() as stack:
        if path is not None:
            try:
                make_parents(path)
                stack.enter_context(held(path.with_name(f".{path.name}.lock")))
            except BlockingIOError:
                hint = "Wait until it ends, or give each its own `checkpoint`."
                raise FitError(f"{path}: another training has this checkpoint.", hint) from None
            except OSError as cause:
                hint = "Choose a place that can be written with `checkpoint`."
                raise FitError(f"{path}: the checkpoint cannot be written: {cause.strerror}.", hint) from cause
        yield


def remove(path: Path) -> None:
    """Remove a checkpoint that is no longer needed, unless another training has it meanwhile."""
    with suppress(FitError), claimed(path):
        path.unlink(missing_ok=True)


def write(path: Path, arrays: Arrays, fingerprint: str) -> None:
    """Replace the file by these arrays. FitError where it cannot be written; the older file then stays."""
    with whole_file(path, FitError, "checkpoint") as partial:
        partial.write_bytes(save({**arrays, HEAD: _head(arrays, fingerprint)}))


def read(path: Path, fingerprint: str) -> Arrays | None:
    """The arrays of a file that `write` wrote, None where there is no file yet.

    FitError where it is damaged, or where its fingerprint differs: another model, setting, seed or data.
    """
    try:
        arrays = load(read_regular(path))
        head = arrays.pop(HEAD)
        format, found, _ = json.loads(head.tobytes())
        whole = format == FORMAT and np.array_equal(head, _head(arrays, found))
    except FileNotFoundError:
        return None
    except OSError as cause:
        raise FitError(f"{path}: the checkpoint cannot be read: {cause.strerror}.", "Choose another `checkpoint`.") from cause
    except (ValueError, KeyError, TypeError, RecursionError, SafetensorError):
        whole = False
    if not whole:
        raise FitError(f"{path}: not a checkpoint of this Konomi, or damaged.", "Delete it, or give another `checkpoint`.")
    if found != fingerprint:
        raise FitError(
            f"{path}: the checkpoint of a training with other settings, another seed or other data.",
            "Train as before, delete it, or give another `checkpoint`.",
        )
    return arrays


def is_checkpoint(path: Path) -> bool:
    """Whether a file looks like a checkpoint of any training, whole or damaged, so that it may be replaced."""
    size = int.from_bytes(first_bytes(path, SIZE), "little")
    try:
        names = json.loads(first_bytes(path, SIZE + min(size, LONGEST))[SIZE:])
    except (ValueError, RecursionError):
        return False
    return isinstance(names, dict) and {HEAD, "history"} <= set(names)


def _head(arrays: Arrays, fingerprint: str) -> npt.NDArray[np.uint8]:
    """The array `HEAD` for these arrays."""
    hashes = [[name, hash_array(array)] for name, array in sorted(arrays.items())]
    whole = hash_bytes(json.dumps([FORMAT, fingerprint, hashes]).encode())
    return np.frombuffer(json.dumps([FORMAT, fingerprint, whole]).encode(), np.uint8)
