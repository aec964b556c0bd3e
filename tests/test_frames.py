"""Tables in memory: of every kind, with the columns and the values that people have, and every mistake of types."""

import datetime
import re
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

from konomi.data.prepare import prepare
from konomi.data.scale import Scale
from konomi.errors import ConfigError, DataError, KonomiError
from konomi.reading.as_polars import as_polars
from konomi.reading.catalogues import catalogue_of_frame, read_catalogue
from konomi.reading.formats import ReadOptions
from konomi.reading.frame import Dataset
from konomi.reading.read_frame import read_frame
from konomi.reading.sources import read_source
from konomi.runtime import Run
from pandas_like import NA, DataFrame, Series, like_pandas
from ratings_files import STARS, TEN, entries

COLUMNS = {"who": ["a", "b"], "what": [1, 2], "how": [1.0, 2.0]}
NAMED = {"user": "who", "item": "what", "rating": "how"}


def read(frame, items=None, **options):
    return read_frame(frame, ReadOptions(**options), Run(), [] if items is None else [items])


@pytest.mark.parametrize("kind", [pl.DataFrame, pl.LazyFrame, pa.table, lambda columns: like_pandas(pl.DataFrame(columns))])
def test_frames_of_every_kind(kind):
    table = read(kind(COLUMNS), kind({"item_id": [1], "title": ["T"]}), scale=STARS, **NAMED)
    assert (entries(table), table.source, table.files) == ([("a", 1, 1), ("b", 2, 2)], "frame", ())
    assert table.items["title"].to_list() == ["T"] and table.reading == NAMED


def test_columns_are_found_by_their_usual_names():
    table = read(pl.DataFrame({"userId": [7], "movieId": [31], "rating": [2.5], "timestamp": [9]}), scale=Scale(0.5, 5, 0.5))
    assert (table.user_id.to_list(), table.item_id.to_list(), table.time.tolist()) == ([7], [31], [9])
    with pytest.raises(DataError, match=r"the frame: no column that looks like the rating\. Its columns are: user_id, item_id"):
        read(pl.DataFrame({"user_id": [1], "item_id": [2], "colour": ["red"]}))


def test_anime_ids_mean_the_scale_of_myanimelist_as_in_a_file(tmp_path):
    frame = pl.DataFrame({"user_id": [1, 1, 1, 2], "anime_id": [20, 30, 40, 20], "rating": [9, 0, -1, 4]})
    frame.write_csv(tmp_path / "x.csv")
    whole, file = read(frame), read_source(None, [tmp_path / "x.csv"], ReadOptions(), Run())
    assert whole.scale == file.scale == TEN and entries(whole) == entries(file)
    assert Dataset.from_frame(frame).sha256 == prepare(file).sha256


# ---- pandas without pyarrow

DAY = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=9)))
PANDAS = DataFrame(
    {
        "user_id": Series(["ann", "bob", np.nan, "cid"], object),  # a column of strings
        "item_id": Series([10.0, 20.0, 10.0, np.nan]),  # whole numbers and a hole
        "rating": Series([8, NA, 3, 5], object),  # Int64, which has NA
        "timestamp": Series(["2020-01-01", "2020-01-02", "NaT", "2020-01-04"], "datetime64[ns]"),
    }
)


def test_pandas_without_pyarrow():
    with pytest.raises(ImportError):
        PANDAS.__arrow_c_stream__()
    table = read(PANDAS, on_bad_rows="skip", scale=Scale(1, 10, 1))
    assert entries(table) == [("ann", 10, 8), ("bob", 20, -1)]
    assert table.time.tolist() == [1_577_836_800, 1_577_923_200]
    assert (table.rejects.line, table.rejects.reason) == ([3, 4], ["missing user id", "missing item id"])


@pytest.mark.parametrize("missing", [None, np.nan, NA, np.datetime64("NaT")])
def test_whatever_pandas_has_for_missing_is_not_scored(missing):
    ratings = Series([8, missing, 3.5], object)
    table = read(DataFrame({"user": Series([1, 1, 2]), "item": Series([1, 2, 1]), "rating": ratings}))
    assert entries(table) == [(1, 1, 8), (1, 2, -1), (2, 1, 3.5)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([True, NA], [True, None]),
        ([1, NA], [1, None]),
        ([1, 2.5], [1.0, 2.5]),
        ([Decimal("1.5"), None], [1.5, None]),
        ([2**70, "b"], [str(2**70), "b"]),
        ([1, "b"], ["1", "b"]),  # as a file has them
        ([2.0, "b", NA], ["2", "b", None]),
        ([["A", 1], None], [["A", "1"], None]),
        ([("A", NA), {"C", "B"}], [["A"], ["B", "C"]]),
        ([np.array(["A", "B"]), np.nan], [["A", "B"], None]),
        ([np.int64(3), np.float32(0.5)], [3.0, 0.5]),
        ([DAY, None], [datetime.datetime(2019, 12, 31, 15), None]),  # without a zone it is universal time
        ([DAY.date(), None], [datetime.date(2020, 1, 1), None]),
        ([NA, None], [None, None]),
    ],
)
def test_columns_of_objects(values, expected):
    assert as_polars(DataFrame({"x": Series(values, object)}), "it")["x"].to_list() == expected


@pytest.mark.parametrize("kind", ["int8", "uint16", "float16", "float64", "bool", "datetime64[s]", "datetime64[D]", "<U3"])
def test_columns_of_numpy(kind):
    values = np.array([1, 0], "int64").astype(kind)
    assert as_polars(DataFrame({"x": Series(values)}), "it")["x"].to_list() == values.tolist() or kind == "datetime64[D]"


def test_labels_that_are_no_text_and_labels_that_come_twice():
    frame = DataFrame({0: Series([1]), 1: Series([2]), "x": Series([3.0])})
    assert entries(read(frame, user="0", item="1", rating="x", scale=STARS)) == [(1, 2, 3)]
    with pytest.raises(DataError, match='the frame: two columns are called "1"'):
        read(DataFrame({1: Series([1]), "1": Series([2])}))
    twice = pa.table([pa.array([1]), pa.array([2])], names=["user", "user"])
    with pytest.raises(DataError, match="cannot be read as a table"):
        read(twice)


# ---- catalogues as people have them

FILES = {
    "movies.csv": 'movieId,title,genres\n1,Toy Story (1995),Adventure|Animation\n2,"Postman, The (Postino, Il) (1994)",Comedy\n'
    "3,Nobody Knows,(no genres listed)\n",
    "anime-2016.csv": "anime_id,name,genre,type,episodes,rating,members\n"
    '20,Naruto,"Action, Shounen",TV,220,7.81,683297\n21,K-On! &amp; More,,Unknown,Unknown,,5\n',
    "anime-2020.csv": "MAL_ID,Name,Score,Genres,English name,Type,Episodes,Aired,Score-10,Score-9\n"
    '1,Cowboy Bebop,8.78,"Action, Sci-Fi",Unknown,TV,26,"Apr 3, 1998 to Apr 24, 1999",229170.0,182126.0\n'
    "5,X,Unknown,Hentai,Y,Movie,1,Unknown,Unknown,3.0\n",
    "anime-2023.csv": "anime_id,Name,English name,Other name,Score,Genres,Type,Episodes,Aired,Scored By,Image URL\n"
    '1,Cowboy Bebop,UNKNOWN,カウボーイビバップ,8.75,"Award Winning, Sci-Fi",TV,26.0,"Apr 3, 1998",914193.0,https://x/1.jpg\n',
    "mine.csv": "item_id,title,titles,genres,year,type,episodes,score,score_count,image,related,sensitive\n"
    "a,One,Eins|Un,Drama|Hentai,1999,TV,12,7.5,10,,b,\nb,Two,,,,,,,,,,true\n",
    "commas.csv": 'item_id,title,genre,year\n1,One,"Action, Comedy",1999\n2,Two,Comedy,\n3,Three,,2001\n',
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", ["text", "typed", "pandas"])
def test_a_frame_gives_the_catalogue_that_its_file_gives(tmp_path, name, kind):
    path = tmp_path / name
    path.write_text(FILES[name], encoding="utf-8")
    frame = pl.read_csv(path, infer_schema_length=0 if kind == "text" else None)
    frame = as_polars(like_pandas(frame), "it") if kind == "pandas" else frame
    assert_frame_equal(catalogue_of_frame(frame), read_catalogue(path))


@pytest.mark.data
@pytest.mark.parametrize("path", ["anime-meta-2016/anime.csv", "anime-meta-2020/anime.csv", "ml-latest-small-2018/movies.csv"])
def test_a_real_frame_gives_the_catalogue_that_its_file_gives(shared, path):
    frame = pl.read_csv(shared / path, infer_schema_length=None)
    assert catalogue_of_frame(as_polars(like_pandas(frame), "it")).equals(read_catalogue(shared / path))


@pytest.mark.parametrize("between", [", ", ",", "|", "; "])
def test_genres_in_one_column_of_text(between):
    texts = [between.join(("Action", "Sci-Fi")), "Comedy", None]
    items = catalogue_of_frame(pl.DataFrame({"item_id": [1, 2, 3], "name": ["A", "B", "C"], "genre": texts}))
    assert items["genres"].to_list() == [["Action", "Sci-Fi"], ["Comedy"], []] and items["title"].to_list() == ["A", "B", "C"]


def test_genres_in_lists_keep_their_commas():
    frame = pl.DataFrame({"item_id": [1], "title": ["A"], "genres": [["Action, Drama", "Comedy"]], "titles": [["B|C"]]})
    items = catalogue_of_frame(frame)
    assert items["genres"].to_list() == [["Action, Drama", "Comedy"]] and items["titles"].to_list() == [["B|C"]]


def test_films_of_movielens_are_films(tmp_path):
    assert set(read_catalogue(_written(tmp_path, "movies.csv"))["type"]) == {"Movie"}


def _written(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text(FILES[name], encoding="utf-8")
    return path


def test_a_catalogue_may_be_called_as_the_ratings_call_their_ids():
    ratings = pl.DataFrame({"user_id": [1, 1, 2], "anime_id": [1, 5, 1], "score": [9, 8, 3]})
    for items in (
        pl.DataFrame({"anime_id": [5, 1], "title": ["B", "A"]}),
        pl.DataFrame({"MAL_ID": [5, 1], "Name": ["B", "A"]}),
        pl.DataFrame({"item_id": ["5", "1"], "title": ["B", "A"]}),  # ids as text
    ):
        assert Dataset.from_frame(ratings, items=items).items["title"].to_list() == ["A", "B"]
    with pytest.raises(
        DataError, match=r'the catalogue: no column "anime_id" with the item ids\. Did you mean "anime-id"'
    ) as no:
        Dataset.from_frame(ratings, items=pl.DataFrame({"anime-id": [5], "titel": ["B"]}))
    assert "Rename" in no.value.hint


def test_rows_of_a_catalogue_without_an_id():
    ratings, items = pl.DataFrame({**COLUMNS}), pl.DataFrame({"item_id": [1, None], "title": ["A", "B"]})
    with pytest.raises(DataError, match=r"the catalogue: 1 row cannot be read \(missing item id: 1\), at row 2"):
        read(ratings, items, **NAMED)
    table = read(ratings, items, on_bad_rows="skip", **NAMED)
    assert table.catalogue_rejects.reason == ["the catalogue: missing item id"] and table.items["title"].to_list() == ["A"]


def test_a_catalogue_with_bad_ratings_beside_it():
    ratings = pl.DataFrame({"u": [1, 1, None], "anime_id": [10, 20, 10], "r": [8.0, 3.0, 5.0]})
    with pytest.raises(DataError, match=r"the frame: 1 row cannot be read \(missing user id: 1\), at row 3"):
        Dataset.from_frame(ratings, "u", "anime_id", "r")
    dataset = Dataset.from_frame(ratings, "u", "anime_id", "r", on_bad_rows="skip")
    assert {row["step"]: row["rows"] for row in dataset.manifest["report"]}["bad rows"] == 1


# ---- mistakes

GOOD = {"user_id": [1, 2], "item_id": [1, 2], "rating": [3.0, 4.0]}
MISTAKES = {
    "a dict": (GOOD, {}, "the frame: a value of the type dict is no table", "polars.DataFrame"),
    "a list of dicts": ([{"user_id": 1}], {}, "of the type list is no table", "polars.DataFrame"),
    "nothing": (None, {}, "of the type NoneType is no table", "polars"),
    "a number": (5, {}, "of the type int is no table", "polars"),
    "a path": ("ratings.csv", {}, "of the type str is no table", "polars"),
    "no columns": (pl.DataFrame(), {}, "there is no row of ratings", "row per rating"),
    "no rows": (pl.DataFrame(GOOD).clear(), {}, "there is no row of ratings", "row per rating"),
    "a wrong name": (
        pl.DataFrame(GOOD),
        {"user": "userid"},
        'no column "userid" for the user. Did you mean "user_id"?',
        "user_id",
    ),
    "a name that is no text": (pl.DataFrame(GOOD), {"user": 5}, 'no column "5" for the user', "user_id"),
    "ids in lists": ({**GOOD, "item_id": [[1], [2]]}, {}, 'the column "item_id", for the item, holds List', "Ids are"),
    "ids that are dates": (
        {**GOOD, "user_id": [DAY.date()] * 2},
        {},
        'the column "user_id", for the user, holds Date',
        "Ids are",
    ),
    "ids that are bytes": ({**GOOD, "user_id": [b"a", b"b"]}, {}, "for the user, holds Binary", "Ids are"),
    "words for ratings": ({**GOOD, "rating": ["good", "bad"]}, {}, "2 rows cannot be read (rating is not a number: 2)", "skip"),
    "yes and no for ratings": ({**GOOD, "rating": [True, False]}, {}, "for the rating, holds Boolean", "ratings are numbers"),
    "ratings without end": ({**GOOD, "rating": [np.inf, 1]}, {}, "rating beyond ±1,048,576", "skip"),
    "ratings off the scale": (pl.DataFrame(GOOD), {"scale": Scale(1, 3, 1)}, "rating off the scale 1 to 3", "scale"),
    "times in words": ({**GOOD, "when": ["a", "b"]}, {"time": "when"}, "time is neither seconds since 1970 nor a date", "skip"),
    "a span for a time": ({**GOOD, "when": [DAY - DAY] * 2}, {"time": "when"}, "for the time, holds Duration", "times are"),
    "a scale of three numbers": (pl.DataFrame(GOOD), {"scale": (1, 5, 1)}, "A tuple is not a scale", "konomi.Scale"),
    "an unknown word": (pl.DataFrame(GOOD), {"on_bad_rows": "drop"}, 'on_bad_rows cannot be "drop"', "refuse, skip"),
    "a catalogue that is none": (
        pl.DataFrame(GOOD),
        {"items": 5},
        "the catalogue: a value of the type int is no table",
        "polars",
    ),
    "a catalogue that is not there": (pl.DataFrame(GOOD), {"items": "gone.csv"}, "gone.csv: no such file", "path"),
    "a catalogue without columns": (pl.DataFrame(GOOD), {"items": pl.DataFrame()}, 'no column "item_id"', "Rename"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("kind", ["polars", "pandas"])
def test_every_mistake_of_types_is_an_error_of_ours_with_a_remedy(mistake, kind):
    frame, options, message, hint = MISTAKES[mistake]
    if isinstance(frame, dict) and mistake != "a dict":
        frame = pl.DataFrame(frame, strict=False)
    if kind == "pandas" and isinstance(frame, pl.DataFrame):
        frame = like_pandas(frame)
        message = re.sub(r"holds (List|Binary|Duration).*", "holds", message)
    with pytest.raises(DataError if "konomi.Scale" not in hint and "refuse" not in hint else ConfigError) as error:
        Dataset.from_frame(frame, **options)
    assert message in str(error.value) and hint in error.value.hint


@pytest.mark.parametrize("value", [{"a": 1}, {1}, [1], b"a", True, 1.5, "x", None, datetime.timedelta(1), object()])
@pytest.mark.parametrize("column", ["user_id", "item_id", "rating", "timestamp", "watching_status"])
def test_whatever_stands_in_a_column_only_our_own_errors_leave(column, value):
    columns = {**GOOD, "timestamp": [1, 2], "watching_status": [1, 2]}
    frame = DataFrame(
        {name: Series([values[0], value] if name == column else values, object) for name, values in columns.items()}
    )
    try:
        assert len(Dataset.from_frame(frame).item) == 2
    except KonomiError as error:
        assert error.hint
