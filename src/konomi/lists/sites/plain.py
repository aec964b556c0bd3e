"""A list typed by hand: a CSV file of two columns, title or item id and rating, on the scale of the catalogue.

A line without a rating is a title that was seen but not scored.
"""

from collections.abc import Sequence

from konomi.errors import DataError
from konomi.lists.personal_list import ListEntry, PersonalList
from konomi.lists.text_files import TextFile
from konomi.reading.records import number
from konomi.text import from_cell

NAME = "CSV"
HEADERS = ({"title", "name", "item", "item_id", "id", "anime_id", "movie_id", "movieid"}, {"rating", "score"})
"""Possible names of the two columns in a header."""


def recognise(file: TextFile) -> bool:
    """Any text that is neither JSON nor XML."""
    return file.json is None and not file.sketch.lstrip().startswith(("<?", "<!"))


def read(files: Sequence[TextFile]) -> PersonalList:
    """The lines of the file, below a header if there is one; DataError for a line that is not a title and a number."""
    file, entries = files[0], list[ListEntry]()
    for n, (line, fields) in enumerate(file.lines()):
        where = f"{file.where}, line {line}"
        if n == 0 and any(field.lower() in names for field, names in zip(fields, HEADERS, strict=False)):
            continue
        if len(fields) != 2:
            raise DataError(
                f"{where}: {len(fields)} columns, not two.", 'Write title or id, rating; "quote" a title with a comma.'
            )
        title, rating = fields
        if not title:
            raise DataError(f"{where}: there is no title.", "Write title or id, rating.")
        given = _rating(rating, where) if rating else None
        entries.append(ListEntry(from_cell(title), rating=given, place=file.at(f"line {line}")))
    if not entries:
        raise DataError(f"{file.where}: there is no rating in it.", "Write a line per title: title or item id, rating.")
    return PersonalList("plain", None, tuple(entries))


def _rating(text: str, where: str) -> float:
    try:
        rating = number(text.replace(",", "."))
        if abs(rating) < 1e6:  # refuses "nan" and "inf" as well
            return rating
    except ValueError:
        pass
    raise DataError(f'{where}: "{text}" is not a rating.', "Give a number, such as 9.")
