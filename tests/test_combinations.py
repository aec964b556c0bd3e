"""Models that are compared as they are served together: "ease+mf"."""

import json

import pytest

from command_line import konomi, refused
from compared import RUN, SPLIT, two_tastes
from konomi.data.split import SplitConfig
from konomi.errors import ConfigError
from konomi.evaluate.evaluate import evaluate_together
from konomi.evaluate.metrics import RANKING, SERVED
from konomi.pipeline.compare import compare_models
from konomi.pipeline.comparison import Failure
from konomi.pipeline.steps import Experiment
from konomi.report import tables
from konomi.report.folder import write_report


@pytest.fixture(scope="module")
def dataset():
    return two_tastes()


@pytest.fixture(scope="module")
def found(dataset):
    return compare_models(dataset, "ease+bias,genre", "rating", SPLIT, RUN)


def test_its_lists_are_those_of_a_bundle_of_both(found, dataset):
    (both,) = found.combinations
    assert [fit.name for fit in both.fits] == ["ease", "bias"] and both.seconds == sum(fit.seconds for fit in both.fits)
    experiment = Experiment.each(dataset, SPLIT, RUN)[0]
    together = evaluate_together([fit.model for fit in both.fits], experiment.test)
    assert found.lists(SERVED)["ease+bias"].metrics == together.served.metrics
    assert found.lists(SERVED)["ease+bias"].metrics != found.lists(SERVED)["ease"].metrics


def test_it_stands_among_the_lists_that_people_get_and_nowhere_else(found, tmp_path):
    assert set(found.on(SERVED)) == {"ease", "bias", "genre", "ease+bias"}
    assert set(found.on(RANKING)) == {"ease", "bias", "genre"} and set(found.on("rating")) == {"bias", "genre"}
    assert "ease+bias" in [row[0] for row in tables.scores(found, SERVED).rows]
    assert any("ease+bias" in row[0] for row in tables.differences(found, SERVED).rows)
    facts = write_report(tmp_path / "report", found)
    assert [each["models"] for each in facts["combinations"]] == [["ease", "bias"]]
    assert "ease+bias" in facts["served"]["intervals"]
    assert "ease+bias" in (tmp_path / "report" / "report.html").read_text("utf-8")


def test_of_folds_it_is_pooled(dataset):
    found = compare_models(dataset, {"ease": None, "bias": None, "ease+bias": None}, "rating", SplitConfig(folds=2), RUN)
    assert found.lists(SERVED)["ease+bias"].metrics["ranked_users"] == found.lists(SERVED)["bias"].metrics["ranked_users"]


def test_it_fails_with_its_part(dataset):
    models = {"bias": None, "mf": {"rate": 1e9}, "mf+popular": None}
    found = compare_models(dataset, models, "rating", SPLIT, RUN)
    assert Failure("mf+popular", (), "mf could not be trained.") in found.failures


def test_names_may_come_one_by_one(dataset):
    found = compare_models(dataset, (name for name in ("bias", "genre + popular")), "rating", SPLIT, RUN)
    assert {fit.name for fit in found.fits} == {"bias", "genre", "popular"} and len(found.combinations) == 1
    assert [fit.name for fit in compare_models(dataset, (name for name in ("bias",)), "rating", SPLIT, RUN).fits] == ["bias"]


@pytest.mark.parametrize(("name", "why"), [("ease+popular", "ease and popular only rank"), ("mf+mf", "a model is named twice")])
def test_what_cannot_be_combined(dataset, name, why):
    with pytest.raises(ConfigError, match=why):
        compare_models(dataset, name, "rating", SPLIT, RUN)


def test_the_command(dataset, tmp_path):
    dataset.save(tmp_path / "data")
    words = ("compare", tmp_path / "data", "-o", tmp_path / "report", "--threads", "1", "-m")
    printed = json.loads(konomi(*words, "bias,ease+bias", "--task", "rating", "--json").stdout)
    assert [each["name"] for each in printed["combinations"]] == ["ease+bias"]
    assert "joined by +" in refused(*words, "ease+bias", "--people")[1]
