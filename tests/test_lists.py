"""Lists of MyAnimeList, AniList and Kitsu: every form, every scale."""

import gzip
import json
from functools import partial
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from konomi.data.labels import STATUS
from konomi.data.scale import Scale
from konomi.lists.personal_list import read_list
from list_files import (
    COMPLETED,
    DROPPED,
    ON_HOLD,
    PLANNED,
    WATCHING,
    anilist,
    anime,
    letters,
    mal,
    media,
    refused,
    scored,
    told,
    written,
    zipped,
)


@pytest.fixture
def write(tmp_path):
    return partial(written, tmp_path)


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


def test_anilist_by_other_names(write):
    """Aliases, pages, and the score format beside the list."""
    one, two = media(1, 11, "One"), media(2, 12, "Two")
    entries = [{"mediaId": n, "status": "COMPLETED", "score": n + 2, "media": of} for n, of in ((1, one), (2, two))]
    user = {"User": {"mediaListOptions": {"scoreFormat": "POINT_5"}}}
    for answer in (
        {"MediaListCollection": {"lists": [{"entries": entries}]}, **user},
        {"anime": {"lists": [{"entries": entries}]}, "manga": {"lists": [{"entries": []}]}, **user},
        {"Page": {"mediaList": entries}, **user},
    ):
        personal = read_list(write("list.json", json.dumps({"data": answer})))
        assert [(entry.title, entry.rating) for entry in personal.entries] == [("One", 50), ("Two", 70)], answer


def test_anilist_download_of_a_persons_data(write):
    lists = [
        {"id": 9, "series_type": 0, "series_id": 21, "status": 2, "score": 95},
        {"id": 8, "series_type": 1, "series_id": 5, "status": 2, "score": 60},
        {"id": 7, "series_type": 0, "series_id": 30, "status": 1, "score": 0},
    ]
    personal = read_list(write("gdpr.json", json.dumps({"user": {"score_type": 4}, "lists": lists})))
    told = [(entry.ids, entry.rating, entry.status) for entry in personal.entries]
    assert told == [((("anilist", "21"),), 95, COMPLETED), ((("anilist", "30"),), None, PLANNED)]
    assert personal.notes == ("Left out: manga (1).",)
    odd = read_list(
        write("odd.json", '{"lists": [{"series_id": 1, "status": {}, "score": 5}, {"series_id": [1], "status": 9}]}')
    )
    assert [(entry.ids, entry.rating, entry.status) for entry in odd.entries] == [((("anilist", "1"),), 5, 0), ((), None, 0)]


def test_an_error_of_anilist_is_told(write):
    answer = {"errors": [{"message": "Private User", "status": 404}], "data": {"MediaListCollection": None}}
    refused(write("list.json", json.dumps(answer)), "AniList answered with an error: Private User", "public list")


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
