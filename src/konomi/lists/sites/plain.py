"""A list typed by hand: a CSV file of two columns, title or item id and rating, on the scale of whoever reads it.

A line without a rating is a title that was seen and not scored.
"""

from collections.abc import Sequence

from konomi.errors import DataError
from konomi.lists.personal_list import ListEntry, PersonalList
from konomi.lists.text_files import TextFile
from konomi.reading.records import number
from konomi.text import from_cell

NAME = "CSV"
HEADERS = ({"title", "name", "item", "item_id", "id", "anime_id", "movie_id", "movieid"}, {"rating", "score"})
"""First lines that are no rating: the names of the two columns."""


def recognise(file: TextFile) -> bool:
    """Any text that is not a document of another kind."""
    return file.json is None and not file.sketch.lstrip().startswith(("<?", "<!"))


def read(files: Sequence[TextFile]) -> PersonalList:
    """The lines of the file; its first may name the columns. `DataError` for any that is not a title and a number."""
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
        if abs(rating) < 1e6:  # neither is "nan" a rating, nor "inf"
            return rating
    except ValueError:
        pass
    raise DataError(f'{where}: "{text}" is not a rating.', "Give a number, such as 9.")
