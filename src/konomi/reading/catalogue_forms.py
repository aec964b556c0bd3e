"""The forms of catalogues that can be read: which column holds what."""

from dataclasses import dataclass

ML_100K_GENRES = (  # in the order of u.item's flags; the flag before them means "unknown"
    *("Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy", "Film-Noir"),
    *("Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
)
FILM = "Movie"  # the type of every MovieLens title; a few are television series, but the files do not say which


@dataclass(frozen=True)
class CatalogueForm:
    """The names of a catalogue's columns. A missing column is read as null, but `key` must be there."""

    item: str
    title: str
    titles: tuple[str, ...] = ()  # the other names, several in one column separated by |
    genres: tuple[str, ...] = ("genres", "genre")  # the first of these that exists
    aired: str = ""
    type: str = "type"
    every_type: str | None = None  # the type of every item, where there is no such column
    episodes: str = "episodes"
    studios: str = ""
    source: str = ""
    age: str = ""  # MyAnimeList's "Rating", which is no opinion
    score: str = ""
    score_count: tuple[str, ...] = ()  # summed
    image: str = ""
    related: str = ""  # item ids, separated by |
    imdb: str = ""  # ids of other sites: tt0133093 or 133093
    tmdb: str = ""
    sensitive: str = ""
    dated_titles: bool = False  # "Matrix, The (1999)"
    separator: str = ","
    columns: tuple[str, ...] = ()  # of a file without a header

    @property
    def key(self) -> set[str]:
        """The names of the columns by which the form is recognised: ids, and titles or the ids of another site."""
        return {self.item, self.title or self.imdb}

    @property
    def used(self) -> set[str]:
        """The names of all columns that are read."""
        several = (*self.titles, *self.genres, *self.score_count)
        single = (self.item, self.title, self.aired, self.type, self.episodes, self.studios, self.source, self.age, self.score)
        return {*several, *single, self.image, self.related, self.imdb, self.tmdb, self.sensitive} - {""}


MOVIELENS = CatalogueForm("movieId", "title", every_type=FILM, dated_titles=True)
LINKS = CatalogueForm("movieId", "", imdb="imdbId", tmdb="tmdbId")  # beside MovieLens' titles
ANY = CatalogueForm(
    item="item_id",
    title="title",
    titles=("titles",),
    aired="year",
    studios="studios",
    source="source",
    age="age",
    score="score",
    score_count=("score_count",),
    image="image",
    related="related",
    imdb="imdb_id",
    tmdb="tmdb_id",
    sensitive="sensitive",
)
"""A catalogue with the column names of `ITEM_COLUMNS`."""

FORMS = (
    CatalogueForm("anime_id", "name", score="rating"),  # mal-2016; its `members` are not people who rated
    CatalogueForm("anime_ids", "name", score="rating", separator="\t"),  # the same, renumbered by caserec
    CatalogueForm(  # mal-2020
        item="MAL_ID",
        title="Name",
        titles=("English name", "Japanese name"),
        genres=("Genres",),
        aired="Aired",
        type="Type",
        episodes="Episodes",
        score="Score",
        studios="Studios",
        source="Source",
        age="Rating",
        score_count=tuple(f"Score-{n}" for n in range(1, 11)),
    ),
    CatalogueForm(  # mal-2023
        item="anime_id",
        title="Name",
        titles=("English name", "Other name"),
        genres=("Genres",),
        aired="Aired",
        type="Type",
        episodes="Episodes",
        score="Score",
        studios="Studios",
        source="Source",
        age="Rating",
        score_count=("Scored By",),
        image="Image URL",
    ),
    MOVIELENS,
    LINKS,
    ANY,
)
"""The catalogues recognised by their header; the first that fits."""

HEADLESS = {
    "movies.dat": CatalogueForm(
        "movieId", "title", every_type=FILM, dated_titles=True, separator="::", columns=("movieId", "title", "genres")
    ),
    "u.item": CatalogueForm(
        "movieId",
        "title",
        aired="date",
        every_type=FILM,
        dated_titles=True,
        separator="|",
        columns=("movieId", "title", "date", "video", "url", "unknown", *ML_100K_GENRES),
    ),
}
"""The MovieLens catalogues without a header, recognised by their name."""
