"""compare_models: every model on the same split, what is refused, and what the command prints."""

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from command_line import konomi, refused, write
from compared import RUN, SPLIT, compared, two_tastes
from conftest import table_of
from konomi.data.dataset import Dataset
from konomi.data.prepare import prepare
from konomi.errors import ConfigError, DataError, RequestError
from konomi.evaluate import held_out
from konomi.evaluate.evaluate import evaluate
from konomi.evaluate.metrics import RANKING, SERVED
from konomi.models import module, popular
from konomi.pipeline import memory
from konomi.pipeline.compare import compare_models
from konomi.pipeline.comparison import Failure
from konomi.report import tables
from konomi.report.folder import write_report
from konomi.report.verdict import verdict
from stand_in import register


@pytest.fixture(scope="module")
def dataset():
    return two_tastes()


@pytest.fixture(scope="module")
def found(dataset):
    return compared(dataset)


# what is trained and measured


def test_a_model_with_the_choice_is_trained_for_each_task(found):
    assert [(fit.name, fit.tasks) for fit in found.fits] == [
        ("bias", ("rating",)),
        ("mf", ("rating",)),
        ("mf", ("interaction",)),
        ("stand-in", ("rating",)),
        ("stand-in", ("interaction",)),
    ]
    assert [getattr(fit.training.config, "task", None) for fit in found.fits] == [
        None,
        "rating",
        "interaction",
        "rating",
        "interaction",
    ]
    assert list(found.on("rating")) == ["bias", "mf", "stand-in"]
    assert list(found.on("interaction")) == ["mf", "stand-in"]


def test_all_are_measured_on_the_same_entries(found, dataset):
    seen, hidden = found.split.test(dataset)
    for task in ("rating", "interaction"):
        first, *others = found.predictions(task).values()
        for other in others:
            np.testing.assert_array_equal(first.user, other.user)
            np.testing.assert_array_equal(first.item, other.item)
            np.testing.assert_array_equal(first.true, other.true)
    alone = evaluate(found.on("rating")["mf"].model, seen, hidden, found.train, RUN)
    assert alone.metrics == found.on("rating")["mf"].reports["test"].metrics


def test_the_values_within_the_intervals_are_the_metrics(found):
    for task, standing in found.standings.items():
        for name, intervals in standing.metrics.items():
            metrics = found.reports(task)[name].values(task)
            for key, interval in intervals.items():
                assert interval.value == pytest.approx(metrics[key], rel=1e-5)
                assert interval.low <= interval.value <= interval.high


def test_a_model_with_both_outputs_is_measured_on_what_is_asked_for(dataset, monkeypatch):
    register(monkeypatch)
    both = replace(module("stand-in").Config(), both=True)
    found = compare_models(dataset, {"stand-in": both}, ("interaction",), SPLIT, RUN)
    assert [fit.tasks for fit in found.fits] == [("interaction",)]
    assert list(found.standings) == [SERVED, "interaction", RANKING]


def test_all_are_compared_on_their_recommendations(found):
    """A model that was trained for each task recommends in two ways; they are measured on the same people, best first."""
    names = ["bias", "mf (ratings)", "mf (interactions)", "stand-in (ratings)", "stand-in (interactions)"]
    assert list(found.on(RANKING)) == names
    for kind in (SERVED, RANKING):
        ranked, standing = found.lists(kind), found.standings[kind]
        for name, report in found.reports(kind).items():
            np.testing.assert_array_equal(ranked[name].user, ranked["bias"].user)
            for metric, interval in standing.metrics[name].items():
                assert interval.value == pytest.approx(report.values(kind)[metric])
                assert interval.low <= interval.value <= interval.high
            gap = standing.differences["bias", name, "ndcg@10"].value if name != "bias" else 0
            expected = (ranked["bias"].each["ndcg@10"] - ranked[name].each["ndcg@10"]).mean()
            assert gap == pytest.approx(expected, abs=1e-12)
        values = [standing.metrics[name]["ndcg@10"].value for name in tables.ranked(found, kind)]
        assert values == sorted(values, reverse=True)
        grid = tables.scores(found, kind)
        assert grid.rows[-1][0] == "popular (baseline)" and len(grid.columns) == 1 + 16
    first, *_, last, _ = verdict(found)
    for said, title, kind in ((first, "Recommendations", SERVED), (last, "Each model's own order", RANKING)):
        assert said.startswith(f"{title} (") and f": the NDCG@10 of {tables.ranked(found, kind)[0]} is" in said
    assert (found.lists(SERVED)["bias"].each["ndcg@10"] != found.lists(RANKING)["mf (ratings)"].each["ndcg@10"]).any()


def test_models_without_a_task_are_compared_on_their_recommendations_alone(dataset, tmp_path):
    told = []
    models = {name: module(name).Config() for name in ("popular", "bias")}
    found = compare_models(dataset, models, ("rating",), SPLIT, RUN, told.append)
    assert found.failures == [] and [fit.tasks for fit in found.fits] == [(), ("rating",)]
    assert found.fits[0].rows == len(found.train.seen.item) and "ndcg@10" in told[0].reports["valid"].metrics
    assert list(found.on("rating")) == ["bias"] and list(found.on(RANKING)) == ["popular", "bias"]
    assert sorted(row[0] for row in tables.scores(found, RANKING).rows) == ["bias", "popular"]  # it is a model here
    assert ("popular", "recommendations") == tables.costs(found).rows[0][:2]
    facts = write_report(tmp_path / "report", found)
    assert facts["ranking"]["order"] == tables.ranked(found, RANKING) and facts["fits"][0]["criterion"] is None
    alone = compare_models(dataset, {"popular": models["popular"]}, ("interaction",), SPLIT, RUN)
    assert list(alone.standings) == [SERVED, RANKING] and alone.failures == []
    facts = write_report(tmp_path / "report", alone)
    assert facts["tasks"] == {} and len(facts["verdict"]) == 2


def test_without_a_hidden_like_there_is_nothing_to_recommend(tmp_path):
    """All of it is rated low: ratings can be compared, and a model that only recommends cannot."""
    low = prepare(table_of([(u, i, 1 + (u + i) % 4) for u in range(20) for i in range(8)]))
    models = {name: module(name).Config() for name in ("popular", "bias")}
    found = compare_models(low, models, split=SPLIT, run=RUN)
    assert list(found.standings) == ["rating"] and set(found.skipped) == {"interaction", RANKING}
    assert found.failures == [Failure("popular", (), found.skipped[RANKING])]
    assert found.skipped[RANKING] in verdict(found)
    facts = write_report(tmp_path / "report", found)
    assert facts["ranking"] is facts["served"] is None
    with pytest.raises(DataError, match="no test entry is liked"):
        compare_models(low, {"popular": models["popular"]}, ("interaction",), SPLIT, RUN)


def test_where_no_task_can_be_compared_recommendations_still_can():
    """Statuses alone, and all of them completed: everything is liked. What has tasks is not trained."""
    rows = [(u, i, None) for u in range(20) for i in range(8) if (u + i) % 4]
    watched = prepare(table_of(rows, status=np.full(len(rows), 2, np.uint8)))
    models = {name: module(name).Config() for name in ("bias", "mf", "popular")}
    found = compare_models(watched, models, split=SPLIT, run=RUN)
    assert [fit.name for fit in found.fits] == ["popular"] and list(found.standings) == [SERVED, RANKING]
    assert set(found.skipped) == {"rating", "interaction"} and found.failures == []


def test_a_model_of_which_nothing_came_has_a_row(dataset):
    config = replace(module("mf").Config(), rate=1e9)
    found = compare_models(dataset, {"mf": config, "bias": module("bias").Config()}, ("rating",), SPLIT, RUN)
    assert [row[0] for row in tables.scores(found, RANKING).rows] == ["bias", "popular (baseline)", "mf (failed)"]


def test_baselines_are_fitted_and_ranked_once(dataset, monkeypatch):
    """Three models on two sets of entries."""
    fitted, ranked = [], []
    fit, measure = popular.fit, held_out.measure_recommendations
    monkeypatch.setattr(popular, "fit", lambda *words: fitted.append(words) or fit(*words))
    monkeypatch.setattr(held_out, "measure_recommendations", lambda *words: ranked.append(words[0]) or measure(*words))
    compare_models(dataset, ["bias", "genre", "ease"], "rating", SPLIT, RUN)
    assert len(fitted) == 1
    assert len(ranked) == 2 * (3 * 2 + 2)  # own order and as served, each model and popular on both sets of entries


def test_costs(found):
    bias, mf, *_ = found.fits
    rated = len(found.train.seen.item)
    assert (bias.epochs, bias.best, bias.rows) == (0, 0, rated)
    assert bias.rows_per_second == pytest.approx(rated / bias.training.seconds)
    assert 1 <= mf.best <= mf.epochs <= 6
    assert mf.rows_per_second == pytest.approx(rated * mf.epochs / mf.training.seconds)
    assert mf.history[mf.best - 1, 1] == mf.history[:, 1].min()


def test_without_validation_the_last_epoch_is_kept(dataset):
    config = replace(module("mf").Config(), dim=2, epochs=3)
    (fit, *_) = compare_models(dataset, {"mf": config}, ("rating",), replace(SPLIT, valid=0), RUN).fits
    assert (fit.epochs, fit.best) == (3, 3)
    assert list(fit.reports) == ["test"]


def test_a_model_that_fails_does_not_stop_the_others(dataset):
    config = replace(module("mf").Config(), rate=1e9)
    told = []
    found = compare_models(dataset, {"mf": config, "bias": module("bias").Config()}, ("rating",), SPLIT, RUN, told.append)
    (failure,) = found.failures
    assert (failure.name, failure.tasks) == ("mf", ("rating",))
    assert "diverged" in failure.reason and "Lower `rate`" in failure.reason
    assert [fit.name for fit in found.fits] == ["bias"]
    assert told[0] == failure and told[1].name == "bias"
    assert ("mf (failed)", *"––––") in tables.scores(found, "rating").rows
    assert f"mf failed: {failure.reason}" in verdict(found)


def test_where_every_model_fails_there_is_still_a_report(dataset, tmp_path):
    found = compare_models(dataset, {"bias": module("bias").Config()}, ("interaction",), SPLIT, RUN)
    assert found.failures == [Failure("bias", ("interaction",), "It predicts no interactions.")]
    assert found.standings == {}
    facts = write_report(tmp_path / "report", found)
    assert facts["fits"] == [] and facts["tasks"] == {}
    assert "bias failed: It predicts no interactions." in (tmp_path / "report" / "report.html").read_text("utf-8")


def test_what_cannot_do_the_task_is_not_trained(dataset, monkeypatch):
    monkeypatch.setattr("konomi.models.bias.fit", None)
    found = compare_models(dataset, {"bias": module("bias").Config()}, ("interaction",), SPLIT, RUN)
    assert found.failures == [Failure("bias", ("interaction",), "It predicts no interactions.")]


def test_a_setting_that_only_the_data_show_to_be_wrong_does_not_stop_the_others(dataset, monkeypatch):
    def refuse(*_):
        raise ConfigError("There is no such thing here.", "Take another.")

    monkeypatch.setattr("konomi.models.mf.fit", refuse)
    models = {name: module(name).Config() for name in ("mf", "bias")}
    found = compare_models(dataset, models, ("rating",), SPLIT, replace(RUN, checkpoint=Path("nowhere")))
    assert found.failures == [Failure("mf", ("rating",), "There is no such thing here. Take another.")]
    assert [fit.name for fit in found.fits] == ["bias"] and found.run.checkpoint is None


def test_a_dataset_without_a_single_rating_has_a_report(tmp_path):
    """Statuses alone: what is completed is liked, what is dropped is not."""
    rows = [(u, i, None) for u in range(20) for i in range(8)]
    status = np.array([2 if (u + i) % 3 else 4 for u, i, _ in rows], np.uint8)
    watched = prepare(table_of(rows, status=status))
    found = compare_models(watched, {"mf": module("mf").Config(dim=2, epochs=2)}, split=SPLIT, run=RUN)
    assert list(found.standings) == [SERVED, "interaction", RANKING]
    write_report(tmp_path / "report", found)


def test_labels_of_one_class_are_not_compared(tmp_path):
    fans = prepare(table_of([(u, i, 8 + (u + i) % 3) for u in range(20) for i in range(8)]))
    found = compare_models(fans, {"bias": module("bias").Config()}, split=SPLIT, run=RUN)
    assert list(found.standings) == [SERVED, "rating", RANKING]
    (reason,) = found.skipped.values()
    assert "one class" in reason
    assert reason in verdict(found)
    write_report(tmp_path / "report", found)
    assert reason in (tmp_path / "report" / "report.html").read_text("utf-8")
    with pytest.raises(DataError, match="one class"):
        compare_models(fans, {"bias": module("bias").Config()}, ("interaction",), SPLIT, RUN)


def test_refused_before_anything_is_trained(dataset):
    trained = []
    bias = module("bias").Config()
    with pytest.raises(RequestError, match=r'Unknown model "bais"\. Did you mean "bias"\?'):
        compare_models(dataset, {"bias": bias, "bais": bias}, split=SPLIT, run=RUN, tell=trained.append)
    with pytest.raises(ConfigError, match=r'Unknown task "ratings"\. Did you mean "rating"\?'):
        compare_models(dataset, {"bias": bias}, ("ratings",), SPLIT, RUN, trained.append)
    with pytest.raises(ConfigError, match="no model"):
        compare_models(dataset, {}, split=SPLIT, run=RUN, tell=trained.append)
    with pytest.raises(DataError, match="Ratings are not compared"):
        compare_models(dataset, {"bias": bias}, ("rating",), replace(SPLIT, test=0), RUN, trained.append)
    assert trained == []


def test_peak_memory():
    before = memory.resident()
    if before is None or not memory.CLEAR.exists():
        pytest.skip("this system does not tell")
    memory.start_peak()
    np.ones(8 << 20)  # 64 MiB
    assert memory.peak() >= before + (32 << 20)


def test_memory_where_the_system_does_not_tell(monkeypatch, tmp_path, found):
    for name in ("STATUS", "CLEAR"):
        monkeypatch.setattr(memory, name, tmp_path / "none" / name)
    memory.start_peak()
    assert memory.resident() is memory.peak() is None
    grid = tables.costs(
        replace(found, fits=[replace(found.fits[0], training=replace(found.fits[0].training, peak=None, grown=None))])
    )
    assert grid.rows[0][-2:] == ("–", "–")


# the command


@pytest.fixture(scope="module")
def data(dataset, tmp_path_factory):
    path = tmp_path_factory.mktemp("compare") / "data"
    dataset.save(path)
    return path


SMALL = ("--set", "mf.dim=2", "--set", "mf.epochs=2", "--valid", "0.2", "--test", "0.2", "--threads", "1")


def test_the_command_prints_tables_and_says_where_the_report_is(data, tmp_path):
    result = konomi("compare", data, "-m", "bias,mf", "-o", tmp_path / "report", *SMALL)
    assert all(len(line) <= 80 for line in result.stdout.splitlines())
    for word in (
        "Ratings: ",
        "Interactions: ",
        "liked is what is rated above",
        "global mean",
        "majority class",
        "AUC",
        "Cost of training",
    ):
        assert word in result.stdout
    for word in (
        "Recommendations: ",
        "Each model's own order: ",
        "NDCG@10",
        "overlap",
        "MAP@10",
        "diversity",
        "popular (baseline)",
        "Cost of training",
    ):
        assert word in result.stdout
    progress = result.stderr.splitlines()
    assert re.fullmatch(r"bias \(ratings\): validation RMSE \d\.\d{4}, \d+\.\d s", progress[0])
    assert re.fullmatch(r"mf \(interactions\): validation log loss \d\.\d{4}, \d+\.\d s", progress[2])
    assert progress[-1] == f"The report is {tmp_path / 'report' / 'report.html'}."
    assert (tmp_path / "report" / "report.html").exists()


def test_the_command_prints_json(data, tmp_path):
    settings = write(tmp_path / "run.toml", "[mf]\ndim = 3\nepochs = 2\n[split]\nkind = 'per-user'\n")
    words = (
        "compare",
        data,
        "-m",
        "mf",
        "-o",
        tmp_path / "report",
        "--config",
        settings,
        "--set",
        "mf.epochs=1",
        "--task",
        "rating",
    )
    printed = json.loads(konomi(*words, "--json").stdout)
    assert printed.pop("path") == str(tmp_path / "report")
    assert printed == json.loads((tmp_path / "report" / "metrics.json").read_text("utf-8"))
    assert printed["split"]["kind"] == "per-user"
    assert (printed["fits"][0]["config"]["dim"], printed["fits"][0]["config"]["epochs"]) == (3, 1)
    assert list(printed["tasks"]) == ["rating"] and printed["ranking"]["order"] == ["mf"]
    konomi(*words)  # an older report is replaced


def test_what_the_command_refuses(data, tmp_path):
    report = tmp_path / "report"

    def refuse(*words):
        return refused("compare", data, "-o", report, *words)

    assert refuse("-m", "bias,bais")[0] == 'Unknown model "bais". Did you mean "bias"?'
    assert refuse("-m", ",")[0] == "There is no model."
    assert refuse("-m", "bias", "--task", "ratings")[0] == '--task cannot be "ratings". Did you mean "rating"?'
    message, hint = refuse("-m", "bias,mf", "--set", "bais.damp_item=2")
    assert message == '--set "bais.damp_item=2": not a setting of a model that is named. Did you mean "bias"?'
    assert hint == "Write it as --set mf.KEY=VALUE."
    message, hint = refuse("-m", "ease,mf", "--set", "l2=2")
    assert message == '--set "l2=2": ease and mf have this setting.' and hint == "Write it as --set ease.l2=2."
    assert refuse("-m", "bias,mf", "--set", "dims=2")[0] == '--set: unknown setting "dims". Did you mean "dim"?'
    assert 'unknown setting "dims"' in refuse("-m", "mf", "--set", "mf.dims=2")[0]
    assert "no value" in refuse("-m", "mf", "--set", "mf.dim")[0]
    assert refuse("-m", "mf", "--set", "mf.task=rating")[1] == "Leave task out, and say --task."
    assert "leaves nothing to train on" in refuse("-m", "mf", "--valid", "0.5", "--test", "0.5")[0]
    assert not report.exists()
    report.mkdir()
    assert "already exists and is not a konomi report" in refuse("-m", "bias")[0]


def test_without_matplotlib(data, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    message, hint = refused("compare", data, "-m", "bias", "-o", tmp_path / "report")
    assert message == "The report needs matplotlib, which is not installed."
    assert hint == 'pip install "konomi[report]"'


def test_files_say_what_the_test_entries_are(data, tmp_path):
    """The same entries test the models as with `train`."""
    rows = Dataset.open(data)
    entries = [
        f"{rows.users.ids[int(u)]},{rows.items['item_id'][int(i)]}" for u, i in zip(rows.profiles.user, rows.item, strict=True)
    ]
    file = write(tmp_path / "test.csv", "\n".join(["user_id,item_id,rating", *(f"{each},5" for each in entries[::7])]))
    words = ("compare", data, "-m", "bias,popular", "-o", tmp_path / "report", "--json")
    found = json.loads(konomi(*words, "--test-file", file).stdout)
    assert found["split"]["kind"] == "predefined" and found["split"]["entries"]["test"] == len(entries[::7])
    assert "needs a test file" in refused(*words, "--valid-file", file)[0]
    assert "--people" in refused(*words, "--people", "--test-file", file)[0]
