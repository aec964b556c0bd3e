"""One person's file as text, plain, gzipped or zipped, with limits on its size."""

import codecs
import gzip
import io
import json
import math
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from konomi.errors import DataError
from konomi.reading.records import records

LIMIT = 64 << 20  # bytes of a list, unpacked, all members of a zip together
PACKED = 16 << 20  # bytes of a zip; also bounds the table of its members
MEMBERS = 2_000  # members of a zip, at most
ENDINGS = (".csv", ".json", ".xml", ".txt", ".gz")  # of members that are unpacked
GZIP, ZIP = b"\x1f\x8b", (b"PK\x03\x04", b"PK\x05\x06")
DECLARED = re.compile(rb"""\s*<\?xml[^>]{0,100}?encoding\s*=\s*["']([\w.-]{1,40})["']""")
ENCODINGS = frozenset("iso-8859-1 iso-8859-15 windows-1250 windows-1251 windows-1252 shift_jis euc-jp euc-kr gbk big5".split())
HEAD = 1 << 16  # letters by which the delimiter is recognised
SEPARATORS = (",", ";", "\t", "|")
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)
JSON_OPENING = re.compile(r'\s*(?:\{\s*["}]|\[\s*[\[{\]])')  # does not match a title such as "[Oshi no Ko]"
KNOWN = (
    "MyAnimeList or Kitsu XML, AniList, Kitsu or Trakt JSON, CSV of Letterboxd or IMDb, or a table: title or item id, rating"
)


@dataclass(frozen=True)
class TextFile:
    """A file, or one member of a zip.

    path: of the file; name: of the file, or of the member with its folders; within: whether it is a member; content: unpacked.
    """

    path: Path
    name: str
    within: bool
    content: bytes

    @property
    def where(self) -> str:
        """Its place in messages."""
        return f"{self.path}: {self.name}" if self.within else str(self.path)

    def at(self, place: str) -> str:
        """The place of an entry: "line 3", in a zip "ratings.csv, line 3"."""
        return f"{self.name}, {place}" if self.within else place

    @cached_property
    def encoding(self) -> str:
        """UTF-16 where it begins as such, as spreadsheets save "Unicode text"; what XML declares; else UTF-8."""
        if self.content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        declared = DECLARED.match(self.content)
        name = declared[1].decode().lower() if declared else "utf-8"
        return name if name in ENCODINGS else "utf-8-sig"

    @cached_property
    def sketch(self) -> str:
        """The text for recognising it, with � for bytes that are none in its encoding."""
        return self.content.decode(self.encoding, "replace")

    @cached_property
    def text(self) -> str:
        """The text; DataError where it is none in its encoding."""
        name = self.encoding.upper().removesuffix("-SIG")
        try:
            text = self.content.decode(self.encoding)
        except UnicodeDecodeError as cause:
            wrong = f"{self.where}: is not {name} text: {cause.reason} at byte {cause.start:,}."
            raise DataError(wrong, "Save it as UTF-8.") from None
        if "\0" in text:
            raise DataError(f"{self.where}: is no text at all, or UTF-16 that does not begin as such.", "Save it as UTF-8.")
        return text

    @cached_property
    def json(self) -> Any:
        """Its JSON, None where it is no JSON; DataError where it begins as JSON but is not whole."""
        if not JSON_OPENING.match(self.sketch):
            return None
        try:
            return json.loads(self.text, parse_constant=_refused, parse_float=_finite)
        except json.JSONDecodeError as cause:
            raise DataError(f"{self.where}: not whole JSON: {cause}.", "Download it again.") from None
        except (ValueError, RecursionError) as cause:
            raise DataError(f"{self.where}: is no list: {cause}.", "Download it again.") from None

    @cached_property
    def separator(self) -> str:
        """The delimiter that makes the most cells of its first record; a comma where two make as many."""
        return max(SEPARATORS, key=lambda one: max(len(_first(self.sketch[:HEAD], one)), 1))

    @cached_property
    def columns(self) -> list[str]:
        """The cells of its first record, read as CSV."""
        return _first(self.sketch, self.separator)

    def lines(self) -> Iterator[tuple[int, list[str]]]:
        """The records of a CSV file, each with its first line, without blank ones; DataError where one cannot be read."""
        for record in records(io.StringIO(self.text, newline=""), self.separator):
            fields = [field.strip() for field in record.fields]
            if record.fault:
                wrong = f"{self.where}, line {record.line}: {record.fault}."
                raise DataError(wrong, "Download it again, or save it as CSV in UTF-8.")
            if any(fields):
                yield record.line, fields

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """The records below the header, by column; DataError where one has more or fewer cells than the header."""
        for line, fields in islice(self.lines(), 1, None):
            if len(fields) != len(self.columns):
                wrong = f"{self.where}, line {line}: {len(fields)} columns, not {len(self.columns)}."
                raise DataError(wrong, "The file is cut short or was edited: download it again.")
            yield line, dict(zip(self.columns, fields, strict=True))


def read_text_files(path: Path) -> list[TextFile]:
    """The file, unpacked if it is gzipped; of a zip, every member that may be a list.

    Packed files are recognised by their first bytes. DataError where the file cannot be read, is damaged or encrypted, or holds
    more than `LIMIT` bytes or `MEMBERS` members.
    """
    try:
        if path.is_dir():
            raise DataError(f"{path}: is a folder.", f"Give the file in it: {KNOWN}.")
        with path.open("rb") as file:
            content = file.read(LIMIT + 1)
    except OSError as cause:
        raise DataError(f"{path}: cannot be read: {cause.strerror}.", f"Give a file: {KNOWN}.") from cause
    return unpacked(path, content)


def unpacked(path: Path, content: bytes) -> list[TextFile]:
    """The same for the content of a file; path: its name, for messages."""
    if len(content) > LIMIT:
        raise _too_much(path, LIMIT)
    try:
        if content.startswith(ZIP):
            return _members(path, content)
        return [TextFile(path, path.name, False, _unzipped(path, content, LIMIT))]
    except BROKEN as cause:
        raise DataError(f"{path}: cannot be unpacked: {cause}.", "Download it again, or unpack it yourself.") from None


def _members(path: Path, content: bytes) -> list[TextFile]:
    if len(content) > PACKED:
        raise _too_much(path, PACKED)
    files, left = list[TextFile](), LIMIT
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        if len(members) > MEMBERS:
            raise DataError(f"{path}: {len(members):,} members, which no list has.", "Unpack it yourself, and give the list.")
        for member in members:
            if not member.filename.lower().endswith(ENDINGS) or member.filename.startswith("__MACOSX/"):
                continue
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise zipfile.BadZipFile(f"{member.filename} is packed in an unusual way")
            with archive.open(member) as packed:
                inner = packed.read(left + 1)
            if len(inner) > left:
                raise _too_much(path, LIMIT)
            unpacked = _unzipped(path, inner, left)
            left -= max(len(unpacked), len(inner))
            files.append(TextFile(path, member.filename, True, unpacked))
    return files


def _unzipped(path: Path, content: bytes, limit: int) -> bytes:
    """The content of a gzip file, or the content itself if it is none; at most `limit` bytes."""
    if not content.startswith(GZIP):
        return content
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
        unpacked = packed.read(limit + 1)
    if len(unpacked) > limit:
        raise _too_much(path, LIMIT)
    return unpacked


def _too_much(path: Path, limit: int) -> DataError:
    return DataError(f"{path}: holds more than {limit >> 20} MiB, which no list does.", "Give the list alone.")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refused(text)


def _refused(constant: str) -> float:
    raise ValueError(f"{constant} is no number")


def _first(text: str, separator: str) -> list[str]:
    """The cells of the first record of a text."""
    first = next(records(io.StringIO(text, newline=""), separator), None)
    return [name.strip() for name in first.fields] if first else []


def fields(value: object) -> dict[str, Any]:
    """A JSON object; empty for anything else."""
    return value if isinstance(value, dict) else {}


def values(value: object) -> list[Any]:
    """A JSON array; empty for anything else."""
    return value if isinstance(value, list) else []


def word(value: object) -> str | None:
    """A JSON text, or a whole number as text; None for anything else and for blanks."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() or None if isinstance(value, str) else None


def year(value: object) -> int | None:
    """The year that a number or a date begins with; None where there is none."""
    found = re.match(r"(?!0000)\d{4}(?!\d)", word(value) or "", re.ASCII)
    return int(found[0]) if found else None


def names(*some: object) -> tuple[str, ...]:
    """The distinct texts among these values, in order."""
    return tuple(dict.fromkeys(text for one in some if isinstance(one, str) and (text := one.strip())))


def rated(value: object, low: float, high: float, where: str) -> float | None:
    """A rating from text or a JSON number; None for an empty value and for 0, which means "not scored" on every site.

    DataError, with the place `where`, for anything but a number from `low` to `high`.
    """
    text = str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else value
    if text is None or text == "":
        return None
    number = float(text) if isinstance(text, str) and re.fullmatch(r"\d{1,4}(\.\d{1,15})?", text, re.ASCII) else -1.0
    if number == 0:
        return None
    if not low <= number <= high:
        wrong = f"{where}: {json.dumps(value, ensure_ascii=False)[:40]} is not a rating from {low:g} to {high:g}."
        raise DataError(wrong, "Mend it, or export the list again.")
    return number
