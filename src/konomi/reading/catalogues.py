"""Catalogue files → the frame of `ITEM_COLUMNS`: what is known of each title, in the words of no particular source."""

import html
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from konomi.data.table import ITEM_COLUMNS, Rejects
from konomi.errors import DataError
from konomi.reading.records import (
    DAMAGED,
    HEAD,
    OnBadRows,
    number,
    open_bytes,
    printable,
    records,
    refuse_binary,
    reject,
    settle,
)
from konomi.reading.rows import INT32, whole_ids
from konomi.reading.slow_rows import INT64

SENSITIVE = {"Hentai", "Erotica"}
MOST = 3e38  # about what a float32 can hold
ML_100K_GENRES = (  # u.item flags them in this order; the flag before them means "unknown"
    *("Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy", "Film-Noir"),
    *("Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
)


@dataclass(frozen=True)
class CatalogueForm:
    """Which columns of a catalogue say what; a column that the file lacks is null. `item` and `title` it must have."""

    item: str
    title: str
    titles: tuple[str, ...] = ()
    genres: str = "genres"
    between: str = ", "  # genres
    aired: str = ""
    type: str = "type"
    episodes: str = "episodes"
    score: str = ""
    score_count: tuple[str, ...] = ()  # summed
    image: str = ""
    related: str = ""  # item ids, separated by |
    dated_titles: bool = False  # "Matrix, The (1999)"
    separator: str = ","
    columns: tuple[str, ...] = ()  # of a file without a header


FORMS = (
    CatalogueForm("anime_id", "name", genres="genre", score="rating"),  # mal-2016; its `members` are not people who rated
    CatalogueForm("anime_ids", "name", genres="genre", score="rating", separator="\t"),  # the same, renumbered by caserec
    CatalogueForm(  # mal-2020
        item="MAL_ID",
        title="Name",
        titles=("English name", "Japanese name"),
        genres="Genres",
        aired="Aired",
        type="Type",
        episodes="Episodes",
        score="Score",
        score_count=tuple(f"Score-{n}" for n in range(1, 11)),
    ),
    CatalogueForm(  # mal-2023
        item="anime_id",
        title="Name",
        titles=("English name", "Other name"),
        genres="Genres",
        aired="Aired",
        type="Type",
        episodes="Episodes",
        score="Score",
        score_count=("Scored By",),
        image="Image URL",
    ),
    CatalogueForm("movieId", "title", between="|", dated_titles=True),  # movielens
    CatalogueForm(  # any other
        item="item_id",
        title="title",
        titles=("titles",),
        between="|",
        aired="year",
        score="score",
        score_count=("score_count",),
        image="image",
        related="related",
    ),
)
"""The catalogues known by their header, the first that fits."""

HEADLESS = {
    "movies.dat": CatalogueForm(
        "movieId", "title", between="|", dated_titles=True, separator="::", columns=("movieId", "title", "genres")
    ),
    "u.item": CatalogueForm(
        "movieId",
        "title",
        aired="date",
        dated_titles=True,
        separator="|",
        columns=("movieId", "title", "date", "video", "url", "unknown", *ML_100K_GENRES),
    ),
}
"""The MovieLens catalogues without a header, known by their name."""


def read_catalogue(path: Path, on_bad_rows: OnBadRows = "refuse", rejects: Rejects | None = None) -> pl.DataFrame:
    """The catalogue in a file, recognised by its header (by its name where MovieLens gives it none), one row per item.

    Of rows with the same item id the first is kept. Raises `DataError` for an unknown layout, and for rows that cannot be read
    unless `on_bad_rows` is "skip"; then they are added to `rejects`.
    """
    with open_bytes(path) as file:
        try:
            raw = file.read()
        except DAMAGED:
            raise DataError(f"{path}: the compressed file is damaged or ends too early.", "Download it again.") from None
    refuse_binary(path, raw[:HEAD])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("iso-8859-1")  # u.item and the movies.dat of 1M
    if not text.strip():
        raise DataError(f"{path}: the file is empty.", "Check that it was downloaded or written whole.")
    form, columns = _recognise(path, text.lstrip("\r\n").partition("\n")[0].rstrip("\r"))
    rejects = Rejects() if rejects is None else rejects
    bad, items = Rejects(), []
    for n, record in enumerate(records(io.StringIO(text, newline=""), form.separator)):
        if n == 0 and not form.columns:
            continue
        fault = record.fault
        if not fault and len(record.fields) != len(columns):
            fault = "too few columns" if len(record.fields) < len(columns) else "too many columns"
        fields = {} if fault else dict(zip(columns, record.fields, strict=True))
        if not fault and not fields[form.item].strip():
            fault = "missing item id"
        if fault:
            reject(bad, record.line, fault, printable(record.text))
        else:
            items.append(item_of(fields, form))
    settle(path, bad, on_bad_rows)
    for line, reason, text in zip(bad.line, bad.reason, bad.text, strict=True):
        reject(rejects, line, f"{path.name}: {reason}", text)
    return catalogue_frame(items)


def _recognise(path: Path, header: str) -> tuple[CatalogueForm, Sequence[str]]:
    """The form of a catalogue and its columns."""
    if path.name.removesuffix(".gz") in HEADLESS:
        form = HEADLESS[path.name.removesuffix(".gz")]
        return form, form.columns
    for form in FORMS:
        columns = next(records(io.StringIO(header), form.separator)).fields
        if form.item in columns and form.title in columns:
            return form, columns
    raise DataError(
        f"{path}: not a catalogue that is known here: its first line is {header[:200]!r}.",
        "Give a MyAnimeList or MovieLens catalogue, or a CSV file with the columns item_id, title and any of year, type, "
        "episodes, score, score_count, image, genres, titles and related (the last three separated by |).",
    )


def catalogue_frame(items: list[dict[str, object]]) -> pl.DataFrame:
    """Rows with the keys of `ITEM_COLUMNS` → the frame; ids become int64 where all of them are whole numbers."""
    ids = pl.Series("item_id", [row["item_id"] for row in items], dtype=pl.String)
    schema = {name: kind for name, kind in ITEM_COLUMNS.items() if kind is not None}
    frame = pl.DataFrame([{name: row[name] for name in schema} for row in items], schema=schema)
    return frame.insert_column(0, whole_ids(ids)).unique("item_id", keep="first", maintain_order=True)


def complete_catalogue(frame: pl.DataFrame) -> pl.DataFrame:
    """A frame with `item_id` and any of `ITEM_COLUMNS` → all of them, in order and of their types; other columns go."""
    if "item_id" not in frame.columns:
        shown = ", ".join(frame.columns[:20])
        raise DataError(f"The catalogue has no column item_id, only {shown}.", "Rename the column with the item ids.")
    kinds = {name: kind for name, kind in ITEM_COLUMNS.items() if kind is not None}
    try:
        typed = frame.select(
            "item_id", *(pl.col(n).cast(k) if n in frame.columns else pl.lit(None, k).alias(n) for n, k in kinds.items())
        )
    except pl.exceptions.PolarsError as error:
        raise DataError(f"The catalogue has a column of the wrong type: {error}", f"The types are: {kinds}.") from None
    flagged = pl.col("genres").list.set_intersection(sorted(SENSITIVE)).list.len() > 0
    return typed.with_columns(sensitive=pl.coalesce("sensitive", flagged, pl.lit(False)))


def item_of(fields: dict[str, str], form: CatalogueForm) -> dict[str, object]:
    """One item from the fields of its row."""
    title, year = tidy(fields[form.title]), year_of(fields.get(form.aired, ""))
    others = [known(name) for column in form.titles for name in fields.get(column, "").split("|")]
    if form.dated_titles:
        title, others, dated = film_title(fields[form.title])
        year = dated or year
    flagged = [genre for genre in ML_100K_GENRES if fields.get(genre) == "1"]
    genres = genres_of(fields[form.genres], form.between) if form.genres in fields else flagged if "unknown" in fields else None
    counts = [count for column in form.score_count if (count := number_of(fields.get(column))) is not None]
    return {
        "item_id": fields[form.item].strip(),
        "title": title,
        "titles": [name for name in dict.fromkeys(others) if name is not None and name != title],
        "genres": genres,
        "year": year,
        "type": known(fields.get(form.type)),
        "episodes": count_of(number_of(fields.get(form.episodes)), INT32.max),
        "score": number_of(fields.get(form.score)) or None,  # 0 is what some files have for an unknown one
        "score_count": count_of(sum(counts) if counts else None, INT64.max),
        "image": known(fields.get(form.image)),
        "related": [key.strip() for key in fields[form.related].split("|") if key.strip()] if form.related in fields else None,
        "sensitive": not SENSITIVE.isdisjoint(genres or ()),
    }


def tidy(text: str) -> str | None:
    """Text without HTML escapes and outer white space; None where nothing is left. A bare & stays as it is."""
    if "&" not in text:
        return text.strip() or None
    return re.sub(r"&(#\d+|#x[\da-fA-F]+|\w+);", lambda escape: html.unescape(escape[0]), text).strip() or None


def known(text: str | None) -> str | None:
    """The same, and None for 'Unknown' in any case."""
    tidied = tidy(text or "")
    return None if tidied is None or tidied.lower() == "unknown" else tidied


def number_of(text: str | None) -> float | None:
    """A number, or None for anything that is not a finite one that a float32 can hold."""
    try:
        value = number(text or "")
    except ValueError:
        return None
    return value if abs(value) < MOST else None


def count_of(value: float | None, most: int) -> int | None:
    """A whole number from 0 to below `most`, or None."""
    return int(value) if value is not None and 0 <= value < most else None


def genres_of(text: str, between: str) -> list[str]:
    """The exact genres: 'Shoujo Ai' is not 'Shoujo'. None known = an empty list."""
    names = (known(name) for name in text.split(between))
    return [name for name in dict.fromkeys(names) if name is not None and name != "(no genres listed)"]


def year_of(aired: str) -> int | None:
    """The year of first airing: 1998 of 'Apr 3, 1998 to Apr 24, 1999', None of '? to 1999' and 'Unknown'."""
    year = re.search(r"\b(1[89]|20)\d\d\b", aired.partition(" to ")[0])
    return int(year[0]) if year else None


ARTICLES = "The|A|An|La|Le|Les|L'|El|Los|Las|Lo|Il|I|Gli|Der|Die|Das|Det|Den|De|Het|En|Ein|Eine|Un|Une|Una|Uno|O|Os|As|Um|Uma"


def film_title(text: str) -> tuple[str | None, list[str | None], int | None]:
    """Title, other titles and year of a MovieLens title.

    'Postman, The (Postino, Il) (1994)' → 'The Postman', ['Postman, The', 'Il Postino'], 1994. What is between parentheses after
    a colon or 'Or' goes on with the title: 'Birdman: Or (The Unexpected Virtue of Ignorance)'.
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
