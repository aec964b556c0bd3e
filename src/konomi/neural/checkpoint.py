"""The state of a training after an epoch, in one file: written whole or not at all, refused where it is of another training."""

import contextlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from konomi.errors import FitError

Arrays = dict[str, npt.NDArray[Any]]

FORMAT = "konomi checkpoint 1"


def write(path: Path, arrays: Arrays, fingerprint: str) -> None:
    """Replace the file by these arrays. FitError where it cannot be written; what was there before then stays."""
    partial = path.with_name(f".{path.name}.partial")
    head = np.frombuffer(json.dumps([FORMAT, fingerprint]).encode(), np.uint8)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(save({**arrays, "head": head}))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as cause:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise FitError(
            f"{path}: the checkpoint cannot be written: {cause.strerror}.", "Choose another --checkpoint, or free some space."
        ) from cause


def read(path: Path, fingerprint: str) -> Arrays | None:
    """The arrays of a file that `write` wrote, None where there is none yet.

    FitError where it is damaged, or where its fingerprint differs: another model, setting, seed or data.
    """
    try:
        arrays = load(path.read_bytes())
        head = json.loads(arrays.pop("head").tobytes())
    except FileNotFoundError:
        return None
    except OSError as cause:
        raise FitError(f"{path}: the checkpoint cannot be read: {cause.strerror}.", "Choose another --checkpoint.") from cause
    except (ValueError, KeyError, SafetensorError) as cause:
        raise FitError(f"{path}: not a checkpoint, or damaged: {cause}.", "Delete it, or give another --checkpoint.") from cause
    if head != [FORMAT, fingerprint]:
        raise FitError(
            f"{path}: the checkpoint of a training with other settings, another seed or other data.",
            "Train as before, delete it, or give another --checkpoint.",
        )
    return arrays
