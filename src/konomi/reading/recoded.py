"""Text in another encoding, or with the line ends of old Macs: rewritten to a temporary folder and read from there."""

import codecs
import gzip
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from konomi.data.table import Table
from konomi.errors import ConfigError, DataError
from konomi.reading.records import DAMAGED
from konomi.reading.temporary import read_for
from konomi.reading.typed_files import TYPED
from konomi.settings import shown

HEAD = 1 << 16  # bytes in which a line ends, if any does
BLOCK = 1 << 20  # characters rewritten at once


def read_recoded(paths: Sequence[Path], encoding: str | None, read: Callable[[Sequence[Path]], Table]) -> Table:
    """`read(paths)`, with each text file that is in this encoding, or whose lines end in CR, replaced by UTF-8 with LF.

    ConfigError for an unknown encoding; DataError where a file is in another one. Other errors and `Table.files` name the file.
    """
    if encoding is not None:
        try:
            codecs.lookup(encoding)
        except LookupError:
            raise ConfigError(
                f"encoding: there is no {shown(encoding)}.", "Write latin-1, cp1252, shift_jis, utf-16, …"
            ) from None
    texts = [path for path in paths if path.is_file() and path.suffix not in TYPED]
    odd = [path for path in texts if encoding is not None or _ends_in_cr(path)]
    if not odd:
        return read(paths)
    with tempfile.TemporaryDirectory(prefix="konomi-") as place:
        places = {path: Path(place) / str(n) / path.name.removesuffix(".gz") for n, path in enumerate(odd)}
        for path, written in places.items():
            _rewrite(path, written, encoding or "utf-8")
        origin = {written: path for path, written in places.items()}
        return read_for(origin, [places.get(path, path) for path in paths], read)


def _ends_in_cr(path: Path) -> bool:
    """Whether a text's lines end in CR alone."""
    try:
        with path.open("rb") if path.suffix != ".gz" else gzip.open(path) as file:
            head = file.read(HEAD)
    except (OSError, *DAMAGED):
        return False  # the error comes when it is read
    return b"\r" in head and b"\n" not in head and b"\0" not in head


def _rewrite(path: Path, written: Path, encoding: str) -> None:
    written.parent.mkdir()
    decoder, after_cr = codecs.getincrementaldecoder(encoding)("surrogateescape" if encoding == "utf-8" else "strict"), False
    try:
        with path.open("rb") if path.suffix != ".gz" else gzip.open(path) as file, written.open("wb") as out:
            while block := file.read(BLOCK):
                text = decoder.decode(block)
                if after_cr and text.startswith("\n"):
                    text = text[1:]
                after_cr = text.endswith("\r")
                out.write(text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "surrogateescape"))
            out.write(decoder.decode(b"", True).encode("utf-8", "surrogateescape"))
    except (UnicodeError, LookupError) as cause:
        raise DataError(f"{path}: is not in {encoding}: {cause}.", "Name the encoding that it has with `encoding`.") from None
    except DAMAGED:
        raise DataError(f"{path}: the compressed file is damaged or ends too early.", "Download it again.") from None
