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
    for words, message in [
        (("prepare", "ratings.csv", "-o", "ratings.csv"), "is read by this command"),
        (("prepare", "ratings.csv", "-o", "data"), ""),
        (("prepare", "ratings.csv", "-o", "data/more"), "lies in"),
        (("train", "data", "-o", "data"), "is read by this command"),
        (("train", "data", "-o", "new/../data"), "is read by this command"),
        (("train", "data", "-m", "bias", "-o", "bundle"), ""),
        (("train", "data", "-o", "data/bundle"), "lies in"),
        (("recommend", "bundle", "--all", "-o", "bundle/recs.csv"), "lies in"),
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
