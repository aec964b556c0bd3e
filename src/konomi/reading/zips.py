"""Zip files, such as downloaded data sets: unpacked to a temporary folder and read from there."""

import tempfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from konomi.data.table import Table
from konomi.errors import DataError
from konomi.reading.temporary import read_for

SHOWN = 5  # names of members that an error shows, at most


def read_unpacked(paths: Sequence[Path], known: Collection[str], read: Callable[[Sequence[Path]], Table]) -> Table:
    """`read(paths)`, with each zip replaced by a folder of its members with known names, or by its only member.

    DataError for a zip that is damaged, encrypted or has no such member; other errors and `Table.files` name the zip.
    """
    if not any(_is_zip(path) for path in paths):
        return read(paths)
    with tempfile.TemporaryDirectory(prefix="konomi-") as place:
        zips = {Path(place) / str(n): path for n, path in enumerate(paths) if _is_zip(path)}
        places = {path: _unpack(path, folder, known) for folder, path in zips.items()}
        return read_for(zips, [places.get(path, path) for path in paths], read)


def _is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip" and path.is_file()


def _unpack(path: Path, folder: Path, known: Collection[str]) -> Path:
    """The path to read instead of the zip at `path`."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX/")]
            chosen = [name for name in names if Path(name).name.removesuffix(".gz") in known]
            if not chosen and len(names) != 1:
                holds = ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "") if names else "nothing"
                raise DataError(f"{path}: no source is known by its files: {holds}.", "Unpack it, and give a ratings file.")
            files = [Path(archive.extract(name, folder)) for name in chosen or names]
    except RuntimeError as error:  # encrypted, or compressed in a way that is not supported
        raise DataError(f"{path}: cannot be unpacked: {error}.", "Unpack it yourself, and give the folder.") from None
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise DataError(f"{path}: not a whole zip file: {error}.", "Download it again.") from None
    except OSError as error:
        reason = error.strerror or error
        raise DataError(f"{path}: cannot be unpacked: {reason}.", "Unpack it yourself, and give the folder.") from None
    return files[0] if len(files) == 1 else folder
