"""Folds: every entry tests once, and what is measured on all of them together."""

import json

import numpy as np
import pytest

import konomi
from command_line import konomi as command
from command_line import refused
from konomi.data.split import SplitConfig, make_split
from konomi.errors import ConfigError
from konomi.evaluate.folds import pooled
from konomi.evaluate.metrics import metrics_with
from konomi.evaluate.rating_metrics import rmse
from konomi.models import bias
from konomi.pipeline.steps import Experiment
from konomi.pipeline.train import train_model
from konomi.runtime import Run

RUN = Run(threads=1)
FOLDS = SplitConfig(valid=0.1, folds=4)
MODELS = {"ease": {"l2": 1.0}, "mf": {"dim": 4, "epochs": 6, "rate": 0.2}}


@pytest.fixture(scope="module")
def reports(checkerboard):
    """Of `bias`, on each fold."""
    experiments = Experiment.each(checkerboard, FOLDS, RUN)
    assert len(experiments) == 4 and all(each.split.spec["fold"] == n for n, each in enumerate(experiments))
    return [each.measure(each.test, [bias.fit(each.train, bias.Config(), RUN)]) for each in experiments]


def test_every_entry_is_predicted_once_by_a_model_that_has_not_learnt_it(reports, checkerboard):
    found = pooled(reports, metrics_with())
    entries = found.predictions["rating"]
    np.testing.assert_array_equal(entries.item, checkerboard.item)
    np.testing.assert_array_equal(entries.user, checkerboard.profiles.user)
    np.testing.assert_array_equal(entries.true, checkerboard.profiles.rating)
    for fold, report in enumerate(reports):
        chosen = make_split(checkerboard, SplitConfig(valid=0.1, folds=4, fold=fold)).role == 2
        np.testing.assert_array_equal(entries.predicted[chosen], report.predictions["rating"].predicted)
    assert found.metrics["rmse"] == rmse(entries.true, entries.predicted) and found.metrics["n"] == len(checkerboard.item)
    assert [fold["rmse"] for fold in found.metrics["folds"]] == [report.metrics["rmse"] for report in reports]
    assert found.metrics["baselines"]["global mean"]["rmse"] > 0 and list(found.baselines) == list(reports[0].baselines)


def test_of_each_person_the_mean_over_the_folds(reports):
    found = pooled(reports, metrics_with())
    for kind in ("ranking", "served"):
        lists, values = found.lists(kind), found.values(kind)
        for person, value in zip(lists.user, lists.each["ndcg@10"], strict=True):
            places = [(report.lists(kind), np.flatnonzero(report.lists(kind).user == person)) for report in reports]
            assert value == pytest.approx(np.mean([some.each["ndcg@10"][place[0]] for some, place in places if len(place)]))
        assert values["ndcg@10"] == pytest.approx(lists.each["ndcg@10"].mean()) and values["ranked_users"] == len(lists.user)
        assert values["coverage@10"] == pytest.approx(np.mean([report.values(kind)["coverage@10"] for report in reports]))
        assert values["people"]["ndcg@10"] == len(lists.user)
    assert pooled(reports[:1], metrics_with()) is reports[0]


def test_a_bundle_is_measured_on_all_folds_and_learns_everything(checkerboard):
    made = train_model(checkerboard, MODELS, FOLDS, RUN)
    assert made.metrics["test"]["n"] == len(checkerboard.item) and len(made.metrics["test"]["folds"]) == 4
    assert made.facts.refitted and made.facts.split.folds == 4 and made.people["rating:n"].sum() == len(checkerboard.item)
    assert len(made.models["mf"].history) <= 6
    assert train_model(checkerboard, MODELS, FOLDS, RUN).metrics == made.metrics
    with pytest.raises(ConfigError, match="none is the one to save"):
        train_model(checkerboard, MODELS, FOLDS, RUN, refit=False)


def test_models_are_compared_on_all_folds(checkerboard):
    found = konomi.compare_models(checkerboard, "bias,ease", "rating", FOLDS, RUN)
    rated, ranked = found.fits
    value = rated.reports["test"].metrics["rmse"]
    assert rated.reports["test"].metrics["n"] == len(checkerboard.item) and len(rated.others) == 3
    assert found.standings["rating"].metrics["bias"]["rmse"].value == pytest.approx(value, rel=1e-5)
    assert set(found.standings["served"].metrics) == {"bias", "ease", "popular"}
    assert konomi.compare_models(checkerboard, "ease", "rating", SplitConfig(), RUN).fits[0].others == ()
    assert len(ranked.reports["test"].lists("served").user) == 30


def test_the_commands(checkerboard, tmp_path):
    data = tmp_path / "data"
    checkerboard.save(data)
    said = json.loads(command("train", data, "-m", "bias", "--folds", "3", "-o", tmp_path / "b", "--json").stdout)
    assert said["metrics"]["test"]["n"] == len(checkerboard.item) and said["split"]["folds"] == 3
    shown = command("compare", data, "-m", "bias,popular", "--folds", "3", "-o", tmp_path / "r").stdout
    assert f"{len(checkerboard.item):,} test entries of 30 people" in shown
    for words, message in (
        (("train", data, "--test", "0.1"), "says what the test entries are"),
        (("train", data, "--split", "last"), "of kind last"),
        (("compare", data, "-m", "bias", "--people"), "held out once"),
    ):
        assert message in refused(*words, "--folds", "3", "-o", tmp_path / "x")[0]
