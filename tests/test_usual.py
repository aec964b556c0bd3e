"""The models that are trained where none is named, and why."""

import numpy as np
import pytest

import konomi
from command_line import konomi as command
from command_line import ratings, write
from conftest import table_of
from konomi.data.labels import STATUS
from konomi.data.prepare import prepare
from konomi.data.split import SplitConfig
from konomi.pipeline.usual import Usual
from konomi.recommend.recommender import Recommender
from konomi.runtime import Run

RUN = Run(threads=1)


def test_one_that_ranks_and_one_that_predicts(checkerboard):
    found = Usual.of(checkerboard, RUN)
    assert list(found.models) == ["ease", "bayes"] and "of memory for 20 titles" in found.why[0]
    small = Usual.of(checkerboard, Run(memory=1000))
    assert list(small.models) == ["mf"] and small.why[0].startswith("ease would need ")
    assert "bayes would need" in small.why[1]


def test_many_ratings_are_for_what_is_quick(checkerboard, monkeypatch):
    monkeypatch.setattr("konomi.pipeline.usual.MOST", 100)
    found = Usual.of(checkerboard, RUN)
    assert list(found.models) == ["ease", "mf"] and "are many for bayes" in found.why[1]
    better = found.after({"rmse": 1.0, "baselines": {"bias": {"rmse": 1.1}}})
    assert list(better.models) == ["ease", "mf"] and better.why[1].startswith("mf predicts ratings: RMSE 1.0000")


def test_where_nobody_rates():
    rows = [(u, i, None) for u in range(30) for i in range(20) if (u + i) % 3]
    listed = prepare(table_of(rows, status=np.full(len(rows), STATUS["completed"], np.uint8)))
    assert list(Usual.of(listed, RUN).models) == ["ease"] and "nobody rates" in Usual.of(listed, RUN).why[1]
    small = Usual.of(listed, Run(memory=1000))
    assert small.models == {"mf": {"task": "interaction"}} and "nobody rates" in small.why[1]


def test_bias_where_it_is_better(checkerboard):
    usual = Usual.of(checkerboard, RUN)
    for own, other, rater in ((1.0, 1.1, "bayes"), (1.1, 1.0, "bias"), (1.0, 1.0, "bayes")):
        found = usual.after({"rmse": own, "baselines": {"bias": {"rmse": other}}})
        assert list(found.models) == ["ease", rater] and found.why[0] == usual.why[0]
        assert found.why[1].startswith(f"{rater} predicts ratings: ") and f"{own:.4f}" in found.why[1]
    for nothing in (None, {}, {"rmse": None, "baselines": {"bias": {"rmse": 1.0}}}):
        assert usual.after(nothing) == usual


def test_what_is_better_is_trained_in_its_place(checkerboard, monkeypatch):
    worse = {"rmse": 1.1, "baselines": {"bias": {"rmse": 1.0}}}
    after = Usual.after
    monkeypatch.setattr(Usual, "after", lambda self, metrics: after(self, worse))
    made = konomi.train_model(checkerboard, split=SplitConfig(valid=0.3), run=RUN)
    assert list(made.models) == ["ease", "bias"] and made.facts.chosen[1].startswith(
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
    assert ("ease orders the titles" in said and "predicts ratings: " in said) == (not words)
    assert next(iter(konomi.load_bundle(bundle).models)) == "ease"
    assert ("ease orders" in command("info", bundle).stdout) == (not words)


def test_a_bundle_says_what_it_can_do(checkerboard, tmp_path):
    konomi.save_bundle(tmp_path / "b", konomi.train_model(checkerboard, "ease,mf", split=SplitConfig(valid=0.2), run=RUN))
    said = " ".join(command("info", tmp_path / "b").stdout.split())
    assert "order titles (ease, and what is popular among people like somebody)" in said and "rated above 5" in said
    assert "predict ratings (mf, with intervals)" in said and "find similar titles (by factors and contents)" in said
