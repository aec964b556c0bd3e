"""Letterboxd's export: ratings.csv, diary.csv, reviews.csv, watched.csv and watchlist.csv, or the whole zip of them."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from konomi.data.labels import STATUS
from konomi.data.scale import Scale
from konomi.errors import DataError
from konomi.lists.personal_list import ListEntry, Log, PersonalList, once
from konomi.lists.text_files import TextFile, rated, year

NAME = "Letterboxd"
SCALE = Scale(0.5, 5, 0.5)
COLUMNS = {"Date", "Name", "Year", "Letterboxd URI"}
WITHOUT_RATING = {"watched.csv": STATUS["completed"], "watchlist.csv": STATUS["plan to watch"]}  # the same columns in both
ELSEWHERE = {"deleted", "orphaned", "likes", "lists"}  # folders of the export that are not read


def recognise(file: TextFile) -> bool:
    """CSV with Letterboxd's columns, outside the folders of `ELSEWHERE`."""
    place = PurePosixPath(file.name)
    return COLUMNS <= set(file.columns) and not (file.within and ELSEWHERE & set(place.parts[:-1]))


def read(files: Sequence[TextFile]) -> PersonalList:
    """Every film once, with its rating in ratings.csv, else the latest in the diary; planned if only the watchlist has it."""
    logs = [log for file in files for log in _logs(file)]
    entries = once(logs)
    again = len(logs) - len({(log.key, log.entry.place.rpartition(",")[0]) for log in logs})
    notes = (
        (f"Films that a file has more than once count once, with their latest rating ({again:,} lines more).",) if again else ()
    )
    return PersonalList("letterboxd", SCALE, entries, notes)


def _logs(file: TextFile) -> list[Log]:
    name, columns = PurePosixPath(file.name).name.lower().removesuffix(".gz"), set(file.columns)
    if "Rating" not in columns and name not in WITHOUT_RATING:
        raise DataError(
            f"{file.where}: either films that were watched or films that are to be: its columns are the same for both.",
            "Call it watched.csv or watchlist.csv, as Letterboxd does.",
        )
    status = WITHOUT_RATING.get(name, STATUS["completed"])
    present = int("Rating" in columns and "Watched Date" not in columns)  # ratings.csv has the present ratings, not past ones
    logs = []
    for line, row in file.rows():
        where, title = f"{file.where}, line {line}", row["Name"]
        rating = rated(row.get("Rating"), SCALE.low, SCALE.high, where)
        entry = ListEntry(
            title or None, (), year(row["Year"]), "Movie", rating=rating, status=status, place=file.at(f"line {line}")
        )
        key = (title, row["Year"]) if title else row["Letterboxd URI"]
        logs.append(Log(key, (present, row.get("Watched Date") or row["Date"]), entry))
    return logs
