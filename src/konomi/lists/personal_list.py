"""Lists: one person's titles, ratings and statuses, read from an export of a site."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from konomi.arguments import as_path
from konomi.data.labels import STATUS
from konomi.data.scale import Scale
from konomi.errors import DataError
from konomi.lists.text_files import KNOWN, TextFile, read_text_files, unpacked

LISTS = {
    "mal": "konomi.lists.sites.mal",
    "anilist": "konomi.lists.sites.anilist",
    "kitsu": "konomi.lists.sites.kitsu",
    "letterboxd": "konomi.lists.sites.letterboxd",
    "imdb": "konomi.lists.sites.imdb",
    "trakt": "konomi.lists.sites.trakt",
    "plain": "konomi.lists.sites.plain",
}
"""Name → module, the only registry of lists. A list is one person's, a source many people's."""

PLAIN = "plain"  # the kind of any other text
SHOWN = 5  # names of files that an error shows, at most


@dataclass(frozen=True)
class ListEntry:
    """One title of a list.

    title: its first name in the list, None where it has only an id; titles: its other names; year: of first showing; type: TV,
    Movie, OVA, …; ids: (site, id) pairs, such as ("mal", "1") or ("imdb", "tt0133093"); rating: on the list's scale, None = not
    scored; status: a code of `labels.STATUS`, 0 = unknown; place: its place in the file, for messages.
    """

    title: str | None
    titles: tuple[str, ...] = ()
    year: int | None = None
    type: str | None = None
    ids: tuple[tuple[str, str], ...] = ()
    rating: float | None = None
    status: int = 0
    place: str = ""

    def is_other_type(self, type: str | None) -> bool:
        """Whether one is known to be a film and the other known not to be; sites do not agree on other types."""
        return bool(type and self.type) and (type == "Movie") != (self.type == "Movie")

    @property
    def name(self) -> str:
        """Its name in messages: title and year, or an id, or its place."""
        if self.title is not None:
            return self.title if self.year is None else f"{self.title} ({self.year})"
        return next((f"{whose} id {id}" for whose, id in self.ids), self.place)


@dataclass(frozen=True)
class PersonalList:
    """One person's list. kind: a name in `LISTS`; scale: of its ratings, None = the scale of the catalogue that it is matched
    with; entries: in the order of the file; notes: sentences on the rest of the file, such as what is left out."""

    kind: str
    scale: Scale | None
    entries: tuple[ListEntry, ...]
    notes: tuple[str, ...] = ()

    @property
    def site(self) -> str:
        """The name of the site, such as "MyAnimeList"."""
        return _format(self.kind).NAME

    def __repr__(self) -> str:
        rated = sum(entry.rating is not None for entry in self.entries)
        return f"PersonalList({self.kind}: {len(self.entries):,} entries, {rated:,} rated)"


class ListFormat(Protocol):
    """A module in `LISTS`. NAME: of the site."""

    NAME: str

    def recognise(self, file: TextFile) -> bool: ...

    def read(self, files: Sequence[TextFile]) -> PersonalList: ...


def read_list(path: Path | str, content: bytes | None = None) -> PersonalList:
    """The list in a file, plain, gzipped or zipped; its kind is recognised by its content.

    content: of a file that is not on the disk, such as one that was sent; path is then its name, for messages. Members of a zip
    that are lists of one kind are read together. DataError where there is no list of a known kind or lists of several kinds,
    where a rating is off its scale, or where the list has no entry.
    """
    place = as_path(path, "a list", DataError, f"Give a file: {KNOWN}.")
    files = read_text_files(place) if content is None else unpacked(place, content)
    found = {
        kind: some for kind in LISTS if kind != PLAIN and (some := [file for file in files if _format(kind).recognise(file)])
    }
    if len(found) > 1:
        raise DataError(f"{path}: holds lists of {' and '.join(found)}.", "Give one at a time.")
    if not found and len(files) == 1 and _format(PLAIN).recognise(files[0]):
        found = {PLAIN: files}
    if not found:
        holds = f": {', '.join(file.name for file in files[:SHOWN])}" if len(files) > 1 else ""
        raise DataError(f"{path}: is no list that is known here{holds}.", f"It may be {KNOWN}.")
    ((kind, lists),) = found.items()
    personal = _format(kind).read(lists)
    if not personal.entries:
        raise DataError(f"{path}: there is nothing on the list.", " ".join(personal.notes) or "Export it again.")
    return personal


def _format(kind: str) -> ListFormat:
    return cast(ListFormat, import_module(LISTS[kind]))


@dataclass(frozen=True)
class Log:
    """One of several entries on the same title. key: the title's; when: sorts older entries first."""

    key: Hashable
    when: tuple[int, str]
    entry: ListEntry


def once(logs: Iterable[Log]) -> tuple[ListEntry, ...]:
    """One entry per title, in order of first appearance: the latest with a rating, else the latest.

    Its status is the latest known one that is not "plan to watch", else "plan to watch", else unknown.
    """
    titles: dict[Hashable, list[Log]] = {}
    for log in logs:
        titles.setdefault(log.key, []).append(log)
    return tuple(_latest(sorted(same, key=lambda log: log.when)) for same in titles.values())


def _latest(logs: Sequence[Log]) -> ListEntry:
    entries = [log.entry for log in logs]
    last = next((entry for entry in reversed(entries) if entry.rating is not None), entries[-1])
    ranked = sorted(
        (entry.status for entry in entries), key=lambda status: (status != 0) + (status not in (0, STATUS["plan to watch"]))
    )
    return replace(last, status=ranked[-1])


def left_out(counts: dict[str, int]) -> tuple[str, ...]:
    """A note on entries that are left out: {"manga": 3} → ("Left out: manga (3).",)."""
    some = [f"{what} ({count:,})" for what, count in counts.items() if count]
    return (f"Left out: {', '.join(some)}.",) if some else ()
