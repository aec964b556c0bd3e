"""Any other list as a table: a column of titles or ids and, perhaps, year, rating, status and type, with any delimiter.

A header says which column is which, in the words of many sites and of spreadsheets. Without a header there are one or two
columns: title or item id, and rating. A line without a rating is a title that was seen but not scored. A line that cannot be
read is left out and named; the others are the list.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from konomi.data.labels import STATUS
from konomi.data.scale import Scale
from konomi.errors import DataError
from konomi.lists.personal_list import ListEntry, PersonalList, left_out
from konomi.lists.text_files import TextFile, year
from konomi.reading.records import number
from konomi.text import from_cell

NAME = "CSV"
NAMES = {
    "title": ("title", "name", "seriestitle", "movie", "film", "anime", "item", "itemid", "id", "animeid", "movieid"),
    "rating": ("yourrating", "yourated", "myrating", "rating", "score", "myscore", "stars"),
    "year": ("year", "releaseyear", "releasedate", "released", "startyear"),
    "status": ("status", "mystatus", "watchlist", "state"),
    "type": ("type", "titletype", "mediatype", "seriestype"),
    "imdb": ("imdb", "imdbid", "const", "tconst"),
    "tmdb": ("tmdb", "tmdbid"),
    "mal": ("malid", "idmal", "seriesanimedbid"),
    "anilist": ("anilistid",),
    "id": ("mediaid",),  # of the site that the row names
    "site": ("source",),
}
"""What a column may be called, without case, spaces and marks; of several in one header the first named here is meant."""
IDS = ("imdb", "tmdb", "mal", "anilist")
NEED_TYPE = ("tmdb",)  # numbers films and series apart
TEN = {"yourrating", "yourated", "simklid", "mediaid"}  # columns of sites that rate from 1 to 10, if there is no /10
EPISODES = ("seasonnumber", "episodenumber")  # columns of which one is filled in where a part of a series is rated
BOOKS = {"isbn", "bookid"}
STATES = {re.sub(r"\W", "", word): code for word, code in STATUS.items()} | {"paused": STATUS["on hold"]}
TYPES = {"movie": "Movie", "featurefilm": "Movie", "film": "Movie", "tv": "TV", "tvseries": "TV", "show": "TV"}
STAR_SCALE = Scale(0.5, 5, 0.5)
STARS = re.compile(r"(★*)(½?)☆*")
SHARE = re.compile(r"([\d.,]+)\s*/\s*(\d+)")
SHOWN = 5  # lines that a note shows, at most


class Line(NamedTuple):
    """A title of a list, and the highest rating of the scale that its rating is written on; None = it does not say."""

    entry: ListEntry
    high: float | None


def recognise(file: TextFile) -> bool:
    """Any text that is neither JSON nor XML."""
    return file.json is None and not file.sketch.lstrip().startswith(("<?", "<!"))


def read(files: Sequence[TextFile]) -> PersonalList:
    """The lines of the file, below a header if there is one; DataError where none can be read, and for a list of books."""
    file = files[0]
    columns, lines = _columns(file)
    found, wrong, parts = list[Line](), list[str](), 0
    for line, fields in lines:
        if any(fields[at] for at in columns.parts if at < len(fields)):
            parts += 1
            continue
        try:
            found.append(_line(fields, columns, f"line {line}", file))
        except ValueError as reason:
            wrong.append(f"line {line}: {reason}")
    high = next((line.high for line in found if line.entry.rating is not None), None)
    alike = [line.entry.rating is None or line.high == high for line in found]
    entries = tuple(line.entry for line, same in zip(found, alike, strict=True) if same)
    odd = [line.entry.place for line, same in zip(found, alike, strict=True) if not same]
    wrong += [f"{place}: its rating is written in another way than the first" for place in odd]
    if not entries:
        if wrong:
            raise DataError(f"{file.where}, {wrong[0]}.", "Write title or id, rating, such as Cowboy Bebop,9.")
        raise DataError(f"{file.where}: there is no rating in it.", "Write a line per title: title or item id, rating.")
    more = f" and {len(wrong) - SHOWN:,} more" if len(wrong) > SHOWN else ""
    notes = (f"Left out, since they cannot be read: {'; '.join(wrong[:SHOWN])}{more}.",) if wrong else ()
    scale = None if high is None else STAR_SCALE if high == STAR_SCALE.high else Scale(1, high, 1)
    return PersonalList("plain", scale, entries, (*notes, *left_out({"seasons and episodes": parts})))


class Columns(NamedTuple):
    """The place of each column by what it is, how many there are, those of `EPISODES`, and the highest rating, if known."""

    at: dict[str, int]
    many: int
    parts: tuple[int, ...] = ()
    high: float | None = None

    def cell(self, fields: Sequence[str], what: str) -> str:
        return fields[self.at[what]] if what in self.at else ""


Lines = Iterable[tuple[int, list[str]]]


def _columns(file: TextFile) -> tuple[Columns, Lines]:
    """The columns, and the lines below the header."""
    lines = file.lines()
    first = next(lines, None)
    if first is not None and first[1][0].startswith("Letterboxd list export"):  # the list begins below what it says of itself
        first = next((each for each in lines if each[1][0] == "Position"), None)
    if first is None:
        return Columns({"title": 0}, 1), lines
    plain = [_plain(name) for name in first[1]]
    if BOOKS & set(plain):
        raise DataError(f"{file.where}: is a list of books.", "Give a list of what this catalogue has.")
    at = {what: plain.index(name) for what, some in NAMES.items() for name in some[::-1] if name in plain}
    if list(at) == ["rating"] and len(plain) == 2:
        at["title"] = 1 - at["rating"]  # whatever it is called
    if at.keys() & {"title", *IDS} and not any(cell.isdigit() for cell in plain):  # no header has a number
        parts = tuple(plain.index(name) for name in EPISODES if name in plain)
        return Columns(at, len(plain), parts, 10 if TEN & set(plain) else None), lines
    if len(plain) > 2:
        raise DataError(
            f"{file.where}, line {first[0]}: {len(plain)} columns, not two.",
            'Write title or id, rating; "quote" a title with a comma. With more columns, name them in a header: title, year, …',
        )
    return Columns({"title": 0, "rating": 1} if len(plain) == 2 else {"title": 0}, len(plain)), chain([first], lines)


def _plain(name: str) -> str:
    """A name of a column, a status or a type, for comparison."""
    return re.sub(r"[\W_]", "", name).lower()


def _line(fields: Sequence[str], columns: Columns, place: str, file: TextFile) -> Line:
    """A line as an entry; ValueError, with the reason, where it is none."""
    if len(fields) != columns.many:
        raise ValueError(f"{len(fields)} columns, not {'two' if columns.many == 2 else columns.many}")
    title, text = from_cell(columns.cell(fields, "title")), columns.cell(fields, "rating")
    status, kind = (_plain(columns.cell(fields, what)) for what in ("status", "type"))
    ids = _ids(fields, columns, untold=bool(kind) and kind not in TYPES)
    if not title and not ids:
        raise ValueError("there is no title")
    rating, high = _rating(text, columns.high) if text else (None, None)
    of = year(columns.cell(fields, "year"))
    return Line(ListEntry(title or None, (), of, TYPES.get(kind), ids, rating, STATES.get(status, 0), file.at(place)), high)


def _ids(fields: Sequence[str], columns: Columns, untold: bool) -> tuple[tuple[str, str], ...]:
    """The ids of a line; untold: its type is neither film nor series."""
    named = {columns.cell(fields, "site").lower(): columns.cell(fields, "id")}
    pairs = ((whose, columns.cell(fields, whose) or named.get(whose, "")) for whose in IDS)
    return tuple((whose, _id(whose, id)) for whose, id in pairs if id and not (untold and whose in NEED_TYPE))


def _id(whose: str, id: str) -> str:
    """IMDb's ids with their letters: 133093 is tt0133093."""
    return f"tt{int(id):07}" if whose == "imdb" and id.isascii() and id.isdigit() and len(id) < 12 else id


def _rating(text: str, high: float | None) -> tuple[float | None, float | None]:
    """A rating and the highest of its scale, where it says (9, 4,5, 9/10, ★★★★½) or where that is known. With a highest, 0 is
    "not scored". ValueError for anything else."""
    stars = STARS.fullmatch(text)
    if stars:
        return (len(stars[1]) + len(stars[2]) / 2) or None, STAR_SCALE.high
    share = SHARE.fullmatch(text)
    try:
        rating = number((share[1] if share else text).replace(",", "."))
    except ValueError:
        rating = float("nan")
    high = float(share[2]) if share else high
    if not abs(rating) < 1e6 or (high is not None and not (0 <= rating <= high and 1 < high <= 100)):
        raise ValueError(f'"{text}" is not a rating')
    return (rating or None if high is not None else rating), high
