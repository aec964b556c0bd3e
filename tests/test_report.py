"""What a comparison comes to: the verdict, the tables, the maps, and a report that stands on its own."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import permutations

import numpy as np
import polars as pl
import pytest

from compared import NASTY, RUN, SPLIT, compared, rated, two_tastes
from conftest import table_of
from konomi.data.prepare import prepare
from konomi.data.scale import Scale
from konomi.errors import DataError
from konomi.evaluate.bootstrap import Interval, Standing
from konomi.evaluate.metrics import BUILT_IN, RANKING, SERVED
from konomi.models import module
from konomi.pipeline.compare import compare_models
from konomi.report import plots, tables
from konomi.report.examples import examples
from konomi.report.folder import markdown, write_report
from konomi.report.maps import most_active_by_most_rated, taste_per_genre
from konomi.report.tables import Grid
from konomi.report.verdict import REAL, answer, verdict


@pytest.fixture(scope="module")
def dataset():
    return two_tastes()


@pytest.fixture(scope="module")
def found(dataset):
    return compared(dataset)


@pytest.fixture(scope="module")
def folder(found, tmp_path_factory):
    """The report of that."""
    path = tmp_path_factory.mktemp("compare") / "report"
    write_report(path, found, "data")
    return path


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
    tested = found.predictions("rating")["mf"]
    entries, people = len(tested.true), len(np.unique(tested.user))
    assert said == (
        f"Ratings ({entries} test entries of {people} people): the RMSE of mf is 1.0000 (95 % interval 0.9000 to 1.1000), the "
        "lowest; stand-in comes next, 0.2500 (25.0 %) above it. Its lead over stand-in may be chance: the interval of the "
        "difference holds 0. Its lead over bias is real."
    )
    assert real == REAL


def test_the_verdict_on_one_model(found):
    (said,) = verdict(placed(found, {"mf": 1.0}, real=set()))
    assert said.endswith("people): the RMSE of mf is 1.0000 (95 % interval 0.9000 to 1.1000).")


def test_the_verdict_on_a_model_without_an_error(found):
    said, _ = verdict(placed(found, {"mf": 0.0, "bias": 1.0}, real={"bias"}))
    assert "bias comes next, 1.0000 above it." in said


def test_the_verdict_on_recommendations_takes_more_for_better(found):
    values = {"bias": 0.1, "mf (ratings)": 0.25, "popular": 0.2}
    metrics = {name: {"ndcg@10": Interval(x, x - 0.05, x + 0.05)} for name, x in values.items()}
    gaps = {("bias", "mf (ratings)", "ndcg@10"): Interval(-0.15, -0.2, -0.1)}
    gaps["mf (ratings)", "popular", "ndcg@10"] = Interval(0.05, -0.01, 0.11)
    for kind, title in ((SERVED, "Recommendations"), (RANKING, "Each model's own order")):
        said, _ = verdict(replace(found, standings={kind: Standing(metrics, gaps)}))
        values = found.on(kind)["bias"].reports["test"].values(kind)
        people, weights = values["ranked_users"], f"n^−{values['propensity_exponent']:g}"
        assert said == (
            f"{title} ({people} people; liked is what is rated above 5; weights {weights}): the NDCG@10 of mf (ratings) is "
            "0.2500 (95 % interval 0.2000 to 0.3000), the highest; bias comes next, 0.1500 (60.0 %) below it. Its lead over "
            "bias is real. The baseline popular has 0.2000: not told apart from it."
        )


@pytest.mark.parametrize(("gap", "word"), [((-0.5, -0.6, -0.4), "beaten"), ((0.5, 0.4, 0.6), "better")])
def test_the_verdict_beside_a_baseline(found, gap, word):
    metrics = {name: {"rmse": Interval(1.0, 0.9, 1.1)} for name in ("mf", "global mean")}
    standing = Standing(metrics, {("mf", "global mean", "rmse"): Interval(*gap)})
    said, _ = verdict(replace(found, standings={"rating": standing}))
    assert said.endswith(f"The baseline global mean has 1.0000: {word}.")


def test_tables(found):
    scores = tables.scores(found, "rating")
    assert [row[0] for row in scores.rows] == [
        *tables.ranked(found, "rating"),
        "global mean (baseline)",
    ]  # bias is a model here
    assert scores.only(["MAE"]).columns == ("model", "MAE")
    assert [row[0] for row in tables.scores(found, "interaction").rows][-1] == "majority class (baseline)"
    pairs = [row[0] for row in tables.differences(found, "rating").rows]
    names = ("mf", "bias", "stand-in", "global mean")
    found_pairs = sorted(tuple(sorted(pair.split(" − "))) for pair in pairs)
    assert found_pairs == sorted(tuple(sorted((a, b))) for n, a in enumerate(names) for b in names[:n])
    served = {frozenset(row[0].split(" − ")) for row in tables.differences(found, SERVED).rows}
    assert frozenset(("popular", "bias")) in served and len(served) == 5 * 4 / 2 + 5
    assert markdown(found).count("## ") == 9


def test_baselines_have_intervals_and_differences(found):
    for task, name in (("rating", "global mean"), ("interaction", "majority class"), (SERVED, "popular"), (RANKING, "popular")):
        standing, (metric, *_) = found.standings[task], tables.with_intervals(found, task)
        interval = standing.metrics[name][metric.key]
        report = next(iter(found.on(task).values())).reports["test"]
        assert interval.value == pytest.approx(report.baselines[name].values(task)[metric.key], rel=1e-5)
        assert interval.low < interval.high
        gap = (
            standing.differences["mf" if task in ("rating", "interaction") else "bias", name, metric.key] if task != "x" else 0
        )
        assert gap.low <= gap.value <= gap.high
        (row,) = [row for row in tables.scores(found, task).rows if row[0] == f"{name} (baseline)"]
        assert "[" in row[1]


def test_markdown_of_a_table():
    grid = Grid("Title", ("name", "n"), [("a|b", "1")])
    assert grid.markdown() == "## Title\n\n| name | n |\n| --- | ---: |\n| a\\|b | 1 |\n"


def test_maps(dataset):
    ratings = most_active_by_most_rated(dataset, user_ids=True)
    assert ratings.values.shape == (len(ratings.rows), len(ratings.columns))
    user = int(ratings.rows[0])
    profile = dataset.profile(user)
    expected = dict(zip(dataset.titles(profile.item.tolist()), profile.rating.tolist(), strict=True))
    shown = {
        name: value for name, value in zip(ratings.columns, ratings.values[0].tolist(), strict=True) if not np.isnan(value)
    }
    assert shown == expected
    taste = taste_per_genre(dataset, user_ids=True)
    assert taste.columns[0] == "All"
    even = taste.values[:, taste.columns.index("Even")]
    assert ((even > 0) == (np.array(list(map(int, taste.rows))) % 2 == 0)).all()


def test_users_have_numbers_unless_ids_are_asked_for(dataset):
    for make in (most_active_by_most_rated, taste_per_genre):
        plain, named = make(dataset), make(dataset, user_ids=True)
        assert plain.rows == [f"user {n}" for n in range(1, 16)]
        assert len(set(named.rows)) == 15 and set(named.rows) <= {str(user) for user in dataset.users.ids}
        np.testing.assert_array_equal(plain.values, named.values)


def test_no_file_of_a_report_has_a_user_id_unless_asked_for(tmp_path):
    """Ids that are words, so that they can be looked for."""
    draw = np.random.default_rng(0)
    rows = [(f"somebody-{u:02}", i, int(draw.integers(1, 11))) for u in range(40) for i in range(12)]
    secret = rated(rows, pl.DataFrame({"item_id": range(12), "genres": [["A"]] * 12}))
    comparison = compare_models(secret, "bias,popular", split=SPLIT, run=RUN)
    write_report(tmp_path / "report", comparison)
    for file in (tmp_path / "report").iterdir():
        assert "somebody-" not in file.read_text("utf-8"), file.name
    write_report(tmp_path / "asked", comparison, user_ids=True)
    having = [file.name for file in (tmp_path / "asked").iterdir() if "somebody-" in file.read_text("utf-8")]
    assert having == ["report.html"]
    said = "The numbers of users are not their ids."
    assert [said in (tmp_path / name / "report.html").read_text("utf-8") for name in ("report", "asked")] == [True, False]
    with pytest.raises(DataError, match="A list is not a comparison"):
        write_report(tmp_path / "wrong", [])


def test_taste_by_hand():
    """Ratings 8, 8 of A and 2 of B: the mean is 6, so A is (2 + 2) / (5 + 2) above it and B −4 / (5 + 1) below."""
    items = pl.DataFrame({"item_id": [1, 2, 3], "genres": [["A"], ["A"], ["B"]]})
    taste = taste_per_genre(rated([(1, 1, 8), (1, 2, 8), (1, 3, 2)], items))
    assert taste.columns == ["A", "B"]
    np.testing.assert_allclose(taste.values, [[4 / 7, -4 / 6]], rtol=1e-6)


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
        "answer", "verdict", "data", "split", "run", "machine", "versions", "bootstrap", "tasks", "served", "ranking", "fits",
        "combinations", "failures", "skipped",
    }  # fmt: skip
    assert facts["data"]["entries"] == len(found.dataset.item)
    assert facts["split"]["sha256"] == found.split.sha256
    assert set(facts["tasks"]) == {"rating", "interaction"}
    rating = facts["tasks"]["rating"]
    assert rating["order"] == tables.ranked(found, "rating")
    assert set(rating["intervals"]["mf"]) == {"rmse", "mae"}
    assert len(rating["differences"]) == (3 + 3) * 2  # pairs of models, and models beside the global mean
    assert set(rating["intervals"]) == {"bias", "mf", "stand-in", "global mean"} and rating["liked"] == "rated above 5"
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
    assert len(pictures) == 15  # 4 of intervals, 2 of residuals, 3 of predictions, 1 of reliability, 4 of epochs, 1 histogram
    for picture in pictures:
        assert picture["role"] == "img"
        assert len(picture["aria-label"]) > 40


def test_the_page_has_what_was_compared(folder, found):
    text = (folder / "report.html").read_text("utf-8")
    said, shown = "".join(Page(text).text), len(examples(found))
    assert shown > 0
    assert len(Page(text).attributes("table")) == 4 + 4 + shown + 1 + 1 + 2  # scores, differences, lists, costs, settings, maps
    for heading in ("Ratings", "Interactions", "Recommendations", "Differences", "Training", "Data"):
        assert heading in said
    for task in ("rating", "interaction", RANKING, SERVED):
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
    bias = compare_models(smooth, {"bias": module("bias").Config()}, ("rating",), SPLIT, RUN).predictions("rating")["bias"]
    plot = plots.predicted_by_true("smooth", "bias", bias, smooth.scale)
    assert plot.alt.startswith("bias: predicted against true ratings. Median prediction ")
    shown = plots.histogram("h", "rating", {f"{n / 20:g} to {(n + 1) / 20:g}": n for n in range(20)})
    assert "0.95 to 1: 19" in shown.alt


def test_a_note_is_on_the_page(found, tmp_path):
    dataset = replace(found.dataset, manifest={**found.dataset.manifest, "note": "simulated ratings"})
    write_report(tmp_path / "noted", replace(found, dataset=dataset))
    assert "Note: simulated ratings." in (tmp_path / "noted" / "report.html").read_text("utf-8")


def answered(found, seconds, values, may_be_chance=()):
    """The answer where models have these values of RMSE and take these seconds."""
    metrics = {name: {"rmse": Interval(x, x - 0.1, x + 0.1)} for name, x in values.items()}
    gaps = {}
    for a, b in permutations(values, 2):
        real = 0.01 if {a, b} != {*may_be_chance} else 1.0
        gaps[a, b, "rmse"] = Interval(values[a] - values[b], values[a] - values[b] - real, values[a] - values[b] + real)
    fits = [
        replace(fit, training=replace(fit.training, seconds=seconds[fit.name]))
        for fit in found.fits
        if fit.name in seconds and "rating" in fit.tasks
    ]
    return answer(replace(found, fits=fits, standings={"rating": Standing(metrics, gaps)}))


VALUES = {"mf": 1.0, "bias": 1.0625, "global mean": 1.5}
BASELINE = "where the baseline global mean has 1.5000"


def test_the_answer_takes_the_best_model(found):
    said = answered(found, {"mf": 20.0, "bias": 0.5}, VALUES)
    assert said == f"Take mf: RMSE 1.0000 {BASELINE}, for 20 s of training."


def test_the_answer_takes_what_may_be_as_good_in_half_the_time(found):
    said = answered(found, {"mf": 20.0, "bias": 0.5}, VALUES, ("mf", "bias"))
    chance = "mf has 1.0000, which may be chance, for 20.0 s."
    assert said == f"Take bias: RMSE 1.0625 {BASELINE}, for 0.5 s of training; {chance}"
    said = answered(found, {"mf": 20.0, "bias": 15.0}, VALUES, ("mf", "bias"))
    assert said.startswith("Take mf: ")


def test_the_answer_is_a_baseline_where_nothing_is_really_better(found):
    said = answered(found, {"mf": 1.0}, {"mf": 1.0, "global mean": 1.25}, ("mf", "global mean"))
    assert said == "Take the baseline global mean: no model is really better (RMSE 1.2500)."


def test_no_answer_where_nothing_was_compared(found):
    assert answer(replace(found, standings={})) == ""


def test_the_page_answers_first_and_says_how_it_was_measured_last(folder, found):
    text = (folder / "report.html").read_text("utf-8")
    places = [text.index(part) for part in ('class="answer"', "<h2>Recommendations", "<h2>Data", "<h2>How it was measured")]
    assert places == sorted(places)
    said = "".join(Page(text).text)
    for metric in BUILT_IN:
        assert metric.meaning and metric.meaning.replace(" %", "\N{NO-BREAK SPACE}%") in said
