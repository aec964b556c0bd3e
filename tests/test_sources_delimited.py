"""Any file with a row per rating: what is guessed of it, and what is shown of the guess."""

from pathlib import Path

import polars as pl
import pytest

from konomi.data.scale import Scale
from konomi.errors import DataError
from konomi.reading.formats import ReadOptions
from konomi.reading.sources import delimited
from ratings_files import STARS, TEN, entries, files, read


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
    assert "`item`" in error.value.hint
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
    assert f"A catalogue goes with `items` {folder / 'items.csv'}." in error.value.hint


def test_delimited_without_a_header(tmp_path: Path) -> None:
    table = read(files(tmp_path, x__csv="1,2,3,881250949,x\n4,5,4,881250950,y\n") / "x.csv")
    assert entries(table) == [(1, 2, 3), (4, 5, 4)] and table.time.tolist() == [881250949, 881250950]


def test_anime_ids_mean_the_scale_of_myanimelist(tmp_path: Path) -> None:
    path = files(tmp_path, x__csv="user_id,anime_id,rating\n1,2,7\n1,3,0\n1,4,-1\n") / "x.csv"
    assert (read(path).scale, entries(read(path))) == (TEN, [(1, 2, 7), (1, 3, -1), (1, 4, -1)])


def test_dates_as_text_are_times_and_words_are_not(tmp_path: Path) -> None:
    dates = read(files(tmp_path, x__csv="user,item,rating,time\n1,2,3,2020-01-01\n1,3,5,2020-01-02\n") / "x.csv")
    assert dates.time is not None and dates.time.tolist() == [1577836800, 1577923200]
    assert read(files(tmp_path, y__csv="user,item,rating,time\n1,2,3,long ago\n1,3,5,2020-01-02\n") / "y.csv").time is None


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_delimited_reads_parquet_and_arrow(tmp_path: Path, suffix: str) -> None:
    frame = pl.DataFrame({"userId": ["a", "b", "b"], "itemId": [1, 2, 1], "rating": [1.5, None, 2], "note": list("xyz")})
    path = tmp_path / f"x.{suffix}"
    frame.write_parquet(path) if suffix == "parquet" else frame.write_ipc(path)
    assert entries(read(path)) == [("a", 1, 1.5), ("b", 2, -1), ("b", 1, 2)]
    path.write_bytes(b"PAR1 but not really")
    with pytest.raises(DataError, match=f"not readable as {suffix}"):
        read(path)
