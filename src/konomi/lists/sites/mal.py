"""MyAnimeList's XML export of a list; Kitsu's has the same form."""

import re
from collections import Counter
from collections.abc import Sequence
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from konomi.data.labels import STATUS
from konomi.data.scale import Scale
from konomi.errors import DataError
from konomi.lists.personal_list import ListEntry, PersonalList, left_out
from konomi.lists.text_files import TextFile, names, rated

NAME = "MyAnimeList"
SCALE = Scale(1, 10, 1)
ROOT = re.compile(r"<(!DOCTYPE\s+)?myanimelist[\s>/]")
CDATA_OR_BARE = re.compile(r"(<!\[CDATA\[.*?\]\]>)|&(?!#\d{1,7};|#x[0-9a-fA-F]{1,6};|(?:amp|lt|gt|quot|apos);)", re.S)
CODES = {re.sub(r"\W", "", word): code for word, code in STATUS.items()} | {str(code): code for code in STATUS.values()}


def recognise(file: TextFile) -> bool:
    """XML with the root <myanimelist>."""
    return file.sketch.lstrip().startswith("<") and bool(ROOT.search(file.sketch))


def read(files: Sequence[TextFile]) -> PersonalList:
    """Every <anime>. Unknown children are ignored and missing ones tolerated. A score of 0 is "not scored"."""
    roots = [(file, _root(file)) for file in files]
    entries = [_entry(file, n, anime) for file, root in roots for n, anime in enumerate(root.findall("anime"), 1)]
    unknown = Counter(
        status
        for _, root in roots
        for anime in root.findall("anime")
        if (status := _text(anime, "my_status")) and not _code(status)
    )
    notes = [f'The status "{status}" is not known here ({count:,}).' for status, count in unknown.items()]
    manga = {"manga": sum(len(root.findall("manga")) for _, root in roots)}
    return PersonalList("mal", SCALE, tuple(entries), (*notes, *left_out(manga)))


def _root(file: TextFile) -> Element:
    """The root of the document, in which a & that begins none of XML's own entities is a &.

    DataError for a document type, since that may declare harmful entities.
    """
    try:
        root: Element = fromstring(CDATA_OR_BARE.sub(lambda found: found[1] or "&amp;", file.text), forbid_dtd=True)
        return root
    except DefusedXmlException:
        raise DataError(
            f"{file.where}: declares a document type or entities, which no list needs.",
            "Export the list again; do not trust this file.",
        ) from None
    except (ParseError, ValueError) as cause:
        raise DataError(f"{file.where}: not whole XML: {cause}.", "Export the list again.") from None


def _entry(file: TextFile, n: int, anime: Element) -> ListEntry:
    title, place, id = _text(anime, "series_title") or None, f"entry {n}", _text(anime, "series_animedb_id")
    where = f"{file.where}, {place}" + (f" ({title})" if title else "")
    return ListEntry(
        title,
        names(_text(anime, "series_title_english")),
        type=_text(anime, "series_type").replace("Unknown", "") or None,
        ids=(("mal", id),) if id.strip("0") else (),
        rating=rated(_text(anime, "my_score"), SCALE.low, SCALE.high, where),
        status=_code(_text(anime, "my_status")),
        place=file.at(place),
    )


def _text(anime: Element, child: str) -> str:
    return (anime.findtext(child) or "").strip()


def _code(status: str) -> int:
    """The code of a status in words ("Plan to Watch") or, in old files, as a number."""
    return CODES.get(re.sub(r"\W", "", status.lower()), 0)
