"""The best dot products against all of them: the same items, whatever is passed over."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from konomi.kernels import best_dots as file
from konomi.kernels.best_dots import best_dots
from konomi.kernels.reference import topk as topk_reference


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch):
    """Many tiles and tasks, of few items and people."""
    monkeypatch.setattr(file, "TILE", 16)
    monkeypatch.setattr(file, "PEOPLE", 8)


def seen_by(rng, people, items):
    rows = [np.sort(rng.permutation(items)[: rng.integers(0, items // 2 + 1)]) for _ in range(people)]
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return indptr, np.concatenate([*rows, np.empty(0)]).astype(np.int32)


def test_hand_worked():
    left, vectors = np.array([[1, 0], [0, 2]], np.float32), np.array([[3, 0], [1, 1], [0, 3], [3, 5]], np.float32)
    constant = np.array([0, 1, 0, 0], np.float32)  # scores 3 2 0 3 and 0 3 6 10
    nothing = np.array([0, 0, 1]), np.array([3], np.int32)
    items, scores = best_dots(left, vectors, constant, 3, *nothing, np.array([True, True, False, True]))
    assert items.tolist() == [[0, 3, 1], [1, 0, -1]]
    np.testing.assert_array_equal(scores, np.array([[3, 3, 2], [3, 0, np.nan]], np.float32))


@st.composite
def problems(draw):
    """Whole numbers, so that sums are exact and ties are many."""
    people, items, dims = draw(st.integers(0, 40)), draw(st.integers(1, 120)), draw(st.integers(1, 9))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    most = draw(st.sampled_from([0, 1, 6]))
    left, vectors = (rng.integers(-most, most + 1, (n, dims)).astype(np.float32) for n in (people, items))
    vectors *= rng.integers(0, draw(st.sampled_from([1, 9])) + 1, (items, 1)).astype(np.float32)  # of different lengths
    constant = rng.integers(-draw(st.sampled_from([0, 30])), 31, items).astype(np.float32)
    allowed = rng.random(items) < draw(st.sampled_from([0, 0.7, 1]))
    return left, vectors, constant, draw(st.sampled_from([0, 1, 3, 10, 130])), *seen_by(rng, people, items), allowed


@settings(max_examples=150, deadline=None)
@given(problems())
def test_equals_all_products(problem):
    left, vectors, constant, *rest = problem
    items, scores = topk_reference.topk(left @ vectors.T + constant, *rest)
    for threads in (1, 4):
        found = best_dots(*problem, threads=threads)
        np.testing.assert_array_equal(found[0], items)
        np.testing.assert_array_equal(found[1], scores)


@pytest.mark.parametrize("spread", [0, 1, 3])
def test_same_bytes_alone_in_a_block_and_on_threads(spread):
    rng = np.random.default_rng(spread)
    left, vectors = rng.standard_normal((50, 33), np.float32), rng.standard_normal((400, 33), np.float32)
    vectors *= np.exp(spread * rng.standard_normal((400, 1), np.float32))
    vectors[7:40] = vectors[7]  # the same score but for rounding
    constant, (indptr, seen) = np.round(spread * rng.standard_normal(400, np.float32), 1), seen_by(rng, 50, 400)
    constant[7:40] = 0
    allowed = rng.random(400) < 0.9
    whole = best_dots(left, vectors, constant, 20, indptr, seen, allowed, threads=3)
    exact = topk_reference.topk((left.astype(float) @ vectors.T + constant).astype(np.float32), 20, indptr, seen, allowed)
    np.testing.assert_allclose(whole[1], exact[1], rtol=1e-5, atol=1e-5)
    for b in range(50):
        own = seen[indptr[b] : indptr[b + 1]]
        alone = best_dots(left[b : b + 1], vectors, constant, 20, np.array([0, len(own)]), own, allowed)
        np.testing.assert_array_equal(alone[0][0], whole[0][b])
        np.testing.assert_array_equal(alone[1][0], whole[1][b])


def test_most_products_are_spared_where_lengths_differ(monkeypatch):
    rng = np.random.default_rng(0)
    left, vectors = rng.standard_normal((64, 16), np.float32), rng.standard_normal((1600, 16), np.float32)
    vectors *= np.exp(2 * rng.standard_normal((1600, 1), np.float32))
    computed = []
    monkeypatch.setattr(file, "_propose", lambda product, *rest: computed.append(product.size) or propose(product, *rest))
    best_dots(left, vectors, np.zeros(1600, np.float32), 10, np.zeros(65, np.int64), np.empty(0, np.int32), np.ones(1600, bool))
    assert sum(computed) < 64 * 1600 / 4


propose = file._propose


def test_what_is_not_finite_is_not_returned_and_spoils_nothing_else():
    left, vectors = np.ones((2, 2), np.float32), np.arange(8, dtype=np.float32).reshape(4, 2)
    left[0, 0], vectors[1, 0] = np.nan, np.nan
    nothing = np.zeros(3, np.int64), np.empty(0, np.int32)
    items, _ = best_dots(left, vectors, np.zeros(4, np.float32), 4, *nothing, np.ones(4, bool))
    assert items.tolist() == [[-1, -1, -1, -1], [3, 2, 0, -1]]
