"""Ratings as they come: other line ends, encodings, decimals and dates, JSON lines, matrices, lists; and what is none."""

import gzip
import json

import numpy as np
import polars as pl
import pytest

import konomi
from command_line import konomi as command
from command_line import refused, write
from konomi.errors import ConfigError, DataError
from konomi.reading.catalogues import read_catalogue
from konomi.reading.times import as_seconds, seconds_of

NAN = float("nan")
ROWS = [("u1", "b1", 4.0), ("u1", "b2", 1.0), ("u2", "b1", 5.0), ("u2", "b3", 3.0), ("u3", "b2", 2.0)]
HEAD = "user_id,item_id,rating"


def read(path, **options):
    """(user, item, rating) of every row."""
    table = konomi.read_ratings(path, **options)
    ratings = [None if np.isnan(each) else float(each) for each in table.rating]
    return list(zip(table.user_id.to_list(), table.item_id.to_list(), ratings, strict=True))


def lines(rows, between=",", number="{:g}"):
    return [between.join((user, item, number.format(rating))) for user, item, rating in rows]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("packed", [False, True])
def test_line_ends(tmp_path, end, packed):
    content = (end.join([HEAD, *lines(ROWS)]) + end).encode()
    path = tmp_path / ("r.csv.gz" if packed else "r.csv")
    path.write_bytes(gzip.compress(content) if packed else content)
    assert read(path) == ROWS
    assert konomi.read_ratings(path).files == (path,)


def test_a_fault_in_a_file_of_an_old_mac_names_that_file(tmp_path):
    path = tmp_path / "r.csv"
    path.write_bytes(b"user_id,item_id,rating\r1,1,5\r1,2,five\r")
    with pytest.raises(DataError) as caught:
        read(path)
    assert str(caught.value) == f"{path}: 1 row cannot be read (rating is not a number: 1), at line 3."


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "shift_jis", "cp1251"])
def test_encodings(tmp_path, encoding):
    name = {"latin-1": "José", "utf-16": "好み", "shift_jis": "好み", "cp1251": "Кино"}[encoding]
    path = tmp_path / "r.csv"
    path.write_bytes(f"{HEAD}\r\n{name},b1,4\r\n{name},b2,3\r\n".encode(encoding))
    assert read(path, encoding=encoding) == [(name, "b1", 4.0), (name, "b2", 3.0)]
    said = command("prepare", path, "--encoding", encoding, "-o", tmp_path / "d", "--json").stdout
    assert json.loads(said)["entries"] == 2
    with pytest.raises(ConfigError, match="encoding: there is no"):
        read(path, encoding="latin-99")


def test_a_file_in_another_encoding_than_said(tmp_path):
    (tmp_path / "r.csv").write_bytes(f"{HEAD}\nJosé,b1,4\n".encode("latin-1"))
    with pytest.raises(DataError, match="is not in utf8"):
        read(tmp_path / "r.csv", encoding="utf8")
    with pytest.raises(DataError, match="user id is not UTF-8"):
        read(tmp_path / "r.csv")


@pytest.mark.parametrize("between", [";", "\t", "|"])
def test_decimal_commas(tmp_path, between):
    rows = [("u1", "b1", 3.5), ("u1", "b2", 4.0), ("u2", "b1", 0.5)]
    head = HEAD.replace(",", between)
    file = write(tmp_path / "r.csv", "\n".join([head, *(line.replace(".", ",") for line in lines(rows, between))]))
    assert read(file) == rows
    with pytest.raises(DataError, match="rating is not a number"):
        read(write(tmp_path / "bad.csv", f"{head}\nu1{between}b1{between}1,2,3"))


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("2020-01-31", 1580428800), ("2020-01-31T10:20:30", 1580466030), ("2020-01-31 10:20:30", 1580466030),
        ("2020-01-31T10:20:30Z", 1580466030), ("2020-01-31T12:20:30+02:00", 1580466030), ("1580466030", 1580466030),
        ("1580466030000", 1580466030), ("1580466030.0", 1580466030),
    ],
)  # fmt: skip
def test_times(tmp_path, written, seconds):
    file = write(tmp_path / "r.csv", f"{HEAD},timestamp\n1,2,5,{written}\n1,3,4,\n2,3,4,{written}\n")
    table = konomi.read_ratings(file)
    assert table.time.tolist() == [seconds, 0, seconds]
    whole = write(tmp_path / "w.csv", f"{HEAD},timestamp\n1,2,5,{written}\n2,3,4,{written}\n")  # the fast reader
    assert konomi.read_ratings(whole).time.tolist() == [seconds, seconds]
    assert seconds_of(written) == seconds


def test_what_is_no_time(tmp_path):
    file = write(tmp_path / "r.csv", f"{HEAD},timestamp\n1,2,5,2020-01-31\n1,3,4,yesterday\n")
    with pytest.raises(DataError, match=r"time is neither seconds since 1970 nor a date such as .*, at line 3"):
        read(file)
    assert as_seconds(np.array([0, -5, 1_580_466_030, 1_580_466_030_000])).tolist() == [0, -5, 1_580_466_030, 1_580_466_030]


def test_marks_for_not_scored(tmp_path):
    file = write(tmp_path / "r.csv", "\n".join([HEAD, *lines([*ROWS, ("u3", "b1", 0.0), ("u3", "b3", 99.0)])]))
    assert read(file, unscored=(0, 99))[-2:] == [("u3", "b1", None), ("u3", "b3", None)]
    said = command("prepare", file, "--unscored", "0,99", "-o", tmp_path / "d").stdout
    assert "1 to 5 in steps of 1" in said
    assert "--unscored 0,99" in refused("prepare", file, "--unscored", "0,x", "-o", tmp_path / "e")[1]
    grown = konomi.add(konomi.Dataset.open(tmp_path / "d"), write(tmp_path / "more.csv", f"{HEAD}\nu4,b1,99\nu4,b2,3\n"))
    assert len(grown.item) == 9 and np.isnan(grown.profiles.rating).sum() == 3


def test_zeros_that_may_mean_nothing_are_pointed_out(tmp_path):
    rows = [(f"u{u}", f"b{i}", float((u * i) % 11)) for u in range(6) for i in range(4)]
    said = command("prepare", write(tmp_path / "r.csv", "\n".join([HEAD, *lines(rows)])), "-o", tmp_path / "d").stderr
    assert "0 is read as the lowest rating" in said and "--unscored 0" in said


OBJECTS = [{"reviewerID": user, "asin": item, "overall": rating, "text": {"a": [1]}} for user, item, rating in ROWS]


@pytest.mark.parametrize("packed", [False, True])
def test_json_lines(tmp_path, packed):
    content = ("\n".join(map(json.dumps, OBJECTS)) + "\n\n").encode()
    path = tmp_path / ("r.jsonl.gz" if packed else "r.jsonl")
    path.write_bytes(gzip.compress(content) if packed else content)
    assert read(path) == ROWS
    assert konomi.read_ratings(path, rating="missing-not", user="reviewerID", item="asin", implicit=True) is not None


def test_json_lines_that_cannot_be_read(tmp_path):
    file = write(tmp_path / "r.json", "\n".join([json.dumps(OBJECTS[0]), "{", "[1]", json.dumps({"asin": "b1", "overall": 3})]))
    with pytest.raises(DataError, match=r"3 rows cannot be read \(no JSON object: 2; missing user id: 1\), at lines 2, 3, 4"):
        read(file)
    table = konomi.read_ratings(file, on_bad_rows="skip")
    assert len(table) == 1 and sorted(table.rejects.reason) == ["missing user id", "no JSON object", "no JSON object"]


FILMS = "1:\n7,3,2005-09-06\n8,5,2005-05-13\n2:\n7,4,2004-01-01\n"


def test_the_netflix_prize(tmp_path):
    file = write(tmp_path / "combined_data_1.txt", FILMS)
    assert read(file) == [(7, 1, 3.0), (8, 1, 5.0), (7, 2, 4.0)]
    table = konomi.read_ratings(file)
    assert table.source == "netflix" and table.time[0] == 1125964800 and str(table.scale) == "1 to 5 in steps of 1"
    with pytest.raises(DataError, match="neither a film nor a rating of it: 3"):
        read(write(tmp_path / "bad.txt", "1:\n7,3,2005-09-06\n8;5;2005\n"))


def test_lists_of_items(tmp_path):
    file = write(tmp_path / "train.txt", "0 5 6 7\n1 5\n2 6 7\n3\n")
    table = konomi.read_ratings(file)
    assert table.user_id.to_list() == [0, 0, 0, 1, 2, 2] and table.item_id.to_list() == [5, 6, 7, 5, 6, 7]
    assert table.signal == "presence" and table.source == "item-lists"
    with pytest.raises(DataError, match="no lists of whole numbers: 3"):
        konomi.read_ratings(write(tmp_path / "bad.txt", "0 5 6\n1 5\n2 x\n"), source="item-lists")


def test_equal_columns_of_numbers_are_no_lists_of_items(tmp_path):
    file = write(tmp_path / "r.txt", "1 2 5\n1 3 4\n2 2 3\n")
    assert read(file) == [(1, 2, 5.0), (1, 3, 4.0), (2, 2, 3.0)]


@pytest.mark.parametrize("between", [",", ";"])
def test_a_matrix(tmp_path, between):
    text = f"who{between}Alien{between}Heat\nann{between}4{between}\nbob{between}NA{between}99\ncy{between}1{between}5\n"
    file = write(tmp_path / "m.csv", text)
    assert read(file, wide=True, unscored=(99,)) == [("ann", "Alien", 4.0), ("cy", "Alien", 1.0), ("cy", "Heat", 5.0)]
    said = command("prepare", file, "--wide", "--unscored", 99, "-o", tmp_path / "d").stdout
    assert "1 to 5" in said


def test_a_matrix_of_numbers_alone_is_numbered(tmp_path):
    file = write(tmp_path / "m.csv", "99,2,99,4,5\n1,99,99,99,3\n")
    assert read(file, wide=True, unscored=(99,)) == [(1, 2, 2.0), (1, 4, 4.0), (1, 5, 5.0), (2, 1, 1.0), (2, 5, 3.0)]
    message, hint = refused("prepare", file, "-o", tmp_path / "d")
    assert "no header, and 5 columns of numbers" in message and "--wide" in hint and "user_id, item_id" in hint


def test_a_matrix_that_is_none(tmp_path):
    with pytest.raises(DataError, match='neither ratings nor missing: "good" at line 2'):
        read(write(tmp_path / "m.csv", "who,A,B\nann,good,3\n"), wide=True)
    with pytest.raises(DataError, match="line 2: 2 columns, and 3 in the first line"):
        read(write(tmp_path / "n.csv", "who,A,B\nann,3\n"), wide=True)
    with pytest.raises(DataError, match="two columns have the same name"):
        read(write(tmp_path / "o.csv", "who,A,A\nann,3,1\n"), wide=True)


def test_a_matrix_is_hinted_at(tmp_path):
    file = write(tmp_path / "m.csv", "user,A,B,C,D,E,F\nann,4,,1,2,3,4\n")
    assert "--wide" in refused("prepare", file, "-o", tmp_path / "d")[1]
    with pytest.raises(DataError) as caught:
        read(file)
    assert "`wide`" in caught.value.hint


def test_two_columns_of_one_name(tmp_path):
    with pytest.raises(DataError, match='the columns 3, 4 are all called "rating"'):
        read(write(tmp_path / "r.csv", "user_id,item_id,rating,rating\n1,2,3,4\n"))


def test_what_is_assumed_without_a_header_is_said(tmp_path):
    said = command("prepare", write(tmp_path / "r.csv", "1,2,5\n1,3,4\n2,3,1\n"), "-o", tmp_path / "d").stderr
    assert "header = none, so the columns are assumed" in said
    konomi.add(konomi.Dataset.open(tmp_path / "d"), write(tmp_path / "more.csv", "user_id,item_id,rating\n4,2,3\n"))


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file"), (b"\x93NUMPY\x01\x00", "an array of NumPy"), (b"MATLAB 5.0 MAT", "a MATLAB"),
        (b"PK\x03\x04\x14\0\x06\0\x08\0[Content_Types].xml", "an Excel workbook"), (b"SQLite format 3\0", "an SQLite database"),
    ],
)  # fmt: skip
def test_files_that_hold_no_text(tmp_path, head, kind):
    (tmp_path / "r.dat").write_bytes(head + bytes(200))
    message, hint = refused("prepare", tmp_path / "r.dat", "-o", tmp_path / "d")
    assert f"is {kind}" in message and "CSV or Parquet" in hint


def test_a_catalogue_in_the_place_of_ratings_and_the_other_way_round(tmp_path):
    titles, ratings = write(tmp_path / "t.csv", "item_id,title,genres\n1,A,X\n"), write(tmp_path / "r.csv", f"{HEAD}\n1,1,5\n")
    assert "--items" in refused("prepare", titles, "-o", tmp_path / "d")[1]
    message, hint = refused("prepare", ratings, "--items", ratings, "-o", tmp_path / "d")
    assert "looks like ratings" in message and "--items" in hint


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_a_catalogue_with_columns_of_types(tmp_path, kind):
    frame, path = pl.DataFrame({"item_id": [1, 2], "title": ["A", "B"], "genres": [["X", "Y"], []]}), tmp_path / f"t.{kind}"
    frame.write_parquet(path) if kind == "parquet" else frame.write_ipc(path)
    found = read_catalogue(path)
    assert found["title"].to_list() == ["A", "B"] and found["genres"].to_list()[0] == ["X", "Y"]
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(DataError, match=f"not readable as {kind}"):
        read_catalogue(path)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([(f"u{u}", f"b{u % 2}", float(1 + u % 5)) for u in range(9)], "There are only 2 items"),
        ([(f"u{u}", f"b{u % 4}", float(1 + u % 5)) for u in range(9)], "Nobody has more than one entry"),
    ],
)
def test_what_looks_wrong_is_a_warning(tmp_path, rows, said):
    file = write(tmp_path / "r.csv", "\n".join([HEAD, *lines(rows)]))
    assert said in command("prepare", file, "-o", tmp_path / "d").stderr
    assert any(said in each for each in json.loads(command("prepare", file, "-o", tmp_path / "e", "--json").stdout)["warnings"])


def test_what_once_ended_in_a_traceback_or_took_minutes(tmp_path):
    """Found by bench/fuzz.py."""
    long = write(tmp_path / "long.csv", "," * 200_000)
    with pytest.raises(DataError, match="the columns 1, 2, 3, 4, 5, … are all called"):
        read(long)
    with pytest.raises(DataError, match="the first line has more than"):
        read(write(tmp_path / "longer.csv", "," * 2_000_000))
    with pytest.raises(DataError, match="nothing in them"):
        read(write(tmp_path / "empty.jsonl", "{}\n" * 20_000))
    for users in ("1\u0663 5", "9" * 40 + " 6"):
        with pytest.raises(DataError, match="no lists of whole numbers: 2"):
            konomi.read_ratings(write(tmp_path / "train.txt", f"0 5 6 7\n{users}\n1 5\n"), source="item-lists")
    (tmp_path / "m.csv").write_bytes(b"who,Alien\n\xae,4\nbob,3\n")
    assert [row[0] for row in read(tmp_path / "m.csv", wide=True)] == ["\ufffd", "bob"]
    (tmp_path / "u.csv").write_bytes(b"user_id,s\xe9x\n1,\xe9\n2,m\n1,m\n")
    assert konomi.read_ratings(write(tmp_path / "r.csv", f"{HEAD}\n1,1,5\n2,1,4\n"), users=tmp_path / "u.csv").users is not None
