"""konomi predict: ratings for a file of pairs."""

import json

import numpy as np
import polars as pl
import pytest

from command_line import konomi, refused, write
from konomi.recommend.recommender import Recommender

PAIRS = "user_id,item_id,note\n3,10,x\n3,11,\n4,12,y\n999999,10,z\n3,987654,z\n"


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_every_pair_gets_the_rating_that_python_gives(place, tmp_path, suffix):
    pairs, out = write(tmp_path / "pairs.csv", PAIRS), tmp_path / f"out{suffix}"
    result = konomi("predict", place / "bundle", pairs, "-o", out, "--json")
    assert json.loads(result.stdout)["rows"] == 5
    found = pl.read_csv(out) if suffix == ".csv" else pl.read_parquet(out)
    assert found.columns == ["user_id", "item_id", "predicted"] and found["user_id"].to_list() == [3, 3, 4, 999999, 3]
    expected = Recommender.load(place / "bundle").predict(
        zip(found["user_id"].to_list(), found["item_id"].to_list(), strict=True)
    )
    np.testing.assert_allclose(found["predicted"].fill_null(float("nan")).to_numpy(), expected, rtol=1e-5)
    assert found["predicted"].null_count() == json.loads(result.stdout)["rows"] - json.loads(result.stdout)["predicted"] >= 2
    said = konomi("predict", place / "bundle", pairs, "-o", out).stderr  # an older table of predictions is replaced
    assert "pairs have no rating" in said and f"written to {out}" in said


def test_what_cannot_be_predicted(place, tmp_path):
    pairs = write(tmp_path / "pairs.csv", PAIRS)
    assert "no such file" in refused("predict", place / "bundle", tmp_path / "gone.csv", "-o", tmp_path / "o.csv")[0]
    assert ".parquet or a .csv" in refused("predict", place / "bundle", pairs, "-o", tmp_path / "o.txt")[1]
    assert refused("predict", place / "bundle", pairs, "-o", pairs) and pairs.read_text() == PAIRS
    konomi("train", place / "data", "-m", "popular", "-o", tmp_path / "popular", "--no-refit")
    assert "No model of this bundle predicts" in refused("predict", tmp_path / "popular", pairs, "-o", tmp_path / "o.csv")[0]
    assert not (tmp_path / "o.csv").exists()
