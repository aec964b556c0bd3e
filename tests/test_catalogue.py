"""Catalogues of every form become one frame; the odd texts in them are understood."""

import gzip
from pathlib import Path

import polars as pl
import pytest

from konomi.data.table import ITEM_COLUMNS, Rejects
from konomi.errors import DataError
from konomi.reading.catalogue_items import film_title, known, names_in, number_of, tidy, year_of
from konomi.reading.catalogues import catalogue_of_frame, read_catalogue


def catalogue(folder: Path, text: str | bytes, name: str = "anime.csv") -> pl.DataFrame:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    frame = read_catalogue(path)
    assert frame.columns == list(ITEM_COLUMNS)
    assert all(frame.schema[column] == kind for column, kind in ITEM_COLUMNS.items() if kind is not None)
    return frame


# ---- words


@pytest.mark.parametrize("text", [None, "", "  ", "Unknown", "UNKNOWN", "unknown ", "None found, add some"])
def test_unknown_is_null(text: str | None) -> None:
    assert known(text) is None


def test_html_escapes_go_and_bare_ampersands_stay() -> None:
    assert tidy(" Gintama&#039; &quot;A&quot; &amp; B&#x27; ") == "Gintama' \"A\" & B'"
    assert tidy("Tom&Jerry &notit R&D; AT&T") == "Tom&Jerry &notit R&D; AT&T"


def test_genres_are_exact() -> None:
    assert names_in("Shoujo Ai, Comedy, Comedy", ", ") == ["Shoujo Ai", "Comedy"]
    assert names_in("Sci-Fi|Children's", "|") == ["Sci-Fi", "Children's"]
    assert names_in("(no genres listed)", "|") == names_in("UNKNOWN", ", ") == names_in("", ", ") == []


@pytest.mark.parametrize(
    ("aired", "year"),
    [
        ("Apr 3, 1998 to Apr 24, 1999", 1998),
        ("Sep 1, 2001", 2001),
        ("Oct, 1917", 1917),
        ("2001", 2001),
        ("1999 to ?", 1999),
        ("? to Apr 24, 1999", None),
        ("?", None),
        ("Not available", None),
        ("Unknown", None),
        ("", None),
    ],
)
def test_year_of_first_airing(aired: str, year: int | None) -> None:
    assert year_of(aired) == year


@pytest.mark.parametrize(
    ("text", "number"),
    [("8.78", 8.78), ("26.0", 26), ("Unknown", None), ("", None), ("inf", None), ("1_0", None), ("٣", None), ("1e300", None)],
)
def test_numbers(text: str | None, number: float | None) -> None:
    assert number_of(text) == number


@pytest.mark.parametrize(
    ("text", "title", "others", "year"),
    [
        ("Toy Story (1995)", "Toy Story", [], 1995),
        ("Matrix, The (1999) ", "The Matrix", ["Matrix, The"], 1999),
        ("Postman, The (Postino, Il) (1994)", "The Postman", ["Postman, The", "Il Postino"], 1994),
        ("Seven (a.k.a. Se7en) (1995)", "Seven", ["Se7en"], 1995),
        ("Supercop (Police Story 3) (Jing cha) (1992)", "Supercop", ["Police Story 3", "Jing cha"], 1992),
        ("Enfer, L' (1994)", "L'Enfer", ["Enfer, L'"], 1994),
        ("Death Note: Desu nôto (2006–2007)", "Death Note: Desu nôto", [], 2006),
        ("Babylon 5", "Babylon 5", [], None),
        (
            "Birdman: Or (The Unexpected Virtue of Ignorance) (2014)",
            "Birdman: Or (The Unexpected Virtue of Ignorance)",
            [],
            2014,
        ),
        ("Live: (Two) (2001)", "Live: (Two)", [], 2001),
        ("(500) Days of Summer (2009)", "(500) Days of Summer", [], 2009),
        ("Monsters, Inc. (2001)", "Monsters, Inc.", [], 2001),
        ("unknown", "unknown", [], None),
    ],
)
def test_film_titles(text: str, title: str, others: list[str], year: int | None) -> None:
    found = film_title(text)
    assert found[0] == title and found[2] == year
    assert [other for other in found[1] if other != title] == others


# ---- forms


def test_mal_2016(tmp_path: Path) -> None:
    frame = catalogue(
        tmp_path,
        "anime_id,name,genre,type,episodes,rating,members\r\n"
        '9,Gintama&#039;,"Action, Hentai",TV,51,9.16,151266\r\n'
        "8,Mystery,,,Unknown,,12\r\n",
    )
    score = pytest.approx(9.16)
    assert frame.row(0) == (9, "Gintama'", [], ["Action", "Hentai"], None, "TV", 51, *[None] * 3, score, *[None] * 5, True)
    assert frame.row(1) == (8, "Mystery", [], [], *[None] * 12, False)


def test_mal_2020(tmp_path: Path) -> None:
    header = "MAL_ID,Name,Score,Genres,English name,Japanese name,Type,Episodes,Aired,Score-10,Score-9,Score-1\n"
    frame = catalogue(
        tmp_path,
        header + '1,A,8.78,"Action, Ecchi",A,ア,TV,26,"Apr 3, 1998 to ?",10.0,Unknown,5.0\n'
        "2,B,Unknown,Unknown,Bee,Unknown,Unknown,Unknown,Unknown,Unknown,Unknown,Unknown\n",
    )
    assert frame.row(0) == (
        1,
        "A",
        ["ア"],
        ["Action", "Ecchi"],
        1998,
        "TV",
        26,
        *[None] * 3,
        pytest.approx(8.78),
        15,
        *[None] * 4,
        False,
    )
    assert frame.row(1) == (2, "B", ["Bee"], [], *[None] * 12, False)


def test_mal_2023_with_a_synopsis_of_many_lines_and_reduced(tmp_path: Path) -> None:
    frame = catalogue(
        tmp_path,
        "anime_id,Name,English name,Other name,Score,Genres,Synopsis,Type,Episodes,Aired,Scored By,Image URL\n"
        '1,A,UNKNOWN,ア,8.75,Erotica,"One.\n\nTwo, ""three"".",TV,26.0,"Apr 3, 1998 to Apr 24, 1999",914193.0,https://x/y.jpg\n',
    )
    about = (1, "A", ["ア"], ["Erotica"], 1998, "TV", 26)
    assert frame.row(0) == (*about, *[None] * 3, 8.75, 914193, "https://x/y.jpg", *[None] * 3, True)
    frame = catalogue(tmp_path, "anime_id,Name,Score,Genres,Episodes\n1,A,UNKNOWN,UNKNOWN,26\n")
    assert frame.row(0) == (1, "A", [], [], None, None, 26, *[None] * 9, False)


def test_unquoted_tabs(tmp_path: Path) -> None:
    text = 'anime_ids\tname\tgenre\ttype\tepisodes\trating\tmembers\n3\t"Open quote\tDrama, Hentai\tOVA\t2\t7.5\t9\n'
    assert catalogue(tmp_path, text, "anime_info.dat").row(0)[:4] == (3, '"Open quote', [], ["Drama", "Hentai"])


def test_movielens(tmp_path: Path) -> None:
    csv = catalogue(tmp_path, 'movieId,title,genres\r\n1,"Matrix, The (1999)",Action|Sci-Fi\r\n2,X ,(no genres listed)\r\n')
    assert csv.row(0)[:5] == (1, "The Matrix", ["Matrix, The"], ["Action", "Sci-Fi"], 1999)
    assert csv.row(1)[:5] == (2, "X", [], [], None)
    wars = catalogue(tmp_path, "260::Star Wars: Episode IV: A New Hope (1977)::Action|Sci-Fi\n", "movies.dat")
    assert wars.row(0)[:5] == (260, "Star Wars: Episode IV: A New Hope", [], ["Action", "Sci-Fi"], 1977)
    dat = catalogue(tmp_path, "1::Misérables, Les (1995)::Drama|Musical\n".encode("iso-8859-1"), "movies.dat")
    assert dat.row(0)[:5] == (1, "Les Misérables", ["Misérables, Les"], ["Drama", "Musical"], 1995)


def test_movielens_100k(tmp_path: Path) -> None:
    def flags(*on: int) -> str:
        return "|".join("1" if n in on else "0" for n in range(19))

    text = f"1|Léon (1994)|01-Jan-1995||http://u|{flags(1, 18)}\n267|unknown||||{flags(0)}\n3|Odd|06-Feb-1996||u|{flags(4)}\n"
    frame = catalogue(tmp_path, text.encode("iso-8859-1"), "u.item")
    assert frame.row(0)[:5] == (1, "Léon", [], ["Action", "Western"], 1994)
    assert frame.row(1)[:5] == (267, "unknown", [], [], None)
    assert frame.row(2)[:5] == (3, "Odd", [], ["Children's"], 1996)


def test_any_other_with_string_ids_keeps_the_first_of_an_id(tmp_path: Path) -> None:
    frame = catalogue(tmp_path, "item_id,title,genres,year,colour\nb7,First,Drama|Hentai,1999,red\nb7,Second,,,\n12,Third,,,\n")
    assert frame["item_id"].to_list() == ["b7", "12"]
    assert frame.row(0)[:5] == ("b7", "First", [], ["Drama", "Hentai"], 1999) and frame.row(0)[-1] is True


def test_ids_of_other_sites(tmp_path: Path) -> None:
    links = catalogue(tmp_path, "movieId,imdbId,tmdbId\n7,0114709,862\n8,0000000,\n", "links.csv")
    own = catalogue(tmp_path, "item_id,title,imdb_id,tmdb_id\n7,A,tt0114709,862\n8,B,nm0000158,-1\n")
    for frame in (links, own):
        assert frame["imdb_id"].to_list() == [114709, None] and frame["tmdb_id"].to_list() == [862, None]


def test_frames_are_completed() -> None:
    frame = catalogue_of_frame(pl.DataFrame({"item_id": [1, 2], "genres": [["Hentai"], None], "colour": ["red", "blue"]}))
    assert frame.columns == list(ITEM_COLUMNS) and frame["sensitive"].to_list() == [True, False]
    assert catalogue_of_frame(pl.DataFrame({"item_id": [1], "year": ["long ago"]}))["year"].to_list() == [None]
    with pytest.raises(DataError, match='the catalogue: no column "item_id"'):
        catalogue_of_frame(pl.DataFrame({"id": [1]}))


def test_numbers_that_are_none(tmp_path: Path) -> None:
    frame = catalogue(
        tmp_path, "item_id,title,episodes,score,score_count\n1.0,A,3000000000,0,1e30\n2.0,B,-1,1e300,-5\n3.0,C,0,-2,7\n"
    )
    assert frame["item_id"].to_list() == [1, 2, 3]
    facts = frame.select("episodes", "score", "score_count").rows()
    assert facts == [(None, None, None), (None, None, None), (0, -2, 7)]


# ---- bad input


def test_bad_rows(tmp_path: Path) -> None:
    text = 'item_id,title\n1,A\n2\n3,B,C\n,D\n5,E\n6,"cut off\nhere'
    with pytest.raises(DataError, match=r"4 rows cannot be read .*a quote that is never closed: 1.*at lines 3, 4, 5, 7\."):
        catalogue(tmp_path, text)
    rejects = Rejects()
    assert read_catalogue(tmp_path / "anime.csv", "skip", rejects)["item_id"].to_list() == [1, 5]
    assert rejects.line == [3, 4, 5, 7] and rejects.text[-1] == '6,"cut off\nhere'
    assert rejects.reason[0] == "anime.csv: too few columns"


def test_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="looks like ratings, not like a catalogue"):
        catalogue(tmp_path, "user_id,anime_id,rating\n1,2,3\n")
    with pytest.raises(DataError, match="not a catalogue that is known here"):
        catalogue(tmp_path, "what,when\n1,2\n")
    with pytest.raises(DataError, match="the file is empty"):
        catalogue(tmp_path, "")
    with pytest.raises(DataError, match="no such file"):
        read_catalogue(tmp_path / "gone.csv")
    with pytest.raises(DataError, match="not a catalogue that is known here"):
        catalogue(tmp_path, "\n\nwhat,ever\n")
    with pytest.raises(DataError, match="UTF-16"):
        catalogue(tmp_path, "item_id,title\n1,A\n".encode("utf-16"))
    with pytest.raises(DataError, match=r"cut\.csv\.gz: the compressed file is damaged or ends too early"):
        catalogue(tmp_path, gzip.compress(b"item_id,title\n1,A\n")[:-12], "cut.csv.gz")


def test_blank_lines_before_the_header(tmp_path: Path) -> None:
    assert catalogue(tmp_path, "\r\n\nitem_id,title\n1,A\n")["title"].to_list() == ["A"]


# ---- the real ones


@pytest.mark.data
@pytest.mark.parametrize(
    ("path", "rows", "nulls", "no_genres", "sensitive"),
    [
        ("anime-meta-2016/anime.csv", 12_294, {"score": 230, "type": 25, "episodes": 340}, 62, 1141),
        ("anime-meta-2020/anime.csv", 17_562, {"score": 5_141, "year": 309, "type": 37, "title": 0}, 63, 1348),
        ("anime-meta-2023/anime-dataset-2023.five-columns.csv", 24_901, {"score": 9_213, "episodes": 611}, 4_929, 1539),
        ("anime-caserec-2016/anime_info.dat", 7_390, {"title": 0}, 3, 946),
        ("ml-latest-small-2018/movies.csv", 9_742, {"year": 12, "title": 0}, 34, 0),
        ("ml-100k/u.item", 1_682, {"year": 1, "title": 0}, 2, 0),
    ],
)
def test_real(shared: Path, path: str, rows: int, nulls: dict[str, int], no_genres: int, sensitive: int) -> None:
    frame = read_catalogue(shared / path)
    assert len(frame) == frame["item_id"].n_unique() == rows and frame["item_id"].dtype == pl.Int64
    assert {column: frame[column].null_count() for column in nulls} == nulls
    assert (frame["genres"].list.len() == 0).sum() == no_genres
    assert frame["sensitive"].sum() == sensitive
    assert not frame["title"].str.contains(r"&#?\w+;|^\s|\s$").any()


@pytest.mark.data
def test_real_catalogue_that_is_cut_off(shared: Path) -> None:
    path = shared / "anime-meta-2023/anime-dataset-2023.truncated-full-columns.csv"
    with pytest.raises(DataError, match=r"a quote that is never closed: 1\), at line 6062"):
        read_catalogue(path)
    rejects = Rejects()
    frame = read_catalogue(path, "skip", rejects)
    assert len(frame) == 1_821 and frame["item_id"].max() == 1999 and rejects.text[0].startswith("2000,Roujin Z")
