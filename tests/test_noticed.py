"""Small things of measuring that `bench/mutate.py` changed before any test noticed."""

import numpy as np
import polars as pl
import pytest

from conftest import table_of
from konomi.data import draw
from konomi.data.labels import Labelling
from konomi.data.prepare import prepare
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.data.split import TEST, VALID, SplitConfig, make_split, predefined, with_validation
from konomi.errors import DataError
from konomi.evaluate.bootstrap import LEAST_USERS, Interval, ranking_standing
from konomi.evaluate.evaluate import evaluate
from konomi.evaluate.folds import pooled
from konomi.evaluate.genre_wishes import apart
from konomi.evaluate.held_out import Baselines
from konomi.evaluate.interaction_metrics import reliability
from konomi.evaluate.metrics import ListMetric, list_metrics, metrics_with
from konomi.evaluate.people import of_people, standings
from konomi.evaluate.recommendations import list_length
from konomi.evaluate.records import ItemFacts, Predictions, Ranked, Report, of_lists
from konomi.models import bias, mf
from konomi.pipeline.steps import Experiment
from konomi.ranking.blend import Blend
from konomi.ranking.ranker import Ranker
from konomi.ranking.rerank import unit
from konomi.runtime import Run
from test_people import train_of as catalogue_of
from test_popular import train_of

RUN = Run(threads=1)


def test_an_interval_that_ends_at_0_has_0_in_it():
    for low, high, real in ((0, 1, False), (-1, 0, False), (0.01, 1, True), (-1, -0.01, True)):
        assert Interval(0.5, low, high, LEAST_USERS).real is real and not Interval(0.5, low, high, LEAST_USERS - 1).real


def test_only_metrics_that_say_so_have_intervals():
    each = {"ndcg@10": np.ones(3), "precision@10": np.ones(3), "recall@20": np.array([1, np.nan, 1])}
    found = ranking_standing({"a": Ranked(np.arange(3, dtype=np.int32), each, {})}, draws=5)
    assert list(found.metrics["a"]) == ["ndcg@10"]


def test_segments_and_people_are_counted():
    """People with 0 to 300 seen ratings, one whose hidden entry has none, and titles with 0 to 10,000 training ratings."""
    many = (0, 1, 9, 10, 29, 30, 99, 100, 299, 300)
    train = train_of([(u, i, 5) for u, n in enumerate(many) for i in range(n)])
    seen = Profiles.of([{i: 5.0 for i in range(n)} for n in many] + [{}])
    hidden = Profiles.of([{-1: 7.0} for _ in many] + [{-1: np.nan}])
    found = evaluate(bias.fit(train, bias.Config(), RUN), seen, hidden, train).metrics
    assert (found["n"], found["users"], found["unknown_users"], found["unknown_items"]) == (10, 10, 1, 10)
    by_activity = [(row["from"], row["below"], row["n"]) for row in found["segments"]["activity"]]
    assert by_activity == [(0, 1, 1), (1, 10, 2), (10, 30, 2), (30, 100, 2), (100, 300, 2), (300, None, 1)]
    counts = (1, 9, 10, 99, 100, 999, 1_000, 9_999, 10_000)
    train = train_of([(u, i, 5) for i, count in enumerate(counts) for u in range(count)])
    asked = Profiles.of([dict.fromkeys(range(-1, 9), 6.0)])
    rows = evaluate(bias.fit(train, bias.Config(), RUN), Profiles.of([{}]), asked, train).metrics["segments"]["popularity"]
    edges = [(0, 1, 1), (1, 10, 2), (10, 100, 2), (100, 1_000, 2), (1_000, 10_000, 2), (10_000, None, 1)]
    assert [(row["from"], row["below"], row["n"]) for row in rows] == edges


def test_folds_of_interactions(checkerboard):
    config = mf.Config(task="interaction", dim=4, rate=0.2, epochs=4)
    experiments = Experiment.each(checkerboard, SplitConfig(valid=0.1, folds=3), RUN)
    found = pooled([each.measure(each.test, [mf.fit(each.train, config, RUN)]) for each in experiments], metrics_with())
    entries, values = found.predictions["interaction"], found.metrics
    assert values["interactions"] == len(entries.true) == len(checkerboard.item)
    assert values["liked"] == pytest.approx(entries.true.mean()) and 0.2 < values["liked"] < 0.8
    assert values["reliability"] == reliability(entries.true, entries.predicted) and "calibration" not in values
    assert set(values["baselines"]) == {"majority class", "popular"}


def test_folds_without_baselines_and_of_people_without_a_value():
    one = np.array([1], np.int32)
    guess = Predictions(one, one, np.array([3], np.float32), np.array([4], np.float32))
    lists = [Ranked(np.arange(2, dtype=np.int32), {"x": np.array(x)}, {"x": None}) for x in ([np.nan, 1.0], [np.nan, 0.5])]
    found = pooled([Report({"rmse": 1.0}, {"rating": guess}, ranked, ranked) for ranked in lists], metrics_with())
    assert "baselines" not in found.metrics and np.isnan(found.ranked.each["x"][0])
    assert found.metrics["x"] == 0.75 and found.metrics["people"]["x"] == 1 and found.metrics["ranked_users"] == 2


def test_a_title_at_the_very_mean_is_liked_and_nobody_breaks_nothing():
    """Everything rated 7 is no lower than the mean of 7; and before any training rating every genre is as usual."""
    train = catalogue_of([["A"], ["A"], ["A"], ["B"], ["B"], ["B"]], [dict.fromkeys(range(6), 7.0)])
    level, nobody = Profiles.of([dict.fromkeys(range(6), 7.0)]), catalogue_of([["A"]] * 3, [{}])
    np.testing.assert_allclose(apart(level, train)[0], 0, atol=1e-6)
    assert (
        np.isnan(apart(Profiles.of([{}]), train)).all()
        and np.isfinite(apart(Profiles.of([{0: 5.0, 1: 5.0, 2: 5.0}]), nobody)).all()
    )


def test_whatever_is_liked_alone_is_told_from_nothing():
    """A model of interactions is measured by its lists where all that is learnt and hidden is liked."""
    alike = [(u, i, 9) for u in range(3) for i in range(6)]
    train, mixed = train_of(alike), train_of([*alike, (3, 0, 2), (3, 1, 9)])
    model = mf.fit(mixed, mf.Config(task="interaction", dim=2, epochs=1), RUN)
    seen = Profiles.of([{0: 9.0}])
    for hidden, learnt, measured in ((9.0, train, False), (9.0, mixed, True), (2.0, train, True)):
        assert ("log_loss" in evaluate(model, seen, Profiles.of([{1: hidden}]), learnt).metrics) is measured


def test_numbers_of_ids_are_for_ever():
    """Another Konomi has to draw the same: what tested a saved model must go on testing it."""
    dataset = prepare(table_of([(1, "a", 5), (1, "b", 6), (7, "a", 5), (2**40, "ü", 3)]))
    np.testing.assert_allclose(draw.of_entries(dataset, 0), [0.25191051, 0.32678628, 0.99057704, 0.06224004], atol=1e-8)
    np.testing.assert_allclose(draw.of_entries(dataset, 1), [0.67455585, 0.49351016, 0.07813121, 0.27801689], atol=1e-8)
    np.testing.assert_allclose(draw.of_ids(dataset.users, 0, "user"), [0.52845493, 0.56466587, 0.40310796], atol=1e-8)
    np.testing.assert_allclose(draw.of_ids(dataset.item_ids, 0, "item"), [0.65388458, 0.90590953, 0.58008008], atol=1e-8)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (SplitConfig("per-user", valid=0.1, test=0.2), {1: (0, 0), 2: (0, 0), 4: (1, 0), 10: (2, 1)}),
        (SplitConfig("per-user", valid=3, test=2), {1: (0, 0), 2: (1, 0), 4: (2, 1), 10: (2, 3)}),
        (SplitConfig("per-user", valid=2, test=0), {1: (0, 0), 2: (0, 1), 4: (0, 2), 10: (0, 2)}),
    ],
)
def test_of_each_person_so_many(config, expected):
    """One at least is left to learn from; test entries go before validation entries."""
    dataset = prepare(table_of([(n, i, 5) for n in expected for i in range(n)]))
    role, user = make_split(dataset, config).role, dataset.users.ids.gather(dataset.profiles.user).to_numpy()
    found = {n: tuple(int((role[user == n] == each).sum()) for each in (TEST, VALID)) for n in expected}
    assert found == expected


def test_what_is_kept_of_people_and_compared():
    """Metrics with intervals alone are kept; one that somebody lacks in either training is not compared."""
    ranked = Ranked(np.array([1, 3], np.int32), {"ndcg@10": np.array([0.5, 1]), "precision@10": np.ones(2)}, {})
    kept = of_people(Report({}, {}, ranked, ranked), np.array([0, 2, 5, 1]))
    assert kept.columns == ["served:ndcg@10", "ranking:ndcg@10"]
    assert kept["served:ndcg@10"].to_list() == [0.5, None, 1]  # the third person was tested, and has no list
    one = pl.DataFrame({"served:ndcg@10": [0.5, 1.0], "served:recall@20": [0.5, 0.25]})
    other = pl.DataFrame({"served:ndcg@10": [0.25, 0.5], "served:recall@20": [0.5, None]})
    found = standings({"one": one, "other": other})["served"]
    assert list(found.metrics["one"]) == ["ndcg@10"] and found.differences["one", "other", "ndcg@10"].value == 0.375
    both = standings({"one": one, "again": one})["served"]
    assert list(both.metrics["one"]) == ["ndcg@10", "recall@20"]


def test_files_that_share_one_row_and_rows_after_the_last():
    dataset = prepare(table_of([(1, 1, 8), (1, 2, 3), (2, 1, 5), (2, 3, 9)]))
    with pytest.raises(DataError, match="share rows"):
        predefined(dataset, table_of([(1, 1, 8)]), table_of([(1, 1, 8), (1, 2, 3)]))
    with pytest.raises(DataError, match="1 of 2 rows of the test file are not in the dataset"):
        predefined(prepare(table_of([(1, 1, 8), (1, 3, 3), (2, 1, 5)])), table_of([(1, 1, 8), (2, 3, 9)]))


def test_metrics_look_as_far_as_they_say():
    for metric in list_metrics():
        assert metric.key == "mrr" or int(metric.key.partition("@")[2]) == metric.k
    assert {metric.key for metric in list_metrics() if metric.has_interval} == {
        "ndcg@10", "recall@20", "ndcg_weighted@10", "recall_weighted@20",
    }  # fmt: skip
    of_people = ["ndcg@10", "recall@20", "ndcg_weighted@10", "coverage@10", "overlap@10", "novelty@10", "ild@10"]
    assert [metric.key for metric in list_metrics() if metric.of_people] == of_people
    assert (list_length(), list_length(metrics_with("ndcg@50"))) == (20, 50)
    own = ListMetric("own@3", "own", 3, lambda found, k: np.zeros(1), "higher")
    assert not own.has_interval and not own.of_people


def test_the_mix_of_what_somebody_likes_is_one_whole():
    items = pl.DataFrame({"genres": [["A"], ["A", "B"], ["C"]], "ratings": [3, 3, 3], "bayes": [7.0, 7.0, 7.0]})
    scale = Scale(1, 10, 1)
    ranker = Ranker(Blend((), items, Labelling(scale)))
    np.testing.assert_allclose(ranker._liked_mix(Profiles.of([{0: 9.0, 1: 8.0, 2: 2.0}])), [0.75, 0.25, 0])
    assert ranker._liked_mix(Profiles.of([{2: 2.0}])).tolist() == [0, 0, 0]


def test_a_report_tells_what_it_has():
    own, served = (Ranked(np.zeros(1, np.int32), {}, {"ndcg@10": value}) for value in (0.25, 0.5))
    guess = Predictions(*(np.zeros(1, np.int32) for _ in range(4)))
    report = of_lists(own, served)
    assert of_lists(None, served) is None and of_lists(own, None) is None
    assert report.values("served") == {"ndcg@10": 0.5} and report.values("ranking")["ndcg@10"] == 0.25
    assert report.lists("served") is served and report.lists("ranking") is own
    assert [report.tests(kind) for kind in ("served", "ranking", "rating", "interaction")] == [True, True, False, False]
    ratings = Report({"rmse": 1.0}, {"rating": guess})
    assert [ratings.tests(kind) for kind in ("served", "ranking", "rating", "interaction")] == [False, False, True, False]
    facts = ItemFacts.of(Profiles.of([{0: 9.0}, {0: 9.0, 1: 8.0}, {}]), pl.DataFrame({"genres": [["A"], ["B"], ["B"]]}))
    assert facts.count.tolist() == [2, 1, 0, 0] and facts.share.tolist() == [1, 0.5, 0.5, 0.5]


def test_where_nearly_all_is_tested_half_of_the_rest_validates(checkerboard):
    split = with_validation(make_split(checkerboard, SplitConfig(valid=0, test=0.9)), checkerboard, 0.1)
    assert split.spec["valid"] == pytest.approx(0.05) and split.counts()["valid"] < split.counts()["test"] / 9
    assert with_validation(make_split(checkerboard, SplitConfig(valid=0, folds=2)), checkerboard, 0.3).spec["valid"] == 0.25
    assert with_validation(make_split(checkerboard, SplitConfig(valid=0, test=7)), checkerboard, 0.3).spec["valid"] == 0.3


def test_titles_are_alike_by_what_people_like_and_by_contents():
    """Both count alike, so without a model that places items it is contents alone."""
    train = train_of([(u, i, 9 if (u + i) % 2 else 2) for u in range(6) for i in range(4)])
    model, items = mf.fit(train, mf.Config(dim=3, epochs=2), RUN), Baselines(train, RUN).catalogue
    items = items.with_columns(pl.Series("genres", [["A"], ["B"], ["A", "B"], ["A"]]))
    content, both = (Ranker(Blend(models, items, train.labelling)).vectors for models in ((), (model,)))
    np.testing.assert_allclose(both[:, :3], unit(model.item_vectors()) / np.sqrt(2), atol=1e-6)
    np.testing.assert_allclose(both[:, 3:], content / np.sqrt(2), atol=1e-6)
