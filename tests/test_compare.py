"""konomi compare: every model on the same split, what is refused, and a report that stands on its own."""

import json
import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from command_line import konomi, refused, write
from conftest import table_of
from konomi.data.prepare import prepare
from konomi.data.scale import Scale
from konomi.data.split import SplitConfig
from konomi.errors import ConfigError, DataError, RequestError
from konomi.evaluate import memory
from konomi.evaluate.bootstrap import RANKING, Interval, Standing
from konomi.evaluate.compare import Failure, compare
from konomi.evaluate.evaluate import evaluate
from konomi.models import module
from konomi.reading.frame import Dataset
from konomi.report import plots, tables
from konomi.report.folder import markdown, write_report
from konomi.report.maps import most_active_by_most_rated, taste_per_genre
from konomi.report.tables import Grid
from konomi.report.verdict import REAL, verdict
from konomi.runtime import Run
from stand_in import register

SPLIT = SplitConfig(valid=0.2, test=0.2)
RUN = Run(threads=1)
NASTY = "<b>Fire & $x$ | 好み</b>"  # a title that is markup, mathematics, a table's edge, and not in every font


def rated(rows, items) -> Dataset:
    """A dataset of (user, item, rating) rows on the scale 1 to 10, with a catalogue."""
    frame = pl.DataFrame(rows, schema=["user_id", "item_id", "rating"], orient="row")
    return Dataset.from_frame(frame, scale=Scale(1, 10, 1), items=items)


@pytest.fixture(scope="module")
def dataset():
    """40 people, 12 items with genres: even people rate even items 9 and odd ones 3, odd people the other way, more or less."""
    draw = np.random.default_rng(0)
    rows = [
        (u, 10 + i, int(np.clip((9 if (u + i) % 2 == 0 else 3) + draw.integers(-1, 2), 1, 10)))
        for u in range(40)
        for i in range(12)
        if (3 * u + 5 * i) % 7
    ]
    titles = [NASTY, *(f"Title {i}" for i in range(1, 12))]
    items = pl.DataFrame(
        {"item_id": range(10, 22), "title": titles, "genres": [["Odd" if i % 2 else "Even", "All"] for i in range(12)]}
    )
    return rated(rows, items)


@pytest.fixture(scope="module")
def found(dataset):
    """bias, a small mf for each task, and a model that everybody's likes decide, for each task too."""
    with pytest.MonkeyPatch.context() as patch:
        register(patch)
        models = {name: module(name).Config() for name in ("bias", "mf", "stand-in")}
        models["mf"] = replace(models["mf"], dim=4, epochs=6)
        return compare(dataset, models, split=SPLIT, run=RUN)


@pytest.fixture(scope="module")
def folder(found, tmp_path_factory):
    """The report of that."""
    path = tmp_path_factory.mktemp("compare") / "report"
    write_report(path, found, "data")
    return path


# what is trained and measured


def test_a_model_with_the_choice_is_trained_for_each_task(found):
    assert [(fit.name, fit.tasks) for fit in found.fits] == [
        ("bias", ("rating",)),
        ("mf", ("rating",)),
        ("mf", ("interaction",)),
        ("stand-in", ("rating",)),
        ("stand-in", ("interaction",)),
    ]
    assert [getattr(fit.config, "task", None) for fit in found.fits] == [None, "rating", "interaction", "rating", "interaction"]
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
            metrics = found.on(task)[name].reports["test"].metrics
            for key, interval in intervals.items():
                assert interval.value == pytest.approx(metrics[key], rel=1e-5)
                assert interval.low <= interval.value <= interval.high


def test_a_model_with_both_outputs_is_measured_on_what_is_asked_for(dataset, monkeypatch):
    register(monkeypatch)
    both = replace(module("stand-in").Config(), both=True)
    found = compare(dataset, {"stand-in": both}, ("interaction",), SPLIT, RUN)
    assert [fit.tasks for fit in found.fits] == [("interaction",)]
    assert list(found.standings) == ["interaction", RANKING]


def test_all_are_compared_on_their_recommendations(found):
    """A model that was trained for each task recommends in two ways; they are measured on the same people, best first."""
    names = ["bias", "mf (ratings)", "mf (interactions)", "stand-in (ratings)", "stand-in (interactions)"]
    assert list(found.on(RANKING)) == names
    ranked, standing = found.ranked(), found.standings[RANKING]
    for name, fit in found.on(RANKING).items():
        np.testing.assert_array_equal(ranked[name].user, ranked["bias"].user)
        for metric, interval in standing.metrics[name].items():
            assert interval.value == pytest.approx(fit.reports["test"].metrics[metric])
            assert interval.low <= interval.value <= interval.high
        gap = standing.differences["bias", name, "ndcg@10"].value if name != "bias" else 0
        expected = (ranked["bias"].each["ndcg@10"] - ranked[name].each["ndcg@10"]).mean()
        assert gap == pytest.approx(expected, abs=1e-12)
    values = [standing.metrics[name]["ndcg@10"].value for name in tables.ranked(found, RANKING)]
    assert values == sorted(values, reverse=True)
    grid = tables.scores(found, RANKING)
    assert grid.rows[-1][0] == "popular (baseline)" and len(grid.columns) == 1 + 10
    assert f"Recommendations: the NDCG@10 of {tables.ranked(found, RANKING)[0]} is" in verdict(found)[2]


def test_models_without_a_task_are_compared_on_their_recommendations_alone(dataset, tmp_path):
    told = []
    models = {name: module(name).Config() for name in ("popular", "bias")}
    found = compare(dataset, models, ("rating",), SPLIT, RUN, told.append)
    assert found.failures == [] and [fit.tasks for fit in found.fits] == [(), ("rating",)]
    assert found.fits[0].rows == len(found.train.seen.item) and "ndcg@10" in told[0].reports["valid"].metrics
    assert list(found.on("rating")) == ["bias"] and list(found.on(RANKING)) == ["popular", "bias"]
    assert sorted(row[0] for row in tables.scores(found, RANKING).rows) == ["bias", "popular"]  # it is a model here
    assert ("popular", "recommendations") == tables.costs(found).rows[0][:2]
    facts = write_report(tmp_path / "report", found)
    assert facts["ranking"]["order"] == tables.ranked(found, RANKING) and facts["fits"][0]["criterion"] is None
    alone = compare(dataset, {"popular": models["popular"]}, ("interaction",), SPLIT, RUN)
    assert list(alone.standings) == [RANKING] and alone.failures == []
    facts = write_report(tmp_path / "report", alone)
    assert facts["tasks"] == {} and len(facts["verdict"]) == 1


def test_without_a_hidden_like_there_is_nothing_to_recommend(tmp_path):
    """All of it is rated low: ratings can be compared, and a model that only recommends cannot."""
    low = prepare(table_of([(u, i, 1 + (u + i) % 4) for u in range(20) for i in range(8)]))
    models = {name: module(name).Config() for name in ("popular", "bias")}
    found = compare(low, models, split=SPLIT, run=RUN)
    assert list(found.standings) == ["rating"] and set(found.skipped) == {"interaction", RANKING}
    assert found.failures == [Failure("popular", (), found.skipped[RANKING])]
    assert found.skipped[RANKING] in verdict(found)
    assert write_report(tmp_path / "report", found)["ranking"] is None
    with pytest.raises(DataError, match="no entry that is liked"):
        compare(low, {"popular": models["popular"]}, ("interaction",), SPLIT, RUN)


def test_where_no_task_can_be_compared_recommendations_still_can():
    """Statuses alone, and all of them completed: everything is liked. What has tasks is not trained."""
    rows = [(u, i, None) for u in range(20) for i in range(8) if (u + i) % 4]
    watched = prepare(table_of(rows, status=np.full(len(rows), 2, np.uint8)))
    models = {name: module(name).Config() for name in ("bias", "mf", "popular")}
    found = compare(watched, models, split=SPLIT, run=RUN)
    assert [fit.name for fit in found.fits] == ["popular"] and list(found.standings) == [RANKING]
    assert set(found.skipped) == {"rating", "interaction"} and found.failures == []


def test_a_model_of_which_nothing_came_has_a_row(dataset):
    config = replace(module("mf").Config(), rate=1e9)
    found = compare(dataset, {"mf": config, "bias": module("bias").Config()}, ("rating",), SPLIT, RUN)
    assert [row[0] for row in tables.scores(found, RANKING).rows] == ["bias", "popular (baseline)", "mf (failed)"]


def test_costs(found):
    bias, mf, *_ = found.fits
    rated = len(found.train.seen.item)
    assert (bias.epochs, bias.best, bias.rows) == (0, 0, rated)
    assert bias.rows_per_second == pytest.approx(rated / bias.seconds)
    assert 1 <= mf.best <= mf.epochs <= 6
    assert mf.rows_per_second == pytest.approx(rated * mf.epochs / mf.seconds)
    assert mf.history[mf.best - 1, 1] == mf.history[:, 1].min()


def test_without_validation_the_last_epoch_is_kept(dataset):
    config = replace(module("mf").Config(), dim=2, epochs=3)
    (fit, *_) = compare(dataset, {"mf": config}, ("rating",), replace(SPLIT, valid=0), RUN).fits
    assert (fit.epochs, fit.best) == (3, 3)
    assert list(fit.reports) == ["test"]


def test_a_model_that_fails_does_not_stop_the_others(dataset):
    config = replace(module("mf").Config(), rate=1e9)
    told = []
    found = compare(dataset, {"mf": config, "bias": module("bias").Config()}, ("rating",), SPLIT, RUN, told.append)
    (failure,) = found.failures
    assert (failure.name, failure.tasks) == ("mf", ("rating",))
    assert "diverged" in failure.reason and "Lower rate" in failure.reason
    assert [fit.name for fit in found.fits] == ["bias"]
    assert told[0] == failure and told[1].name == "bias"
    assert ("mf (failed)", *"––––") in tables.scores(found, "rating").rows
    assert f"mf failed: {failure.reason}" in verdict(found)


def test_where_every_model_fails_there_is_still_a_report(dataset, tmp_path):
    found = compare(dataset, {"bias": module("bias").Config()}, ("interaction",), SPLIT, RUN)
    assert found.failures == [Failure("bias", ("interaction",), "It predicts no interactions.")]
    assert found.standings == {}
    facts = write_report(tmp_path / "report", found)
    assert facts["fits"] == [] and facts["tasks"] == {}
    assert "bias failed: It predicts no interactions." in (tmp_path / "report" / "report.html").read_text("utf-8")


def test_what_cannot_do_the_task_is_not_trained(dataset, monkeypatch):
    monkeypatch.setattr("konomi.models.bias.fit", None)
    found = compare(dataset, {"bias": module("bias").Config()}, ("interaction",), SPLIT, RUN)
    assert found.failures == [Failure("bias", ("interaction",), "It predicts no interactions.")]


def test_a_setting_that_only_the_data_show_to_be_wrong_does_not_stop_the_others(dataset, monkeypatch):
    def refuse(*_):
        raise ConfigError("There is no such thing here.", "Take another.")

    monkeypatch.setattr("konomi.models.mf.fit", refuse)
    models = {name: module(name).Config() for name in ("mf", "bias")}
    found = compare(dataset, models, ("rating",), SPLIT, replace(RUN, checkpoint=Path("nowhere")))
    assert found.failures == [Failure("mf", ("rating",), "There is no such thing here. Take another.")]
    assert [fit.name for fit in found.fits] == ["bias"] and found.run.checkpoint is None


def test_a_dataset_without_a_single_rating_has_a_report(tmp_path):
    """Statuses alone: what is completed is liked, what is dropped is not."""
    rows = [(u, i, None) for u in range(20) for i in range(8)]
    status = np.array([2 if (u + i) % 3 else 4 for u, i, _ in rows], np.uint8)
    watched = prepare(table_of(rows, status=status))
    found = compare(watched, {"mf": module("mf").Config(dim=2, epochs=2)}, split=SPLIT, run=RUN)
    assert list(found.standings) == ["interaction", RANKING]
    write_report(tmp_path / "report", found)


def test_labels_of_one_class_are_not_compared(tmp_path):
    fans = prepare(table_of([(u, i, 8 + (u + i) % 3) for u in range(20) for i in range(8)]))
    found = compare(fans, {"bias": module("bias").Config()}, split=SPLIT, run=RUN)
    assert list(found.standings) == ["rating", RANKING]
    (reason,) = found.skipped.values()
    assert "one class" in reason
    assert reason in verdict(found)
    write_report(tmp_path / "report", found)
    assert reason in (tmp_path / "report" / "report.html").read_text("utf-8")
    with pytest.raises(DataError, match="one class"):
        compare(fans, {"bias": module("bias").Config()}, ("interaction",), SPLIT, RUN)


def test_refused_before_anything_is_trained(dataset):
    trained = []
    bias = module("bias").Config()
    with pytest.raises(RequestError, match=r'Unknown model "bais"\. Did you mean "bias"\?'):
        compare(dataset, {"bias": bias, "bais": bias}, split=SPLIT, run=RUN, tell=trained.append)
    with pytest.raises(ConfigError, match=r'Unknown task "ratings"\. Did you mean "rating"\?'):
        compare(dataset, {"bias": bias}, ("ratings",), SPLIT, RUN, trained.append)
    with pytest.raises(ConfigError, match="no model"):
        compare(dataset, {}, split=SPLIT, run=RUN, tell=trained.append)
    with pytest.raises(DataError, match="Ratings are not compared"):
        compare(dataset, {"bias": bias}, ("rating",), replace(SPLIT, test=0), RUN, trained.append)
    assert trained == []


# what is said


def placed(found, values, real):
    """The comparison with made-up RMSEs; each pair's difference is real or not."""
    metrics = {name: {"rmse": Interval(x, x - 0.1, x + 0.1), "mae": Interval(x, x, x)} for name, x in values.items()}
    differences = {
        (a, b, key): Interval(x := values[a] - values[b], *((x, x) if b in real or a in real else (x - 9, x + 9)))
        for a in values
        for b in values
        for key in ("rmse", "mae")
        if a != b
    }
    return replace(found, standings={"rating": Standing(metrics, differences)})


def test_the_verdict_says_which_leads_are_real(found):
    said, real = verdict(placed(found, {"bias": 1.5, "mf": 1.0, "stand-in": 1.25}, real={"bias"}))
    assert said == (
        "Ratings: the RMSE of mf is 1.0000 (95 % interval 0.9000 to 1.1000), the lowest; stand-in comes next, 0.2500 (25.0 %) "
        "above it. Its lead over stand-in may be chance: the interval of the difference holds 0. Its lead over bias is real. "
        f"For comparison: global mean {found.fits[0].reports['test'].metrics['baselines']['global mean']['rmse']:.4f}."
    )
    assert real == REAL


def test_the_verdict_on_one_model(found):
    (said,) = verdict(placed(found, {"mf": 1.0}, real=set()))
    assert said.startswith("Ratings: the RMSE of mf is 1.0000 (95 % interval 0.9000 to 1.1000). For comparison: ")


def test_the_verdict_on_a_model_without_an_error(found):
    said, _ = verdict(placed(found, {"mf": 0.0, "bias": 1.0}, real={"bias"}))
    assert "bias comes next, 1.0000 above it." in said


def test_the_verdict_on_recommendations_takes_more_for_better(found):
    values = {"bias": 0.1, "mf (ratings)": 0.25}
    metrics = {name: {"ndcg@10": Interval(x, x - 0.05, x + 0.05)} for name, x in values.items()}
    gap = Interval(-0.15, -0.2, -0.1)
    standing = Standing(metrics, {("bias", "mf (ratings)", "ndcg@10"): gap})
    said, _ = verdict(replace(found, standings={RANKING: standing}))
    assert said.startswith(
        "Recommendations: the NDCG@10 of mf (ratings) is 0.2500 (95 % interval 0.2000 to 0.3000), the highest; bias comes "
        "next, 0.1500 (60.0 %) below it. Its lead over bias is real. For comparison: popular 0."
    )


def test_tables(found):
    scores = tables.scores(found, "rating")
    assert [row[0] for row in scores.rows] == [
        *tables.ranked(found, "rating"),
        "global mean (baseline)",
    ]  # bias is a model here
    assert scores.only(["MAE"]).columns == ("model", "MAE")
    assert [row[0] for row in tables.scores(found, "interaction").rows][-1] == "majority class (baseline)"
    pairs = [row[0] for row in tables.differences(found, "rating").rows]
    first, second, third = tables.ranked(found, "rating")
    assert pairs == [f"{first} − {second}", f"{first} − {third}", f"{second} − {third}"]
    assert markdown(found).count("## ") == 7


def test_markdown_of_a_table():
    grid = Grid("Title", ("name", "n"), [("a|b", "1")])
    assert grid.markdown() == "## Title\n\n| name | n |\n| --- | ---: |\n| a\\|b | 1 |\n"


def test_maps(dataset):
    ratings = most_active_by_most_rated(dataset)
    assert ratings.values.shape == (len(ratings.rows), len(ratings.columns))
    user = int(ratings.rows[0])
    profile = dataset.profile(user)
    expected = dict(zip(dataset.titles(profile.item.tolist()), profile.rating.tolist(), strict=True))
    shown = {
        name: value for name, value in zip(ratings.columns, ratings.values[0].tolist(), strict=True) if not np.isnan(value)
    }
    assert shown == expected
    taste = taste_per_genre(dataset)
    assert taste.columns[0] == "All"
    even = taste.values[:, taste.columns.index("Even")]
    assert ((even > 0) == (np.array(list(map(int, taste.rows))) % 2 == 0)).all()


def test_taste_by_hand():
    """Ratings 8, 8 of A and 2 of B: the mean is 6, so A is (2 + 2) / (5 + 2) above it and B −4 / (5 + 1) below."""
    items = pl.DataFrame({"item_id": [1, 2, 3], "genres": [["A"], ["A"], ["B"]]})
    taste = taste_per_genre(rated([(1, 1, 8), (1, 2, 8), (1, 3, 2)], items))
    assert taste.columns == ["A", "B"]
    np.testing.assert_allclose(taste.values, [[4 / 7, -4 / 6]], rtol=1e-6)


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
    grid = tables.costs(replace(found, fits=[replace(found.fits[0], peak=None, grown=None)]))
    assert grid.rows[0][-2:] == ("–", "–")


# the report


class Page(HTMLParser):
    """What a page is made of; an element that is closed without having been opened is an error."""

    VOID = frozenset({"meta", "br", "path", "use", "rect"})

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.text = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def attributes(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def test_files_of_a_report(folder):
    assert sorted(file.name for file in folder.iterdir()) == ["manifest.json", "metrics.json", "report.html", "tables.md"]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["kind"], manifest["models"]) == ("konomi report", ["bias", "mf", "stand-in"])


def test_metrics_of_a_report(folder, found):
    def no_nan(name):
        raise AssertionError(name)

    facts = json.loads((folder / "metrics.json").read_text("utf-8"), parse_constant=no_nan)
    assert set(facts) == {
        "verdict", "data", "split", "run", "machine", "versions", "bootstrap", "tasks", "ranking", "fits", "failures",
        "skipped",
    }  # fmt: skip
    assert facts["data"]["entries"] == len(found.dataset.item)
    assert facts["split"]["sha256"] == found.split.sha256
    assert set(facts["tasks"]) == {"rating", "interaction"}
    rating = facts["tasks"]["rating"]
    assert rating["order"] == tables.ranked(found, "rating")
    assert set(rating["intervals"]["mf"]) == {"rmse", "mae"}
    assert len(rating["differences"]) == 3 * 2
    assert set(rating["differences"][0]) == {"first", "second", "metric", "value", "low", "high", "real"}
    assert list(rating["baselines"]) == ["global mean"]
    mf = facts["fits"][1]
    assert (mf["model"], mf["tasks"], mf["epochs"]) == ("mf", ["rating"], len(mf["history"]))
    assert mf["metrics"]["test"]["rmse"] == pytest.approx(rating["intervals"]["mf"]["rmse"]["value"], rel=1e-5)
    assert set(mf["metrics"]) == {"valid", "test"}
    assert facts["fits"][3]["history"] == [[0.5, 0.25], [pytest.approx(0.4), None]]
    assert facts["fits"][3]["best_epoch"] == 1


def test_the_page_stands_on_its_own(folder):
    text = (folder / "report.html").read_text("utf-8")
    page = Page(text)
    assert page.open == []
    assert "http" not in text
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in page.elements}
    assert "@import" not in text
    assert set(re.findall(r"url\((.)", text)) <= {"#"}
    links = [value for _, attributes in page.elements for name, value in attributes.items() if name.endswith("href")]
    assert links and all(link.startswith("#") for link in links)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in links} <= set(ids)
    assert len(text) < 1_500_000


def test_pictures_are_told_in_words(folder):
    pictures = Page((folder / "report.html").read_text("utf-8")).attributes("svg")
    assert len(pictures) == 14  # 3 of intervals, 2 of residuals, 3 of predictions, 1 of reliability, 4 of epochs, 1 histogram
    for picture in pictures:
        assert picture["role"] == "img"
        assert len(picture["aria-label"]) > 40


def test_the_page_has_what_was_compared(folder, found):
    text = (folder / "report.html").read_text("utf-8")
    said = "".join(Page(text).text)
    assert len(Page(text).attributes("table")) == 3 + 3 + 1 + 1 + 2  # scores, differences, costs, settings, maps
    for heading in ("Ratings", "Interactions", "Recommendations", "Differences", "Training", "Data"):
        assert heading in said
    for task in ("rating", "interaction", RANKING):
        for row in tables.scores(found, task).rows:
            assert row[0] in said
            assert row[1].split(" ")[0] in said
    assert NASTY in said and NASTY not in text


def test_the_same_comparison_gives_the_same_page(folder, found, tmp_path):
    write_report(tmp_path / "again", found, "data")
    for name in ("report.html", "metrics.json", "tables.md"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


def test_a_rating_scale_without_steps():
    draw = np.random.default_rng(0)
    rows = [(u, i, round(float(draw.uniform(0, 1)), 3)) for u in range(15) for i in range(8)]
    smooth = prepare(table_of(rows, scale=Scale(0, 1, 0)))
    bias = compare(smooth, {"bias": module("bias").Config()}, ("rating",), SPLIT, RUN).predictions("rating")["bias"]
    plot = plots.predicted_by_true("smooth", "bias", bias, smooth.scale)
    assert plot.alt.startswith("bias: predicted against true ratings. Median prediction ")
    shown = plots.histogram("h", "rating", {f"{n / 20:g} to {(n + 1) / 20:g}": n for n in range(20)})
    assert "0.95 to 1: 19" in shown.alt


def test_a_note_is_on_the_page(found, tmp_path):
    dataset = replace(found.dataset, manifest={**found.dataset.manifest, "note": "simulated ratings"})
    write_report(tmp_path / "noted", replace(found, dataset=dataset))
    assert "Note: simulated ratings." in (tmp_path / "noted" / "report.html").read_text("utf-8")


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
    for word in ("Ratings: test part", "Interactions: test part", "global mean", "majority class", "AUC", "Cost of training"):
        assert word in result.stdout
    for word in ("Recommendations: test part", "NDCG@10", "MAP@10", "diversity", "popular (baseline)"):
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
    assert refuse("-m", "bias,mf", "--set", "dim=2")[0] == '--set "dim=2": not a setting of a model that is named.'
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
