"""The models that are trained where none is named, and why."""

from dataclasses import replace

import numpy as np
import pytest

import konomi
from command_line import konomi as command
from command_line import ratings, refused, write
from conftest import table_of
from konomi.data.labels import STATUS
from konomi.data.prepare import prepare
from konomi.data.split import SplitConfig, make_split
from konomi.errors import ConfigError
from konomi.models import slim
from konomi.models.sparse import Slim
from konomi.pipeline.budget import Counts, in_time
from konomi.pipeline.contest import PLAIN
from konomi.pipeline.usual import Usual
from konomi.recommend.recommender import Recommender
from konomi.runtime import Run

RUN = Run(threads=1)


def test_one_that_ranks_and_one_that_predicts(checkerboard):
    found = Usual.of(checkerboard, RUN)
    assert found.models == {"slim": None, "bayes": None}
    assert found.why[0].startswith("slim orders the titles, with settings that validation chooses: ") and "KiB" in found.why[0]
    assert found.why[1].startswith("bayes predicts ratings, by draws: ")
    small = Usual.of(checkerboard, Run(memory=1000))
    assert small.models == {"mf": None} and small.why[0].startswith("slim would need ")
    assert small.why[1].startswith("mf predicts ratings, which is quickest: ")
    assert "; bayes by draws would need " in small.why[1]
    assert "; bayes by draws would take " in Usual.of(checkerboard, RUN, 1e-9).why[1] and "would" not in found.why[1]


def test_a_budget_is_a_set_of_models(checkerboard):
    """From the forecast of counts: the best that fits into its half, and the quickest where nothing does."""
    counts = Counts.of(checkerboard, 2)
    assert counts.slim(choice=True) > counts.slim(choice=False) and counts.bayes("gibbs") > counts.bayes("vb") > counts.mf()
    for budget, models in (
        (2.001 * counts.slim(choice=True), {"slim": None}),
        (1.999 * counts.slim(choice=True), {"slim": dict(slim.USUAL)}),
        (2.001 * counts.bayes("gibbs"), {"bayes": None}),
        (1.999 * counts.bayes("gibbs"), {"bayes": {"method": "vb"}}),
        (2.001 * counts.bayes("vb"), {"bayes": {"method": "vb"}}),
        (1.999 * counts.bayes("vb"), {"mf": None}),
        (1e-9, {"slim": dict(slim.USUAL), "mf": None}),
    ):
        assert Usual.of(checkerboard, RUN, budget).models.items() >= models.items()
    assert "more than" in Usual.of(checkerboard, RUN, 1e-9).why[0] and "more than" in Usual.of(checkerboard, RUN, 1e-9).why[1]


def test_a_forecast_by_hand():
    """Three people with 1, 2 and 3 entries: 14 pairs; item 0 has all three, item 1 two, item 2 one."""
    rows = [(0, 0, 9), (1, 0, 9), (1, 1, 3), (2, 0, 5), (2, 1, 5), (2, 2, None)]
    counts = Counts.of(prepare(table_of(rows, status=np.full(len(rows), STATUS["completed"], np.uint8))), 2)
    assert counts == Counts(people=3, items=3, entries=6, ratings=5, known=2, most=3, pairs=14)
    assert counts.slim(choice=False) == 2 * (2.2e-9 * 14 + 6e-5 * 2) and counts.mf() == 2 * 1.5e-6 * 6


@pytest.mark.parametrize(
    ("given", "said"),
    [(1e-9, "0.001 s"), (0.42, "0.4 s"), (9.6, "10 s"), (12.3, "12 s"), (99, "99 s"), (150, "2 min"), (9000, "2.5 h")],
)
def test_times_for_people(given, said):
    assert in_time(given) == said


def cyclic(people=300, items=60):
    """Everybody has five titles in a row, so that the next title is told by its nearest ones."""
    return prepare(table_of([(u, (u + k) % items, 9 - (u + k) % 2) for u in range(people) for k in range(5)]))


def test_who_orders_is_decided_by_validation(monkeypatch):
    """`slim` where it is better by more than chance, with what it chose; in doubt the other."""
    dataset = cyclic()
    train = make_split(dataset, SplitConfig()).train_set(dataset)
    usual = replace(Usual.of(dataset, RUN), models={"slim": dict(slim.USUAL), "bayes": None})  # no choice: it takes a while
    assert usual.contested and not Usual.of(dataset, RUN, 1e-9).contested
    near = np.zeros(300)

    def figures(self, model, run):
        return near if isinstance(model, Slim) else np.full(300, 0.5)

    monkeypatch.setattr("konomi.models.choice.Validation.each", figures)
    near[:] = 0.5 + np.where(np.arange(300) % 2, 0.1, -0.05)
    found = usual.ordered(train, RUN)
    assert found.models.keys() == usual.models.keys() and found.models["slim"]["nearest"] in slim.LADDERS["nearest"]
    assert found.why[0] == (
        "slim orders the titles: it is better than ease, NDCG@10 0.5250 against 0.5000 on the validation entries."
    )
    near[:] = 0.5 + np.where(np.arange(300) % 2, 0.51, -0.5)
    found = usual.ordered(train, RUN)
    assert list(found.models) == ["ease", "bayes"] and found.models["ease"] == PLAIN and "more than chance" in found.why[0]
    nobody = make_split(dataset, SplitConfig(valid=0)).train_set(dataset)
    assert usual.ordered(nobody, RUN) == usual
    monkeypatch.setattr("konomi.pipeline.contest.MOST", 59)
    assert not Usual.of(dataset, RUN).contested


def test_few_people_have_no_order_to_learn():
    few = prepare(table_of([(u, u % 3, 1 + u % 10) for u in range(20)]))
    found = Usual.of(few, RUN)
    assert list(found.models) == ["bayes"] and found.why[0].startswith("No title has 10 people")
    assert konomi.train_model(few, run=RUN).facts.chosen[0] == found.why[0]


@pytest.mark.parametrize("budget", [0, -1, True, "10", float("nan"), float("inf")])
def test_what_is_no_budget(checkerboard, budget):
    with pytest.raises(ConfigError, match="The budget is "):
        konomi.train_model(checkerboard, run=RUN, budget=budget)


def test_a_budget_and_models_are_too_much(checkerboard):
    with pytest.raises(ConfigError, match="A budget chooses models"):
        konomi.train_model(checkerboard, "bias", run=RUN, budget=10)


def test_the_command_takes_a_budget(tmp_path):
    data, bundle = tmp_path / "data", tmp_path / "bundle"
    command("prepare", write(tmp_path / "ratings.csv", ratings()), "--scale", "1:10:1", "-o", data)
    command("train", data, "--budget", "0.001s", "-o", bundle)
    made = konomi.load_bundle(bundle)
    assert made.configs["slim"]["l2"] == slim.USUAL["l2"] and "bayes" not in made.models  # and no time for a contest
    command("train", data, "--budget", "0.001s", "--set", "slim.l2=7", "-o", bundle)
    assert konomi.load_bundle(bundle).configs["slim"] == {**made.configs["slim"], "l2": 7.0}
    for words in (
        ("-m", "bias", "--budget", "10s"),
        ("-m", "", "--budget", "10s"),
        ("--from", bundle, "--budget", "10s"),
        ("--budget", "soon"),
    ):
        assert refused("train", data, "-o", tmp_path / "other", *words)[0].startswith("--budget")


def test_where_nobody_rates():
    rows = [(u, i, None) for u in range(30) for i in range(20) if (u + i) % 3]
    listed = prepare(table_of(rows, status=np.full(len(rows), STATUS["completed"], np.uint8)))
    assert list(Usual.of(listed, RUN).models) == ["slim"] and "nobody rates" in Usual.of(listed, RUN).why[1]
    small = Usual.of(listed, Run(memory=1000))
    assert small.models == {"mf": {"task": "interaction"}} and "nobody rates" in small.why[1]


def test_bias_where_it_is_better(checkerboard):
    usual = Usual.of(checkerboard, RUN)
    for own, other, rater in ((1.0, 1.1, "bayes"), (1.1, 1.0, "bias"), (1.0, 1.0, "bayes")):
        found = usual.after({"rmse": own, "baselines": {"bias": {"rmse": other}}})
        assert list(found.models) == ["slim", rater] and found.why[0] == usual.why[0]
        assert found.why[1].startswith(f"{rater} predicts ratings") and f"{own:.4f}" in found.why[1]
    for nothing in (None, {}, {"rmse": None, "baselines": {"bias": {"rmse": 1.0}}}):
        assert usual.after(nothing) == usual


def test_what_is_better_is_trained_in_its_place(checkerboard, monkeypatch):
    worse = {"rmse": 1.1, "baselines": {"bias": {"rmse": 1.0}}}
    after = Usual.after
    monkeypatch.setattr(Usual, "after", lambda self, metrics: after(self, worse))
    made = konomi.train_model(checkerboard, split=SplitConfig(valid=0.3), run=RUN)
    assert list(made.models) == ["slim", "bias"] and made.facts.chosen[1].startswith(
        "bias predicts ratings: it is better than bayes"
    )
    assert Recommender(made).recommend({0: 9}, k=2)[0].rating is not None


@pytest.mark.parametrize("words", [(), ("--set", "dim=4")])
def test_the_command_says_which_and_why_and_what_comes_next(tmp_path, words):
    data, bundle = tmp_path / "data", tmp_path / "bundle"
    said = command("prepare", write(tmp_path / "ratings.csv", ratings()), "--scale", "1:10:1", "-o", data).stderr
    assert f" train {data} -o model" in said
    said = command("train", data, "-o", bundle, *words).stderr
    assert "recommend" in said.splitlines()[-1] and "=10" in said.splitlines()[-1]
    assert ("orders the titles: " in said and "predicts ratings" in said) == (not words)
    assert next(iter(konomi.load_bundle(bundle).models)) in ("slim", "ease")
    assert ("orders the" in command("info", bundle).stdout) == (not words)


def test_a_bundle_says_what_it_can_do(checkerboard, tmp_path):
    konomi.save_bundle(tmp_path / "b", konomi.train_model(checkerboard, "ease,mf", split=SplitConfig(valid=0.2), run=RUN))
    said = " ".join(command("info", tmp_path / "b").stdout.split())
    assert "order titles (ease, and what is popular among people like somebody)" in said and "rated above 5" in said
    assert "predict ratings (mf, with intervals)" in said and "find similar titles (by factors and contents)" in said
