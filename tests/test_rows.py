"""Reading ratings files: the fast path equals the slow twin, and every bad row is named."""

import gzip
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from konomi.data.scale import Scale
from konomi.data.table import Table
from konomi.errors import ConfigError, DataError
from konomi.reading import rows
from konomi.reading import slow_rows as judge
from konomi.reading.formats import RatingsFormat, ReadOptions
from konomi.reading.records import records, refuse_rejects, write_rejects
from konomi.reading.rows import read_ratings
from konomi.runtime import Run, Stage

MAL = RatingsFormat("user", "item", "rating", unscored=(0,), scale=Scale(1, 10, 1))
ANY = replace(MAL, integer_ids=False)
SKIP = ReadOptions(on_bad_rows="skip")


def read(path: Path, format: RatingsFormat = MAL, options: ReadOptions | None = None) -> Table:
    return read_ratings(path, format, options or ReadOptions(), Run(), "test")


def written(folder: Path, text: str | bytes, name: str = "ratings.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refusal(path: Path, format: RatingsFormat = MAL, options: ReadOptions | None = None) -> str:
    with pytest.raises(DataError) as error:
        read(path, format, options)
    assert error.value.hint
    return str(error.value)


def columns(table: Table) -> list[list[object]]:
    status = [] if table.status is None else table.status.tolist()
    time = [] if table.time is None else table.time.tolist()
    return [table.user_id.to_list(), table.item_id.to_list(), np.nan_to_num(table.rating, nan=-1).tolist(), status, time]


def slowly(path: Path, format: RatingsFormat, monkeypatch: pytest.MonkeyPatch) -> Table:
    """The same file through the slow twin alone."""

    def doubt(*_: object) -> None:
        raise rows.Doubt

    with monkeypatch.context() as patch:
        patch.setattr(rows, "_scan_text", doubt)
        return read(path, format)


# ---- by hand


def test_a_plain_file(tmp_path: Path) -> None:
    table = read(written(tmp_path, "user,name,item,rating\n7,ann,100,8\n7,ann,3000000000,0\n9,bob,100,10\n"))
    assert columns(table)[:3] == [[7, 7, 9], [100, 3000000000, 100], [8, -1, 10]]
    assert table.user_id.dtype == pl.Int32 and table.item_id.dtype == pl.Int64 and table.rating.dtype == np.float32
    assert (table.scale, table.source, table.status, table.time, table.items) == (Scale(1, 10, 1), "test", None, None, None)
    assert table.files == (tmp_path / "ratings.csv",)


def test_int32_and_int64_batches_make_one_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (rows, judge):
        monkeypatch.setattr(module, "BATCH", 2)
    path = written(tmp_path, "user,item,rating\n1,1,1\n2,1,1\n3,1,1\n4000000000,1,1\n")
    for table in (read(path), slowly(path, MAL, monkeypatch)):
        assert table.user_id.to_list() == [1, 2, 3, 4000000000]
    path = written(tmp_path, "user,item,rating\n1,1,1\n2,1,1\nx,1,1\n4000000000,1,1\n")
    for table in (read(path, ANY), slowly(path, ANY, monkeypatch)):
        assert table.user_id.to_list() == ["1", "2", "x", "4000000000"]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_quotes_line_ends_and_byte_order_marks(tmp_path: Path, ending: str) -> None:
    lines = ["\ufeffuser,title,item,rating", '"1","a, b",2,3', '4,"say ""hi""",5,"6"', '7,"two', 'lines",8,9', ""]
    table = read(written(tmp_path, ending.join(lines)))
    assert columns(table)[:3] == [[1, 4, 7], [2, 5, 8], [3, 6, 9]]


def test_double_colons_and_a_fixed_order(tmp_path: Path) -> None:
    format = RatingsFormat("u", "i", "r", time="t", separator="::", columns=("u", "i", "r", "t"), scale=Scale(0.5, 5, 0.5))
    table = read(written(tmp_path, "1::122::5::838985046\n1::185::3.5::838983525\n"), format)
    assert columns(table) == [[1, 1], [122, 185], [5, 3.5], [], [838985046, 838983525]]
    assert "(too few columns: 1), at line 2" in refusal(written(tmp_path, "1::122::5::1\n1::185::3.5\n"), format)


def test_tabs_are_not_quoted(tmp_path: Path) -> None:
    table = read(written(tmp_path, 'user\ttitle\titem\trating\n1\t"Half a quote\t2\t3\n'), replace(MAL, separator="\t"))
    assert columns(table)[:3] == [[1], [2], [3]]


def test_statuses_that_nobody_knows_are_unknown(tmp_path: Path) -> None:
    lines = [f"1,{item},0,{status}\n" for item, status in enumerate([1, 2, 3, 4, 5, 6, 33, 0])]
    path = written(tmp_path, "".join(["user,item,rating,status\n", *lines]))
    assert read(path, replace(MAL, status="status")).status.tolist() == [1, 2, 3, 4, 0, 6, 0, 0]


def test_an_empty_rating_is_not_scored(tmp_path: Path) -> None:
    table = read(written(tmp_path, "user,item,rating\n1,2,\n1,3,nan\n1,4,5\n"))
    assert columns(table)[2] == [-1, -1, 5] and not table.rejects.line


def test_gzip(tmp_path: Path) -> None:
    path = written(tmp_path, gzip.compress(b"user,item,rating\n1,2,3\n"), "ratings.csv.gz")
    assert columns(read(path))[:3] == [[1], [2], [3]]
    cut = written(tmp_path, gzip.compress(b"user,item,rating\n" + b"1,2,3\n" * 9)[:-12], "cut.csv.gz")
    assert "damaged or ends too early" in refusal(cut)
    assert "line 1: the compressed file is damaged" in refusal(written(tmp_path, b"user,item,rating\n", "not.csv.gz"))


def test_the_scale_is_guessed_unless_it_is_given(tmp_path: Path) -> None:
    path = written(tmp_path, "user,item,rating\n1,2,0.5\n1,3,4\n1,4,3.5\n")
    format = RatingsFormat("user", "item", "rating")
    assert read(path, format).scale == Scale(0.5, 4, 0.5)
    assert read(path, format, ReadOptions(scale=Scale(0.5, 5, 0.5))).scale == Scale(0.5, 5, 0.5)


def test_file_names_are_not_patterns(tmp_path: Path) -> None:
    assert len(read(written(tmp_path, "user,item,rating\n1,2,3\n", "my [best] ratings*.csv"))) == 1


def test_progress_ends_at_the_number_of_rows(tmp_path: Path) -> None:
    told: list[Stage] = []
    path = written(tmp_path, "user,item,rating\n1,2,3\n1,4,5\n")
    read_ratings(path, MAL, ReadOptions(), Run(progress=told.append), "test")
    assert told[0].done == 0 and told[-1] == Stage("reading ratings.csv", 2, 2, "rows")


@pytest.mark.parametrize("suffix", ["parquet", "arrow", "feather"])
def test_typed_files(tmp_path: Path, suffix: str) -> None:
    frame = pl.DataFrame(
        {"rating": [8.0, None, 0.0], "user": [1.0, 2.0, 3.0], "item": pl.Series(["a", "b", "a"], dtype=pl.Categorical)}
    ).with_columns(when=pl.datetime(1970, 1, 1, 0, 1))
    path = tmp_path / f"ratings.{suffix}"
    frame.write_parquet(path) if suffix == "parquet" else frame.write_ipc(path)
    table = read(path, replace(ANY, time="when"))
    assert columns(table) == [[1, 2, 3], ["a", "b", "a"], [8, -1, -1], [], [60, 60, 60]]
    path.unlink()  # nothing of the table lies in the file
    assert columns(table)[2] == [8, -1, -1]


def test_bad_rows_of_typed_files_go_by_number(tmp_path: Path) -> None:
    path = tmp_path / "ratings.parquet"
    pl.DataFrame({"user": [1, None, 3], "item": [1.0, 2.0, 2.5], "rating": [11, 2, 3]}).write_parquet(path)
    message = refusal(path)
    for part in ("off the scale 1 to 10 in steps of 1: 1", "missing user id: 1", "item id is not a whole number: 1", "1, 2, 3"):
        assert part in message
    table = read(path, ANY, SKIP)
    assert columns(table)[:3] == [[3], ["2.5"], [3]] and table.rejects.line == [1, 2]


def test_a_broken_typed_file(tmp_path: Path) -> None:
    assert "not readable as parquet" in refusal(written(tmp_path, "user,item,rating\n", "ratings.parquet"))
    assert "no such file" in refusal(tmp_path / "gone.arrow")


def test_two_files_make_one_table(tmp_path: Path) -> None:
    first = written(tmp_path, "user,item,rating\n1,2,3\n1,9,x\n", "first.csv")
    second = written(tmp_path, "item,user,rating\n7000000000,4,10\n", "second.csv")
    table = rows.read_several([first, second], MAL, SKIP, Run(), "test")
    assert columns(table)[:3] == [[1, 4], [2, 7000000000], [3, 10]] and table.files == (first, second)
    assert table.rejects.line == [3] and table.rejects.reason == ["first.csv: rating is not a number"]
    open_scale = replace(MAL, scale=None)
    assert rows.read_several([first, second], open_scale, SKIP, Run(), "test").scale == Scale(3, 10, 7)


def test_spaces_around_ids_and_decimals_of_pandas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "user,item,rating\n 1 ,10.0,1\n2,\t11.0,2\n")
    for format in (MAL, ANY):
        for table in (read(path, format), slowly(path, format, monkeypatch)):
            assert columns(table)[:2] == [[1, 2], [10, 11]]
    for module in (rows, judge):
        monkeypatch.setattr(module, "BATCH", 1)
    path = written(tmp_path, "user,item,rating\n1,10.0,1\n a b ,10,2\n")
    for table in (read(path, ANY), slowly(path, ANY, monkeypatch)):
        assert columns(table)[:2] == [["1", "a b"], [10, 10]]
    path = written(tmp_path, "user,item,rating\n1,10.0,1\n1,x,2\n")  # not all are whole: they are what they are
    assert columns(read(path, ANY))[1] == ["10.0", "x"]
    assert "missing user id: 1" in refusal(written(tmp_path, "user,item,rating\n ,1,1\n"), ANY)


def test_decimal_ids_of_typed_files_are_the_same_in_every_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (rows, judge):
        monkeypatch.setattr(module, "BATCH", 1)
    path = tmp_path / "ratings.parquet"
    pl.DataFrame({"user": [1.0, 1.0, 2.5], "item": [1, 2, 1], "rating": [1, 2, 3]}).write_parquet(path, row_group_size=1)
    assert columns(read(path, ANY))[0] == ["1", "1", "2.5"]


def test_zero_is_a_rating_on_a_scale_that_has_it(tmp_path: Path) -> None:
    path = written(tmp_path, "user,item,rating\n1,2,0\n1,3,85\n")
    assert columns(read(path, options=ReadOptions(scale=Scale(0, 100, 1))))[2] == [0, 85]
    with pytest.raises(DataError, match="rating off the scale 1 to 10") as error:
        read(path)
    assert "`scale`" in error.value.hint and "`on_bad_rows`=skip" in error.value.hint


@pytest.mark.parametrize("separator", ["", "ab", "a", "7", '"', "'", "§", "\n", ":::"])
def test_what_cannot_stand_between_columns(separator: str) -> None:
    with pytest.raises(ConfigError, match="cannot stand between columns") as error:
        ReadOptions(separator=separator)
    assert "tab" in error.value.hint


@pytest.mark.parametrize("separator", ["\t", ",", ";", "|", " ", "^", "::", None])
def test_what_can_stand_between_columns(separator: str | None) -> None:
    assert ReadOptions(separator=separator).separator == separator


# ---- bad rows

BAD = """user,item,rating
1,2,8
,2,8
1,,8
x,2,8
1,2,eight
1,2,11
1,2,7.5
1,2
1,2,3,4

1,2,inf
1,99999999999999999999,5
5,6,7
1_0,2,8
1,٣,8
1,2,1_0
1,2.5,8
"""
KINDS = {
    3: "missing user id",
    4: "missing item id",
    5: "user id is not a whole number",
    6: "rating is not a number",
    7: "rating off the scale 1 to 10 in steps of 1",
    8: "rating off the scale 1 to 10 in steps of 1",
    9: "too few columns",
    10: "too many columns",
    12: "rating off the scale 1 to 10 in steps of 1",
    13: "item id is not a whole number",
    15: "user id is not a whole number",
    16: "item id is not a whole number",
    17: "rating is not a number",
    18: "item id is not a whole number",
}


def test_bad_rows_are_refused_with_lines_and_kinds(tmp_path: Path) -> None:
    message = refusal(written(tmp_path, BAD))
    assert str(tmp_path / "ratings.csv") in message
    assert "14 rows cannot be read" in message and "at lines 3, 4, 5, 6, 7, …" in message
    assert "rating off the scale 1 to 10 in steps of 1: 3" in message and "missing user id: 1" in message


def test_bad_rows_are_skipped_and_kept(tmp_path: Path) -> None:
    table = read(written(tmp_path, BAD), options=SKIP)
    assert columns(table)[:3] == [[1, 5], [2, 6], [8, 7]]
    assert dict(zip(table.rejects.line, table.rejects.reason, strict=True)) == KINDS
    assert table.rejects.text[4] == "1,2,11"
    write_rejects(tmp_path / "rejects.csv", table.rejects)
    back = pl.read_csv(tmp_path / "rejects.csv")
    assert back.columns == ["line", "reason", "text"] and back["line"].to_list() == list(KINDS)
    with pytest.raises(DataError, match=r"place\.csv: cannot be written"):
        write_rejects(tmp_path / "rejects.csv" / "no" / "place.csv", table.rejects)
    assert not list(tmp_path.rglob("*partial*"))


@pytest.mark.parametrize("line", range(len(BAD.splitlines())))
def test_one_bad_row_alone_is_found(tmp_path: Path, line: int) -> None:
    """Whatever it is, it makes the fast path hand over."""
    if line + 1 in KINDS:
        text = "user,item,rating\n1,2,3\n" + BAD.splitlines()[line] + "\n4,5,6\n"
        message = refusal(written(tmp_path, text))
        assert f"1 row cannot be read ({KINDS[line + 1]}: 1), at line 3." in message


def test_without_a_scale_text_is_still_not_a_number(tmp_path: Path) -> None:
    path = written(tmp_path, "user,item,rating\n1,2,good\n1,3,inf\n")
    message = refusal(path, RatingsFormat("user", "item", "rating"))
    assert "rating is not a number: 1; rating beyond ±1,048,576: 1" in message


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    path = written(tmp_path, "user,name,item,rating\n1,Zoë,2,3\n".encode("iso-8859-1"))
    assert columns(read(path))[:3] == [[1], [2], [3]]  # in a column that does not matter
    assert "user id is not UTF-8: 1" in refusal(path, replace(ANY, user="name"))


def test_a_quote_that_is_never_closed(tmp_path: Path) -> None:
    path = written(tmp_path, 'user,title,item,rating\n1,a,2,3\n1,"b,2,3\n1,c,2,3\n')
    assert "(a quote that is never closed: 1), at line 3." in refusal(path)


def test_files_that_are_not_there_or_empty(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "gone.csv")
    assert "is a folder" in refusal(tmp_path)
    assert "the file is empty" in refusal(written(tmp_path, ""))
    assert "no row of ratings" in refusal(written(tmp_path, "user,item,rating\n"))
    assert "no row of ratings" in refusal(written(tmp_path, "user,item,rating\n,,\n"), options=SKIP)


def test_a_missing_column_is_named_with_the_nearest(tmp_path: Path) -> None:
    message = refusal(written(tmp_path, "user,item,ratings\n1,2,3\n"))
    assert 'no column "rating" for the rating. Did you mean "ratings"?' in message


def test_utf16_is_refused(tmp_path: Path) -> None:
    for encoding in ("utf-16", "utf-16-le"):
        path = written(tmp_path, "user,item,rating\n1,2,3\n".encode(encoding))
        with pytest.raises(DataError, match="not UTF-8 text but UTF-16") as error:
            read(path)
        assert "save it as UTF-8" in error.value.hint


def test_where_rejects_may_go(tmp_path: Path) -> None:
    older, diary = written(tmp_path, "line,reason,text\n", "older.csv"), written(tmp_path, "dear diary", "diary.csv")
    refuse_rejects(older, [diary])
    refuse_rejects(tmp_path / "new" / "rejects.csv", [])
    assert not (tmp_path / "new").exists()
    for path, inputs in ((diary, []), (older, [older]), (tmp_path, [])):
        with pytest.raises(DataError, match=r"already exists and is not a rejects file|is read by this command|is a folder"):
            refuse_rejects(path, inputs)
    with pytest.raises(DataError, match="cannot be written") as error:
        refuse_rejects(Path("/proc/konomi/rejects.csv"), [])
    assert "`rejects`" in error.value.hint


def test_a_colon_is_no_double_colon(tmp_path: Path) -> None:
    """Not even where single colons make up the number of columns."""
    format = RatingsFormat("u", "i", "r", separator="::", columns=("u", "i", "r", "t"))
    assert "(item id is not a whole number: 1), at line 2" in refusal(written(tmp_path, "1::2::5::9\n1::2:3:5::9\n"), format)


# ---- the fast path equals the slow twin

ratings = st.sampled_from(["", "0", "1", "7", "10", "10.0", "nan"])
integers = st.integers(-(2**40), 2**40).map(str)
strings = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6).filter(
    lambda text: text.strip(" ")
)
anything = st.one_of(
    integers, strings, st.sampled_from(["007", "-0", "+1", "1.0", " 7 ", "8_0", "a,b", 'say "hi"', "two\nlines"])
)


def quoted(text: str, always: bool) -> str:
    return '"' + text.replace('"', '""') + '"' if always or any(c in text for c in ',"\n\r') else text


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), ending=st.sampled_from(["\n", "\r\n"]), last=st.booleans(), quotes=st.booleans(), integer=st.booleans())
def test_fast_equals_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: st.DataObject, ending: str, last: bool, quotes: bool, integer: bool
) -> None:
    ids = integers if integer else anything
    rating = ratings.filter(bool) if data.draw(st.booleans()) else ratings
    entries = data.draw(st.lists(st.tuples(ids, st.text("ab,", max_size=3), ids, rating, integers), min_size=1, max_size=12))
    lines = ["user,title,item,rating,time", *(",".join(quoted(field, quotes) for field in entry) for entry in entries)]
    path = written(tmp_path, ending.join(lines) + (ending if last else ""))
    format = replace(MAL if integer else ANY, time="time")
    fast, slow = read(path, format), slowly(path, format, monkeypatch)
    assert columns(fast) == columns(slow)
    assert (fast.user_id.dtype, fast.item_id.dtype) == (slow.user_id.dtype, slow.item_id.dtype)
    assert len(slow) == len(entries)


def test_the_fast_path_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "read_slowly", None)
    assert len(read(written(tmp_path, 'user,item,rating\r\n"a b",2,0\r\n1,3,5\r\n'), ANY)) == 2


def test_records_between_double_colons() -> None:
    found = list(records(io.StringIO('260::Star Wars: Episode IV: "A New Hope" (1977)::Action\r\n\n1::2\n', newline=""), "::"))
    assert [(r.line, r.fields) for r in found] == [
        (1, ["260", 'Star Wars: Episode IV: "A New Hope" (1977)', "Action"]),
        (3, ["1", "2"]),
    ]


def test_records_know_their_lines() -> None:
    found = [(r.line, r.fields, r.fault) for r in records(io.StringIO('a,"b\nc"\n\nd,e\n"x"y,z\nf\n', newline=""), ",")]
    assert found[:2] == [(1, ["a", "b\nc"], ""), (4, ["d", "e"], "")]
    assert found[2][0] == 5 and found[2][2].startswith("broken quoting")
    assert found[3] == (6, ["f"], "")
