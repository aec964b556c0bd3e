"""One row of a catalogue → one item, with the texts of each source brought to one form."""

import html
import re
from collections.abc import Container, Iterable, Mapping

from konomi.catalogue.other_sites import site_number
from konomi.reading.catalogue_forms import ML_100K_GENRES, CatalogueForm
from konomi.reading.ids import INT32
from konomi.reading.records import number
from konomi.reading.slow_rows import INT64

SENSITIVE = {"Hentai", "Erotica"}
TRUE = ("true", "1", "yes")
MOST = 3e38  # about the largest float32
BETWEEN = ("|", ";", ",")  # separators of genres and of studios; the first that occurs anywhere in the column counts
COMPANY = r"(?!\s*(?:inc|ltd|llc|co)\b\.?\s*(?:,|$))"  # "Yamamura Animation, Inc." is one studio
NOTHING = ("unknown", "none found", "add some", "none found, add some")  # what sites write where they know nothing

Cell = str | list[str]
"""A cell of a row: text, or a list of texts; an empty text where it is missing."""


def item_of(fields: Mapping[str, Cell], form: CatalogueForm, between: Mapping[str, str]) -> dict[str, object]:
    """One item, with the keys of `ITEM_COLUMNS`, from the cells of its row; between: the separators of genres and of studios,
    by column."""

    def text(column: str) -> str:
        cell = fields.get(column, "")
        return cell if isinstance(cell, str) else ", ".join(cell)

    def several(column: str) -> list[str]:
        cell = fields.get(column, "")
        return cell.split("|") if isinstance(cell, str) else cell

    title, year = tidy(text(form.title)), year_of(text(form.aired))
    others = [known(name) for column in form.titles for name in several(column)]
    if form.dated_titles:
        title, others, dated = film_title(text(form.title))
        year = dated or year
    flagged = [genre for genre in ML_100K_GENRES if fields.get(genre) == "1"]
    column = genre_column(fields, form)
    genres = names_in(fields[column], between[column]) if column else flagged if "unknown" in fields else None
    counts = [count for column in form.score_count if (count := number_of(text(column))) is not None]
    flag = text(form.sensitive).strip().lower()
    return {
        "item_id": text(form.item).strip(),
        "title": title,
        "titles": [name for name in dict.fromkeys(others) if name is not None and name != title],
        "genres": genres,
        "year": year,
        "type": known(text(form.type)) or form.every_type,
        "episodes": count_of(number_of(text(form.episodes)), INT32.max),
        "studios": names_in(fields[form.studios], between[form.studios]) if form.studios in fields else None,
        "source": known(text(form.source)),
        "age": known(text(form.age).partition(" - ")[0]),  # "PG-13 - Teens 13 or older"
        "score": number_of(text(form.score)) or None,  # some files have 0 for an unknown score
        "score_count": count_of(sum(counts) if counts else None, INT64.max),
        "image": known(text(form.image)),
        "related": [key.strip() for key in several(form.related) if key.strip()] if form.related in fields else None,
        "imdb_id": site_number(text(form.imdb)),
        "tmdb_id": site_number(text(form.tmdb)),
        "sensitive": flag in TRUE if flag else not SENSITIVE.isdisjoint(genres or ()),
    }


def genre_column(fields: Container[str], form: CatalogueForm) -> str | None:
    """The first column of genres that exists; None where none does."""
    return next((column for column in form.genres if column in fields), None)


def separator_of(cells: Iterable[Cell]) -> str:
    """The separator of the names in a whole column: "Action, Comedy", "Action|Comedy" or "Action; Comedy"."""
    marks = {mark for cell in cells if isinstance(cell, str) for mark in BETWEEN if mark in cell}
    return next((mark for mark in BETWEEN if mark in marks), ",")


def tidy(text: str) -> str | None:
    """Text without HTML escapes and outer white space; None where nothing is left. A bare & stays."""
    if "&" not in text:
        return text.strip() or None
    return re.sub(r"&(#\d+|#x[\da-fA-F]+|\w+);", lambda escape: html.unescape(escape[0]), text).strip() or None


def known(text: str | None) -> str | None:
    """As `tidy`, and None for 'Unknown' and the like, whatever its case."""
    tidied = tidy(text or "")
    return None if tidied is None or tidied.lower() in NOTHING else tidied


def number_of(text: str | None) -> float | None:
    """A number that fits a float32; None for anything else."""
    try:
        value = number(text or "")
    except ValueError:
        return None
    return value if abs(value) < MOST else None


def count_of(value: float | None, most: int) -> int | None:
    """A whole number from 0 to below `most`, or None."""
    return int(value) if value is not None and 0 <= value < most else None


def names_in(cell: Cell, between: str) -> list[str]:
    """Genres or studios by exact name: 'Shoujo Ai' is not 'Shoujo'; an empty list where none is known."""
    apart = re.escape(between) + (COMPANY if between == "," else "")
    names = (known(name) for name in (re.split(apart, cell, flags=re.IGNORECASE) if isinstance(cell, str) else cell))
    return [name for name in dict.fromkeys(names) if name is not None and name != "(no genres listed)"]


def year_of(aired: str) -> int | None:
    """The year of first airing: 1998 for 'Apr 3, 1998 to Apr 24, 1999', None for '? to 1999' and 'Unknown'."""
    year = re.search(r"\b(1[89]|20)\d\d\b", aired.partition(" to ")[0])
    return int(year[0]) if year else None


ARTICLES = "The|A|An|La|Le|Les|L'|El|Los|Las|Lo|Il|I|Gli|Der|Die|Das|Det|Den|De|Het|En|Ein|Eine|Un|Une|Una|Uno|O|Os|As|Um|Uma"


def film_title(text: str) -> tuple[str | None, list[str | None], int | None]:
    """Title, other titles and year of a MovieLens title.

    'Postman, The (Postino, Il) (1994)' → 'The Postman', ['Postman, The', 'Il Postino'], 1994. Parentheses after a colon or 'Or'
    belong to the title: 'Birdman: Or (The Unexpected Virtue of Ignorance)'.
    """
    whole = tidy(text) or ""
    dated = re.fullmatch(r"(.*?)\s*\((\d{4})(?:[-–]\d{0,4})?\)", whole)
    name, year = (dated[1], int(dated[2])) if dated else (whole, None)
    others = []
    while (alias := re.fullmatch(r"(.+?)\s*\(([^()]+)\)", name)) and not alias[1].endswith((":", " Or")):
        name = alias[1]
        others.append(_article_first(re.sub(r"^a\.?k\.?a\.? ", "", alias[2])))
    return _article_first(name) or None, [name, *reversed(others)], year


def _article_first(name: str) -> str:
    moved = re.fullmatch(rf"(.+), ({ARTICLES})", name)
    return (f"{moved[2]}{moved[1]}" if moved[2].endswith("'") else f"{moved[2]} {moved[1]}") if moved else name
