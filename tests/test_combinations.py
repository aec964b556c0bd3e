"""Models that are compared as they are served together: "ease+mf"."""

import json

import numpy as np
import polars as pl
import pytest

from command_line import konomi, refused
from compared import RUN, SPLIT, rated, two_tastes
from konomi.data.split import SplitConfig
from konomi.errors import ConfigError
from konomi.evaluate.evaluate import evaluate_together
from konomi.evaluate.metrics import RANKING, SERVED
from konomi.pipeline.compare import compare_models
from konomi.pipeline.compare_people import compare_people
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
    fits = [fit for fit in found.fits if fit.name in both.models]
    assert both.models == ("ease", "bias") and both.seconds == sum(fit.seconds for fit in fits)
    experiment = Experiment.each(dataset, SPLIT, RUN)[0]
    together = evaluate_together([fit.model for fit in fits], experiment.test)
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


def test_what_cannot_be_combined(dataset):
    with pytest.raises(ConfigError, match="a model is named twice"):
        compare_models(dataset, "mf+mf", "rating", SPLIT, RUN)


def test_the_command(dataset, tmp_path):
    dataset.save(tmp_path / "data")
    words = ("compare", tmp_path / "data", "-o", tmp_path / "report", "--threads", "1", "-m")
    printed = json.loads(konomi(*words, "bias,ease+bias", "--task", "rating", "--json").stdout)
    assert [each["name"] for each in printed["combinations"]] == ["ease+bias"]
    assert "cannot be trained with people held out" in refused(*words, "bias,./model", "--people")[0]


def test_of_people_held_out():
    """As a bundle of both gives them; a combination fails with its part."""
    draw = np.random.default_rng(0)
    rows = [
        (u, i, int((9 if (u + i) % 3 == 0 else 4) + draw.integers(-2, 2)))
        for u in range(60)
        for i in range(60)
        if draw.random() < (0.9 if (u + i) % 3 == 0 else 0.5)
    ]
    titles = [f"{chr(65 + i % 26) * 4} {chr(97 + i // 26) * 3}" for i in range(60)]  # none of them of one franchise
    items = pl.DataFrame({"item_id": range(60), "title": titles, "genres": [["All"]] * 60})
    split = SplitConfig("users", valid=0.1, test=0.4)
    found = compare_people(rated(rows, items), {"bias+ease": None, "mf": {"rate": 1e9}, "mf+ease": None}, split, run=RUN)
    assert found.models == ["popular", "bias", "ease", "bias+ease"] and set(found.trained) == {"ease", "bias", "bias+ease"}
    rows = {name: found.of(name) for name in found.models}
    assert rows["bias+ease"]["all"].rmse == rows["bias"]["all"].rmse and rows["ease"]["all"].rmse is None
    assert rows["bias+ease"]["all"].ranked.metrics == rows["ease"]["all"].ranked.metrics
    assert rows["bias+ease"]["20"].served.metrics != rows["bias"]["20"].served.metrics
    assert set(found.failures) == {"mf", "mf+ease"} and "could not be trained" in found.failures["mf+ease"]
