"""Every kernel against its NumPy twin."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from konomi.kernels import csr, reference, ridge, sgd, strata
from konomi.kernels.ids import extremes, look_up, mark_present
from konomi.kernels.threads import blocks, workers


@st.composite
def ratings(draw, users=12, items=9, most=60):
    """Compressed rows of random ratings, empty people and items included."""
    pairs = draw(st.lists(st.tuples(st.integers(0, users - 1), st.integers(0, items - 1)), max_size=most, unique=True))
    seed = draw(st.integers(0, 2**16))
    user, item = (np.array([p[k] for p in sorted(pairs)], np.int32) for k in (0, 1))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(user, minlength=users))]).astype(np.int64)
    rng = np.random.default_rng(seed)
    return user, item, indptr, rng.normal(0, 1, len(user)).astype(np.float32), rng


def weights(rng, users=12, items=9, dim=5):
    shapes = [(users, dim), (items, dim), (users,), (items,)]
    return [rng.normal(0, 0.3, shape).astype(np.float32) for shape in shapes]


@given(ratings(), st.booleans())
def test_sgd_and_adagrad_are_their_twins(case, biased):
    user, item, _, target, rng = case
    start = weights(rng)
    knobs = (np.float32(0.05), np.float32(0.1), np.float32(0.02), biased)
    for name, state in (("sgd_block", 0), ("adagrad_block", 1)):
        fast = [a.copy() for a in start] + [np.full_like(a, 0.1) for a in start] * state
        slow = [a.astype(np.float64) for a in fast]
        fast_total = getattr(sgd, name)(user, item, target, *fast, *knobs)
        slow_total = getattr(reference, name)(user, item, target, *slow, *knobs)
        assert fast_total == pytest.approx(slow_total, rel=1e-3, abs=1e-5)
        for a, b in zip(fast, slow, strict=True):
            np.testing.assert_allclose(a, b, rtol=2e-3, atol=2e-4)


def test_one_sgd_step_by_hand():
    P, Q = np.array([[1.0, 0.0]], np.float32), np.array([[0.5, 2.0]], np.float32)
    bu, bi = np.zeros(1, np.float32), np.array([0.25], np.float32)
    zero = np.zeros(1, np.int32)
    total = sgd.sgd_block(
        zero, zero, np.array([1.75], np.float32), P, Q, bu, bi, np.float32(0.1), np.float32(0.5), np.float32(0), True
    )
    # e = 1.75 − 0.5 − 0.25 = 1
    assert total == pytest.approx(1)
    np.testing.assert_allclose(P, [[0.95 * 1 + 0.1 * 0.5, 0.1 * 2]])
    np.testing.assert_allclose(Q, [[0.95 * 0.5 + 0.1 * 1, 0.95 * 2]])
    np.testing.assert_allclose([bu[0], bi[0]], [0.1, 0.35])


@given(ratings())
def test_predict_pairs_is_its_twin(case):
    user, item, _, _, rng = case
    args = (user, item, *weights(rng), np.float32(7))
    np.testing.assert_allclose(sgd.predict_pairs(*args), reference.predict_pairs(*args), rtol=1e-5)


@given(ratings(), st.integers(1, 12))
def test_fold_in_is_the_normal_equations(case, dim):
    """Both forms, primal and dual, and people without ratings left as they are."""
    _, item, indptr, target, rng = case
    Q = rng.normal(0, 1, (9, dim)).astype(np.float32)
    penalty = rng.uniform(0.05, 1, dim)
    fast, slow = np.full((12, dim), 7, np.float32), np.full((12, dim), 7, np.float32)
    ridge.fold_in(indptr, item, target, Q, penalty, 0, 12, fast)
    reference.fold_in(indptr, item, target, Q, penalty, 0, 12, slow)
    np.testing.assert_allclose(fast, slow, rtol=1e-4, atol=1e-5)


def both(name, dtype, size, *args):
    """What a kernel of csr and its twin write into arrays of this type and size."""
    outs = [np.zeros(size, dtype) for _ in range(2)]
    for module, out in zip((csr, reference), outs, strict=True):
        getattr(module, name)(*args, out)
    return outs


def random_order(user, random):
    """The entries by user, each user's own in a random order."""
    order = list(range(len(user)))
    random.shuffle(order)
    return np.array(sorted(order, key=lambda entry: user[entry]), np.int32)


@given(ratings(), st.randoms(use_true_random=False))
def test_sorting_and_counting_are_their_twins(case, random):
    user, item, indptr, target, _ = case
    order = np.arange(len(user), dtype=np.int32)
    random.shuffle(order)
    np.testing.assert_array_equal(*both("stable_order", np.int32, len(item), item, 9, order))
    doubled_user, doubled_item = np.tile(user, 2), np.tile(item, 2)
    doubled = np.arange(2 * len(user), dtype=np.int32)
    order, _ = both("stable_order", np.int32, len(doubled), doubled_user, 12, doubled)
    last, slow = both("mark_last", bool, len(doubled), doubled_user, doubled_item, order, 9)
    np.testing.assert_array_equal(last, slow)
    as_they_are = np.empty(0, np.int32)
    for name, dtype, size, args in (
        ("mark_last", bool, len(user), (user, item, as_they_are, 9)),
        ("marked_only", np.int32, len(user), (as_they_are, last)),
        ("gather", np.int32, len(order), (doubled_item, order)),
    ):
        np.testing.assert_array_equal(*both(name, dtype, size, *args))
    only, slow = both("marked_only", np.int32, len(user), order, last)
    np.testing.assert_array_equal(only, slow)
    assert set(only) == set(range(len(user), 2 * len(user)))
    assert csr.is_sorted(user) and csr.is_sorted(doubled_user) == (len(user) == 0 or user[0] == user[-1])
    marked = item % 2 == 0
    np.testing.assert_array_equal(csr.count_marked(user, 12, marked), reference.count_marked(user, 12, marked))
    fast, slow = (random_order(user, random) for _ in range(2))
    slow[:] = fast
    csr.sort_rows(indptr, item, fast, 0, 12)
    reference.sort_rows(indptr, item, slow, 0, 12)
    np.testing.assert_array_equal(fast, slow)
    firsts, seconds = np.diff(indptr) // 2, np.diff(indptr) // 3
    parts = both("mark_first", np.uint8, len(user), indptr, target.astype(float), firsts, seconds, 2, 1)
    np.testing.assert_array_equal(*parts)
    fast, slow = marked.copy(), marked.copy()
    keep = (np.arange(12) % 3 > 0, np.arange(9) % 4 > 0)
    assert csr.unmark_others(user, item, *keep, fast) == reference.unmark_others(user, item, *keep, slow)
    np.testing.assert_array_equal(fast, slow)
    rating = np.where(marked, np.nan, target).astype(np.float32)
    for a, b in zip(csr.count_and_sum(item, rating, 9), reference.count_and_sum(item, rating, 9), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
    np.testing.assert_array_equal(csr.kept_indptr(indptr, marked), reference.kept_indptr(indptr, marked))


@given(ratings())
def test_strata_are_a_stable_sort_into_blocks(case):
    _, item, indptr, target, _ = case
    made = strata.make_strata(indptr, item, target, 9)
    blocks_of = [strata._even_blocks(c) for c in (np.diff(indptr), np.bincount(item, minlength=9))]
    for fast, slow in zip(made, reference.strata(indptr, item, target, *blocks_of, strata.GRID), strict=True):
        np.testing.assert_array_equal(fast, slow)


@given(ratings(), st.permutations(range(strata.GRID)))
def test_blocks_of_a_diagonal_share_nobody_and_nothing(case, order):
    _, item, indptr, target, _ = case
    made = strata.make_strata(indptr, item, target, 9)
    visited = []
    for diagonal in strata.diagonals(order):
        for rows in (made.user, made.item):
            owners = [set(rows[made.start[b] : made.start[b + 1]]) for b in diagonal]
            assert sum(map(len, owners)) == len(set().union(*owners))
        visited += diagonal
    assert sorted(visited) == list(range(strata.GRID**2))


@given(st.lists(st.integers(-50, 50), min_size=1), st.lists(st.integers(-60, 60)))
def test_id_tables(ids, wanted):
    ids, wanted = np.array(ids, np.int64), np.array(wanted, np.int64)
    low, high = extremes(ids)
    assert (low, high) == (ids.min(), ids.max())
    found = np.zeros(high - low + 1, bool)
    mark_present(ids, low, found)
    np.testing.assert_array_equal(np.flatnonzero(found) + low, np.unique(ids))
    table = np.cumsum(found).astype(np.int32) - 1
    expected = [table[w - low] if low <= w <= high else -1 for w in wanted]
    rows = np.zeros(len(wanted), np.int32)
    look_up(wanted, low, table, rows)
    np.testing.assert_array_equal(rows, expected)


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_workers_keep_the_order_of_tasks(threads):
    with workers(threads) as each:
        assert each(lambda task: task * 2, range(50)) == [2 * k for k in range(50)]
    assert blocks(7, 3) == [(0, 3), (3, 6), (6, 7)]
