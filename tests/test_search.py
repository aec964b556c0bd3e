"""Search as one types: what is meant comes first, each title once, and no text is an error."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from konomi.errors import RequestError
from konomi.recommend.search import Search

CATALOGUE = {
    "Cowboy Bebop": (["カウボーイビバップ"], 1998, 900),
    "Cowboy Bebop: Tengoku no Tobira": (["Cowboy Bebop: The Movie", "カウボーイビバップ 天国の扉"], 2001, 300),
    "Shin Seiki Evangelion": (["Neon Genesis Evangelion", "新世紀エヴァンゲリオン"], 1995, 1000),
    "Shingeki no Kyojin": (["Attack on Titan", "進撃の巨人"], 2013, 2000),
    "Shingeki no Kyojin Season 3": (["Attack on Titan Season 3", "進撃の巨人 Season3"], 2018, 1200),
    "Shoujo Kakumei Utena": (["Revolutionary Girl Utena", "少女革命ウテナ"], 1997, 200),
    "Fullmetal Alchemist: Brotherhood": (["鋼の錬金術師"], 2009, 1900),
    "Pokémon": ([], 1997, 700),
    "Hunter x Hunter (2011)": ([], 2011, 1500),
    "Hunter x Hunter": ([], 1999, 800),
    "Bebop High School": ([], 1990, 3),
    "The Matrix": ([], 1999, 50),
    "Matrix Reloaded": ([], 2003, 60),
    "Monster": ([], 2004, 600),
    "Moonlight Mile": ([], 2007, 40),
    "Secret": ([], 2000, 10_000),
    "!!!": ([], 2020, 1),
    None: (["Only Another Name"], None, 0),
}


@pytest.fixture(scope="module")
def search():
    others, years, ratings = zip(*CATALOGUE.values(), strict=True)
    titles = list(CATALOGUE)
    return Search.of(
        pl.DataFrame(
            {
                "item_id": range(100, 100 + len(titles)),
                "title": titles,
                "titles": list(others),
                "year": pl.Series(years, dtype=pl.Int32),
                "type": ["TV"] * len(titles),
                "ratings": list(ratings),
                "sensitive": [title == "Secret" for title in titles],
            }
        )
    )


@pytest.mark.parametrize(
    ("text", "titles", "how"),
    [
        ("cowb", ["Cowboy Bebop", "Cowboy Bebop: Tengoku no Tobira"], "title"),
        ("COWBOY  bebop!", ["Cowboy Bebop", "Cowboy Bebop: Tengoku no Tobira"], "exact"),
        ("bebop", ["Bebop High School", "Cowboy Bebop", "Cowboy Bebop: Tengoku no Tobira"], "title"),
        ("evang", ["Shin Seiki Evangelion"], "word"),
        ("attack on t", ["Shingeki no Kyojin", "Shingeki no Kyojin Season 3"], "title"),
        ("titan attack", ["Shingeki no Kyojin", "Shingeki no Kyojin Season 3"], "word"),
        ("attack on titan 3rd season", ["Shingeki no Kyojin Season 3"], "exact"),
        ("attack on titan III", ["Shingeki no Kyojin Season 3"], "exact"),
        ("aot 3", ["Shingeki no Kyojin Season 3"], "initials"),
        ("snk", ["Shingeki no Kyojin", "Shingeki no Kyojin Season 3"], "initials"),
        ("fma brotherhood", ["Fullmetal Alchemist: Brotherhood"], "initials"),
        ("cowbiy bebop", ["Cowboy Bebop", "Cowboy Bebop: Tengoku no Tobira"], "mistyped"),
        ("cwoboy beb", ["Cowboy Bebop", "Cowboy Bebop: Tengoku no Tobira"], "mistyped"),
        ("evangelon", ["Shin Seiki Evangelion"], "mistyped"),
        ("pokemon", ["Pokémon"], "exact"),
        ("ｐｏｋéｍｏｎ", ["Pokémon"], "exact"),
        ("shōjo kak", ["Shoujo Kakumei Utena"], "title"),
        ("shoojo kak", ["Shoujo Kakumei Utena"], "spelt"),
        ("matrix", ["The Matrix", "Matrix Reloaded"], "exact"),
        ("moon", ["Moonlight Mile"], "title"),
        ("進撃", ["Shingeki no Kyojin", "Shingeki no Kyojin Season 3"], "title"),
        ("巨人", ["Shingeki no Kyojin", "Shingeki no Kyojin Season 3"], "inside"),
        ("ビバップ", ["Cowboy Bebop", "Cowboy Bebop: Tengoku no Tobira"], "inside"),
        ("ｶｳﾎﾞｰｲ", ["Cowboy Bebop", "Cowboy Bebop: Tengoku no Tobira"], "title"),
        ("かうぼーい", ["Cowboy Bebop", "Cowboy Bebop: Tengoku no Tobira"], "title"),
        ("!!!", ["!!!"], "exact"),
        ("hunter x hunter", ["Hunter x Hunter (2011)", "Hunter x Hunter"], "exact"),
        ("hunter × hunter (1999)", ["Hunter x Hunter"], "exact"),
        ("cowboy bebop (2050)", ["Cowboy Bebop"], "exact"),
    ],
)
def test_what_is_meant_comes_first(search, text, titles, how):
    found = search(text)
    assert [hit.title for hit in found][: len(titles)] == titles and found[0].how == how


def test_a_hit_says_by_which_name(search):
    hit = search("attack on")[0]
    assert (hit.row, hit.item_id, hit.name, hit.year, hit.type) == (3, 103, "Attack on Titan", 2013, "TV")
    assert search("only another")[0].title == "Only Another Name"  # the item has no title of its own


def test_sensitive_titles_are_found_where_asked_for(search):
    assert not [hit for hit in search("secret") if hit.title == "Secret"]
    assert search("secret", sensitive=True)[0].title == "Secret"


@given(st.text(max_size=40) | st.text("cowby ebp:!3", max_size=20), st.integers(1, 30))
def test_no_text_is_an_error_and_no_title_stands_twice(search, text, k):
    found = search(text, k)
    rows = [hit.row for hit in found]
    assert len(rows) <= k and len(set(rows)) == len(rows)
    assert rows[: len(rows) // 2] == [hit.row for hit in search(text, max(len(rows) // 2, 1))][: len(rows) // 2]


@pytest.mark.parametrize(
    "text", ["", "   ", "\0", "\u202e\u2066", "\ud800", "a" * 100_000, "a " * 50_000, "\u0301" * 500, "ﷺ" * 300, "１" * 300]
)
def test_hostile_texts(search, text):
    assert len(search(text)) <= 10


@given(st.sampled_from([title for title in CATALOGUE if title and title != "Secret"]), st.data())
def test_every_beginning_finds_its_title(search, title, data):
    """Among all of them, since nothing that begins so comes after what does not."""
    end = data.draw(st.integers(1, len(title)))
    assert title in [hit.title for hit in search(title[:end], k=100)] or not title[:end].strip()


@given(st.sampled_from([title for title in CATALOGUE if title and len(title) > 4 and title != "Secret"]), st.data())
def test_one_error_is_forgiven(search, title, data):
    at, letter = data.draw(st.integers(0, len(title) - 1)), data.draw(st.sampled_from("aeiouk"))
    assert title in [hit.title for hit in search(title[:at] + letter + title[at + 1 :], k=100)]
    assert title in [hit.title for hit in search(title[:at] + letter + title[at:], k=100)]
    assert title in [hit.title for hit in search(title[:at] + title[at + 1 :], k=100)]


def test_of_one_way_the_better_known_come_first(search):
    found = search("s", k=100)
    ratings = [CATALOGUE[hit.title][2] for hit in found if hit.how == "title"]
    assert len(ratings) > 2 and ratings == sorted(ratings, reverse=True)


@pytest.mark.parametrize("k", [0, -1, 1.5, True, "ten", None])
def test_k_is_a_whole_number(search, k):
    with pytest.raises(RequestError):
        search("bebop", k)


@pytest.mark.parametrize("text", [None, 5, b"bebop"])
def test_a_text_is_text(search, text):
    with pytest.raises(RequestError) as error:
        search(text)
    assert "is no text" in str(error.value) and error.value.field == "text"


def test_a_catalogue_without_names():
    empty = pl.DataFrame(
        {"item_id": [1], "title": [None], "titles": [[]], "year": [None], "type": [None], "ratings": [0], "sensitive": [False]},
        schema_overrides={"title": pl.String, "titles": pl.List(pl.String), "year": pl.Int32},
    )
    assert Search.of(empty)("anything") == () and Search.of(empty.head(0))("anything") == ()
