"""Every kernel against its NumPy twin."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from konomi.kernels import csr, ridge, sgd, strata
from konomi.kernels.ids import extremes, look_up, mark_present
from konomi.kernels.reference import csr as slow_csr
from konomi.kernels.reference import ridge as slow_ridge
from konomi.kernels.reference import sgd as slow_sgd
from konomi.kernels.reference import strata as slow_strata
from konomi.runtime import blocks, workers


@st.composite
def ratings(draw, users=12, items=9, most=60):
    """Compressed rows of random ratings, empty people and items included."""
    pairs = draw(st.lists(st.tuples(st.integers(0, users - 1), st.integers(0, items - 1)), max_size=most, unique=True))
    seed = draw(st.integers(0, 2**16))
    user, item = (np.array([p[k] for p in sorted(pairs)], np.int32) for k in (0, 1))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(user, minlength=users))]).astype(np.int64)
    rng = np.random.default_rng(seed)
    return user, item, indptr, rng.normal(0, 1, len(user)).astype(np.float32), rng


def held(rng, users=12, items=9):
    """Penalties of the rows of `weights`."""
    return tuple(rng.uniform(0, 0.2, n).astype(np.float32) for n in (users, items, users, items))


def weights(rng, users=12, items=9, dim=5):
    shapes = [(users, dim), (items, dim), (users,), (items,)]
    return [rng.normal(0, 0.3, shape).astype(np.float32) for shape in shapes]


FORMS = st.sampled_from([sgd.NONE, sgd.OUTSIDE, sgd.INSIDE])
DROPOUT = (np.uint64(7), np.int64(1000), np.float32(0.25))
ALL = (*DROPOUT[:2], np.float32(1))  # keeps every coordinate


@given(ratings(), FORMS, st.booleans(), st.booleans(), st.booleans())
def test_learning_is_its_twin(case, form, logistic, adagrad, drops):
    user, item, _, y, rng = case
    start = weights(rng)
    y = (y > 0).astype(np.float32) if logistic else y
    dropout = DROPOUT if drops else ALL if form == sgd.INSIDE else None
    knobs = (np.float32(0.2), np.float32(0.01), held(rng), form, logistic or None)
    fast, slow = [a.copy() for a in start], [a.astype(np.float64) for a in start]
    sums = tuple(np.full_like(a, 0.1) for a in start) if adagrad else None
    slow_sums = [a.astype(np.float64) for a in sums] if adagrad else None
    fast_total = sgd.sgd_block(user, item, y, *fast, sums, dropout, *knobs)
    slow_total = slow_sgd.sgd_block(user, item, y, *slow, slow_sums, dropout, *knobs)
    assert fast_total == pytest.approx(slow_total, rel=1e-3, abs=1e-5)
    for a, b in zip([*fast, *(sums or ())], [*slow, *(slow_sums or ())], strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-3, atol=2e-4)


@given(st.integers(0, 2**16), FORMS, st.booleans(), st.sampled_from([None, DROPOUT]))
def test_a_step_goes_down_the_gradient(seed, form, logistic, dropout):
    """Finite differences of the loss and the penalties of one entry, with the mask that the entry draws."""
    start = [a.astype(np.float64) for a in weights(np.random.default_rng(seed), 1, 1)]
    mask, y, mean, rate = slow_sgd.draw_mask(dropout, 0, 5), 1.0, 0.3, 1e-3
    penalties = tuple(np.array([each]) for each in (0.1, 0.3, 0.02, 0.2))

    def objective(flat):
        P, Q, bu, bi = np.split(flat, [5, 10, 11])
        inside, outside = (form == sgd.INSIDE) * 1, (form == sgd.OUTSIDE) * 1
        z = mean + outside * (bu + bi)[0] + mask @ ((P + inside * bu) * (Q + inside * bi))
        loss = np.log1p(np.exp(-z)) if logistic else (y - z) ** 2 / 2
        squares = [P @ P, Q @ Q, *((form != sgd.NONE) * b @ b for b in (bu, bi))]
        return loss + sum(each[0] / 2 * square for each, square in zip(penalties, squares, strict=True))

    moved, zero = [a.copy() for a in start], np.zeros(1, np.int32)
    inside = form == sgd.INSIDE and dropout is None
    sgd.sgd_block(
        zero, zero, np.ones(1), *moved, None, ALL if inside else dropout, mean, rate, penalties, form, logistic or None
    )
    before, after = (np.concatenate([a.ravel() for a in arrays]) for arrays in (start, moved))
    slope = [(objective(before + step) - objective(before - step)) / 2e-5 for step in 1e-5 * np.eye(len(before))]
    np.testing.assert_allclose((before - after) / rate, slope, rtol=1e-3, atol=1e-5)


def test_a_mask_keeps_its_share_and_its_mean():
    masks = np.empty((4000, 5), np.float32)
    for n, mask in enumerate(masks):
        sgd.draw_mask(DROPOUT, 5 * n, mask)
        if n < 9:
            np.testing.assert_array_equal(mask, slow_sgd.draw_mask(DROPOUT, n, 5))
    assert set(masks.ravel()) == {0, 4}
    np.testing.assert_allclose(masks.mean(axis=0), 1, atol=4 * 3**0.5 / 4000**0.5)  # a mask's variance is 1/¼ − 1 = 3


def test_the_log_loss_has_no_overflow():
    for z in (-200, 200):
        for y in (0, 1):
            e, loss = sgd.error(np.float32(y), np.float32(z), True)
            assert e == pytest.approx(y - (z > 0)) and loss == pytest.approx(200 * ((z > 0) != y))


def test_one_sgd_step_by_hand():
    P, Q = np.array([[1.0, 0.0]], np.float32), np.array([[0.5, 2.0]], np.float32)
    bu, bi = np.zeros(1, np.float32), np.array([0.25], np.float32)
    zero, (mean, rate), none = np.zeros(1, np.int32), np.array([7, 0.1], np.float32), np.zeros(1, np.float32)
    halves, y = np.full(1, 0.5, np.float32), np.array([8.75], np.float32)
    penalties = (halves, halves, none, none)
    total = sgd.sgd_block(zero, zero, y, P, Q, bu, bi, None, None, mean, rate, penalties, sgd.OUTSIDE, None)
    # e = 8.75 − 7 − 0.5 − 0.25 = 1
    assert total == pytest.approx(1)
    np.testing.assert_allclose(P, [[0.95 * 1 + 0.1 * 0.5, 0.1 * 2]])
    np.testing.assert_allclose(Q, [[0.95 * 0.5 + 0.1 * 1, 0.95 * 2]])
    np.testing.assert_allclose([bu[0], bi[0]], [0.1, 0.35])


def test_one_logistic_step_by_hand():
    P, Q = np.array([[1.0]], np.float32), np.array([[2.0]], np.float32)
    bu, bi = np.zeros(1, np.float32), np.zeros(1, np.float32)
    zero, (mean, rate) = np.zeros(1, np.int32), np.array([-2, 0.1], np.float32)
    y, nothing = np.ones(1, np.float32), (np.zeros(1, np.float32),) * 4
    total = sgd.sgd_block(zero, zero, y, P, Q, bu, bi, None, None, mean, rate, nothing, sgd.OUTSIDE, True)
    # z = −2 + 1·2 = 0, so e = 1 − σ(0) = ½ and the log loss is log 2
    assert total == pytest.approx(np.log(2))
    np.testing.assert_allclose([P[0, 0], Q[0, 0], bu[0], bi[0]], [1.1, 2.05, 0.05, 0.05], rtol=1e-6)


@given(ratings())
def test_predict_pairs_is_its_twin(case):
    user, item, _, _, rng = case
    args = (user, item, *weights(rng), np.float32(7))
    np.testing.assert_allclose(sgd.predict_pairs(*args), slow_sgd.predict_pairs(*args), rtol=1e-5)


@given(ratings(), st.integers(1, 12))
def test_fold_in_is_the_normal_equations(case, dim):
    """Both forms, primal and dual, and people without ratings left as they are."""
    _, item, indptr, target, rng = case
    Q = rng.normal(0, 1, (9, dim)).astype(np.float32)
    penalty = rng.uniform(0.05, 1, (2, dim))
    fast, slow = np.full((12, dim), 7, np.float32), np.full((12, dim), 7, np.float32)
    ridge.fold_in(indptr, item, target, Q, penalty, 0, 12, fast)
    slow_ridge.fold_in(indptr, item, target, Q, penalty, 0, 12, slow)
    np.testing.assert_allclose(fast, slow, rtol=1e-4, atol=1e-5)


@given(ratings(), st.integers(1, 12))
def test_fold_in_of_labels_is_the_minimum(case, dim):
    """Both forms; the gradient of the objective is nothing there; people without labels are left as they are."""
    _, item, indptr, target, rng = case
    Q, offset = rng.normal(0, 1, (9, dim)).astype(np.float32), rng.normal(2, 2, len(item)).astype(np.float32)
    label, penalty = (target > 0).astype(np.float32), rng.uniform(0.02, 1, (2, dim))
    fast, slow = np.full((12, dim), 3, np.float32), np.full((12, dim), 3, np.float32)
    ridge.fold_in_labels(indptr, item, label, offset, Q, penalty, 0, 12, fast)
    slow_ridge.fold_in_labels(indptr, item, label, offset, Q, penalty, 0, 12, slow)
    np.testing.assert_allclose(fast, slow, rtol=1e-3, atol=1e-4)
    for b in range(12):
        entries = slice(indptr[b], indptr[b + 1])
        X = Q[item[entries]].astype(float)
        gradient = slow_ridge.penalised(fast[b].astype(float), X, label[entries], offset[entries], penalty, 3.0)[1]
        assert np.abs(gradient).max() < 1e-4 * len(X) if len(X) else (fast[b] == 3).all()


def both(name, dtype, size, *args):
    """What a kernel of csr and its twin write into arrays of this type and size."""
    outs = [np.zeros(size, dtype) for _ in range(2)]
    for module, out in zip((csr, slow_csr), outs, strict=True):
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
    np.testing.assert_array_equal(csr.count_marked(user, 12, marked), slow_csr.count_marked(user, 12, marked))
    fast, slow = (random_order(user, random) for _ in range(2))
    slow[:] = fast
    csr.sort_rows(indptr, item, fast, 0, 12)
    slow_csr.sort_rows(indptr, item, slow, 0, 12)
    np.testing.assert_array_equal(fast, slow)
    firsts, seconds = np.diff(indptr) // 2, np.diff(indptr) // 3
    marks = both("mark_first", np.uint8, len(user), indptr, target.astype(float), firsts, seconds, 2, 1)
    np.testing.assert_array_equal(*marks)
    fast, slow = marked.copy(), marked.copy()
    keep = (np.arange(12) % 3 > 0, np.arange(9) % 4 > 0)
    assert csr.unmark_others(user, item, *keep, fast) == slow_csr.unmark_others(user, item, *keep, slow)
    np.testing.assert_array_equal(fast, slow)
    rating = np.where(marked, np.nan, target).astype(np.float32)
    for a, b in zip(csr.count_and_sum(item, rating, 9, 2.0**20), slow_csr.count_and_sum(item, rating, 9, 2.0**20), strict=True):
        np.testing.assert_array_equal(a, b)
    assert csr.power_sums(rating, 2.0**12) == slow_csr.power_sums(rating, 2.0**12)
    np.testing.assert_array_equal(csr.kept_indptr(indptr, marked), slow_csr.kept_indptr(indptr, marked))


@given(ratings())
def test_strata_are_a_stable_sort_into_blocks(case):
    _, item, indptr, target, _ = case
    made = strata.make_strata(indptr, item, target, 9)
    blocks_of = [strata._even_blocks(c) for c in (np.diff(indptr), np.bincount(item, minlength=9))]
    for fast, slow in zip(made, slow_strata.strata(indptr, item, target, *blocks_of, strata.GRID), strict=True):
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
