"""Metrics from outside: registered ones are in every table and report, other lengths of lists can be asked for."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import konomi as front_door
from command_line import konomi, refused
from compared import RUN, SPLIT, two_tastes
from konomi.errors import ConfigError
from konomi.evaluate import metrics as registry
from konomi.evaluate.metrics import (
    BUILT_IN,
    METRICS,
    RANKING,
    EntryMean,
    EntryMetric,
    ListMetric,
    list_metrics,
    metrics_named,
    metrics_of,
    metrics_with,
    primary,
    register_metric,
)
from konomi.pipeline.compare import compare_models
from konomi.pipeline.compare_people import compare_people
from konomi.pipeline.train import train_model
from konomi.report import people, tables
from konomi.report.folder import markdown, write_report

PAGE = (Path(__file__).parents[1] / "docs" / "add-a-metric.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    """What a test registers is gone after it."""
    for metric in [key for key in METRICS if key not in {known.key for known in BUILT_IN}]:
        monkeypatch.delitem(METRICS, metric)
    before = dict(METRICS)
    yield
    METRICS.clear()
    METRICS.update(before)


@pytest.fixture(scope="module")
def dataset():
    return two_tastes()


@pytest.fixture(scope="module")
def data(dataset, tmp_path_factory):
    path = tmp_path_factory.mktemp("metrics") / "data"
    dataset.save(path)
    return path


def too_high(predictions):
    return float(np.mean(predictions.predicted > predictions.true))


MORE = EntryMetric(
    "too_high", "too high", "rating", too_high, "neither", EntryMean(lambda true, guess: (guess > true).astype(np.float64))
)
FIRST = ListMetric(
    "first@10", "first", 10, lambda lists, k: lists.hit[:, :1].mean(axis=1), "higher", has_interval=True, of_people=True
)
WHOLE = ListMetric("listed@3", "listed", 3, lambda lists, k: float((lists.items[:, :k] >= 0).sum()), "neither")


def test_the_page_runs(tmp_path, monkeypatch, capsys):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    first, second, third = capsys.readouterr().out.splitlines()
    assert abs(float(first)) < 2 and second.startswith("Interval(value=") and third.startswith("Interval(value=")
    text = (tmp_path / "report" / "report.html").read_text("utf-8")
    for name in ("mean error", "obscure", "obscure@5", "NDCG@5"):
        assert f'scope="col" class="number">{name}</th>' in text


def test_a_registered_metric_is_in_every_table_and_report(dataset, tmp_path):
    for metric in (MORE, FIRST, WHOLE):
        register_metric(metric)
    found = compare_models(dataset, "bias,popular", split=SPLIT, run=RUN)
    predictions = found.predictions("rating")["bias"]
    values = found.on("rating")["bias"].reports["test"].metrics
    assert values["too_high"] == np.mean(predictions.predicted > predictions.true)
    assert values["baselines"]["global mean"].keys() >= {"too_high"}
    assert values["first@10"] == values["hit@10"] or values["first@10"] < values["hit@10"]
    assert values["listed@3"] == 3 * values["ranked_users"]  # one number of all lists together
    interval = found.standings["rating"].metrics["bias"]["too_high"]
    assert interval.value == pytest.approx(values["too_high"]) and interval.low <= interval.value <= interval.high
    assert ("popular", "bias", "first@10") in found.standings[RANKING].differences
    assert "listed@3" not in found.standings[RANKING].metrics["bias"]
    assert tables.scores(found, "rating").columns[-1] == "too high"
    assert tables.scores(found, RANKING).columns[-2:] == ("first", "listed")
    assert "first real?" in tables.differences(found, RANKING).columns and "| too high |" in markdown(found)
    facts = write_report(tmp_path / "report", found)
    assert "too_high" in facts["tasks"]["rating"]["intervals"]["bias"]
    assert facts["fits"][0]["metrics"]["valid"].keys() >= {"too_high", "first@10", "listed@3"}
    assert ">too high</th>" in (tmp_path / "report" / "report.html").read_text("utf-8")
    assert train_model(dataset, "bias", SPLIT, RUN).metrics["test"]["too_high"] == values["too_high"]


def test_a_metric_that_somebody_has_no_value_of_gets_no_interval(dataset):
    """Half of all people have none; the mean is that of the others."""

    def of_some(lists, k):
        return np.where(np.arange(len(lists.items)) % 2, np.nan, 0.25)

    register_metric(ListMetric("some@10", "some", 10, of_some, "neither", has_interval=True))
    found = compare_models(dataset, ["bias"], "rating", SPLIT, RUN)
    assert found.on(RANKING)["bias"].reports["test"].metrics["some@10"] == 0.25
    assert list(found.standings[RANKING].metrics["bias"]) == ["ndcg@10", "recall@20", "ndcg_weighted@10", "recall_weighted@20"]
    json.dumps(tables.scores(found, RANKING).rows, allow_nan=False)


def test_what_is_undefined_is_none(dataset):
    register_metric(EntryMetric("nothing", "nothing", "rating", lambda predictions: float("nan"), "neither"))
    register_metric(ListMetric("none@10", "none", 10, lambda lists, k: float("nan"), "neither"))
    found = compare_models(dataset, ["bias"], "rating", SPLIT, RUN)
    values = found.fits[0].reports["test"].metrics
    assert values["nothing"] is values["none@10"] is None
    assert tables.scores(found, "rating").rows[0][-1] == "–"


def test_another_length_can_be_asked_for(dataset):
    """What is asked for stands behind the rest, and changes none of it; "recall@40" makes lists longer."""
    plain = compare_models(dataset, ["bias"], "rating", SPLIT, RUN)
    more = compare_models(dataset, ["bias"], "rating", SPLIT, RUN, metrics="ndcg@5, recall@40,ndcg@10")
    usual, values = (found.fits[0].reports["test"].metrics for found in (plain, more))
    nested = ("baselines", "served", "people")
    assert {key: values[key] for key in usual if key not in nested} == {
        key: value for key, value in usual.items() if key not in nested
    }
    assert [key for key in values if key not in usual] == ["ndcg@5", "recall@40"]
    assert values["baselines"]["popular"].keys() >= {"ndcg@5", "recall@40"}
    assert values["recall@40"] == 1.0  # there are 12 items
    able = ["ndcg@10", "recall@20", "ndcg_weighted@10", "recall_weighted@20", "ndcg@5", "recall@40"]
    assert list(more.standings[RANKING].metrics["bias"]) == able
    each = more.on(RANKING)["bias"].reports["test"].ranked.each
    assert each["ndcg@5"].shape == each["ndcg@10"].shape and (each["ndcg@5"] != each["ndcg@10"]).any()


def test_names_of_metrics():
    asked = metrics_with(["mrr@5", "coverage@3", "mrr@10"])[len(METRICS) :]
    assert [(metric.key, metric.name, metric.k) for metric in asked] == [("mrr@5", "MRR@5", 5), ("coverage@3", "coverage@3", 3)]
    assert metrics_with() == metrics_with("") == tuple(METRICS.values())
    assert [primary(kind).key for kind in ("rating", "interaction", RANKING)] == ["rmse", "log_loss", "ndcg@10"]
    assert all(primary(kind).has_interval for kind in ("rating", "interaction", RANKING))
    assert [metric.key for metric in metrics_of(RANKING)] == [metric.key for metric in list_metrics()]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("ndgc@10", 'Unknown metric "ndgc@10". Did you mean "ndcg@10"?'),
        ("rmse@5", 'Unknown metric "rmse@5".'),
        ("ndcg", 'Unknown metric "ndcg".'),
        ("ndcg@x", 'Unknown metric "ndcg@x".'),
        ("ndcg@0", "ndcg@0: a list of 0 places cannot be measured."),
        ("ndcg@1048577", "ndcg@1048577: a list of 1048577 places cannot be measured."),
        (7, "metrics cannot be 7."),
        ([7], "metrics cannot be [7]."),
        (None, "metrics cannot be None."),
    ],
)
def test_metrics_that_are_refused(dataset, asked, message):
    for call in (
        lambda: compare_models(dataset, "bias", metrics=asked),
        lambda: compare_people(dataset, "bias", metrics=asked),
        lambda: front_door.evaluate_model(None, metrics=asked),
    ):
        with pytest.raises(ConfigError) as caught:
            call()
        assert message in str(caught.value) and caught.value.hint


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (replace(MORE, key="rmse"), 'There is a metric "rmse" already.'),
        (replace(FIRST, key="ndcg@10"), 'There is a metric "ndcg@10" already.'),
        (replace(MORE, key="a,b"), 'A metric cannot have the key "a,b".'),
        (replace(MORE, key=""), 'A metric cannot have the key "".'),
        (replace(MORE, kind="ratings"), 'too_high: kind cannot be "ratings".'),
        (replace(MORE, better="more"), 'too_high: better cannot be "more".'),
        (replace(MORE, function=3), "too_high: its function cannot be called."),
        (replace(FIRST, k=0), "first@10: a list of 0 places cannot be measured."),
        (replace(FIRST, key="first"), 'The key "first" does not end in its k.'),
        (too_high, "A function is not a metric."),
    ],
)
def test_metrics_that_cannot_be_registered(metric, message):
    before = dict(METRICS)
    with pytest.raises(ConfigError) as caught:
        register_metric(metric)
    assert message in str(caught.value) and caught.value.hint and before == METRICS


def test_a_metric_can_be_registered_again(dataset):
    register_metric(MORE)
    register_metric(replace(MORE, function=lambda predictions: 2.0, mean=None))
    found = compare_models(dataset, ["bias"], "rating", SPLIT, RUN)
    assert found.fits[0].reports["test"].metrics["too_high"] == 2.0
    assert registry.METRICS is METRICS and len([key for key in METRICS if key == "too_high"]) == 1


def test_the_commands_ask_for_them(data, tmp_path):
    words = ("--valid", "0.2", "--test", "0.2", "--threads", "1", "--metrics", "ndcg@5,recall@40")
    report = ("compare", data, "-m", "bias,popular", "-o", tmp_path / "report", *words)
    text = konomi(*report).stdout
    assert all(len(line) <= 80 for line in text.splitlines()) and "NDCG@5" in text and "recall@40" in text
    facts = json.loads(konomi(*report, "--json").stdout)
    able = ["ndcg@10", "recall@20", "ndcg_weighted@10", "recall_weighted@20", "ndcg@5", "recall@40"]
    assert list(facts["ranking"]["intervals"]["bias"]) == able
    konomi("train", data, "-o", tmp_path / "bundle", "-m", "bias", "--no-refit")
    asked = ("evaluate", tmp_path / "bundle", data, "--metrics", "ndcg@5")
    found = json.loads(konomi(*asked, "--json").stdout)
    assert 0 <= found["ndcg@5"] <= 1 and "ndcg@5" in found["baselines"]["popular"]
    assert "NDCG@5" in konomi(*asked).stdout and "NDCG@5" not in konomi(*asked[:3]).stdout
    for words in (("evaluate", tmp_path / "bundle", data), ("compare", data, "-m", "bias", "-o", tmp_path / "new")):
        assert refused(*words, "--metrics", "ndcg@")[0].startswith('Unknown metric "ndcg@".')
    assert not (tmp_path / "new").exists()


def test_of_people_held_out(tmp_path):
    draw = np.random.default_rng(0)
    rows = [(u, i, int(draw.integers(4, 11))) for u in range(20) for i in range(60) if draw.random() < 0.9]
    frame = {"user_id": [u for u, *_ in rows], "item_id": [i for _, i, _ in rows], "rating": [r for *_, r in rows]}
    register_metric(FIRST)
    many = front_door.Dataset.from_frame(pl.DataFrame(frame))
    found = compare_people(many, "bias", run=RUN, metrics=["ndcg@5"])
    assert people.scores(found).columns[-3:] == ("first", "NDCG@5", "NDCG@10, own order")
    assert found.rows[0].ranked.metrics.keys() >= {"first@10", "ndcg@5"}
    written = front_door.write_people(tmp_path / "people", found)
    assert all(0 <= row["ndcg@5"] <= 1 for row in written["rows"])


def test_metrics_of_publications_are_measured_where_they_are_asked_for():
    assert not any(key.startswith("recall_capped") for key in METRICS)
    (twenty, fifty) = metrics_named(["recall_capped@20", "recall_capped@50"])
    assert (twenty.k, fifty.k, fifty.name) == (20, 50, "capped recall@50") and twenty.meaning
    assert metrics_with("recall_capped@50")[-1] == fifty
    assert [metric.key for metric in metrics_named(["mae", "ndcg@100", "rmse"])] == ["mae", "ndcg@100", "rmse"]
    with pytest.raises(ConfigError, match='Did you mean "recall_capped@20"'):
        metrics_named(["recal_capped@20"])
