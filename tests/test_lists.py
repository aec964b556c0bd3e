"""Lists that people already have: every format, every scale, every way to spoil a file. All of them are invented."""

import csv
import gzip
import io
import json
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from konomi.data.labels import STATUS
from konomi.data.scale import Scale
from konomi.errors import DataError
from konomi.lists import text_files as parts
from konomi.lists.personal_list import LISTS, PersonalList, read_list

WATCHING, COMPLETED, ON_HOLD, DROPPED, PLANNED = STATUS.values()


@pytest.fixture
def write(tmp_path):
    def written(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


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


def told(personal: PersonalList):
    """(title, rating, status) of every entry."""
    return [(entry.title, entry.rating, entry.status) for entry in personal.entries]


def refused(path: Path, *words: str) -> DataError:
    with pytest.raises(DataError) as caught:
        read_list(path)
    for word in words:
        assert word in f"{caught.value} {caught.value.hint}"
    return caught.value


# ---- MyAnimeList


def test_mal(write):
    text = mal(
        anime(),
        anime(
            "34451", "Kekkai Sensen & Beyond", "TV", "0", "Dropped", "<my_tags><![CDATA[x]]></my_tags><new_child>1</new_child>"
        ),
        anime("0", "SK∞", "Unknown", "", "Plan to Watch"),
        anime("5", "Film", "Movie", "10", "2"),
        anime("6", "Old", "OVA", "1", "On-Hold"),
        anime("7", "New", "ONA", "2", "Watching"),
        "<anime><series_title>Bare</series_title></anime>",
        "<manga><manga_title>Book</manga_title></manga>",
    )
    personal = read_list(write("animelist_1_-_2.xml", text))
    assert (personal.kind, personal.scale) == ("mal", Scale(1, 10, 1))
    assert told(personal) == [
        ("Cowboy Bebop", 9, COMPLETED),
        ("Kekkai Sensen & Beyond", None, DROPPED),  # a score of 0 is no score
        ("SK∞", None, PLANNED),
        ("Film", 10, COMPLETED),
        ("Old", 1, ON_HOLD),
        ("New", 2, WATCHING),
        ("Bare", None, 0),
    ]
    first, _, third, *_ = personal.entries
    assert (first.ids, first.type, first.place) == ((("mal", "1"),), "TV", "entry 1")
    assert (third.ids, third.type) == ((), None)
    assert personal.notes == ("Left out: manga (1).",)


def test_an_unknown_status_is_told(write):
    personal = read_list(write("list.xml", mal(anime(status="Pondering"))))
    assert personal.entries[0].status == 0
    assert personal.notes == ('The status "Pondering" is not known here (1).',)


@pytest.mark.parametrize("score", ["11", "-1", "nine", "nan", "1e1", "٩"])
def test_a_score_off_the_scale_is_refused(write, score):
    refused(write("list.xml", mal(anime(), anime(score=score))), "list.xml, entry 2 (Cowboy Bebop)", "1 to 10")


@pytest.mark.data
def test_mal_by_hand(shared):
    personal = read_list(shared / "mal-xml" / "synthetic.xml")
    assert told(personal) == [("Cowboy Bebop", 9, COMPLETED), ("Kekkai Sensen & Beyond", None, DROPPED), ("SK∞", None, PLANNED)]


letters = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=20)
listed = st.lists(
    st.tuples(
        st.integers(1, 99999),
        letters.map(str.strip).filter(bool),
        st.sampled_from([None, *range(1, 11)]),
        st.sampled_from(["Watching", "Completed", "On-Hold", "Dropped", "Plan to Watch"]),
    ),
    min_size=1,
    max_size=8,
)


@given(listed)
def test_mal_gives_back_what_was_written(tmp_path_factory, entries):
    path = tmp_path_factory.mktemp("mal") / "list.xml.gz"
    text = mal(
        *(
            f"<anime><series_animedb_id>{id}</series_animedb_id><series_title>{escape(title)}</series_title>"
            f"<my_score>{score or 0}</my_score><my_status>{status}</my_status></anime>"
            for id, title, score, status in entries
        )
    )
    path.write_bytes(gzip.compress(text.encode()))
    codes = {"on-hold": "on hold"}
    read = [(int(entry.ids[0][1]), entry.title, entry.rating, entry.status) for entry in read_list(path).entries]
    assert read == [
        (id, title, score, STATUS[codes.get(status.lower(), status.lower())]) for id, title, score, status in entries
    ]


# ---- AniList


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


@pytest.mark.parametrize(
    ("format", "scores", "high", "expected"),
    [
        ("POINT_10", [1, 7, 10, 0], 10, [1, 7, 10, None]),
        ("POINT_10_DECIMAL", [0.1, 7.5, 10, 0], 10, [0.1, 7.5, 10, None]),
        ("POINT_100", [1, 75, 100, 0], 100, [1, 75, 100, None]),
        ("POINT_5", [1, 2, 3, 4, 5, 0], 100, [10, 30, 50, 70, 90, None]),  # stars
        ("POINT_3", [1, 2, 3, 0, None], 100, [35, 60, 85, None, None]),  # smileys
        ("POINT_5", [85, 3], 100, [85, 3]),  # asked for out of 100 whatever the person uses
        (None, [85, 3], 100, [85, 3]),
        (None, [7, 3], 10, [7, 3]),
        (None, [7.5, 3], 10, [7.5, 3]),
        (None, [0, 0], 10, [None, None]),
    ],
)
def test_anilist_scales(write, format, scores, high, expected):
    personal = read_list(write("list.json", anilist(scored(*scores), format)))
    assert [entry.rating for entry in personal.entries] == expected
    assert personal.scale.high == high


def test_anilist(write):
    one, two = (
        {"mediaId": 1, "score": 9, "status": "REPEATING", "media": media(synonyms=["AoT"])},
        {"mediaId": 2, "score": 0, "status": "PLANNING", "media": media(2, None, "Other", format="MOVIE")},
    )
    rest = [
        {"mediaId": n, "score": 5, "status": status, "media": media(n, n, f"Title {n}")}
        for n, status in enumerate(("CURRENT", "PAUSED", "DROPPED", None), 3)
    ]
    bare = {"mediaId": 99, "score": 5, "status": "COMPLETED"}
    manga = {"mediaId": 50, "score": 10, "status": "COMPLETED", "media": media(50, 1, "Book", type="MANGA")}
    personal = read_list(write("whatever", anilist([one, two, *rest, bare, manga], custom=[one])))
    assert [entry.status for entry in personal.entries] == [COMPLETED, PLANNED, WATCHING, ON_HOLD, DROPPED, 0, COMPLETED]
    first, second, *_, last = personal.entries
    assert (first.title, first.titles) == ("Shingeki no Kyojin", ("Attack on Titan", "進撃の巨人", "AoT"))
    assert (first.ids, first.year, first.type) == ((("mal", "11"), ("anilist", "1")), 2013, "TV")
    assert (second.ids, second.type, second.rating) == ((("anilist", "2"),), "Movie", None)
    assert (last.title, last.name) == (None, "anilist id 99")
    assert personal.notes == ("Left out: manga (1).",)


@pytest.mark.parametrize(
    ("format", "score"), [("POINT_5", 2.5), ("POINT_10", -1), ("POINT_10", "ten"), ("POINT_10", True), ("POINT_10", 101)]
)
def test_anilist_scores_off_the_scale_are_refused(write, format, score):
    refused(write("list.json", anilist(scored(3, score), format)), "list.json, entry 2 (Title 2)")


def test_anilist_scores_of_an_unknown_scale_are_refused(write):
    refused(write("list.json", anilist(scored(3, 5), None)), "none is over 5", "scoreFormat")


# ---- Kitsu


def kitsu(*entries, included=()):
    return {
        "data": [{"id": str(n), "type": "libraryEntries", **entry} for n, entry in enumerate(entries)],
        "included": list(included),
    }


def library(id, twenty, status, kind="anime"):
    relationships = {"anime": {"data": None}, "manga": {"data": None}} | {kind: {"data": {"type": kind, "id": id}}}
    return {"attributes": {"ratingTwenty": twenty, "status": status}, "relationships": relationships}


def test_kitsu(write):
    about = {
        "id": "7442",
        "type": "anime",
        "attributes": {
            "canonicalTitle": "Shingeki no Kyojin",
            "titles": {"en": "Attack on Titan", "ja_jp": "進撃の巨人", "en_us": None},
            "abbreviatedTitles": ["AoT"],
            "startDate": "2013-04-07",
            "subtype": "TV",
        },
        "relationships": {"mappings": {"data": [{"type": "mappings", "id": "5"}, {"type": "mappings", "id": "6"}]}},
    }
    mappings = [
        {"id": "5", "type": "mappings", "attributes": {"externalSite": "myanimelist/anime", "externalId": "16498"}},
        {"id": "6", "type": "mappings", "attributes": {"externalSite": "thetvdb", "externalId": "1"}},
    ]
    first = kitsu(library("7442", 17, "completed"), library("2", None, "planned"), included=[about, *mappings])
    second = kitsu(
        library("3", 2, "dropped"),
        library("4", 20, "on_hold"),
        library("5", 8, "current"),
        library("6", 8, "completed", "manga"),
    )
    personal = read_list(write("pages.json", json.dumps([first, second])))
    assert [(e.rating, e.status) for e in personal.entries] == [
        (8.5, COMPLETED),
        (None, PLANNED),
        (1, DROPPED),
        (10, ON_HOLD),
        (4, WATCHING),
    ]
    entry = personal.entries[0]
    assert (entry.title, entry.titles) == ("Shingeki no Kyojin", ("Attack on Titan", "進撃の巨人", "AoT"))
    assert (entry.ids, entry.year, entry.type) == ((("mal", "16498"), ("kitsu", "7442")), 2013, "TV")
    assert (personal.kind, personal.notes) == ("kitsu", ("Left out: manga (1).",))
    pages = zipped({"1.json": json.dumps(first), "2.json": json.dumps(second)})
    assert [e.rating for e in read_list(write("pages.zip", pages)).entries] == [8.5, None, 1, 10, 4]


def test_kitsu_ratings_off_the_scale_are_refused(write):
    refused(
        write("page.json", json.dumps(kitsu(library("1", 21, "completed")))),
        "page.json, entry 1: 21 is not a rating from 2 to 20",
    )


# ---- Letterboxd

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


def test_letterboxd_files(write):
    ratings = read_list(write("ratings.csv", RATINGS))
    assert told(ratings) == [("The Matrix", 4.5, COMPLETED), ("Heat", 0.5, COMPLETED)]
    assert (ratings.kind, ratings.scale, ratings.entries[0].year) == ("letterboxd", Scale(0.5, 5, 0.5), 1999)
    assert ratings.entries[1].place == "line 3"
    diary = read_list(write("my own name.csv", DIARY))
    assert told(diary) == [("Paris, Texas", 5, COMPLETED), ("The Matrix", 1, COMPLETED)]  # the latest with a rating
    assert diary.notes == ("Films that a file has more than once count once, with their latest rating (2 lines more).",)
    assert told(read_list(write("watched.csv", WATCHED))) == [("The Matrix", None, COMPLETED), ("Stalker", None, COMPLETED)]
    assert {status for *_, status in told(read_list(write("watchlist.csv", WATCHLIST)))} == {PLANNED}


def test_letterboxd_zip(write):
    export = {
        "watchlist.csv": WATCHLIST,
        "profile.csv": "Date Joined,Username\n2020-01-01,nobody\n",
        "diary.csv": DIARY,
        "watched.csv": WATCHED,
        "ratings.csv": RATINGS,
        "deleted/diary.csv": "Date,Name,Year,Letterboxd URI,Rating\n2024-01-02,Gone,1999,u,5\n",
        "likes/films.csv": "Date,Name,Year,Letterboxd URI\n2024-01-02,Liked,1999,u\n",
        "lists/best.csv": "Letterboxd list export v7\n",
        "picture.png": b"\x89PNG",
    }
    personal = read_list(write("export.zip", zipped(export)))
    assert sorted(told(personal)) == [
        ("Heat", 0.5, COMPLETED),  # on the watchlist, too
        ("Paris, Texas", 5, COMPLETED),
        ("Solaris", None, PLANNED),
        ("Stalker", None, COMPLETED),
        ("The Matrix", 4.5, COMPLETED),  # what ratings.csv says holds, though the diary has a later date
    ]
    assert {entry.title: entry.place for entry in personal.entries}["The Matrix"] == "ratings.csv, line 2"
    assert personal.notes == ("Films that a file has more than once count once, with their latest rating (2 lines more).",)


def test_letterboxd_films_of_no_known_kind_are_refused(write):
    refused(write("films.csv", WATCHED), "films.csv: either", "watched.csv or watchlist.csv")


def test_letterboxd_cut_short(write):
    refused(write("ratings.csv", RATINGS + "2024-03-03,Alien,19"), "ratings.csv, line 4: 3 columns, not 5")
    refused(write("ratings.csv", RATINGS + '2024-03-03,"Ali'), "ratings.csv, line 4: a quote that is never closed")
    refused(write("ratings.csv", RATINGS.replace("4.5", "5.5")), 'line 2: "5.5" is not a rating from 0.5 to 5')


# ---- IMDb


def test_imdb(write):
    header = "Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,IMDb Rating,Runtime (mins),Year,Genres\n"
    rows = (
        'tt1,9,2024-01-01,The Matrix,The Matrix,u,Movie,8.7,136,1999,"Action, Sci-Fi"\n'
        "tt2,10,2024-01-01,Spirited Away,Sen to Chihiro no kamikakushi,u,movie,8.6,125,2001,Animation\n"
        "tt3,7,2024-01-01,A Series,A Series,u,TV Series,8.6,,2008,Drama\n"
        "tt4,7,2024-01-01,An Episode,An Episode,u,tvEpisode,8.6,,2008,Drama\n"
    )
    personal = read_list(write("ratings.csv", header + rows))
    assert told(personal) == [("The Matrix", 9, COMPLETED), ("Spirited Away", 10, COMPLETED), ("A Series", 7, COMPLETED)]
    _, film, series = personal.entries
    assert (film.titles, film.year, film.type, film.ids) == (
        ("Sen to Chihiro no kamikakushi",),
        2001,
        "Movie",
        (("imdb", "tt2"),),
    )
    assert (series.type, personal.kind) == ("TV", "imdb")
    assert personal.notes == ('Left out: titles of the type "tvEpisode" (1).',)
    listed = "Position,Const,Created,Title,URL,Title Type,Year,Your Rating,Date Rated\n1,tt9,2024-01-01,Alien,u,movie,1979,,\n"
    assert told(read_list(write("WATCHLIST.csv", listed))) == [("Alien", None, PLANNED)]
    refused(write("ratings.csv", (header + rows).replace(",10,2024", ",12,2024")), "line 3", "1 to 10")


# ---- Trakt


def test_trakt(write):
    movie = {"title": "TRON: Legacy", "year": 2010, "ids": {"trakt": 1, "slug": "tron", "imdb": "tt1104001", "tmdb": 20526}}
    show = {"title": "Breaking Bad", "year": 2008, "ids": {"trakt": 1, "imdb": "tt0903747"}}
    ratings = [
        {"rated_at": "2014-09-01T09:10:11.000Z", "rating": 3, "type": "movie", "movie": movie},
        {"rated_at": "2016-09-01T09:10:11.000Z", "rating": 10, "type": "movie", "movie": movie},
        {"rated_at": "2015-09-01T09:10:11.000Z", "rating": 8, "type": "season", "season": {"number": 1}, "show": show},
        {"rated_at": "2015-09-01T09:10:11.000Z", "rating": 8, "type": "episode", "episode": {"number": 1}, "show": show},
    ]
    watched = [
        {
            "plays": 4,
            "last_watched_at": "2020-01-01T00:00:00.000Z",
            "movie": {"title": "Heat", "year": 1995, "ids": {"trakt": 7}},
        },
        {"plays": 4, "last_watched_at": "2020-01-01T00:00:00.000Z", "show": show, "seasons": []},
    ]
    watchlist = [
        {
            "rank": 1,
            "listed_at": "2024-01-01T00:00:00.000Z",
            "type": "movie",
            "movie": {"title": "Alien", "year": 1979, "ids": {"trakt": 9}},
        },
        {"rank": 2, "listed_at": "2024-01-01T00:00:00.000Z", "type": "movie", "movie": movie},
    ]
    members = {
        "ratings.json": json.dumps(ratings),
        "watched.json": json.dumps(watched),
        "watchlist.json": json.dumps(watchlist),
        "ratings-shows.json": "[]",
        "user.json": json.dumps({"username": "nobody"}),
    }
    personal = read_list(write("trakt.zip", zipped(members)))
    assert told(personal) == [
        ("TRON: Legacy", 10, COMPLETED),
        ("Heat", None, COMPLETED),
        ("Breaking Bad", None, 0),  # perhaps one episode of it
        ("Alien", None, PLANNED),
    ]
    first, _, second, _ = personal.entries
    assert (first.ids, first.year, first.type) == ((("imdb", "tt1104001"), ("tmdb", "20526"), ("trakt", "1")), 2010, "Movie")
    assert second.type == "TV"
    assert personal.notes == ("Left out: ratings of seasons (1), ratings of episodes (1).",)
    ratings[0]["rating"] = 11
    refused(write("ratings.json", json.dumps(ratings)), "ratings.json, entry 1 (TRON: Legacy): 11 is not a rating")


# ---- two columns typed by hand


def test_plain(write):
    personal = read_list(write("me.csv", '\ufefftitle,rating\n"Good, Bad",9\n\n12,"3,5"\n[Oshi no Ko],7\n<harmony/>,1\n'))
    assert (personal.kind, personal.scale) == ("plain", None)
    assert told(read_list(write("unscored.csv", "Mushishi,\nMonster,9\n"))) == [("Mushishi", None, 0), ("Monster", 9.0, 0)]
    assert told(personal) == [("Good, Bad", 9, 0), ("12", 3.5, 0), ("[Oshi no Ko]", 7, 0), ("<harmony/>", 1, 0)]
    assert [entry.place for entry in personal.entries] == ["line 2", "line 4", "line 5", "line 6"]
    assert told(read_list(write("me.csv", "[Oshi no Ko],7\r\n"))) == [("[Oshi no Ko]", 7, 0)]
    assert told(read_list(write("me.csv", "{Odd},7"))) == [("{Odd}", 7, 0)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "me.csv: there is no rating in it."),
        ("title,rating\n", "me.csv: there is no rating in it."),
        ("A,9\nB,nine\n", 'me.csv, line 2: "nine" is not a rating.'),
        ("A,nan\n", 'line 1: "nan" is not a rating.'),
        (",9\n", "line 1: there is no title."),
        ("Good, Bad,9\n", "me.csv, line 1: 3 columns, not two."),
        ("A\n", "line 1: 1 columns, not two."),
        ('"A,9\n', "line 1: a quote that is never closed"),
        (b"A,9\nCaf\xe9,8\n", "me.csv: is not UTF-8 text"),
        ("A,9\n".encode("utf-16"), "UTF-16"),
        (b"A,9\0\n", "no text at all"),
    ],
)
def test_plain_refusals(write, text, message):
    refused(write("me.csv", text), message)


ratings = st.floats(0.5, 10).map(lambda rating: round(rating, 2))


@given(
    st.lists(
        st.tuples(letters.map(str.strip).filter(lambda t: t.lower() not in ("title", "name", "item", "id", "")), ratings),
        min_size=1,
    )
)
def test_plain_gives_back_what_was_written(tmp_path_factory, entries):
    path = tmp_path_factory.mktemp("plain") / "me.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([("title", "rating"), *entries])
    assert [(entry.title, entry.rating) for entry in read_list(path).entries] == entries


# ---- files that are packed, or spoilt, or meant to harm


def test_packed(write):
    text = mal(anime())
    for name, content in {
        "list.xml.gz": gzip.compress(text.encode()),
        "no ending": gzip.compress(text.encode()),
        "list.zip": zipped({"__MACOSX/list.xml": b"\0", "folder/list.xml": text}),
        "list.xml": zipped({"list.xml.gz": gzip.compress(text.encode())}),
        "stored.zip": zipped({"list.xml": text}, zipfile.ZIP_STORED),
        "bom.xml": b"\xef\xbb\xbf" + text.encode(),
        "plain.xml.gz": text.encode(),  # a name is no proof
    }.items():
        assert told(read_list(write(name, content))) == [("Cowboy Bebop", 9, COMPLETED)], name


def test_damaged(write, tmp_path):
    text = mal(*(anime(str(n), f"Title {n}") for n in range(1, 50)))
    packed, archive = gzip.compress(text.encode()), zipped({"list.xml": text})
    refused(write("list.xml.gz", packed[:-20]), "list.xml.gz: cannot be unpacked")
    refused(write("list.zip", archive[:-30]), "list.zip: cannot be unpacked")
    refused(write("list.zip", archive[:60] + b"\xff" * 10 + archive[70:]), "list.zip: cannot be unpacked")
    refused(write("list.zip", zipped({"list.xml": text}, zipfile.ZIP_BZIP2)), "packed in an unusual way")
    refused(write("list.xml", text[:-30]), "list.xml: not whole XML")
    refused(write("list.xml", text.encode().replace(b"Title 7", b"Titl\xe9 7")), "is not UTF-8 text")
    refused(write("list.json", anilist(scored(5))[:-10]), "list.json: not whole JSON")
    refused(write("list.json", "[" * 100_000), "list.json: is no list")
    refused(write("list.json", '[{"a": NaN}]'), "NaN is no number")
    refused(write("list.json", '[{"a": ' + "9" * 5000 + "}]"), "list.json: is no list")
    refused(tmp_path, "is a folder")
    refused(tmp_path / "none.csv", "none.csv: cannot be read: No such file", "title or item id, rating")
    secret = bytearray(archive)
    for at in (6, archive.index(b"PK\x01\x02") + 8):
        secret[at] |= 1
    refused(write("list.zip", bytes(secret)), "encrypted")


def test_bombs(write, monkeypatch):
    monkeypatch.setattr(parts, "LIMIT", 1 << 20)
    monkeypatch.setattr(parts, "PACKED", 1 << 16)
    monkeypatch.setattr(parts, "MEMBERS", 20)
    zeros = b"0" * (2 << 20)
    refused(write("list.gz", gzip.compress(zeros)), "holds more than 1 MiB")
    refused(write("list.zip", zipped({"list.xml": zeros})), "holds more than 1 MiB")
    refused(write("list.zip", zipped({"list.xml.gz": gzip.compress(zeros)})), "holds more than 1 MiB")
    refused(write("list.zip", zipped({f"{n}.csv": zeros[: 1 << 18] for n in range(5)})), "holds more than 1 MiB")
    refused(write("list.zip", zipped({f"{n}.csv": "" for n in range(21)})), "21 members")
    refused(write("list.zip", zipped({"list.xml": zeros}, zipfile.ZIP_STORED)), "holds more than")
    refused(write("list.csv", zeros), "holds more than 1 MiB")


@pytest.mark.parametrize(
    "declared",
    [
        "<!DOCTYPE myanimelist>",
        '<!DOCTYPE myanimelist SYSTEM "http://127.0.0.1/evil.dtd">',
        '<!DOCTYPE myanimelist [<!ENTITY file SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE myanimelist [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>',
        '<!DOCTYPE myanimelist [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]>',
    ],
)
def test_entities_are_refused(write, declared):
    text = mal(anime(title="]]>&file;&c;<![CDATA[")).replace("<!-- export -->", declared)
    error = refused(write("list.xml", text), "declares a document type or entities")
    assert "localhost" not in str(error)


def test_what_is_no_list_is_refused(write):
    for name, content in {
        "page.html": "<!DOCTYPE html><html></html>",
        "feed.xml": '<?xml version="1.0"?><feed/>',
        "odd.json": '{"a": 1}',
        "empty.json": "[]",
        "lists.zip": zipped({"a.csv": "A,9\n", "b.csv": "B,9\n"}),
        "empty.zip": zipped({}),
        "pictures.zip": zipped({"a.png": b"\x89PNG"}),
    }.items():
        refused(write(name, content), name, "It may be")
    refused(write("both.zip", zipped({"a.xml": mal(anime()), "ratings.csv": RATINGS})), "holds lists of mal and letterboxd")
    refused(write("none.xml", mal("<manga/>")), "there is nothing on the list", "manga (1)")


def test_every_list_is_a_module_with_its_own_file():
    assert all(module.startswith("konomi.lists.sites.") for module in LISTS.values())


hostile = st.one_of(
    st.binary(max_size=60),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    "data lists entries media title score status type movie show ids attributes relationships anime".split()
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    ).map(lambda value: json.dumps([value]).encode()),
)


@given(
    hostile, st.sampled_from([b"", b'{"data": ', b'{"lists": [{"entries": ', b'[{"rated_at": 1, "movie": ', b"<myanimelist>"])
)
def test_whatever_is_in_a_file_only_our_own_errors_leave(tmp_path_factory, content, before):
    closing = {
        b'{"data": ': b"}",
        b'{"lists": [{"entries": ': b"}]}",
        b'[{"rated_at": 1, "movie": ': b"}]",
        b"<myanimelist>": b"",
    }.get(before, b"")
    path = tmp_path_factory.mktemp("hostile") / "list"
    path.write_bytes(before + content + closing)
    try:
        read_list(path)
    except DataError as error:
        assert error.hint
