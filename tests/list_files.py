"""Personal lists as files for tests; all of them are made up."""

import io
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import strategies as st

from konomi.data.labels import STATUS
from konomi.errors import DataError
from konomi.lists.personal_list import PersonalList, read_list

letters = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=20)
WATCHING, COMPLETED, ON_HOLD, DROPPED, PLANNED = STATUS.values()


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def zipped(members: dict[str, str | bytes], compression=zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def mal(*anime: str) -> str:
    info = "<myinfo><user_name>nobody</user_name><user_total_anime>0</user_total_anime></myinfo>"
    return f'<?xml version="1.0" encoding="UTF-8" ?>\n<!-- export -->\n<myanimelist>{info}{"".join(anime)}</myanimelist>'


def anime(id="1", title="Cowboy Bebop", type="TV", score="9", status="Completed", more="") -> str:
    return (
        f"<anime><series_animedb_id>{id}</series_animedb_id><series_title><![CDATA[{title}]]></series_title>"
        f"<series_type>{type}</series_type><my_score>{score}</my_score><my_status>{status}</my_status>{more}</anime>"
    )


def media(id=1, mal=11, romaji="Shingeki no Kyojin", **more):
    titles = {"romaji": romaji, "english": "Attack on Titan", "native": "進撃の巨人"}
    return {"id": id, "idMal": mal, "title": titles, "startDate": {"year": 2013}, "format": "TV", "type": "ANIME", **more}


def anilist(entries, format: str | None = "POINT_10", custom=()):
    lists = [
        {"name": "All", "isCustomList": False, "entries": entries},
        {"name": "Best", "isCustomList": True, "entries": list(custom)},
    ]
    user = {"user": {"mediaListOptions": {"scoreFormat": format}}} if format else {}
    return json.dumps({"data": {"MediaListCollection": {**user, "lists": lists}}})


def scored(*scores, **more):
    return [
        {"mediaId": n, "score": score, "status": "COMPLETED", "media": media(n, None, f"Title {n}")}
        for n, score in enumerate(scores, 1)
    ]


def told(personal: PersonalList):
    """(title, rating, status) of every entry."""
    return [(entry.title, entry.rating, entry.status) for entry in personal.entries]


def refused(path: Path, *words: str) -> DataError:
    with pytest.raises(DataError) as caught:
        read_list(path)
    for word in words:
        assert word in f"{caught.value} {caught.value.hint}"
    return caught.value


RATINGS = "Date,Name,Year,Letterboxd URI,Rating\n2024-01-02,The Matrix,1999,https://boxd.it/a,4.5\n2024-02-02,Heat,1995,https://boxd.it/b,0.5\n"
DIARY = (
    "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date\n"
    '2020-01-02,"Paris, Texas",1984,https://boxd.it/c,3,,"a, b",2020-01-01\n'
    '2023-01-02,"Paris, Texas",1984,https://boxd.it/d,5,Yes,,2023-01-01\n'
    '2024-01-02,"Paris, Texas",1984,https://boxd.it/e,,Yes,,2024-01-01\n'
    "2024-05-05,The Matrix,1999,https://boxd.it/f,1,Yes,,2024-05-04\n"
)
WATCHED = (
    "Date,Name,Year,Letterboxd URI\n2024-01-02,The Matrix,1999,https://boxd.it/a\n2024-01-02,Stalker,1979,https://boxd.it/g\n"
)
WATCHLIST = "Date,Name,Year,Letterboxd URI\n2024-01-02,Solaris,1972,https://boxd.it/h\n2024-01-02,Heat,1995,https://boxd.it/b\n"
