"""Entries whose title is a part of the catalogue's, and ids that are another site's."""

import polars as pl

from konomi.data.scale import Scale
from konomi.lists.matching import match_list
from konomi.lists.personal_list import ListEntry, PersonalList
from konomi.lists.titles import TitleIndex

ROWS = [
    (260, "Star Wars: Episode IV - A New Hope", 1977, "Movie", 250),
    (1196, "Star Wars: Episode V - The Empire Strikes Back", 1980, "Movie", 210),
    (3, "Making of: The Empire Strikes Back Again", 1980, "Movie", 1),
    (4, "Twins: One", 1999, "Movie", 1),
    (5, "Twins: Two", 1999, "Movie", 1),
    (6, "Guardians of the Galaxy 2", 2017, "Movie", 59),
    (1, "Cowboy Bebop", 1998, "TV", 900),
    (20, "Naruto", 2002, "TV", 700),
    (918, "Gintama", 2006, "TV", 500),
]
NAMES = ["item_id", "title", "year", "type", "ratings"]
INDEX = TitleIndex(pl.DataFrame(ROWS, schema=NAMES, orient="row").with_columns(titles=pl.lit([], pl.List(pl.String))))


def ids(*entries: ListEntry) -> list[int]:
    scale = Scale(1, 10, 1)
    return [ROWS[found.row][0] for found in match_list(PersonalList("anilist", scale, entries), INDEX, scale).matched]


def test_the_only_title_of_the_year_that_begins_or_ends_so():
    def of(title, year, type=None):
        return ids(ListEntry(title, year=year, type=type))

    assert of("Star Wars", 1977) == [260]
    assert of("The Empire Strikes Back", 1980) == of("Star Wars", 1980) == [1196]
    assert of("A New Hope (1977)", None) == [260]
    assert of("Guardians of the Galaxy Vol. 2", 2017) == of("Guardians of the Galaxy, Volume 2", 2017) == [6]
    assert of("Star Wars", None) == of("Star Wars", 1978) == of("Twins", 1999) == of("Star Wars", 1977, "TV") == []


def test_a_clear_title_goes_before_an_id_whose_title_is_another():
    """AniList's ids are often MyAnimeList's, and often not."""
    bebop = ListEntry("Cowboy Bebop", year=1998, ids=(("anilist", "1"),))
    other = ListEntry("Naruto", year=2002, type="TV", ids=(("anilist", "918"),))
    renamed = ListEntry("Silver Soul", year=2006, ids=(("anilist", "918"),))
    assert ids(bebop, other) == [1, 20]
    assert ids(bebop, renamed) == [1, 918]


def test_an_article_may_make_another_film_and_an_exact_title_is_exact():
    """Whatever the title in the language of the original has of apostrophes and signs."""
    items = pl.DataFrame({"item_id": [1, 2], "title": ["The Deal", "Once Upon a Time"], "year": [2008, 1984]}).with_columns(
        type=pl.lit("Movie"), ratings=pl.lit(5), titles=pl.Series([["Deal, The"], []], dtype=pl.List(pl.String))
    )
    entries = (
        ListEntry("Deal", year=2008),
        ListEntry("The Deal", year=2008),
        ListEntry("Once Upon a Time", titles=("C'era una volta!",), year=1984),
    )
    sure = [
        match_list(PersonalList("imdb", Scale(1, 10, 1), (entry,)), TitleIndex(items), Scale(1, 10, 1)).matched[0].confidence
        for entry in entries
    ]
    assert sure == [0.9, 1, 1]
