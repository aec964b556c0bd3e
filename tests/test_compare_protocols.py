"""konomi compare takes a protocol: its data, its folds, its metrics."""

import json

import numpy as np
import pytest

import konomi as front_door
from command_line import konomi, refused, write
from konomi.data.split import TEST
from konomi.errors import ConfigError, DataError
from konomi.pipeline.compare import compare_models
from konomi.pipeline.protocol_data import open_protocol
from konomi.runtime import Run
from protocols import LISTED, files, lists, protocol, rows

RUN = Run(threads=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("compare")
    files(place)
    protocol(place / "p.toml", 'kind = "files"\ntest = ["test1.csv", "test2.csv"]')
    liked = [row for row in rows() if row[2] > 5]
    lists(place / "train.txt", liked[::2])
    lists(place / "test.txt", liked[1::2])
    of_lists = ("train.txt", "test.txt"), LISTED, "ranking", ("recall_capped@3",)
    protocol(place / "lists.toml", 'kind = "files"\ntest = ["test.txt"]', *of_lists)
    return place


def test_each_fold_is_one_of_the_comparison(folder):
    dataset, splits = front_door.open_protocol(folder / "p.toml", folder)
    found = compare_models(dataset, "bias", "rating", splits, RUN)
    (fit,) = found.fits
    hidden = np.concatenate([np.flatnonzero(split.role == TEST) for split in splits])
    assert len(fit.others) == 1 and len(found.predictions("rating")["bias"].true) == len(hidden)
    one = compare_models(dataset, "bias", "rating", splits[0], RUN)
    assert len(one.predictions("rating")["bias"].true) == splits[0].counts()["test"] and not one.fits[0].others
    with pytest.raises(DataError, match="The split is of"):
        compare_models(dataset.of_items(5), "bias", "rating", splits, RUN)
    with pytest.raises(ConfigError, match="is not a split"):
        compare_models(dataset, "bias", "rating", [splits[0], 5], RUN)


def test_as_it_is_typed(folder, tmp_path):
    typed = (
        "compare",
        folder / "p.toml",
        "--data",
        folder,
        "-m",
        "bias",
        "-o",
        tmp_path / "report",
        "--task",
        "rating",
        "--json",
    )
    found = json.loads(konomi(*typed).stdout)
    dataset, splits = open_protocol(folder / "p.toml", folder)
    assert found["split"]["sha256"] == splits[0].sha256 and found["data"]["path"] == str(folder / "p.toml")
    report = compare_models(dataset, "bias", "rating", splits, RUN).fits[0].reports["test"]
    assert (
        found["fits"][0]["metrics"]["test"]["rmse"] == report.metrics["rmse"] and (tmp_path / "report" / "report.html").exists()
    )


def test_its_metrics_are_measured_besides(folder, tmp_path):
    typed = (
        "compare",
        folder / "lists.toml",
        "--data",
        folder,
        "-m",
        "ease",
        "--set",
        "l2=1",
        "-o",
        tmp_path / "report",
        "--json",
    )
    found = json.loads(konomi(*typed).stdout)
    assert 0 < found["fits"][0]["metrics"]["test"]["recall_capped@3"] <= 1


def test_what_does_not_go_with_it(folder, tmp_path):
    typed = ("compare", folder / "p.toml", "--data", folder, "-m", "bias", "-o", tmp_path / "report")
    split = write(tmp_path / "s.toml", "[split]\nseed = 3\n")
    for words, name in (
        (("--valid", 0.2), "--valid"),
        (("--folds", 3), "--folds"),
        (("--people",), "--people"),
        (("--config", split), "[split]"),
    ):
        error, hint = refused(*typed, *words)
        assert error == f"{name}: the protocol p says how its data is split." and hint == f"Leave out {name}."
    error, _ = refused("compare", tmp_path, "--data", folder, "-m", "bias", "-o", tmp_path / "report")
    assert error == f"--data: {tmp_path} is a dataset, and no protocol."
    error, hint = refused("compare", folder / "p.toml", "--data", tmp_path, "-m", "bias", "-o", tmp_path / "report")
    assert "ratings.csv: no such file" in error and hint == "Say where the data is with --data."
    assert not (tmp_path / "report").exists()
