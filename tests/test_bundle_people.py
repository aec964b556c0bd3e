"""What a bundle keeps of each person who was measured: compared in pairs, told when a baseline is not beaten, about nobody."""

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import konomi
from command_line import konomi as command
from command_line import refused
from konomi.bundle.format import load_bundle, save_bundle
from konomi.data.dataset import parquet
from konomi.data.split import SplitConfig, make_split
from konomi.errors import BeginAnew, BundleError, DataError
from konomi.evaluate.metrics import RANKING, SERVED
from konomi.models import module, slim
from konomi.pipeline.against import FIRST, SECOND, compare_bundles
from konomi.pipeline.train import train_model
from konomi.ranking import blend
from konomi.recommend.recommender import Recommender
from konomi.runtime import Run
from rewritten import rewrite

RUN = Run(threads=1)
SPLIT = SplitConfig("random", valid=0.2, test=0.03)  # so that some have test entries and none that is liked


def as_bytes(columns):
    return np.frombuffer(parquet(pl.DataFrame(columns)), np.uint8)


@pytest.fixture(scope="module")
def trained(checkerboard):
    models = {"ease": {"l2": 1.0}, "popular": {}, "bias": {}, "mf": {"dim": 4, "epochs": 5, "task": "interaction"}}
    return {name: train_model(checkerboard, {name: config}, SPLIT, RUN) for name, config in models.items()}


def test_the_same_people_whatever_was_measured(trained):
    """Some have no relevant test entry, so no list of theirs is measured; their row is there all the same."""
    heights = {name: bundle.people.height for name, bundle in trained.items()}
    assert len(set(heights.values())) == 1
    ranked = trained["ease"].people[f"{SERVED}:ndcg@10"]
    assert 0 < ranked.null_count() < len(ranked) and trained["bias"].people["rating:n"].null_count() == 0
    assert (trained["bias"].people["rating:n"] > 0).all()


@pytest.mark.parametrize("second", ["popular", "bias", "mf"])
def test_differences_are_those_of_the_figures(trained, second):
    first = trained["ease"]
    found = compare_bundles(first, trained[second])
    for kind in (SERVED, RANKING):
        gap = found[kind].differences[FIRST, SECOND, "ndcg@10"]
        of = [
            bundle.metrics["test"] if kind == RANKING else bundle.metrics["test"]["served"]
            for bundle in (first, trained[second])
        ]
        assert gap.value == pytest.approx(of[0]["ndcg@10"] - of[1]["ndcg@10"]) and gap.users == of[0]["ranked_users"]
        back = compare_bundles(trained[second], first)[kind].differences[FIRST, SECOND, "ndcg@10"]
        assert (back.value, back.low, back.high) == pytest.approx((-gap.value, -gap.high, -gap.low))
    assert list(found) == [SERVED, RANKING]


def test_what_cannot_be_compared(trained, checkerboard, tmp_path):
    few = train_model(checkerboard, {"ease": {"l2": 1.0}}, SPLIT, RUN, measured=3)
    with pytest.raises(DataError, match="not measured on the same people") as caught:
        compare_bundles(trained["ease"], few)
    assert "`measured`" in caught.value.hint
    facts = trained["ease"].facts
    other = replace(trained["ease"], facts=replace(facts, data=replace(facts.data, liked=9.0)))
    with pytest.raises(DataError, match="What is liked is not the same"):
        compare_bundles(trained["ease"], other)
    rates = replace(trained["bias"], people=trained["bias"].people.select("^rating:.*$"))
    save_bundle(tmp_path / "a", rates)
    save_bundle(tmp_path / "b", trained["popular"])
    assert "no figure in common" in refused("evaluate", tmp_path / "a", "--against", tmp_path / "b")[0]
    assert "nothing is measured anew" in refused("evaluate", tmp_path / "a", "--measured", 5)[0]


def test_it_says_nothing_of_who_they_are(trained, tmp_path):
    """Numbers of errors and lists by kind and metric: no ids, no items, no ratings."""
    save_bundle(tmp_path / "b", trained["bias"])
    people = load_bundle(tmp_path / "b").people
    assert set(people.schema.values()) == {pl.Float64}
    assert {name.partition(":")[0] for name in people.columns} == {"rating", SERVED, RANKING}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"arrays": {"people.parquet": np.arange(9, dtype=np.uint8)}}, "A Parquet file must contain"),
        ({"arrays": {"people.parquet": as_bytes({"user_id": [1.0]})}}, 'a column "user_id"'),
        ({"arrays": {"people.parquet": as_bytes({"rating:n": [1]})}}, "of Int64"),
        ({"arrays": {"people.parquet": as_bytes({"rating:n": [math.inf]})}}, "not finite"),
        ({"manifest": {"learnt": ["train", "everything"]}}, '"learnt" of the manifest cannot be'),
        ({"manifest": {"warnings": "bad"}}, '"warnings" of the manifest cannot be'),
    ],
)
def test_what_does_not_fit_is_refused(trained, tmp_path, changes, message):
    save_bundle(tmp_path / "b", trained["bias"])
    rewrite(tmp_path / "b", **changes)
    for check in (True, False):
        with pytest.raises(BundleError) as caught:
            load_bundle(tmp_path / "b", check)
        assert message in str(caught.value)


def test_a_bundle_of_format_3_is_read(trained, tmp_path):
    """It has none of this, and has learnt its training entries."""
    save_bundle(tmp_path / "b", trained["bias"])
    gone = dict.fromkeys(("people.parquet", "lifts.item", "lifts.steps"))
    older = {"metadata": {"format": "3"}, "manifest": {"learnt": None, "warnings": None}, "arrays": gone}
    found = load_bundle(rewrite(tmp_path / "b", **older))
    assert not found.facts.refitted and found.people.is_empty() and found.metrics == trained["bias"].metrics
    with pytest.raises(DataError, match="nothing was measured of it"):
        compare_bundles(found, trained["bias"])
    assert not len(found.lifts.item) and Recommender(found).recommend(k=3)
    with pytest.raises(BundleError, match="format '7' is not known here"):
        load_bundle(rewrite(tmp_path / "b", metadata={"format": "7"}))


def test_a_bundle_of_format_5_is_read(checkerboard, tmp_path, monkeypatch):
    """Its lifts are a whole square, and weights of slim have 16 bits."""
    monkeypatch.setattr(slim, "LEVEL", np.int16)
    made = train_model(checkerboard, {"slim": {"l2": 5.0, "nearest": 8}}, run=RUN)
    save_bundle(tmp_path / "b", made)
    every = np.arange(len(made.lifts.item))
    square = {"lifts.steps": made.lifts.between(every, every)}
    found = load_bundle(rewrite(tmp_path / "b", metadata={"format": "5"}, arrays=square))
    assert square["lifts.steps"].any() and found.models["slim"].level.dtype == np.int16
    me = dict.fromkeys(made.items["item_id"].to_list()[:3], 9)
    assert Recommender(found).recommend(me).to_dicts() == Recommender(made).recommend(me).to_dicts()
    save_bundle(tmp_path / "again", found)
    np.testing.assert_array_equal(load_bundle(tmp_path / "again").lifts.steps, made.lifts.steps)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("steps", lambda a: a[:-1]),
        ("steps", lambda a: a.astype(np.int16)),
        ("steps", lambda a: a[None]),
        ("item", lambda a: a[::-1]),
        ("item", lambda a: a + 20),
        ("item", lambda a: a[:, None]),
        ("steps", lambda a: None),
    ],
)
def test_lifts_that_do_not_fit_are_refused(checkerboard, tmp_path, name, change):
    made = train_model(checkerboard, "ease", run=RUN)
    save_bundle(tmp_path / "b", made)
    with pytest.raises(BundleError, match=r"lifts|steps"):
        load_bundle(rewrite(tmp_path / "b", arrays={f"lifts.{name}": change(getattr(made.lifts, name))}))


def test_an_ease_of_format_3_is_read_and_saved_but_not_gone_on_from(checkerboard, tmp_path):
    made = train_model(checkerboard, "ease", run=RUN)
    save_bundle(tmp_path / "b", made)
    names = {f"ease/{name}": None for name in ("diagonal", "settings", "penalty")}
    found = load_bundle(rewrite(tmp_path / "b", metadata={"format": "3"}, arrays=names))
    save_bundle(tmp_path / "again", found)
    again, train = (
        load_bundle(tmp_path / "again").models["ease"],
        make_split(checkerboard, SplitConfig()).train_set(checkerboard),
    )
    np.testing.assert_array_equal(again.weight, made.models["ease"].weight)
    with pytest.raises(BeginAnew, match="of an older Konomi"):
        module("ease").fit_from(again, train, module("ease").Config(), RUN)
    with pytest.raises(BundleError, match="diagonal is float32"):
        load_bundle(rewrite(tmp_path / "b", arrays={"ease/diagonal": np.ones(3, np.float32)}))


@pytest.fixture(scope="module")
def by_popularity():
    """Everybody has the few titles that many have; who likes what is chance."""
    draw = np.random.default_rng(1)
    chance = 1 / (1 + np.arange(40))
    rows = [(u, i, int(draw.integers(1, 11))) for u in range(80) for i in range(40) if draw.random() < chance[i] + 0.05]
    return konomi.Dataset.from_frame(
        pl.DataFrame(rows, schema=["user", "item", "rating"], orient="row"), scale=konomi.Scale(1, 10, 1)
    )


def test_a_model_that_does_not_beat_its_baseline(by_popularity, tmp_path, monkeypatch):
    """The lists of `popular`, the majority class, `bias`; both figures, and an interval of the difference."""
    monkeypatch.setattr(blend, "HALF", {True: 1e-9, False: 1e-9})  # the model orders the titles alone
    settings = {"dim": 8, "epochs": 30, "rate": 0.3, "l2": 0, "patience": 0}
    made = train_model(by_popularity, {"mf": {**settings, "task": "interaction"}}, SplitConfig(valid=0.3), RUN)
    said = {line.partition(" on the")[0]: line for line in made.facts.warnings}
    assert set(said) == {"mf does not beat majority class", "mf does not beat popular"}
    of_lists, valid = said["mf does not beat popular"], made.metrics["valid"]
    assert f"NDCG@10 of the lists that people get {valid['served']['ndcg@10']:.4f}" in of_lists
    assert f"against {valid['baselines']['popular']['served']['ndcg@10']:.4f} (difference -" in of_lists
    save_bundle(tmp_path / "b", made)
    assert all(line in command("evaluate", tmp_path / "b").stderr for line in made.facts.warnings)
    assert train_model(by_popularity, "mf", SplitConfig(valid=0), RUN, refit=False).facts.warnings == ()
