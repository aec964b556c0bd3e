"""The kernels of the circle against their definitions in NumPy, and triangles as the squares that they are the half of."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from konomi.data.lifts import Lifts
from konomi.kernels.reference import tastes as slow_tastes
from konomi.kernels.reference import triangle as slow_triangle
from konomi.kernels.tastes import add_tastes

SEEDS = st.integers(0, 2**31)


def symmetric(draw, n):
    """i8[n, n] with a diagonal of 0."""
    below = np.tril(draw.integers(-127, 128, (n, n)), -1)
    return (below + below.T).astype(np.int8)


@given(st.integers(1, 40), st.integers(0, 4), SEEDS)
def test_sums_of_rows_are_their_twin(n, people, seed):
    draw = np.random.default_rng(seed)
    lifts = Lifts.of(np.arange(n, dtype=np.int32), symmetric(draw, n))
    entries = [np.sort(draw.choice(n, draw.integers(0, n + 1), replace=False)) for _ in range(people)]
    indptr = np.concatenate([[0], np.cumsum([len(each) for each in entries])]).astype(np.int64)
    place = np.concatenate([*entries, np.empty(0)]).astype(np.int32)
    weight, slow = draw.random(len(place), np.float32), np.empty((people, n), np.float32)
    slow_triangle.sums_of_rows(indptr, place, weight, lifts.steps, slow)
    np.testing.assert_allclose(lifts.sums(indptr, place, weight), slow, rtol=1e-4, atol=1e-3)


@given(st.integers(0, 30), SEEDS)
def test_a_triangle_is_half_of_a_square(n, seed):
    draw = np.random.default_rng(seed)
    whole = symmetric(draw, n)
    lifts = Lifts.of(np.arange(n, dtype=np.int32), whole)
    one, other = draw.integers(0, n, 5 * (n > 0)), draw.integers(0, n, 7 * (n > 0))
    assert len(lifts.steps) == n * (n - 1) // 2 and lifts.steps.dtype == np.int8
    np.testing.assert_array_equal(lifts.between(one, other), whole[np.ix_(one, other)])


@given(st.integers(1, 9), st.integers(1, 5), st.integers(0, 3), SEEDS)
def test_tastes_are_their_twin(items, kinds, people, seed):
    draw = np.random.default_rng(seed)
    indptr = np.concatenate([[0], np.cumsum(draw.integers(0, 4, items))])
    kind, amount = draw.integers(0, kinds, indptr[-1]).astype(np.uint16), draw.random(indptr[-1], np.float32)
    taste, fast = draw.standard_normal((people, kinds), np.float32), draw.random((people, items), np.float32)
    slow = fast.copy()
    add_tastes(indptr, kind, amount, taste, fast)
    slow_tastes.add_tastes(indptr, kind, amount, taste, slow)
    np.testing.assert_allclose(fast, slow, rtol=1e-4, atol=1e-5)
