"""Measures of probabilities: hand-worked fractions, laws, and slow twins that follow the definitions pair by pair."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from konomi.evaluate.interaction_metrics import (
    accuracy,
    auc,
    average_precision,
    brier,
    ece,
    log_loss,
    precision,
    recall,
    reliability,
)
from konomi.evaluate.metrics import entry_metrics, entry_values
from konomi.evaluate.records import Predictions

MEASURES = (log_loss, accuracy, precision, recall, auc, average_precision, brier, ece)

NOTHING = np.array([], np.float32)
TRUE = np.array([1, 0, 1, 1, 0], np.float32)
P = np.array([0.75, 0.75, 0.5, 0.25, 0.125], np.float32)

SIXTEENTHS = st.integers(0, 16).map(lambda n: n / 16)  # ties are frequent, sums and squares exact
labelled = st.lists(st.tuples(st.integers(0, 1), SIXTEENTHS), min_size=1, max_size=30).map(
    lambda pairs: tuple(np.array(pairs, np.float32).T)
)


def slow_auc(true, predicted):
    """How often a liked entry is above one not liked, pair by pair."""
    pairs = [(p > q) + (p == q) / 2 for p in predicted[true == 1] for q in predicted[true == 0]]
    return sum(pairs) / len(pairs) if pairs else math.nan


def slow_average_precision(true, predicted):
    """The precision at every liked entry's own threshold, averaged: all entries at or above it pass."""
    at = [true[predicted >= p].mean() for p in predicted[true == 1]]
    return sum(at) / len(at) if at else math.nan


def test_by_hand():
    assert log_loss(TRUE, P) == pytest.approx(-math.log(3 / 4 * 1 / 4 * 1 / 2 * 1 / 4 * 7 / 8) / 5)
    assert accuracy(TRUE, P) == pytest.approx(2 / 5)  # ½ is not above ½
    assert precision(TRUE, P) == pytest.approx(1 / 2)
    assert recall(TRUE, P) == pytest.approx(1 / 3)
    assert auc(TRUE, P) == pytest.approx((0.5 + 0 + 0 + 3) / 6)  # pairs with the 0 at ¾, then with that at ⅛
    assert average_precision(TRUE, P) == pytest.approx((1 / 2 + 2 / 3 + 3 / 4) / 3)
    assert brier(TRUE, P) == pytest.approx((1 / 16 + 9 / 16 + 1 / 4 + 9 / 16 + 1 / 64) / 5)
    assert ece(TRUE, P) == pytest.approx((2 * 1 / 4 + 1 / 2 + 3 / 4 + 1 / 8) / 5)


def test_reliability_by_hand():
    assert reliability(TRUE, P) == [
        {"predicted": 0.125, "true": 0, "n": 1},
        {"predicted": 0.25, "true": 1, "n": 1},
        {"predicted": 0.5, "true": 1, "n": 1},
        {"predicted": 0.75, "true": 0.5, "n": 2},
    ]
    assert reliability(TRUE, P, bins=2) == [
        {"predicted": 0.1875, "true": 0.5, "n": 2},
        {"predicted": pytest.approx(2 / 3), "true": pytest.approx(2 / 3), "n": 3},
    ]
    edges = np.array([1, 0.9375, 0.5, 0], np.float32)  # 1 is in the last class, ½ in the sixth
    assert [row["n"] for row in reliability(np.ones(4), edges)] == [1, 1, 2]
    assert [row["predicted"] for row in reliability(np.ones(4), edges)] == [0, 0.5, 0.96875]


def test_the_registry_has_them_all():
    nobody = np.zeros(5, np.int32)
    values = entry_values("interaction", Predictions(nobody, nobody, TRUE, P))
    assert values == {measure.__name__: measure(TRUE, P) for measure in MEASURES}
    assert [metric.key for metric in entry_metrics("interaction")] == list(values)


def test_what_is_undefined_is_nan():
    for measure in MEASURES:
        assert math.isnan(measure(NOTHING, NOTHING))
    low, ones, zeros = np.full(3, 0.25, np.float32), np.ones(3, np.float32), np.zeros(3, np.float32)
    assert math.isnan(precision(ones, low))  # nothing is said to be liked
    assert math.isnan(recall(zeros, low)) and math.isnan(average_precision(zeros, low))  # nothing is
    assert math.isnan(auc(ones, low)) and math.isnan(auc(zeros, low))  # one class
    assert reliability(NOTHING, NOTHING) == []
    nobody = np.zeros(3, np.int32)
    assert entry_values("interaction", Predictions(nobody, nobody, zeros, low)) == {
        "log_loss": pytest.approx(-math.log(3 / 4)),
        "accuracy": 1,
        "precision": None,
        "recall": None,
        "auc": None,
        "average_precision": None,
        "brier": 1 / 16,
        "ece": 1 / 4,
    }


def test_certainty_costs_much_but_not_everything():
    assert log_loss(np.array([1.0]), np.array([0.0])) == pytest.approx(7 * math.log(10))
    assert log_loss(np.array([0.0]), np.array([1.0])) == pytest.approx(7 * math.log(10))
    assert log_loss(np.array([0.0]), np.array([0.0])) == pytest.approx(1e-7)


@pytest.mark.parametrize("share", [0.75, 0.25])
def test_the_same_probability_for_everybody(share):
    """A constant knows no order: AUC is ½, average precision the share of liked ones."""
    true, p = np.array([1, 1, 1, 0], np.float32), np.full(4, share)
    assert auc(true, p) == 0.5 and average_precision(true, p) == 3 / 4
    assert accuracy(true, p) == (3 / 4 if share > 0.5 else 1 / 4)
    assert ece(true, p) == pytest.approx(abs(3 / 4 - share))


@given(labelled)
def test_fast_is_slow(pair):
    assert auc(*pair) == pytest.approx(slow_auc(*pair), nan_ok=True)
    assert average_precision(*pair) == pytest.approx(slow_average_precision(*pair), nan_ok=True)


@given(labelled)
def test_only_the_order_counts_for_auc_and_average_precision(pair):
    true, p = pair
    for measure in (auc, average_precision):
        assert measure(true, p**2) == pytest.approx(measure(true, p), nan_ok=True)
    assert auc(true, 1 - p) == pytest.approx(1 - auc(true, p), nan_ok=True)
    assert auc(1 - true, p) == pytest.approx(1 - auc(true, p), nan_ok=True)


@given(labelled, st.randoms(use_true_random=False))
def test_the_order_of_entries_does_not_count(pair, random):
    order = random.sample(range(len(pair[0])), len(pair[0]))
    for measure in MEASURES:
        assert measure(*(array[order] for array in pair)) == pytest.approx(measure(*pair), nan_ok=True)


@given(labelled)
def test_bounds(pair):
    true, p = pair
    for measure in MEASURES[1:]:
        assert math.isnan(measure(true, p)) or 0 <= measure(true, p) <= 1
    assert brier(true, p) <= log_loss(true, p)  # (1 − q)² ≤ −ln q
    assert ece(true, p) <= np.mean(np.abs(true - p)) + 1e-6 <= math.sqrt(brier(true, p)) + 2e-6
    assert sum(row["n"] for row in reliability(true, p)) == len(true)


@given(st.lists(st.integers(0, 1), min_size=2).filter(lambda labels: 0 < sum(labels) < len(labels)))
def test_perfect_predictions(labels):
    true = np.array(labels, np.float32)
    assert {accuracy(true, true), precision(true, true), recall(true, true), auc(true, true)} == {1}
    assert average_precision(true, true) == 1 and brier(true, true) == ece(true, true) == 0
    assert log_loss(true, true) < 1e-6
