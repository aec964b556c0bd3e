"""Index files: what each row of another file is, such as its role in a split, as whole numbers in the order of the rows.

Text with a number a line, or NumPy's own forms: .npy, and .npz with one array. Nothing pickled is read.
"""

import zipfile
import zlib
from pathlib import Path
from tokenize import TokenError

import numpy as np
import polars as pl

from konomi.arrays import I64
from konomi.errors import DataError
from konomi.files import open_regular
from konomi.reading.records import numbered_lines

HINT = "Give a whole number a line, or an array of NumPy, .npy or .npz."
DAMAGED = (ValueError, EOFError, SyntaxError, TokenError, MemoryError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What NumPy raises for files that are damaged, pickled, packed in another way, or say that they hold more than can be."""
SHOWN = 5  # line numbers that an error names, at most


def read_index(path: Path) -> I64:
    """The numbers of an index file, i64[N]. DataError where it is missing, or holds anything but whole numbers in one row."""
    return _array(path) if path.suffix in (".npy", ".npz") else _lines(path)


def _array(path: Path) -> I64:
    try:
        with open_regular(path) as file:
            found = np.load(file, allow_pickle=False)
            arrays = [found[name] for name in found.files] if isinstance(found, np.lib.npyio.NpzFile) else [found]
    except FileNotFoundError:
        raise DataError(f"{path}: no such file.", "Check the path.") from None
    except OSError as cause:
        raise DataError(f"{path}: cannot be read: {cause.strerror or cause}.", HINT) from cause
    except DAMAGED as cause:
        raise DataError(f"{path}: is no array of NumPy, or is damaged: {cause}.", HINT) from None
    if len(arrays) != 1 or arrays[0].ndim != 1 or arrays[0].dtype.kind not in "iu":
        shapes = ", ".join(f"{array.dtype}{list(array.shape)}" for array in arrays) or "nothing"
        raise DataError(f"{path}: holds {shapes}, and not one row of whole numbers.", HINT)
    return arrays[0].astype(np.int64)


def _lines(path: Path) -> I64:
    lines = numbered_lines(path)
    numbers = lines["line"].cast(pl.Int64, strict=False)
    wrong = lines["row"].filter(numbers.is_null()).head(SHOWN).to_list()
    if wrong:
        raise DataError(f"{path}: lines are no whole numbers: {', '.join(map(str, wrong))}.", HINT)
    if not len(numbers):
        raise DataError(f"{path}: the file is empty.", HINT)
    return numbers.to_numpy()
