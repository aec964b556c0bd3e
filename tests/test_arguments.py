"""What the front door takes: datasets and their paths, models in several ways, splits; what is wrong is told what to give."""

from dataclasses import asdict

import numpy as np
import polars as pl
import pytest

import konomi
from compared import two_tastes
from konomi.data.split import SplitConfig, make_split
from konomi.errors import ConfigError, DataError, RequestError
from konomi.models import ease, mf
from konomi.models.bias import Config as BiasConfig
from konomi.pipeline.arguments import models_from
from konomi.runtime import Run

SMALL = {"dim": 4, "epochs": 2}


@pytest.mark.parametrize(
    "given",
    [
        "ease,mf",
        " ease , mf,",
        ["ease", "mf"],
        ("ease", "mf"),
        (name for name in ["ease", "mf"]),
        {"ease": None, "mf": {}},
        {"ease": ease.Config(), "mf": mf.Config()},
    ],
)
def test_ways_to_name_models(given):
    assert models_from(given) == {"ease": ease.Config(), "mf": mf.Config()}


def test_settings_in_a_dict():
    assert models_from({"mf": {"dim": 16, "epochs": 3}}) == {"mf": mf.Config(dim=16, epochs=3)}
    with pytest.raises(ConfigError, match=r'mf: unknown setting "dims"\. Did you mean "dim"\?'):
        models_from({"mf": {"dims": 16}})


WRONG = [
    (None, ConfigError, "models cannot be None."),
    (7, ConfigError, "models cannot be 7."),
    (b"mf", ConfigError, "models cannot be b'mf'."),
    ([7], ConfigError, "models cannot be [7]."),
    ([], ConfigError, "There is no model."),
    ({}, ConfigError, "There is no model."),
    (["mf", "mf"], ConfigError, "mf is named twice."),
    ({7: {}}, ConfigError, "models cannot be {7: {}}."),
    (mf.Config(), ConfigError, "models cannot be Config("),
    (["mf", "eas"], RequestError, 'Unknown model "eas". Did you mean "ease"?'),
    ({"eas": {}}, RequestError, 'Unknown model "eas". Did you mean "ease"?'),
    ({"mf": 16}, ConfigError, "mf: An int has no settings of it."),
    ({"mf": ease.Config()}, ConfigError, "mf: A Config has no settings of it."),
    ({"mf": {7: 1}}, ConfigError, "mf: a setting cannot be called 7."),
    ({"mf": {"dim": "much"}}, ConfigError, 'mf: dim cannot be "much".'),
    ({"mf": {"dim": None}}, ConfigError, 'mf: dim cannot be "None".'),
    ({"mf": {"dim": 0}}, ConfigError, "dim is 0"),
]


@pytest.mark.parametrize("models", [wrong for wrong, *_ in WRONG], ids=lambda value: repr(value)[:40])
@pytest.mark.parametrize("call", [konomi.train_model, konomi.compare_models, konomi.compare_people])
def test_wrong_models(checkerboard, call, models):
    error, message = next(rest for wrong, *rest in WRONG if wrong is models)
    if models is None and call is konomi.train_model:
        return  # the usual ones
    with pytest.raises(error) as caught:
        call(checkerboard, models)
    assert message in str(caught.value) and caught.value.hint


@pytest.mark.parametrize("call", [konomi.train_model, konomi.compare_models, konomi.compare_people])
@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        ({"dataset": 7}, DataError, "An int is not a dataset."),
        ({"dataset": pl.DataFrame({"a": [1]})}, DataError, "A DataFrame is not a dataset."),
        ({"dataset": None}, DataError, "None is not a dataset."),
        ({"dataset": "nowhere"}, DataError, "nowhere: no such folder."),
        ({"split": "random"}, ConfigError, "A str is not a split."),
        ({"split": 0.1}, ConfigError, "A float is not a split."),
        ({"run": 7}, ConfigError, "An int is not a run."),
    ],
)
def test_other_wrong_arguments(checkerboard, call, words, error, message):
    with pytest.raises(error) as caught:
        call(**{"dataset": checkerboard, "models": "bias", **words})
    assert message in str(caught.value) and caught.value.hint


@pytest.mark.parametrize("tasks", ["ratings", 7, None, [], [7], ["rating", "ratings"], [np.ones(2)]])
def test_wrong_tasks(checkerboard, tasks):
    with pytest.raises(ConfigError, match="Unknown task "):
        konomi.compare_models(checkerboard, "bias", tasks)


def test_a_split_of_another_dataset_is_refused(checkerboard):
    split = make_split(two_tastes(), SplitConfig())
    with pytest.raises(DataError, match=r"The split is of 412 entries, and the dataset has \d+\."):
        konomi.train_model(checkerboard, "bias", split)


def test_a_dataset_by_its_path(checkerboard, tmp_path):
    checkerboard.save(tmp_path / "data")
    run = Run(threads=1)
    by_path = konomi.train_model(str(tmp_path / "data"), {"mf": SMALL}, run=run)
    given = konomi.train_model(checkerboard, {"mf": mf.Config(**SMALL)}, run=run)
    assert by_path.metrics == given.metrics and by_path.configs["mf"] == asdict(mf.Config(**SMALL))
    assert by_path.facts.data.path == str((tmp_path / "data").resolve()) and given.facts.data.path == ""
    found = konomi.compare_models(tmp_path / "data", ["bias"], run=run)
    assert list(found.on("rating")) == ["bias"] and found.fits[0].training.config == BiasConfig()


def test_short_reprs(checkerboard):
    split = konomi.make_split(checkerboard, SplitConfig(seed=1))
    found = konomi.compare_models(checkerboard, "bias,popular", split=split, run=Run(threads=1))
    bias, popular = found.fits
    entries, hits = bias.reports["test"].metrics, popular.reports["test"].metrics
    sizes = split.counts()
    assert repr(found) == "Comparison(bias, popular on served, rating, ranking)"
    assert repr(bias.reports["test"]) == (
        f"Report(rmse {entries['rmse']:.4f}, mae {entries['mae']:.4f}, rmse_by_user {entries['rmse_by_user']:.4f}, …)"
    )
    weighted = f"ndcg_weighted@10 {hits['ndcg_weighted@10']:.4f}"
    lists = f"ndcg@10 {hits['ndcg@10']:.4f}, recall@20 {hits['recall@20']:.4f}, {weighted}, …"
    assert repr(popular.reports["test"].ranked) == f"Ranked({hits['ranked_users']} people: {lists})"
    predictions = bias.reports["test"].predictions["rating"]
    assert repr(predictions) == f"Predictions({entries['n']} entries of {entries['users']} users)"
    assert repr(split) == f"Split(random: train {sizes['train']}, valid {sizes['valid']}, test {sizes['test']})"
    size = f"{sizes['train']} entries, 30 users × 20 items, {sizes['valid']} to validate on"
    assert repr(split.train_set(checkerboard)) == f"TrainSet({size})"
