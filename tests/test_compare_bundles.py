"""Bundles in a comparison: as they are, beside models trained for it."""

import json
from pathlib import Path

import pytest

from command_line import konomi, refused
from compared import RUN, SPLIT, two_tastes
from konomi.bundle.format import load_bundle, save_bundle
from konomi.data.split import SplitConfig
from konomi.errors import BundleError, ConfigError, DataError, RequestError
from konomi.evaluate.metrics import RANKING, SERVED
from konomi.pipeline.compare import compare_models
from konomi.pipeline.compare_people import compare_people
from konomi.pipeline.train import train_model
from konomi.report.folder import write_report


@pytest.fixture(scope="module")
def dataset():
    return two_tastes()


@pytest.fixture(scope="module")
def bundles(dataset, tmp_path_factory):
    """One that has learnt the training entries alone, and one that has learnt everything."""
    folder = tmp_path_factory.mktemp("bundles")
    for name, refit in (("measured", False), ("refitted", True)):
        save_bundle(folder / name, train_model(dataset, "ease,bias", SPLIT, RUN, refit=refit))
    return folder


def test_it_is_the_same_as_its_models_trained_for_the_comparison(dataset, bundles, tmp_path):
    name = str(bundles / "measured")
    found = compare_models(dataset, ["ease+bias", name], "rating", SPLIT, RUN)
    assert list(found.on(SERVED)) == ["ease", "bias", "ease+bias", name] and set(found.on(RANKING)) == {"ease", "bias"}
    assert set(found.on("rating")) == {"bias", name}
    assert found.lists(SERVED)[name].metrics == found.lists(SERVED)["ease+bias"].metrics
    values = [found.on("rating")[each].reports["test"].metrics["rmse"] for each in ("bias", name)]
    assert values[0] == values[1]
    facts = write_report(tmp_path / "report", found)
    last = facts["combinations"][-1]
    assert last == {"name": name, "models": ["ease", "bias"], "tasks": ("rating",), "seconds": None}
    assert name in (tmp_path / "report" / "report.html").read_text("utf-8") and facts["answer"].startswith("Take ")


def test_alone_and_as_a_path(dataset, bundles, tmp_path):
    found = compare_models(dataset, [bundles / "measured"], "rating", SPLIT, RUN)
    assert not found.fits and list(found.on(SERVED)) == [str(bundles / "measured")] and "measured" in repr(found)
    assert write_report(tmp_path / "report", found)["answer"].startswith("Take ")


@pytest.mark.parametrize(
    ("models", "split", "error", "said"),
    [
        ("refitted", SPLIT, DataError, "has learnt the test entries"),
        ("measured", SplitConfig(valid=0.2, test=0.2, seed=5), DataError, "with another split"),
        ("measured", SplitConfig(folds=2), ConfigError, "folds are several"),
        ("nothing", SPLIT, BundleError, "nothing"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_any_training(dataset, bundles, models, split, error, said):
    with pytest.raises(error, match=said):
        compare_models(dataset, ["bias", str(bundles / models)], "rating", split, RUN, lambda outcome: pytest.fail("trained"))


def test_of_another_dataset(checkerboard, bundles):
    with pytest.raises(DataError, match="not the dataset that this model was trained on"):
        compare_models(checkerboard, ["bias", str(bundles / "measured")], "rating", SPLIT, RUN)


def test_named_twice(dataset, bundles):
    with pytest.raises(ConfigError, match="named twice"):
        compare_models(dataset, [bundles / "measured", bundles / "measured"], "rating", SPLIT, RUN)


def test_no_bundle_among_people_held_out(dataset, bundles):
    with pytest.raises(ConfigError, match="cannot be trained with people held out"):
        compare_people(dataset, ["bias", bundles / "measured"], run=RUN)


def test_the_command(dataset, bundles, tmp_path):
    dataset.save(tmp_path / "data")
    split = ("--valid", str(SPLIT.valid), "--test", str(SPLIT.test), "--seed", str(SPLIT.seed), "--threads", "1")
    konomi("train", tmp_path / "data", "-o", tmp_path / "model", "-m", "ease", "--no-refit", *split)
    words = ("compare", tmp_path / "data", *split, "-m", f"popular,{tmp_path / 'model'}")
    printed = json.loads(konomi(*words, "-o", tmp_path / "report", "--json").stdout)
    assert printed["served"]["order"][0] == str(tmp_path / "model")
    assert "Take " in konomi(*words, "-o", tmp_path / "report").stdout
    assert "model" in refused(*words, "-o", tmp_path / "model")[0] and load_bundle(tmp_path / "model").models
    assert Path(printed["path"]) == tmp_path / "report"


def test_by_the_name_of_a_file_that_is_there(dataset, bundles, monkeypatch):
    monkeypatch.chdir(bundles)
    Path("bias").touch()  # a model's name is the model
    found = compare_models(dataset, "bias,measured", "rating", SPLIT, RUN)
    assert [fit.name for fit in found.fits] == ["bias"] and list(found.on("rating")) == ["bias", "measured"]
    for name in ("nowhere", "x" * 5000, "a\0b"):
        with pytest.raises(RequestError):
            compare_models(dataset, f"bias,{name}", "rating", SPLIT, RUN)
    with pytest.raises(RequestError, match="nowhere"):
        compare_models(dataset, "bias,nowhere", "rating", SPLIT, RUN)
