"""IMDb's exports: ratings.csv, and watchlists and other lists, which have more columns."""

import re
from collections import Counter
from collections.abc import Sequence

from konomi.data.labels import STATUS
from konomi.data.scale import Scale
from konomi.lists.personal_list import ListEntry, PersonalList, left_out
from konomi.lists.text_files import TextFile, names, rated, year

NAME = "IMDb"
SCALE = Scale(1, 10, 1)
COLUMNS = {"Const", "Title", "Title Type"}
TYPES = {
    "movie": "Movie",
    "tvmovie": "Movie",
    "tvseries": "TV",
    "tvminiseries": "TV",
    "tvspecial": "Special",
    "tvshort": "Special",
}
APART = ("tvepisode", "videogame", "podcastseries", "podcastepisode", "musicvideo")  # types that are left out


def recognise(file: TextFile) -> bool:
    """CSV with IMDb's columns."""
    return COLUMNS <= set(file.columns)


def read(files: Sequence[TextFile]) -> PersonalList:
    """Every title: completed if it has a rating, else planned."""
    entries, apart = list[ListEntry](), Counter[str]()
    for file in files:
        for line, row in file.rows():
            kind = re.sub(r"[\W_]", "", row["Title Type"].lower())
            if kind in APART:
                apart[f'titles of the type "{row["Title Type"]}"'] += 1
                continue
            rating = rated(row.get("Your Rating"), SCALE.low, SCALE.high, f"{file.where}, line {line}")
            called = names(row["Title"], row.get("Original Title"))
            entries.append(
                ListEntry(
                    called[0] if called else None,
                    called[1:],
                    year(row.get("Year")),
                    TYPES.get(kind),
                    (("imdb", row["Const"]),) if row["Const"] else (),
                    rating,
                    STATUS["plan to watch" if rating is None else "completed"],
                    file.at(f"line {line}"),
                )
            )
    return PersonalList("imdb", SCALE, tuple(entries), left_out(apart))
