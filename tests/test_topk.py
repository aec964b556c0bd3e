"""The compiled top-k against its definition in NumPy, and against examples worked by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from konomi.kernels.reference import topk as topk_reference
from konomi.kernels.topk import topk

NAN = np.float32("nan")


def csr(*rows):
    indptr = np.concatenate([[0], np.cumsum([len(r) for r in rows])]).astype(np.int64)
    return indptr, np.array([i for r in rows for i in r], np.int32)


def check(found, items, scores):
    np.testing.assert_array_equal(found[0], np.array(items, np.int32))
    np.testing.assert_array_equal(found[1], np.array(scores, np.float32))
    assert found[0].dtype == np.int32 and found[1].dtype == np.float32


@pytest.mark.parametrize("find", [topk, topk_reference.topk])
def test_hand_worked(find):
    scores = np.array([[5, 9, 9, 1, NAN, 7], [3, 2, 1, 0, -1, -2]], np.float32)
    allowed = np.array([True, True, True, True, True, False])
    check(find(scores, 3, *csr([1], []), allowed), [[2, 0, 3], [0, 1, 2]], [[9, 5, 1], [3, 2, 1]])
    check(find(scores, 2, *csr([], [0, 1, 2, 3]), allowed), [[1, 2], [4, -1]], [[9, 9], [-1, NAN]])


@pytest.mark.parametrize("find", [topk, topk_reference.topk])
def test_nothing_left_is_padding_not_a_made_up_item(find):
    scores = np.zeros((1, 3), np.float32)
    check(find(scores, 2, *csr([0, 1, 2]), np.ones(3, bool)), [[-1, -1]], [[NAN, NAN]])
    check(find(scores, 2, *csr([]), np.zeros(3, bool)), [[-1, -1]], [[NAN, NAN]])
    check(find(scores, 5, *csr([1]), np.ones(3, bool)), [[0, 2, -1, -1, -1]], [[0, 0, NAN, NAN, NAN]])
    assert find(scores, 0, *csr([1]), np.ones(3, bool))[0].shape == (1, 0)
    assert find(np.zeros((0, 3), np.float32), 4, *csr(), np.ones(3, bool))[0].shape == (0, 4)


def test_infinite_scores_are_ordinary():
    scores = np.array([[0, -np.inf, np.inf]], np.float32)
    check(topk(scores, 3, *csr([]), np.ones(3, bool)), [[2, 0, 1]], [[np.inf, 0, -np.inf]])


@st.composite
def problems(draw):
    rows, items = draw(st.integers(0, 130)), draw(st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    levels = draw(st.integers(1, 50))  # few levels make many ties
    scores = rng.integers(-levels, levels + 1, (rows, items)).astype(np.float32)
    scores[rng.random((rows, items)) < draw(st.sampled_from([0, 0.2, 1]))] = np.nan
    seen = [sorted(np.flatnonzero(rng.random(items) < 0.3).tolist()) for _ in range(rows)]
    return scores, draw(st.integers(0, 15)), *csr(*seen), rng.random(items) < draw(st.sampled_from([0, 0.7, 1]))


@settings(max_examples=150, deadline=None)
@given(problems())
def test_compiled_equals_numpy(problem):
    expected = topk_reference.topk(*problem)
    check(topk(*problem), *expected)
    check(topk(*problem, threads=8), *expected)


@pytest.mark.parametrize("k", [1, 7, 100, 600, 3000])
def test_many_items_with_and_without_ties(k):
    rng = np.random.default_rng(k)
    many = rng.standard_normal((4, 2500)).astype(np.float32)
    few_levels = rng.integers(-3, 4, (4, 2500)).astype(np.float32)
    scores = np.concatenate([many, few_levels, np.zeros((1, 2500)), np.full((1, 2500), -np.inf), np.full((1, 2500), NAN)])
    scores = scores.astype(np.float32)
    scores[2, ::3], scores[6, 1::2] = NAN, -0.0  # -0 is 0
    problem = scores, k, *csr(*[rng.permutation(2500)[:n] for n in range(0, 1100, 100)]), rng.random(2500) < 0.9
    check(topk(*problem), *topk_reference.topk(*problem))


def test_scores_are_not_written():
    scores = np.arange(12, dtype=np.float32).reshape(2, 6)
    before = scores.copy()
    topk(scores, 2, *csr([1], [5]), np.arange(6) > 2)
    np.testing.assert_array_equal(scores, before)
