"""Metrics by hand and by brute force."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from konomi.evaluate import rating_metrics as metrics

TRUE = np.array([1, 3, 5, 8], np.float32)
PREDICTED = np.array([2, 3, 3, 9], np.float32)  # errors −1, 0, 2, −1


def test_by_hand():
    assert metrics.rmse(TRUE, PREDICTED) == pytest.approx(math.sqrt(6 / 4))
    assert metrics.mae(TRUE, PREDICTED) == pytest.approx(1)
    # the first person has errors −1 and 0, the second none hidden, the third 2 and −1
    user = np.array([0, 0, 2, 2])
    assert metrics.mae_by_user(TRUE, PREDICTED, user) == pytest.approx((0.5 + 1.5) / 2)
    assert metrics.rmse_by_user(TRUE, PREDICTED, user) == pytest.approx((math.sqrt(1 / 2) + math.sqrt(5 / 2)) / 2)


def test_nobody_has_hidden_ratings():
    nothing = np.array([], np.float32)
    assert math.isnan(metrics.rmse(nothing, nothing)) and math.isnan(metrics.mae(nothing, nothing))
    nobody = np.array([], np.int32)
    assert math.isnan(metrics.rmse_by_user(nothing, nothing, nobody))
    assert math.isnan(metrics.mae_by_user(nothing, nothing, nobody))
    assert metrics.residuals(nothing, nothing) == {} and metrics.calibration(nothing, nothing) == []


def test_segments_cut_at_their_edges():
    zeros = {"zero": np.zeros(4, np.float32)}
    rows = metrics.segments(TRUE, PREDICTED, zeros, np.array([0, 9, 10, 500]), (0, 10, 100))
    assert [(row["from"], row["below"], row["n"]) for row in rows] == [(0, 10, 2), (10, 100, 1), (100, None, 1)]
    assert [row["mae"] for row in rows] == pytest.approx([0.5, 2, 1])
    assert [row["baselines"]["zero"]["mae"] for row in rows] == pytest.approx([2, 5, 8])
    assert [row["baselines"]["zero"]["rmse"] for row in rows] == pytest.approx([math.sqrt(5), 5, 8])


def test_calibration_and_residuals_by_hand():
    table = metrics.calibration(TRUE, PREDICTED, bins=2)
    assert table == [{"predicted": 2.5, "true": 2.0, "n": 2}, {"predicted": 6.0, "true": 6.5, "n": 2}]
    rest = metrics.residuals(TRUE, PREDICTED)
    assert (
        rest["mean"] == pytest.approx(0) and rest["q50"] == pytest.approx(-0.5) and rest["sd"] == pytest.approx(math.sqrt(1.5))
    )


@given(st.lists(st.tuples(st.floats(1, 10, width=32), st.floats(1, 10, width=32)), min_size=1))
def test_bounds(pairs):
    true, predicted = np.array(pairs, np.float32).T
    assert 0 <= metrics.mae(true, predicted) <= metrics.rmse(true, predicted) + 1e-6 <= 9 + 1e-5
