"""Titles typed by hand find their item."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from konomi.errors import RequestError
from konomi.lists.titles import Match, TitleIndex, plain
from konomi.lists.typed import GAP, NUMBER, covering, typing_errors

CATALOGUE = [
    # id, title, other titles, year, ratings
    (1, "Cowboy Bebop", ["カウボーイビバップ"], 1998, 900),
    (5, "Cowboy Bebop: Tengoku no Tobira", ["Cowboy Bebop: The Movie"], 2001, 300),
    (136, "Hunter x Hunter", ["HUNTER×HUNTER"], 1999, 400),
    (11061, "Hunter x Hunter (2011)", ["Hunter x Hunter"], 2011, 800),
    (918, "Gintama", ["銀魂"], 2006, 500),
    (9969, "Gintama'", ["Gintama Season 2"], 2011, 350),
    (16498, "Shingeki no Kyojin", ["Attack on Titan", "進撃の巨人"], 2013, 990),
    (9253, "Steins;Gate", [], 2011, 700),
    (527, "Pokémon", None, 1997, 200),
    (2571, "Matrix, The", [], 1999, 650),
    (52034, "[Oshi no Ko]", ["My Star"], 2023, 100),
    (7, "86", [], 2021, 50),
    (86, "A Silent Voice", ["Koe no Katachi"], 2016, 600),
    (4000, None, None, None, 3),
    (101, "Tiger & Bunny", [], 2011, 120),
    (102, "???", [], None, 1),
    (103, "がくえん", [], 2000, 1),
    (104, "かくえん", [], 2000, 1),
]


def catalogue(rows):
    schema = {"item_id": pl.Int64, "title": pl.String, "titles": pl.List(pl.String), "year": pl.Int32, "ratings": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


@pytest.fixture(scope="module")
def index():
    return TitleIndex(catalogue(CATALOGUE))


def item(index, text):
    return CATALOGUE[index.find(text).row][0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Cowboy Bebop", 1),
        ("  cowboy   BEBOP ", 1),
        ("cowboybebop", 1),
        ("カウボーイビバップ", 1),
        ("ｶｳﾎﾞｰｲﾋﾞﾊﾞｯﾌﾟ", 1),  # half-width
        ("Cowboy Bebop - Movie", 5),
        ("cowboy bebop the movie", 5),
        ("attack on titan", 16498),
        ("進撃の巨人", 16498),
        ("steins gate", 9253),
        ("Steins：Gate", 9253),
        ("pokemon", 527),
        ("The Matrix", 2571),
        ("Matrix", 2571),
        ("matrix, the", 2571),
        ("The Matrix (1999)", 2571),
        ("oshi no ko", 52034),
        ("silent voice", 86),
        ("Tiger and Bunny", 101),
        ("???", 102),
        ("がくえん", 103),  # voiced marks are letters, not accents
        ("かくえん", 104),
        ("Hunter x Hunter", 11061),  # of two with the same title, the one with more ratings
        ("HUNTER × HUNTER", 11061),
        ("Hunter x Hunter (2011)", 11061),
        ("hunter x hunter (1999)", 136),
        ("Gintama", 918),
        ("Gintama'", 9969),  # spelt exactly so, though the other has more ratings
        ("Ｇintama＇", 9969),  # full-width
        ("GINTAMA!", 918),
        ("86", 7),  # a title goes before an id
        ("9253", 9253),
        ("4000", 4000),
        (" 1 ", 1),
    ],
)
def test_found(index, text, expected):
    assert item(index, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cowboy", 1),  # a beginning
        ("Tengoku", 5),  # a word from the middle
        ("bebop movie", 5),  # words with others between them
        ("進撃の", 16498),
        ("AoT", 16498),  # initials of another title
        ("SnK", 16498),
        ("HxH", 11061),
        ("HxH (1999)", 136),  # of a year
        ("CB the movie", 5),  # a mixture of both
        ("Gintama 2", 9969),  # a number, however it is written
        ("ShinKyojin", 16498),  # beginnings of words
        ("pkmn", 527),  # consonants
        ("Cowboy Bepop", 1),  # typing errors: changed,
        ("atack on titn", 16498),  # missing,
        ("Stiens;Gate", 9253),  # swapped,
        ("Gintamma", 918),  # added
        ("silent voce", 86),
    ],
)
def test_found_as_people_type(index, text, expected):
    assert item(index, text) == expected
    with pytest.raises(RequestError):
        index.find_exactly(text)


def test_what_is_read_into_a_text_has_its_bounds(index):
    for text in ("gin", "Gntm 5", "a " * 200, "Shingeki no Kyojin 3", "Steins;Gate 0", "86 93", "cowboy " * 20):
        with pytest.raises(RequestError):
            index.find(text)


def test_a_much_better_known_title_is_told_beside_the_exact_one():
    items = catalogue([(1, "Mirai", [], 2018, 10), (2, "Mirai Nikki", [], 2011, 30), (3, "Miracle", [], 2000, 99)])
    assert TitleIndex(items).find("mirai") == Match(0, (1,))
    items = items.with_columns(ratings=pl.Series([10, 29, 99]))
    assert TitleIndex(items).find("mirai") == Match(0)


def test_an_id_that_is_the_beginning_of_a_title_has_that_told():
    items = catalogue([(2001, "Lethal Weapon 2", [], 1989, 90), (924, "2001: A Space Odyssey", [], 1968, 20)])
    assert TitleIndex(items).find("2001") == Match(0, (1,))


def test_the_best_known_part_is_meant_and_the_others_are_its_rivals():
    stars = [
        "Star Wars: Episode IV - A New Hope",
        "Star Wars: Episode V - The Empire Strikes Back",
        "Rogue One: A Star Wars Story",
    ]
    index = TitleIndex(catalogue([(n, title, [], None, 250 - 40 * n) for n, title in enumerate(stars)]))
    assert index.find("star wars") == Match(0, (2, 1))
    assert index.find("Star Wars V").row == index.find("ESB").row == 1


@pytest.mark.parametrize(
    ("one", "other", "errors"),
    [("bleach", "bleach", 0), ("belach", "bleach", 1), ("bleac", "bleach", 1), ("blaech", "beach", 2), ("abc", "xyz", 3)],
)
def test_typing_errors(one, other, errors):
    assert typing_errors(one, other, 2) == typing_errors(other, one, 2) == errors


def test_words_left_out_between_two_cost_and_a_number_more():
    assert covering(["blue", "high"], ["blue", "sky", "high"]) == (8, GAP)
    assert covering(["blue", "high"], ["blue", "of", "high"]) == (8, 0)
    assert covering(["high"], ["blue", "sky", "high"]) == (4, 0)  # no gap, since nothing stands before it
    assert covering(["blue"], ["blue", "2"]) == (4, NUMBER)
    assert covering(["blue", "b"], ["blue", "episode", "4", "b"]) == (5, GAP)  # each episode has a number


@given(st.lists(st.sampled_from(["aot", "a", "on", "2", "titan"]), max_size=12), st.text("abot2 ", max_size=30))
def test_covering_ends_and_counts_letters_of_the_name(typed, name):
    letters = name.split()
    found = covering(typed, letters)
    assert found is None or (0 <= found[0] <= sum(map(len, letters)) and found[1] >= 0)
    assert covering(letters, letters) == (sum(map(len, letters)), 0)


def test_others_with_the_same_title_are_told(index):
    assert index.find("hunter x hunter") == Match(3, (2,))
    assert index.find("Gintama'") == Match(5, (4,))
    assert index.find("Cowboy Bebop") == Match(0)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("Coowboy Bebbopp", 'Did you mean "Cowboy Bebop (1998)"?'),
        ("engoku", 'Did you mean "Cowboy Bebop: Tengoku no Tobira (2001)"?'),
        ("attakc onn tittan", 'Did you mean "Shingeki no Kyojin (2013)"?'),
        ("撃の巨", 'Did you mean "Shingeki no Kyojin (2013)"?'),
        ("gin", 'Did you mean "Gintama (2006)" or "Gintama\' (2011)"?'),
        ("Hunter x Hunter (2005)", 'Did you mean "Hunter x Hunter (2011)" or "Hunter x Hunter (1999)"?'),
        ("zzzzqqq", "Give a title as the catalogue has it, or an item id."),
        ("", "Give a title as the catalogue has it, or an item id."),
        ("999999", "Give a title as the catalogue has it, or an item id."),
        ("99999999999999999999999", "Give a title as the catalogue has it, or an item id."),
    ],
)
def test_not_found_says_what_may_be_meant(index, text, hint):
    with pytest.raises(RequestError) as error:
        index.find(text)
    assert f'"{text}"' in str(error.value)
    assert error.value.hint == hint


def test_string_ids(index):
    items = catalogue(CATALOGUE).with_columns(item_id=pl.Series([f"tt{i[0]}" for i in CATALOGUE]))
    assert TitleIndex(items).find("tt9253") == Match(7)


def test_plain_never_leaves_nothing():
    for title in ("???", "The", "進撃の巨人", "Ю", "½", "+", "A"):
        assert plain(title)
    assert plain("The Matrix") == plain("Matrix, The") == "matrix"
