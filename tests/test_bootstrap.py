"""The bootstrap over users: against its slow twin, by hand, by law, and whether its intervals hold what they should."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from konomi.evaluate import interaction_metrics as probabilities
from konomi.evaluate import rating_metrics as metrics
from konomi.evaluate.bootstrap import Interval, ranking_standing, resampled, standing
from konomi.evaluate.records import Predictions, Ranked


def predictions(user, true, predicted) -> Predictions:
    user = np.asarray(user, np.int32)
    return Predictions(user, np.zeros_like(user), np.asarray(true, np.float32), np.asarray(predicted, np.float32))


def some(seed=0, users=12, task="rating"):
    """Two models' predictions of the same entries; users 3 and 4 have none."""
    draw = np.random.default_rng(seed)
    user = np.sort(draw.choice(np.delete(np.arange(users), [3, 4]), 60))
    true = draw.integers(1, 11, 60) if task == "rating" else draw.integers(0, 2, 60)
    guesses = draw.uniform(1, 10, (2, 60)) if task == "rating" else draw.uniform(0.01, 0.99, (2, 60))
    return {name: predictions(user, true, guess) for name, guess in zip("ab", guesses, strict=True)}


def slowly(found: Predictions, metric, draws, seed):
    """Put the entries of the users drawn one after the other, as often as they are drawn, and measure those."""
    random = np.random.default_rng(seed)
    people = np.unique(found.user)
    values = []
    for _ in range(draws):
        drawn = random.integers(0, len(people), len(people))
        entries = np.concatenate([np.flatnonzero(found.user == people[place]) for place in drawn])
        values.append(metric(found.true[entries].astype(float), found.predicted[entries].astype(float)))
    return np.array(values)


@pytest.mark.parametrize(
    ("task", "metric", "slow"),
    [
        ("rating", "rmse", metrics.rmse),
        ("rating", "mae", metrics.mae),
        ("interaction", "log_loss", probabilities.log_loss),
        ("interaction", "accuracy", probabilities.accuracy),
    ],
)
def test_the_slow_twin_agrees(task, metric, slow):
    found = some(task=task)
    fast = standing(task, found, seed=5, draws=200)
    a, b = (slowly(found[name], slow, 200, 5) for name in "ab")
    expected = {"a": a, "b": b}
    for name, values in expected.items():
        interval = fast.metrics[name][metric]
        assert interval.value == pytest.approx(slow(found[name].true, found[name].predicted), rel=1e-6)
        assert (interval.low, interval.high) == pytest.approx(tuple(np.quantile(values, [0.025, 0.975])))
    difference = fast.differences["a", "b", metric]
    assert (difference.low, difference.high) == pytest.approx(tuple(np.quantile(a - b, [0.025, 0.975])))
    assert difference.value == pytest.approx(fast.metrics["a"][metric].value - fast.metrics["b"][metric].value)


def test_by_hand():
    """Two users, of 1 entry with the sum 4 and of 3 with the sum 0: a draw is of one of them twice, or of both."""
    means = resampled(np.array([[4.0, 0.0]]), np.array([1, 3]), draws=50, seed=0)
    assert set(means[:, 0]) == {4.0, 1.0, 0.0}


def test_of_recommendations_people_are_drawn():
    """Means over people, each counting once; who has the same figures has no difference."""
    draw = np.random.default_rng(0)
    each = {name: {metric: draw.uniform(0, 1, 40) for metric in ("ndcg@10", "recall@20")} for name in "ab"}
    ranked = {name: Ranked(np.arange(40, dtype=np.int32), values, {}) for name, values in (*each.items(), ("again", each["a"]))}
    found = ranking_standing(ranked, seed=3, draws=100)
    random = np.random.default_rng(3)
    rest = each["a"]["ndcg@10"] - each["b"]["ndcg@10"]
    drawn = [rest[random.integers(0, 40, 40)].mean() for _ in range(100)]
    gap = found.differences["a", "b", "ndcg@10"]
    assert (gap.value, gap.low, gap.high) == pytest.approx((rest.mean(), *np.quantile(drawn, [0.025, 0.975])))
    assert found.metrics["b"]["recall@20"].value == pytest.approx(each["b"]["recall@20"].mean())
    assert found.differences["a", "again", "ndcg@10"] == Interval(0, 0, 0)


def test_few_users_make_nothing_real():
    user = np.zeros(5, np.int64)
    found = standing(
        "rating", {"a": predictions(user, np.full(5, 6), np.full(5, 6)), "b": predictions(user, np.full(5, 6), np.full(5, 7))}
    )
    gap = found.differences["a", "b", "rmse"]
    assert gap.low == gap.high == -1 and not gap.real


@given(st.integers(0, 10_000), st.sampled_from(["rating", "interaction"]))
def test_a_model_does_not_differ_from_itself(seed, task):
    one = some(seed, task=task)["a"]
    found = standing(task, {"a": one, "again": one, "once more": one}, seed, draws=20)
    for interval in found.differences.values():
        assert interval == Interval(0, 0, 0)
        assert not interval.real


@given(st.integers(0, 10_000))
def test_a_difference_turned_is_its_negative(seed):
    found = standing("rating", some(seed), seed, draws=20).differences
    for metric in ("rmse", "mae"):
        there, back = found["a", "b", metric], found["b", "a", metric]
        assert (there.value, there.low, there.high) == pytest.approx((-back.value, -back.high, -back.low))
        assert there.real == back.real


def test_what_is_hard_for_both_falls_out_of_the_difference():
    """Users differ widely in how well they can be predicted; one model is a little better for everybody."""
    draw = np.random.default_rng(0)
    user = np.repeat(np.arange(50), 20)
    noise = np.repeat(draw.uniform(0.1, 3, 50), 20) * draw.standard_normal(1000)
    true = np.full(1000, 5.0)
    found = standing(
        "rating", {"good": predictions(user, true, true + noise), "bad": predictions(user, true, true + 1.05 * noise)}
    )
    own, gap = found.metrics["good"]["rmse"], found.differences["bad", "good", "rmse"]
    assert gap.real
    assert gap.high - gap.low < 0.1 * (own.high - own.low)


def test_the_seed_decides():
    one, same, other = (standing("rating", some(), seed, draws=50) for seed in (1, 1, 2))
    assert one == same
    assert one != other
    assert one.metrics["a"]["mae"].value == other.metrics["a"]["mae"].value


def test_a_single_user_has_no_spread():
    found = standing("rating", {"a": predictions([7, 7], [1, 3], [2, 2])}, draws=10)
    assert found.metrics["a"]["rmse"] == Interval(1, 1, 1)
    assert found.differences == {}


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    """The errors of a user hang together, so intervals over entries are too short: those over users are not."""
    held = {"users": [], "entries": []}
    for seed in range(200):
        draw = np.random.default_rng(seed)
        size = draw.integers(1, 20, 200)
        user = np.repeat(np.arange(200), size)
        miss = np.repeat(draw.standard_normal(200), size) + draw.standard_normal(len(user))  # of variance 2
        for unit, group in (("users", user), ("entries", np.arange(len(user)))):
            found = standing("rating", {"a": predictions(group, np.zeros(len(user)), miss)}, seed, draws=200)
            interval = found.metrics["a"]["rmse"]
            held[unit].append(interval.low <= np.sqrt(2) <= interval.high)
    assert 0.88 < np.mean(held["users"]) < 0.99
    assert np.mean(held["entries"]) < 0.8
