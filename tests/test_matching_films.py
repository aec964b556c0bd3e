"""Entries whose title is a part of the catalogue's; ids that are another site's, and those of other sites that it has."""

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


FILMS = TitleIndex(
    pl.DataFrame(
        {
            "item_id": [603, 7, 8, 9, 10],
            "title": ["The Deal", "The Matrix", "Brief Encounter", "Band of Soldiers", "The Matrix"],
            "titles": pl.Series([[]] * 5, dtype=pl.List(pl.String)),
            "year": [2008, 1999, 1945, 2001, 1999],
            "type": ["Movie", "Movie", "Movie", "Movie", None],
            "imdb_id": [866437, 133093, 37558, 185906, None],
            "tmdb_id": [8285, 603, 851, 4613, 603],
            "ratings": [5, 300, 20, 30, 1],
        }
    )
)


def films(title: str | None, year: int | None = None, type: str | None = None, **sites: str) -> list[tuple[int, str]]:
    entry = ListEntry(title, year=year, type=type, ids=tuple(sites.items()))
    found = match_list(PersonalList("trakt", Scale(1, 10, 1), (entry,)), FILMS, Scale(1, 10, 1)).matched
    return [(int(FILMS.ids[each.row]), each.how) for each in found]


def test_an_id_that_the_catalogue_has_decides():
    """Whatever the title, and whatever item has this number for its own id; the best known of two with one id."""
    assert films("Begegnung", 1946, imdb="tt0037558") == [(8, "imdb id")]
    assert films(None, imdb="37558") == [(8, "imdb id")]
    assert films("Matrix", 1999, "Movie", tmdb="603") == [(7, "tmdb id")]
    assert films("The Deal", 2008, imdb="tt0037558", tmdb="8285") == [(8, "imdb id")]  # IMDb goes first


def test_another_id_is_another_film():
    """A catalogue without this id may have the film where it says no id of it."""
    assert films("The Deal", 2008) == [(603, "title and year")]
    assert films("Deal", 2008, imdb="tt0446676") == films("The Dael", 2008, imdb="tt0446676") == []
    assert films("Brief", 1945, tmdb="852") == films("Brief Encounter", 1945, tmdb="852", imdb="tt9999999") == []
    assert films("Heat", 1995, imdb="tt0113277", tmdb="603") == []  # 603 is that of The Matrix by mistake
    assert films("The Matrix", 1999, imdb="tt0000001") == [(10, "title and year")]
    assert films("Brief Encounter", 1945, imdb="none") == [(8, "title and year")]


def test_tmdb_numbers_films_and_series_apart():
    """A series that the catalogue takes for a film is found by its title, and by IMDb's id."""
    assert films("Another", 2001, "TV", tmdb="603") == []
    assert films("Band of Soldiers", 2001, "TV", tmdb="77") == [(9, "title and year")]
    assert films("Band of Soldiers", 2001, "Movie", tmdb="77") == []
    assert films("BoS", 2001, "TV", tmdb="603", imdb="tt0185906") == [(9, "imdb id")]
