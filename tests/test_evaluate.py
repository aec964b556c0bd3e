"""evaluate: baselines, segments, unknown people and items; no hidden rating reaches a prediction."""

import numpy as np
import pytest

from konomi.config import Run
from konomi.data.profiles import Profiles
from konomi.data.split import SplitConfig, make_split
from konomi.errors import DataError
from konomi.evaluate.evaluate import evaluate, predict
from konomi.models import bias, mf


@pytest.fixture(scope="module")
def parts(checkerboard):
    split = make_split(checkerboard, SplitConfig(valid=0.1, test=0.2))
    train = split.train_set(checkerboard)
    return train, *split.test(checkerboard), mf.fit(train, mf.Config(dim=4, rate=0.2, l2=0.01, init=0.1, patience=0), Run())


def test_taste_is_learnt_and_the_baselines_are_not_fooled(parts):
    train, seen, hidden, model = parts
    found = evaluate(model, seen, hidden, train).metrics
    assert found["n"] == len(hidden.item) and found["unknown_users"] == found["unknown_items"] == 0
    assert found["rmse"] < 1 < 3 < found["baselines"]["bias"]["rmse"]
    mean = train.seen.rating.mean()
    assert found["baselines"]["global mean"]["rmse"] == pytest.approx(np.sqrt(np.mean((hidden.rating - mean) ** 2)), rel=1e-5)
    for table in found["segments"].values():
        assert sum(row["n"] for row in table) == found["n"]
        for name, errors in found["baselines"].items():  # the squares of the segments are those of the whole
            squares = sum(row["n"] * row["baselines"][name]["rmse"] ** 2 for row in table)
            assert squares == pytest.approx(found["n"] * errors["rmse"] ** 2)
    assert sum(row["n"] for row in found["calibration"]) == found["n"]


def test_predictions_are_one_by_one_those_of_the_model(parts):
    train, seen, hidden, model = parts
    predicted = predict(model, seen, hidden, train.scale, Run())
    scores = np.clip(model.score(model.encode(seen), "rating"), 1, 10)
    np.testing.assert_allclose(predicted, scores[hidden.user, hidden.item], rtol=1e-5)


def test_threads_reach_the_model(parts):
    train, seen, hidden, model = parts
    asked = []

    class Listening:
        def encode(self, profiles, threads=1):
            asked.append(threads)
            return model.encode(profiles, threads)

        def score_pairs(self, *words):
            return model.score_pairs(*words)

    predicted = predict(Listening(), seen, hidden, train.scale, Run(threads=3))
    assert set(asked) == {3}
    np.testing.assert_array_equal(predicted, predict(model, seen, hidden, train.scale, Run(threads=1)))


def test_changing_a_hidden_rating_changes_no_prediction(parts):
    train, seen, hidden, model = parts
    turned = Profiles(hidden.indptr, hidden.item, 11 - hidden.rating)
    np.testing.assert_array_equal(
        evaluate(model, seen, hidden, train).predicted, evaluate(model, seen, turned, train).predicted
    )


def test_strangers_and_unknown_items(parts):
    """Somebody with an empty profile, and an item nobody has heard of: counted, predicted, finite."""
    train, _, _, model = parts
    seen, hidden = Profiles.of([{}, {0: 9}]), Profiles.of([{1: 9}, {-1: 2}])
    report = evaluate(model, seen, hidden, train)
    assert report.metrics["unknown_users"] == 1 and report.metrics["unknown_items"] == 1
    assert np.isfinite(report.predicted).all()
    unknown = bias.fit(train, bias.Config(), Run())
    stranger = unknown.score_pairs(unknown.encode(Profiles.of([{}])), np.array([-1], np.int32), "rating")
    assert stranger == pytest.approx(train.seen.rating.mean(), rel=1e-6)


def test_nothing_hidden(parts):
    train, seen, _, model = parts
    with pytest.raises(DataError, match="no hidden rating"):
        evaluate(model, seen, Profiles.of([{0: float("nan")}] * len(seen)), train)
