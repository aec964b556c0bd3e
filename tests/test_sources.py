"""Every source reads its files, is recognised by them, and says what it looked for."""

import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from konomi.data.scale import Scale
from konomi.errors import DataError
from konomi.reading.formats import ReadOptions
from konomi.reading.sources import SOURCES, recognise
from ratings_files import ANIME_2016, HALVES, STARS, TEN, entries, files, read

# ---- MovieLens


def test_movielens_csv(tmp_path: Path) -> None:
    ratings, movies = "userId,movieId,rating,timestamp\r\n1,31,2.5,9\r\n", "movieId,title,genres\r\n31,T (1995),Drama\r\n"
    folder = files(tmp_path / "a", ratings__csv=ratings, movies__csv=movies)
    for given in (folder, folder.parent, folder / "ratings.csv"):
        table = read(given)
        assert (table.source, table.scale, entries(table), table.time.tolist()) == ("movielens", HALVES, [(1, 31, 2.5)], [9])
        assert table.items["title"].to_list() == ["T"]
        assert table.files == (folder / "ratings.csv", folder / "movies.csv")


def test_movielens_1m_and_10m(tmp_path: Path) -> None:
    movies = "31::T, The (1995)::Drama|Musical\n"
    whole = read(files(tmp_path / "1m", ratings__dat="1::31::5::9\n2::31::4::9\n", movies__dat=movies))
    half = read(files(tmp_path / "10m", ratings__dat="1::31::5::9\n2::31::4.5::9\n", movies__dat=movies))
    assert (whole.scale, half.scale) == (STARS, HALVES)
    assert whole.items["title"].to_list() == ["The T"] and entries(half)[1] == (2, 31, 4.5)


def test_movielens_100k_whole_and_in_parts(tmp_path: Path) -> None:
    item = "242|Kolya (1996)|24-Jan-1997||u|" + "|".join("0" * 19) + "\n"
    parts = {"u1__base": "1\t242\t5\t9\n", "ub__test": "2\t242\t4\t9\n"}
    folder = files(tmp_path, u__data="196\t242\t3\t881250949\n", u__item=item, **parts)
    assert entries(read(folder)) == [(196, 242, 3)]
    table = read(folder / "u1.base")
    assert entries(table) == [(1, 242, 5)] and table.scale == STARS and table.items["title"].to_list() == ["Kolya"]
    assert entries(read(folder / "ub.test")) == [(2, 242, 4)]


def test_movielens_zip_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    path = tmp_path / "ml-small.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ml-small/ratings.csv", "userId,movieId,rating,timestamp\n1,31,2.5,9\n")
        archive.writestr("ml-small/movies.csv", "movieId,title,genres\n31,T (1995),Drama\n")
        archive.writestr("../../outside.csv", "x")
    table = read(path)
    assert entries(table) == [(1, 31, 2.5)] and len(table.items) == 1 and table.files == (path,)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ml-small/ratings.csv", "userId,movieId,rating,timestamp\n1,31,eight,9\n")
    with pytest.raises(DataError, match=r"ml-small\.zip/ml-small/ratings\.csv: 1 row cannot be read"):
        read(path)
    assert not list((tmp_path / "tmp").iterdir())
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match="not a whole zip"):
        read(path)


def test_zips_of_other_sources(tmp_path: Path) -> None:
    path = tmp_path / "archive.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("rating.csv", "user_id,anime_id,rating\n1,20,-1\n1,24,7\n")
        archive.writestr("anime.csv", ANIME_2016)
    table = read(path)
    assert (table.source, len(table), table.items["title"].to_list(), table.files) == ("mal-2016", 2, ["Naruto"], (path,))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("__MACOSX/._mine.csv", "x")
        archive.writestr("mine.csv", "who,item,rating\n1,20,3\n1,24,7\n")
    assert read(path, options=ReadOptions(user="who")).source == "delimited"
    with pytest.raises(DataError, match=r"archive\.zip/mine\.csv: no column that looks like the user"):
        read(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("books.csv", "x")
    with pytest.raises(DataError, match=r"no source is known by its files: mine\.csv, books\.csv") as error:
        read(path)
    assert "Unpack it" in error.value.hint


def test_each_of_many_zips_is_named_by_its_own_name(tmp_path: Path) -> None:
    paths = [tmp_path / f"{letter}.zip" for letter in "abcdefghijkl"]
    for path in paths:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("mine.csv", f"user,item,rating\n1,20,{'seven' if path is paths[-1] else 7}\n")
    with pytest.raises(DataError, match=r"/l\.zip/mine\.csv: 1 row cannot be read"):
        read(*paths)
    assert read(*paths[:-1]).files == tuple(paths[:-1])


def test_zips_that_cannot_be_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "archive.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rating.csv", "user_id,anime_id,rating\n" + "1,20,7\n" * 999)
    whole = bytearray(path.read_bytes())
    path.write_bytes(whole[:40] + b"\xff" * 20 + whole[60:])
    with pytest.raises(DataError, match=r"archive\.zip: not a whole zip file") as error:
        read(path)
    assert error.value.hint == "Download it again."
    whole[6] |= 1  # the flags say that it is encrypted, here and in the list at the end
    whole[whole.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(whole)
    with pytest.raises(DataError, match=r"archive\.zip: cannot be unpacked: .*encrypted") as error:
        read(path)
    assert "Unpack it yourself" in error.value.hint


def test_movielens_parts_are_joined(tmp_path: Path) -> None:
    folder = files(tmp_path, u1__base="1\t242\t5\t9\n", u1__test="2\t242\t4\t9\n")
    table = read(folder / "u1.test", folder / "u1.base")
    assert entries(table) == [(2, 242, 4), (1, 242, 5)] and table.files == (folder / "u1.test", folder / "u1.base")


def test_movielens_by_a_shells_star(tmp_path: Path) -> None:
    ratings, movies = "userId,movieId,rating,timestamp\n1,31,2.5,9\n", "movieId,title,genres\n31,T (1995),Drama\n"
    links, tags = "movieId,imdbId,tmdbId\n31,0112792,9263\n", "userId,movieId,tag,timestamp\n1,31,x,9\n"
    folder = files(tmp_path, links__csv=links, movies__csv=movies, ratings__csv=ratings, tags__csv=tags, README__txt="read me")
    table = read(*sorted(folder.iterdir()))
    assert table.items.select("title", "year", "imdb_id", "tmdb_id").rows() == [("T", 1995, 112792, 9263)]
    assert table.files == (folder / "ratings.csv", folder / "movies.csv", folder / "links.csv")
    assert read(folder / "ratings.csv").items.equals(table.items)  # what lies beside the ratings
    other = files(folder, links__csv="of,others\n", more__csv="of,others\n") / "more.csv"
    assert read(folder).items["imdb_id"].null_count() == 1
    with pytest.raises(DataError, match=r"more\.csv: not used: neither the ratings of movielens nor the catalogue") as error:
        read(*sorted(folder.iterdir()))
    assert "`items`" in error.value.hint
    with pytest.raises(DataError, match=r"more\.csv: not a catalogue that is known here"):
        read(files(tmp_path / "b", ratings__csv=ratings) / "ratings.csv", other)


def test_the_own_catalogue_fills_what_those_by_option_lack(tmp_path: Path) -> None:
    ratings = "userId,movieId,rating,timestamp\n1,31,2.5,9\n"
    own = "movieId,title,genres\n31,Theirs (1999),Drama\n32,Another (2000),Drama\n"
    folder = files(tmp_path / "a", ratings__csv=ratings, movies__csv=own)
    items = files(tmp_path, mine__csv="item_id,title\n31,Mine\n9\n") / "mine.csv"
    table = read(folder, options=ReadOptions("skip", items=(items,)))
    assert table.items["title"].to_list() == ["Mine", "Another"] and table.items["year"].to_list() == [1999, 2000]
    assert table.files == (folder / "ratings.csv", folder / "movies.csv", items)
    assert table.rejects.line == [] and table.catalogue_rejects.reason == ["mine.csv: too few columns"]
    with pytest.raises(DataError, match=r"gone\.csv: no such file"):
        read(folder, options=ReadOptions(items=(tmp_path / "gone.csv",)))


# ---- MyAnimeList


def test_mal_2016(tmp_path: Path) -> None:
    folder = files(tmp_path, rating__csv="user_id,anime_id,rating\n1,20,-1\n1,24,7\n", anime__csv=ANIME_2016)
    table = read(folder)
    assert (table.source, table.scale, entries(table)) == ("mal-2016", TEN, [(1, 20, -1), (1, 24, 7)])
    assert np.isnan(table.rating[0]) and table.items["title"].to_list() == ["Naruto"]
    with pytest.raises(DataError, match="off the scale"):
        read(files(tmp_path, rating__csv="user_id,anime_id,rating\n1,20,0\n"))


def test_mal_2020(tmp_path: Path) -> None:
    folder = files(tmp_path, rating_complete__csv="user_id,anime_id,rating\r\n0,430,9\r\n")
    assert entries(read(folder)) == [(0, 430, 9)] and read(folder).status is None
    lists = "user_id,anime_id,rating,watching_status,watched_episodes\n0,430,9,2,1\n0,67,0,6,0\n"
    table = read(files(folder, animelist__csv=lists))
    assert (table.source, entries(table), table.status.tolist()) == ("mal-2020", [(0, 430, 9), (0, 67, -1)], [2, 6])
    assert read(files(tmp_path / "b", mine__csv=lists) / "mine.csv").source == "mal-2020"


def test_mal_2023(tmp_path: Path) -> None:
    scores = 'user_id,Username,anime_id,Anime Title,rating\n1,Xinil,21,"One, Piece",9\n'
    details = "Mal ID,Username,Gender\n1,Xinil,Male\n"
    dataset = "anime_id,Name,Score,Genres,Episodes\n21,One Piece,8.69,Action,UNKNOWN\n"
    texts = {"users-score-2023__csv": scores, "users-details-2023__csv": details, "anime-dataset-2023__csv": dataset}
    folder = files(tmp_path / "a", **texts)
    for given in ([folder], [folder / "users-details-2023.csv", folder / "users-score-2023.csv"]):
        table = read(*given)
        assert (table.source, entries(table), table.items["title"].to_list()) == ("mal-2023", [(1, 21, 9)], ["One Piece"])
    other = files(tmp_path / "b", mine__csv=scores, other__csv=ANIME_2016)
    table = read(other / "mine.csv", other / "other.csv")
    assert (table.source, table.items["title"].to_list()) == ("mal-2023", ["Naruto"])
    assert read(other / "mine.csv").items is None


def test_rejects_of_the_catalogue_are_kept(tmp_path: Path) -> None:
    folder = files(tmp_path, rating__csv="user_id,anime_id,rating\n1,20,x\n1,24,7\n", anime__csv=ANIME_2016 + "24,cut\n")
    table = read(folder, options=ReadOptions(on_bad_rows="skip"))
    assert (table.rejects.line, table.rejects.reason) == ([2], ["rating is not a number"])
    assert (table.catalogue_rejects.line, table.catalogue_rejects.reason) == ([3], ["anime.csv: too few columns"])


# ---- recognising


def test_what_is_not_recognised(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file or folder"):
        recognise([tmp_path / "gone"])
    with pytest.raises(DataError, match="no source is recognised"):
        recognise([tmp_path])
    with pytest.raises(DataError, match="no column that looks like the user"):
        read(files(tmp_path, x__csv=ANIME_2016) / "x.csv")
    with pytest.raises(DataError, match=r'Unknown source "movielense"\. Did you mean "movielens"'):
        read(tmp_path, name="movielense")
    with pytest.raises(DataError, match=r"no ratings of mal-2023") as error:
        read(tmp_path, name="mal-2023")
    assert "users-score-2023.csv" in error.value.hint
    with pytest.raises(DataError, match="needs a file or a folder"):
        read(name="mal-2016")


def test_what_could_be_two_sources(tmp_path: Path) -> None:
    header = "user_id,anime_id,rating\n1,2,3\n"
    folder = files(tmp_path, rating__csv=header, rating_complete__csv=header)
    with pytest.raises(DataError, match="could be mal-2016 or mal-2020") as error:
        read(folder)
    assert "SOURCE" in error.value.hint
    assert read(folder, name="mal-2016").source == "mal-2016"


def test_a_name_alone_does_not_make_a_source(tmp_path: Path) -> None:
    """ratings.csv and rating.csv are common names: the header decides."""
    folder = files(tmp_path, ratings__csv="user,item,rating\n1,2,3\n1,3,4\n", rating__csv="user,item,rating\n1,2,3\n1,3,4\n")
    assert recognise([folder / "ratings.csv"]) == recognise([folder / "rating.csv"]) == "delimited"


# ---- the real files


@pytest.mark.data
@pytest.mark.parametrize(
    ("path", "source", "rows", "users", "items", "scale", "histogram", "catalogue"),
    [
        ("ml-100k", "movielens", 100_000, 943, 1_682, STARS, [6110, 11370, 27145, 34174, 21201], 1_682),
        ("ml-100k/u1.base", "movielens", 80_000, 943, 1_650, STARS, None, 1_682),
        ("ml-100k/u1.test", "movielens", 20_000, 459, 1_410, STARS, None, 1_682),
        ("ml-latest-small-2018/ratings.csv", "movielens", 100_836, 610, 9_724, HALVES, None, 9_742),
        ("ml-latest-small-2018/ml-latest-small.zip", "movielens", 100_836, 610, 9_724, HALVES, None, 9_742),
        (
            *("anime-caserec-2016/rating_mal_ids.csv", "delimited", 419_943, 4_714, 7_157, TEN),
            *([1278, 1702, 2889, 6847, 19077, 42433, 91136, 108782, 83242, 62557], None),
        ),
        (
            *("anime-caserec-2016/anime_ratings.dat", "delimited", 419_943, 4_714, 7_157, TEN),
            *([1278, 1702, 2889, 6847, 19077, 42433, 91136, 108782, 83242, 62557], None),
        ),
        (
            *("anime-rating-2020-slice", "mal-2020", 99_999, 575, 7_123, TEN),
            *([568, 726, 1143, 2374, 5688, 11046, 21873, 25753, 17784, 13044], None),
        ),
        (
            *("anime-userlists-2022", "mal-2020", 303_441, 576, 21_436, TEN),
            *([2039, 2429, 4098, 7465, 13930, 20756, 33141, 32565, 22644, 21818], None),
        ),
    ],
)
def test_real(
    shared: Path,
    path: str,
    source: str,
    rows: int,
    users: int,
    items: int,
    scale: Scale,
    histogram: list[int] | None,
    catalogue: int | None,
) -> None:
    table = read(shared / path)
    assert (table.source, len(table), table.user_id.n_unique(), table.item_id.n_unique()) == (source, rows, users, items)
    assert table.scale == scale and table.user_id.dtype == table.item_id.dtype == pl.Int32
    if histogram:
        assert np.unique(table.rating[~np.isnan(table.rating)], return_counts=True)[1].tolist() == histogram
    assert (table.items is None) == (catalogue is None) and (table.items is None or len(table.items) == catalogue)


@pytest.mark.data
def test_real_lists(shared: Path) -> None:
    table = read(shared / "anime-userlists-2022" / "animelist.csv")
    status, count = np.unique(table.status, return_counts=True)
    assert dict(zip(status.tolist(), count.tolist(), strict=True)) == {1: 12_873, 2: 195_584, 3: 10_063, 4: 9_245, 6: 75_676}
    assert np.isnan(table.rating).sum() == 142_556
    assert table.user_id.value_counts()["count"].max() >= 9_349


@pytest.mark.data
def test_real_parts_of_movielens_100k_make_the_whole(shared: Path) -> None:
    whole = sorted(entries(read(shared / "ml-100k")))
    parts = [entries(read(shared / "ml-100k" / f"u3.{part}")) for part in ("base", "test")]
    assert sorted(parts[0] + parts[1]) == whole


def test_every_source_is_there() -> None:
    assert all(find_spec(module) for module in SOURCES.values())
