"""What commands write where, and what they refuse to read: names that look like patterns, inputs, ratings beyond sums."""

import io
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from command_line import konomi, refused, write
from konomi.data.dataset import Dataset
from konomi.data.scale import Scale
from konomi.errors import DataError
from konomi.reading.frame import dataset_from_frame


@pytest.mark.parametrize("folder", ["a[1]", "a*", "a?", "~", "s3:"])
def test_names_of_folders_are_no_patterns(tmp_path, monkeypatch, folder):
    """Another folder that the pattern would fit holds another catalogue, and must not be read."""
    monkeypatch.chdir(tmp_path)
    text = "user_id,item_id,rating\n" + "".join(
        f"{u},{i},{1 + (u + i) % 5}\n" for u in range(20) for i in range(9) if (u + i) % 3
    )
    for place, title in ((folder, "Right"), ("a1", "Wrong")):
        Path(place).mkdir()
        write(Path(place) / "ratings.csv", text)
        with (Path(place) / "ratings.parquet").open("wb") as file:
            pl.read_csv(text.encode()).write_parquet(file)
        write(Path(place) / "items.csv", "item_id,title\n" + "".join(f"{i},{title} {i}\n" for i in range(9)))
        for ratings in ("ratings.csv", "ratings.parquet"):
            konomi("prepare", Path(place) / ratings, "--items", Path(place) / "items.csv", "-o", Path(place) / "data")
    dataset = Dataset.open(Path(folder) / "data")
    assert dataset.items["title"].to_list() == [f"Right {i}" for i in range(9)]
    konomi("train", Path(folder) / "data", "-m", "bias", "-o", Path(folder) / "bundle")
    for table in ("recs.csv", "recs.parquet"):
        konomi("recommend", Path(folder) / "bundle", "--all", "-o", Path(folder) / table)
        konomi("recommend", Path(folder) / "bundle", "--all", "-o", Path(folder) / table)
    rows = pl.read_parquet(io.BytesIO((Path(folder) / "recs.parquet").read_bytes()))
    assert rows["title"].str.starts_with("Right").all() and len(rows)


def test_output_that_would_take_the_place_of_an_input(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "ratings.csv", "user_id,item_id,rating\n1,1,1\n1,2,5\n2,1,4\n2,2,3\n")
    write(tmp_path / "x.toml", "")
    (tmp_path / "older").mkdir()
    (tmp_path / "more").mkdir()
    write(tmp_path / "older" / "manifest.json", '{"kind": "konomi bundle", "format": 2}')
    for words, message in [
        (("prepare", "ratings.csv", "-o", "ratings.csv"), "is read by this command"),
        (("prepare", "ratings.csv", "-o", "data"), ""),
        (("prepare", "ratings.csv", "-o", "data/more"), "lies in"),
        (("train", "data", "-o", "data"), "is read by this command"),
        (("train", "data", "-o", "new/../data"), "is read by this command"),
        (("train", "data", "-m", "bias", "-o", "bundle"), ""),
        (("train", "data", "-m", "bias", "-o", "bundle.csv"), ""),
        (("train", "data", "-o", "data/bundle"), "lies in"),
        (("train", "data", "-o", "bundle/b"), "lies in"),
        (("train", "data", "-o", "older"), "already exists and is a folder, a konomi bundle of an older format"),
        (("train", "data", "-o", "."), "is read by this command"),
        (("train", "data", "-o", "more"), "is a folder"),
        (("train", "data", "--config", "x.toml", "-o", "x.toml"), "is read by this command"),
        (("recommend", "bundle", "--all", "-o", "bundle/recs.csv"), "lies in"),
        (("recommend", "bundle.csv", "--all", "-o", "bundle.csv"), "is read by this command"),
        (("recommend", "bundle", "--all", "-o", "data/recs.csv"), "lies in"),
        (("recommend", "bundle", "--all", "-o", "ratings.csv"), "already exists and is not a table of recommendations"),
        (("recommend", "bundle", "--all", "-o", "data"), "is no format"),
        (("compare", "data", "-m", "bias,mf", "-o", "data"), "is read by this command"),
        (("synth", "-o", "data"), "already exists and is not a konomi simulation"),
        (("demo", "-o", "ratings.csv"), "cannot be written: Not a directory"),
    ]:
        if not message:
            konomi(*words)
            continue
        before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
        said, hint = refused(*words)
        assert (message in said and "-o" in hint) or message == "is no format", (words, said, hint)
        assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


@pytest.mark.parametrize("value", ["1e30", "-2000000", "1e999", "nan"])
def test_ratings_beyond_what_can_be_summed_are_refused_by_line(tmp_path, value):
    file = write(tmp_path / "r.csv", f"user,item,rating\n1,1,1\n1,2,5\n2,1,{value}\n")
    if value == "nan":  # not scored
        konomi("prepare", file, "-o", tmp_path / "data")
        return
    said, hint = refused("prepare", file, "-o", tmp_path / "data")
    assert "rating beyond ±1,048,576: 1" in said and "line 4" in said and hint
    konomi("prepare", file, "--on-bad-rows", "skip", "-o", tmp_path / "data")
    frame = pl.DataFrame({"user_id": [1, 2], "item_id": [1, 1], "rating": [1.0, float(value)]})
    with pytest.raises(DataError, match="rating beyond ±1,048,576: 1"):
        dataset_from_frame(frame)
    said, _ = refused("prepare", file, "--scale", "0:1e30:0", "-o", tmp_path / "b")
    assert "is not a scale" in said or "too wide or too narrow" in said


def test_scales_that_cannot_be_learnt_from():
    for low, high in ((0, 1e30), (-1e7, 0), (0, 1e-4), (1e6, 1e6 + 1e-4)):
        with pytest.raises(DataError, match="too wide or too narrow") as caught:
            Scale(low, high, 0)
        assert "1,048,576" in caught.value.hint
    for scale in ((0, float("inf"), 1), (0, float("nan"), 0), (0, 1, float("inf")), (0, 1, float("nan"))):
        with pytest.raises(DataError, match="scale"):
            Scale(*scale)
    assert Scale(-(2.0**20), 2.0**20, 0).valid(np.array([1048576], np.float32)).all()


BINARY = {
    "a picture": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)) * 9,
    "random bytes": np.random.default_rng(0).bytes(3000),
    "few random bytes": np.random.default_rng(1).bytes(60).replace(b"\0", b"\x01"),
    "controls": b"user_id,\x1b[31mitem\x07,\xc2\x9brating,\xe2\x80\xaename\n1,\x1b]0;x\x07,9\n",
    "a long line": b"x" * 90_000 + b",\xff\n1,2\n",
}


@pytest.mark.parametrize("content", BINARY.values(), ids=BINARY)
def test_no_message_shows_what_a_terminal_would_obey(tmp_path, content):
    """A file that is no text, as ratings, catalogue, list, settings, dataset and bundle."""
    good = write(tmp_path / "good.csv", "user_id,item_id,rating\n" + "".join(f"{n},{n % 3},{1 + n % 5}\n" for n in range(30)))
    konomi("prepare", good, "-o", tmp_path / "data")
    konomi("train", tmp_path / "data", "-m", "bias", "-o", tmp_path / "bundle", "--test", 0, "--valid", 0)
    for name in ("bad.csv", "bad.toml", "bad.json", "bad.xml", "bad.parquet", "bad.zip", "bad.csv.gz"):
        (tmp_path / name).write_bytes(content)
    told = [
        *(
            refused("prepare", tmp_path / name, "-o", tmp_path / "no")
            for name in ("bad.csv", "bad.parquet", "bad.zip", "bad.csv.gz")
        ),
        refused("prepare", good, "--items", tmp_path / "bad.csv", "-o", tmp_path / "no"),
        refused("train", tmp_path / "data", "--config", tmp_path / "bad.toml", "-o", tmp_path / "no"),
        *(
            refused("recommend", tmp_path / "bundle", "--profile", tmp_path / f"bad.{end}")
            for end in ("csv", "json", "xml", "zip")
        ),
        refused("info", tmp_path / "bad.csv"),
        refused("recommend", tmp_path / "bad.csv", "--rate", "1=9"),
    ]
    for message, hint in told:
        assert "bad." in message and len(message) <= 1000 and hint
        assert all(sign.isprintable() for sign in message + hint), message
        assert message.count("\ufffd") < 9, message


def test_errors_quote_nothing_raw():
    error = DataError("a\x1b[31mb\u202ec\nd\x9b\ud800é ア", "\x07" + "x" * 5000)
    assert str(error) == "a\\x1b[31mb<U+202E>c\\nd\\x9b<U+D800>é ア"
    assert error.hint.startswith("\\x07x") and len(error.hint) <= 1000 and error.hint.endswith(" …")
