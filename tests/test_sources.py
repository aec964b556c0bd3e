"""Every source reads its files, is recognised by them, and says what it looked for."""

import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from konomi.data.scale import Scale
from konomi.data.table import Table
from konomi.errors import DataError
from konomi.reading.formats import ReadOptions
from konomi.reading.frame import Dataset, read_frame
from konomi.reading.sources import SOURCES, delimited, read_source, recognise
from konomi.runtime import Run

STARS, HALVES, TEN = Scale(1, 5, 1), Scale(0.5, 5, 0.5), Scale(1, 10, 1)


def read(*paths: Path, name: str | None = None, options: ReadOptions | None = None) -> Table:
    return read_source(name, paths, options or ReadOptions(), Run())


def files(folder: Path, **texts: str) -> Path:
    """Files of these names ("__" for a dot) in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8", newline="")
    return folder


def entries(table: Table) -> list[tuple[object, ...]]:
    rating = np.nan_to_num(table.rating, nan=-1).tolist()
    return list(zip(table.user_id.to_list(), table.item_id.to_list(), rating, strict=True))


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
    links, tags = "movieId,imdbId,tmdbId\n31,1,2\n", "userId,movieId,tag,timestamp\n1,31,x,9\n"
    folder = files(tmp_path, links__csv=links, movies__csv=movies, ratings__csv=ratings, tags__csv=tags, README__txt="read me")
    table = read(*sorted(folder.iterdir()))
    assert (len(table), table.items["title"].to_list()) == (1, ["T"])
    assert table.files == (folder / "ratings.csv", folder / "movies.csv")
    other = files(folder, more__csv=links) / "more.csv"
    with pytest.raises(DataError, match=r"more\.csv: not used: neither the ratings of movielens nor the catalogue") as error:
        read(*sorted(folder.iterdir()))
    assert "--items" in error.value.hint
    with pytest.raises(DataError, match=r"more\.csv: not a catalogue that is known here"):
        read(files(tmp_path / "b", ratings__csv=ratings) / "ratings.csv", other)


def test_a_catalogue_by_option_takes_the_place_of_the_own(tmp_path: Path) -> None:
    ratings = "userId,movieId,rating,timestamp\n1,31,2.5,9\n"
    folder = files(tmp_path / "a", ratings__csv=ratings, movies__csv="not a catalogue\n")
    items = files(tmp_path, mine__csv="item_id,title\n31,Mine\n9\n") / "mine.csv"
    table = read(folder, options=ReadOptions("skip", items=items))
    assert table.items["title"].to_list() == ["Mine"] and table.files == (folder / "ratings.csv", items)
    assert table.rejects.line == [] and table.catalogue_rejects.reason == ["mine.csv: too few columns"]
    with pytest.raises(DataError, match=r"gone\.csv: no such file"):
        read(folder, options=ReadOptions(items=tmp_path / "gone.csv"))


# ---- MyAnimeList

ANIME_2016 = "anime_id,name,genre,type,episodes,rating,members\n20,Naruto,Action,TV,220,7.81,683297\n"


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


# ---- anything else


def test_delimited_guesses_and_shows_it(tmp_path: Path) -> None:
    path = files(tmp_path, x__tsv="Stars\tReviewer ID\tISBN\n3\tann\t0001\n5\tbob\t0002\n") / "x.tsv"
    assert str(delimited.guess(path, ReadOptions())) == "user = Reviewer ID, item = ISBN, rating = Stars"
    table = read(path)
    assert (table.source, table.scale) == ("delimited", Scale(3, 5, 2))
    assert entries(table) == [("ann", "0001", 3), ("bob", "0002", 5)]


@pytest.mark.parametrize(
    "header",
    [
        "user_id;movieId;rating",
        "userId,item_id,score",
        "User_ID\tAnime_ID\tFeedback",
        "uid::item::rating",
        "user|product_id|overall",
    ],
)
def test_delimited_separators_and_usual_names(tmp_path: Path, header: str) -> None:
    separator = next(s for s in ("::", ";", ",", "\t", "|") if s in header)
    path = files(tmp_path, x__txt=f"{header}\n1{separator}2{separator}3\n1{separator}4{separator}5\n") / "x.txt"
    assert entries(read(path)) == [(1, 2, 3), (1, 4, 5)]


def test_delimited_columns_by_option(tmp_path: Path) -> None:
    path = files(tmp_path, x__csv="who,what,user_id,when,how\na,b,9,5,2\nc,d,9,6,4\n") / "x.csv"
    table = read(path, options=ReadOptions(user="who", item="what", rating="how", time="when", scale=STARS))
    assert (entries(table), table.time.tolist(), table.scale) == ([("a", "b", 2), ("c", "d", 4)], [5, 6], STARS)
    with pytest.raises(DataError, match=r"no column that looks like the item.*Its columns are: who, what, user_id") as error:
        read(path)
    assert "--item-column" in error.value.hint
    with pytest.raises(DataError, match=r'no column "whom" for the user\. Did you mean "who"'):
        read(path, options=ReadOptions(user="whom", item="what", rating="how"))


def test_quoted_headers_of_any_separator(tmp_path: Path) -> None:
    path = files(tmp_path, x__csv='"User-ID";"ISBN";"Book-Rating"\n"276725";"034545104X";"0"\n"7";"0155061224";"5"\n') / "x.csv"
    table = read(path)
    assert entries(table) == [(276725, "034545104X", 0), (7, "0155061224", 5)]
    assert table.reading == {"user": "User-ID", "item": "ISBN", "rating": "Book-Rating", "separator": ";"}


def test_delimited_files_are_joined(tmp_path: Path) -> None:
    folder = files(
        tmp_path, train__csv="user,item,rating\n1,2,3\n", test__csv="user,item,rating\n1,x,5\n", o__csv="user,movie\n1,2\n"
    )
    train, test, other = (folder / f"{name}.csv" for name in ("train", "test", "o"))
    table = read(train, test)
    assert entries(table) == [(1, "2", 3), (1, "x", 5)] and table.scale == Scale(3, 5, 2) and table.files == (train, test)
    with pytest.raises(DataError, match=r"o\.csv: no source is recognised"):
        read(train, other)
    named = files(folder, o__csv="user,item_id,rating\n1,2,3\n") / "o.csv"
    with pytest.raises(DataError, match=r"o\.csv: not read like .*train\.csv \(user = user, item = item") as error:
        read(train, named, name="delimited")
    assert "same columns" in error.value.hint


def test_a_catalogue_among_the_files_is_told_where_to_go(tmp_path: Path) -> None:
    folder = files(tmp_path, x__csv="user,item,rating\n1,2,3\n", items__csv="item_id,title\n2,T\n")
    with pytest.raises(DataError, match="no source is recognised") as error:
        read(folder / "x.csv", folder / "items.csv")
    assert f"A catalogue goes with --items {folder / 'items.csv'}." in error.value.hint


def test_delimited_without_a_header(tmp_path: Path) -> None:
    table = read(files(tmp_path, x__csv="1,2,3,881250949,x\n4,5,4,881250950,y\n") / "x.csv")
    assert entries(table) == [(1, 2, 3), (4, 5, 4)] and table.time.tolist() == [881250949, 881250950]


def test_anime_ids_mean_the_scale_of_myanimelist(tmp_path: Path) -> None:
    path = files(tmp_path, x__csv="user_id,anime_id,rating\n1,2,7\n1,3,0\n1,4,-1\n") / "x.csv"
    assert (read(path).scale, entries(read(path))) == (TEN, [(1, 2, 7), (1, 3, -1), (1, 4, -1)])


def test_dates_as_text_are_not_taken_for_times(tmp_path: Path) -> None:
    assert read(files(tmp_path, x__csv="user,item,rating,time\n1,2,3,2020-01-01\n1,3,5,2020-01-02\n") / "x.csv").time is None


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_delimited_reads_parquet_and_arrow(tmp_path: Path, suffix: str) -> None:
    frame = pl.DataFrame({"userId": ["a", "b"], "itemId": [1, 2], "rating": [1.5, None], "note": ["x", "y"]})
    path = tmp_path / f"x.{suffix}"
    frame.write_parquet(path) if suffix == "parquet" else frame.write_ipc(path)
    assert entries(read(path)) == [("a", 1, 1.5), ("b", 2, -1)]
    path.write_bytes(b"PAR1 but not really")
    with pytest.raises(DataError, match=f"not readable as {suffix}"):
        read(path)


def test_frames_of_every_kind() -> None:
    columns = {"who": ["a", "b"], "what": [1, 2], "how": [1.0, 2.0]}
    for frame in (pl.DataFrame(columns), pa.table(columns)):
        table = read_frame(frame, "who", "what", "how", scale=STARS, items=pl.DataFrame({"item_id": [1], "title": ["T"]}))
        assert (entries(table), table.source, table.files) == ([("a", 1, 1), ("b", 2, 2)], "frame", ())
        assert table.items["title"].to_list() == ["T"]
    with pytest.raises(DataError, match="A dict is not a table"):
        read_frame(columns, "who", "what", "how")
    with pytest.raises(DataError, match='the frame: no column "user" for the user'):
        read_frame(pl.DataFrame(columns), "user", "what", "how")
    with pytest.raises(DataError, match=r"the frame: 1 row cannot be read \(missing user id: 1\), at row 2"):
        read_frame(pl.DataFrame({**columns, "who": ["a", None]}), "who", "what", "how")


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


def test_a_frame_with_a_catalogue_and_bad_rows():
    ratings = pl.DataFrame({"u": [1, 1, None], "anime_id": [10, 20, 10], "r": [8.0, 3.0, 5.0]})
    catalogue = pl.DataFrame({"anime_id": [20, 10], "title": ["B", "A"]})
    with pytest.raises(DataError, match="missing user id"):
        Dataset.from_frame(ratings, "u", "anime_id", "r")
    dataset = Dataset.from_frame(ratings, "u", "anime_id", "r", items=catalogue, on_bad_rows="skip")
    assert dataset.items["title"].to_list() == ["A", "B"]
    assert {row["step"]: row["rows"] for row in dataset.manifest["report"]}["bad rows"] == 1
