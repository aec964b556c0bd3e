"""evaluate: both tasks, baselines, segments, unknown people and items; nothing hidden reaches a prediction."""

from dataclasses import replace

import numpy as np
import pytest

import stand_in
from konomi.data.labels import STATUS
from konomi.data.profiles import Profiles
from konomi.data.split import SplitConfig, make_split
from konomi.errors import DataError
from konomi.evaluate.evaluate import evaluate, measurable, truths
from konomi.evaluate.held_out import Baselines, HeldOut
from konomi.evaluate.metrics import entry_values, metrics_with
from konomi.evaluate.predict import predict
from konomi.models import bias, mf, popular
from konomi.models.api import criterion, tasks
from konomi.runtime import Run


@pytest.fixture(scope="module")
def fitted(checkerboard):
    split = make_split(checkerboard, SplitConfig(valid=0.1, test=0.2))
    train = split.train_set(checkerboard)
    return train, *split.test(checkerboard), mf.fit(train, mf.Config(dim=4, rate=0.2, l2=0.01, init=0.1, patience=0), Run())


def test_taste_is_learnt_and_the_baselines_are_not_fooled(fitted):
    train, seen, hidden, model = fitted
    found = evaluate(model, seen, hidden, train).metrics
    assert found["n"] == len(hidden.item) and found["unknown_users"] == found["unknown_items"] == 0
    assert found["rmse"] < 1 < 3 < found["baselines"]["bias"]["rmse"]
    mean = train.seen.rating.mean()
    assert found["baselines"]["global mean"]["rmse"] == pytest.approx(np.sqrt(np.mean((hidden.rating - mean) ** 2)), rel=1e-5)
    for table in found["segments"].values():
        assert sum(row["n"] for row in table) == found["n"]
        for name in ("global mean", "bias"):  # the squares of the segments are those of the whole
            squares = sum(row["n"] * row["baselines"][name]["rmse"] ** 2 for row in table)
            assert squares == pytest.approx(found["n"] * found["baselines"][name]["rmse"] ** 2)
    assert sum(row["n"] for row in found["calibration"]) == found["n"]


def test_predictions_are_one_by_one_those_of_the_model(fitted):
    train, seen, hidden, model = fitted
    predicted = predict(model, seen, hidden, ["rating"], train.scale, Run())["rating"]
    scores = np.clip(model.score(model.encode(seen), "rating"), 1, 10)
    np.testing.assert_allclose(predicted, scores[hidden.user, hidden.item], rtol=1e-5)


def test_threads_reach_the_model(fitted):
    train, seen, hidden, model = fitted
    asked = []

    class Listening:
        def encode(self, profiles, threads=1):
            asked.append(threads)
            return model.encode(profiles, threads)

        def score_pairs(self, *words):
            return model.score_pairs(*words)

    words = (seen, hidden, ["rating", "rank"], train.scale)
    predicted, alone = predict(Listening(), *words, Run(threads=3)), predict(model, *words, Run(threads=1))
    assert asked == [3]  # once for both outputs
    for output in ("rating", "rank"):
        np.testing.assert_array_equal(predicted[output], alone[output])


def test_changing_a_hidden_rating_changes_no_prediction(fitted):
    train, seen, hidden, model = fitted
    turned = Profiles(hidden.indptr, hidden.item, 11 - hidden.rating)
    before, after = (evaluate(model, seen, part, train).predictions["rating"] for part in (hidden, turned))
    np.testing.assert_array_equal(before.predicted, after.predicted)


def test_people_and_items_that_the_model_does_not_know(fitted):
    """Somebody with an empty profile, and an item nobody has heard of: counted, predicted, finite."""
    train, _, _, model = fitted
    seen, hidden = Profiles.of([{}, {0: 9}]), Profiles.of([{1: 9}, {-1: 2}])
    report = evaluate(model, seen, hidden, train)
    assert report.metrics["unknown_users"] == 1 and report.metrics["unknown_items"] == 1
    assert np.isfinite(report.predictions["rating"].predicted).all()
    unknown = bias.fit(train, bias.Config(), Run())
    unknown_pair = unknown.score_pairs(unknown.encode(Profiles.of([{}])), np.array([-1], np.int32), "rating")
    assert unknown_pair == pytest.approx(train.seen.rating.mean(), rel=1e-6)


@pytest.fixture(scope="module")
def liking(fitted):
    """A model of each choice of tasks: "rating", "interaction" and "both"."""
    train = fitted[0]
    words = {"rating": {}, "interaction": {"task": "interaction"}, "both": {"both": True}}
    return {name: stand_in.fit(train, stand_in.Config(**values), Run()) for name, values in words.items()}


def test_each_task_is_measured_on_its_own_entries(fitted, liking):
    """Five entries: rated and watched; dropped, not rated; rated and on hold; rated and dropped; planned."""
    train, nan = fitted[0], float("nan")
    watched = np.array([STATUS[s] for s in ("completed", "dropped", "on hold", "dropped", "plan to watch")])
    entries = Profiles.of([{0: 9, 1: nan}, {}, {2: 4, 5: 3, 7: nan}])
    hidden = Profiles(entries.indptr, entries.item, entries.rating, watched.astype(np.uint8))
    seen = Profiles.of([{}, {}, {}])
    report = evaluate(liking["both"], seen, hidden, train)
    assert list(report.predictions) == ["rating", "interaction"]
    rated, judged = report.predictions.values()
    assert (rated.user.tolist(), rated.item.tolist(), rated.true.tolist()) == ([0, 2, 2], [0, 2, 5], [9, 4, 3])
    assert (judged.user.tolist(), judged.item.tolist(), judged.true.tolist()) == ([0, 0, 2], [0, 1, 5], [1, 0, 0])
    p = liking["both"].probability
    np.testing.assert_array_equal(judged.predicted, p[[0, 1, 5]])
    np.testing.assert_allclose(rated.predicted, 1 + 9 * p[[0, 2, 5]])
    assert report.metrics["n"] == report.metrics["interactions"] == 3 and report.metrics["liked"] == pytest.approx(1 / 3)
    for task in ("rating", "interaction"):  # what a model of one task says is part of what a model of both says
        alone = evaluate(liking[task], seen, hidden, train)
        assert list(alone.predictions) == [task]
        assert alone.metrics["baselines"].items() <= report.metrics["baselines"].items()
        assert alone.metrics == {**{key: report.metrics[key] for key in alone.metrics}, "baselines": alone.metrics["baselines"]}


def test_interactions_beside_the_majority_class(fitted, liking):
    train, seen, hidden, _ = fitted
    report = evaluate(liking["interaction"], seen, hidden, train)
    found, predictions = report.metrics, report.predictions["interaction"]
    assert "rmse" not in found and list(found["baselines"]) == ["majority class", "popular"]
    np.testing.assert_array_equal(predictions.true, hidden.rating == 9)
    guess = replace(predictions, predicted=np.full(len(predictions.true), np.mean(train.seen.rating == 9)))
    assert found["baselines"]["majority class"] == pytest.approx(entry_values("interaction", guess))
    assert {key: found[key] for key in found["baselines"]["majority class"]} == entry_values("interaction", predictions)
    assert sum(row["n"] for row in found["reliability"]) == found["interactions"] == len(hidden.item)


def test_what_is_undefined_is_none(fitted, liking):
    """One hidden interaction, liked: there is no pair to put in order."""
    found = evaluate(liking["interaction"], Profiles.of([{}]), Profiles.of([{0: 9}]), fitted[0]).metrics
    assert found["auc"] is None and found["recall"] in (0, 1) and found["liked"] == 1


def test_training_that_says_nothing_of_liking_leaves_the_baseline_undecided(fitted, liking):
    train = replace(fitted[0], seen=Profiles.of([{}]))
    found = evaluate(liking["interaction"], Profiles.of([{}]), Profiles.of([{0: 9, 1: 2}]), train).metrics
    assert found["baselines"]["majority class"]["log_loss"] == pytest.approx(np.log(2))


def test_a_task_without_hidden_entries_is_left_out(fitted, liking):
    """Only a rated entry on hold: a rating, but no interaction."""
    hidden = replace(Profiles.of([{0: 9}]), status=np.array([STATUS["on hold"]], np.uint8))
    train = fitted[0]
    assert list(truths(liking["both"], hidden, train.labelling)) == ["rating"]
    report = evaluate(liking["both"], Profiles.of([{}]), hidden, train)
    assert list(report.predictions) == ["rating"] and "log_loss" not in report.metrics
    with pytest.raises(DataError, match="no hidden interaction to evaluate on"):
        evaluate(liking["interaction"], Profiles.of([{}]), hidden, train)


def test_recommendations_beside_popularity(fitted, liking):
    """Every model that ranks is measured as `ranking` says, and so is the order of popularity; one without tasks too."""
    train, seen, hidden, model = fitted
    plain = popular.fit(train, popular.Config(), Run())
    held = HeldOut(seen, hidden, Baselines(train, Run()), metrics_with())
    models = {"mf": model, "popular": plain}
    expected = {
        name: {**held.rank_with(each).metrics, "served": held.serve_with(held.baselines.blend([each])).metrics}
        for name, each in models.items()
    }
    report = evaluate(model, seen, hidden, train)
    assert report.metrics.items() >= expected["mf"].items()
    assert report.metrics["baselines"]["popular"] == report.baselines["popular"].metrics == expected["popular"]
    np.testing.assert_array_equal(report.ranked.each["ndcg@10"], held.rank_with(model).each["ndcg@10"])
    np.testing.assert_array_equal(report.served.each["ndcg@10"], held.serve_with(held.baselines.blend([model])).each["ndcg@10"])
    alone = evaluate(plain, seen, hidden, train)
    assert alone.metrics == {**expected["popular"], "baselines": {"popular": expected["popular"]}}
    assert alone.predictions == {}


def test_what_is_hidden_may_test_one_thing_and_not_the_other(fitted, liking):
    """A rating that is not liked tests a rating, and no recommendation; likes without a rating, the other way round."""
    train = fitted[0]
    disliked = Profiles.of([{0: 2}])
    report = evaluate(liking["rating"], Profiles.of([{}]), disliked, train)
    assert "rmse" in report.metrics and "ndcg@10" not in report.metrics and report.ranked is None
    watched = replace(Profiles.of([{0: float("nan")}]), status=np.array([STATUS["completed"]], np.uint8))
    report = evaluate(liking["rating"], Profiles.of([{}]), watched, train)
    assert "rmse" not in report.metrics and "ndcg@10" in report.metrics
    plain = popular.fit(train, popular.Config(), Run())
    assert [measurable(plain, part, train.labelling) for part in (disliked, watched)] == [False, True]
    with pytest.raises(DataError, match="no hidden entry that is liked to evaluate on"):
        evaluate(plain, Profiles.of([{}]), disliked, train)


def test_nothing_hidden(fitted, liking):
    train, seen, _, model = fitted
    nothing = Profiles.of([{0: float("nan")}] * len(seen))
    with pytest.raises(DataError, match="no hidden rating to evaluate on"):
        evaluate(model, seen, nothing, train)
    with pytest.raises(DataError, match="no hidden rating or interaction to evaluate on"):
        evaluate(liking["both"], seen, nothing, train)


def test_tasks_and_criterion_follow_from_the_outputs(liking):
    assert {name: (tasks(model), criterion(model).name) for name, model in liking.items()} == {
        "rating": (("rating",), "RMSE"),
        "interaction": (("interaction",), "log loss"),
        "both": (("rating", "interaction"), "weighted loss"),
    }
