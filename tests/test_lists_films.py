"""Lists of Letterboxd, IMDb and Trakt, and those typed by hand: every form, every scale."""

import csv
import json
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from konomi.data.scale import Scale
from konomi.lists.personal_list import read_list
from list_files import COMPLETED, DIARY, PLANNED, RATINGS, WATCHED, WATCHLIST, letters, refused, told, written, zipped


@pytest.fixture
def write(tmp_path):
    return partial(written, tmp_path)


# ---- Letterboxd


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
        ("A,nine\n", 'me.csv, line 1: "nine" is not a rating.'),
        ("title,year,rating\nA,2000\n", "line 2: 2 columns, not 3."),
        ("Book Id,Title,My Rating,ISBN\n1,Emma,5,=\n", "is a list of books."),
        ("title,rating\nA,11/10\n", '"11/10" is not a rating.'),
        ("title,your rating\nA,11\n", '"11" is not a rating.'),
        ("name\nThe Good, the Bad\n", "line 2: 2 columns, not 1."),
        ("A,nan\n", 'line 1: "nan" is not a rating.'),
        (",9\n", "line 1: there is no title."),
        ("Good, Bad,9\n", "me.csv, line 1: 3 columns, not two."),
        ('"A,9\n', "line 1: a quote that is never closed"),
        (b"A,9\nCaf\xe9,8\n", "me.csv: is not UTF-8 text"),
        ("A,9\n".encode("utf-16") + b"\0", "me.csv: is not UTF-16 text: truncated"),
        ("A,9\n".encode("utf-16-le"), "UTF-16 that does not begin as such"),
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


@pytest.mark.parametrize(
    ("text", "scale", "entries"),
    [
        ("A\nB\n", None, [("A", None), ("B", None)]),  # titles alone
        ("Anime,9\nIt,8\n", None, [("Anime", 9), ("It", 8)]),  # a title, since no header has a number
        ("Your Rating,Title\n0,Heat\n10,Up\n", Scale(1, 10, 1), [("Heat", None), ("Up", 10)]),
        ("title;rating\nHeat;4,5\n", None, [("Heat", 4.5)]),
        ("rating\ttitle\n4\tHeat\n", None, [("Heat", 4)]),
        ("Heat|4\nUp|\n", None, [("Heat", 4), ("Up", None)]),
        ("My Rating,Film\n9/10,Heat\n0/10,Up\n", Scale(1, 10, 1), [("Heat", 9), ("Up", None)]),
        ("title,stars\nHeat,★★★★½\nUp,★★☆☆☆\nIt,\n", Scale(0.5, 5, 0.5), [("Heat", 4.5), ("Up", 2), ("It", None)]),
        ("Name,IMDb Rating,Your Rating\nHeat,8.3,9\n", Scale(1, 10, 1), [("Heat", 9)]),  # a person's own, not the site's
        ("film_id,Film,average_rating,rating\n1,Heat,3.1,4\n", None, [("Heat", 4)]),
    ],
)
def test_tables_of_any_kind(write, text, scale, entries):
    found = read_list(write("me.csv", text))
    assert (found.kind, found.scale, found.notes) == ("plain", scale, ())
    assert [(entry.title, entry.rating) for entry in found.entries] == entries


def test_every_column_of_a_table(write):
    text = "SIMKL_ID,Title,Type,Year,Watchlist,Rating,TMDB,IMDB\n1,Heat,movie,1995,plan to watch,,949,113277\n"
    [entry] = read_list(write("me.csv", text)).entries
    assert (entry.title, entry.year, entry.type, entry.status) == ("Heat", 1995, "Movie", PLANNED)
    assert entry.ids == (("imdb", "tt0113277"), ("tmdb", "949"))


def test_ids_of_the_site_that_a_row_names(write):
    text = "media_id,source,media_type,title\n949,tmdb,movie,Heat\n5114,MAL,anime,Fullmetal\n77,igdb,game,Portal\n"
    assert [entry.ids for entry in read_list(write("me.csv", text)).entries] == [(("tmdb", "949"),), (("mal", "5114"),), ()]
    text = "Title,Type,TMDB,IMDB\nMushishi,anime,24862,tt0807832\n"  # of anime it is not said whether it is a film or a series
    assert [entry.ids for entry in read_list(write("me.csv", text)).entries] == [(("imdb", "tt0807832"),)]


def test_seasons_and_episodes_are_told_apart(write):
    text = "media_type,title,season_number,score\ntv,Lost,,8\nseason,Lost,2,9\n"
    found = read_list(write("me.csv", text))
    assert [(entry.title, entry.rating) for entry in found.entries] == [("Lost", 8)]
    assert found.notes == ("Left out: seasons and episodes (1).",)


def test_a_list_of_letterboxd_begins_below_what_it_says_of_itself(write):
    text = "Letterboxd list export v7\nDate,Name,Tags,URL,Description\n2022-06-11,Faves,,x,\n\n"
    text += "Position,Name,Year,URL,Description\n1,Heat,1995,x,\n"
    [entry] = read_list(write("faves.csv", text)).entries
    assert (entry.title, entry.year, entry.rating) == ("Heat", 1995, None)


def test_one_bad_line_is_named_and_the_rest_is_read(write):
    lines = ["A,9", "B,nine", "C,8,7", ",5", "D,★★", *(f"E{n},x" for n in range(9))]
    found = read_list(write("me.csv", "\n".join(lines)))
    assert [entry.title for entry in found.entries] == ["A"]
    [note] = found.notes
    assert note.startswith('Left out, since they cannot be read: line 2: "nine" is not a rating; line 3: 3 columns, not two;')
    assert note.endswith(" and 8 more.")
    mixed = read_list(write("me.csv", "A,9/10\nB,★★\nC,8\n"))
    assert [entry.title for entry in mixed.entries] == ["A"]
    assert "line 2: its rating is written in another way than the first" in mixed.notes[0]
