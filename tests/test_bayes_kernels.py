"""The kernels of `bayes` against their NumPy twins, and their random numbers against their distributions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from konomi.kernels import effects, expectations, fold_bayes, random, regressions
from konomi.kernels.reference import regressions as slow
from konomi.runtime import blocks

SEEDS = st.integers(0, 2**16)


def case(seed, rows=11, items=7, dim=5, entries=40):
    """Compressed rows of distinct random entries, some of them empty, with everything a regression has."""
    rng = np.random.default_rng(seed)
    pairs = np.sort(rng.choice(rows * items, entries, replace=False))
    row, item = (pairs // items).astype(np.int32), (pairs % items).astype(np.int32)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=rows))]).astype(np.int64)
    half = rng.normal(0, 1, (dim, dim))
    return {
        "indptr": indptr,
        "item": item,
        "target": rng.normal(0, 1, entries).astype(np.float32),
        "X": rng.normal(0, 1, (items, dim)).astype(np.float32),
        "root": rng.uniform(0.5, 2, items).astype(np.float32),
        "alpha": rng.uniform(0.5, 3, rows).astype(np.float32),
        "omega": rng.uniform(0.5, 2, rows).astype(np.float32),
        "precision": (half @ half.T + np.eye(dim)).astype(np.float32),
        "pull": rng.normal(0, 1, (rows, dim)).astype(np.float32),
    }, rng


@given(SEEDS, st.integers(2, 19), st.sampled_from([(1.0, 0.0), (0.0, 0.0), (0.6, -0.8)]))
def test_drawing_rows_is_its_twin(seed, dim, step):
    given, rng = case(seed, dim=dim)
    noise, over = step[0], np.float32(step[1])
    before = rng.normal(0, 1, given["pull"].shape).astype(np.float32)
    fast, expected = np.empty_like(before), np.empty(before.shape)
    slow.draw_rows(*given.values(), np.uint64(seed), noise, over, before, 0, 11, expected)
    regressions.draw_rows(*given.values(), np.uint64(seed), noise, over, before, 0, 11, fast)
    np.testing.assert_allclose(fast, expected, rtol=2e-3, atol=2e-3)


def test_rows_are_the_same_wherever_they_are_cut():
    given, rng = case(3)
    before = rng.normal(0, 1, given["pull"].shape).astype(np.float32)
    whole, parts = np.empty_like(before), np.empty_like(before)
    arguments = (*given.values(), np.uint64(1), 0.5, np.float32(-0.5), before)
    regressions.draw_rows(*arguments, 0, 11, whole)
    for start, stop in blocks(11, 3):
        regressions.draw_rows(*arguments, start, stop, parts)
    assert whole.tobytes() == parts.tobytes()


def test_drawn_rows_have_the_mean_and_the_covariance_of_the_posterior():
    given, _ = case(5, dim=3)
    mean, many = np.zeros((11, 3)), 4000
    before, drawn = np.zeros((11, 3), np.float32), np.empty((many, 11, 3), np.float32)
    for n in range(many):
        regressions.draw_rows(*given.values(), np.uint64(n), 1.0, np.float32(0), before, 0, 11, drawn[n])
    for r in range(11):
        entries = slice(given["indptr"][r], given["indptr"][r + 1])
        prior = np.linalg.solve(given["precision"], given["pull"][r])
        of_row = (given[key][r] for key in ("alpha", "omega"))
        A, mean = slow.row_posterior(
            given["item"][entries], given["target"][entries], given["X"], given["root"], *of_row, given["precision"], prior
        )
        covariance = np.linalg.inv(A)
        error = np.sqrt(np.diag(covariance) / many)
        assert np.all(np.abs(drawn[:, r].mean(axis=0) - mean) < 5 * error)
        np.testing.assert_allclose(np.cov(drawn[:, r].T), covariance, atol=0.15 * np.diag(covariance).max())


@given(SEEDS)
def test_predicting_and_its_errors_are_their_twins(seed):
    given, rng = case(seed)
    W = rng.normal(0, 1, (11, 5)).astype(np.float32)
    row = np.repeat(np.arange(11), np.diff(given["indptr"])).astype(np.int32)
    fast, expected = np.empty(40, np.float32), np.empty(40)
    regressions.pair_dots(row, given["item"], W, given["X"], fast)
    slow.pair_dots(row, given["item"], W, given["X"], expected)
    np.testing.assert_allclose(fast, expected, rtol=1e-4, atol=1e-5)
    fast, expected = np.empty(11), np.empty(11)
    for squared, out in ((regressions.squared_errors, fast), (slow.squared_errors, expected)):
        squared(given["indptr"], given["item"], given["target"], W, given["X"], 0, 11, out)
    np.testing.assert_allclose(fast, expected, rtol=1e-3, atol=1e-4)


@given(SEEDS, st.integers(1, 9), st.sampled_from([0.0, 1.0]))
def test_drawing_effects_is_its_twin(seed, wide, noise):
    rng = np.random.default_rng(seed)
    start = np.concatenate([[0], np.cumsum(rng.integers(0, 6, 8))]).astype(np.int64)
    row = rng.integers(0, 10, start[-1]).astype(np.int32)
    weight, omega = rng.uniform(0.1, 1, start[-1]).astype(np.float32), rng.uniform(0.5, 2, 10).astype(np.float32)
    tau, spread = rng.uniform(0.5, 2, 8).astype(np.float32), rng.uniform(1, 5, wide).astype(np.float32)
    rest, effect = rng.normal(0, 1, (10, wide)).astype(np.float32), rng.normal(0, 1, (8, wide)).astype(np.float32)
    slow_rest, slow_effect = rest.astype(np.float64), effect.astype(np.float64)
    # a row has a feature once at most
    keep = np.unique(np.stack([np.repeat(np.arange(8), np.diff(start)), row]), axis=1, return_index=True)[1]
    start = np.concatenate([[0], np.cumsum(np.bincount(np.repeat(np.arange(8), np.diff(start))[keep], minlength=8))])
    arrays = (start.astype(np.int64), row[keep], weight[keep], omega, tau, spread, np.uint64(seed), noise)
    effects.draw_effects(*arrays, rest, effect)
    slow.draw_effects(*arrays, slow_rest, slow_effect)
    np.testing.assert_allclose(effect, slow_effect, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(rest, slow_rest, rtol=1e-3, atol=1e-3)


@given(SEEDS)
def test_adding_effects_is_its_twin(seed):
    given, rng = case(seed)
    effect, weight = rng.normal(0, 1, (7, 5)).astype(np.float32), rng.uniform(0, 1, 40).astype(np.float32)
    fast, expected = np.empty((11, 5), np.float32), np.empty((11, 5))
    for add, out in ((effects.add_effects, fast), (slow.add_effects, expected)):
        add(given["indptr"], given["item"], weight, effect, 0, 11, out)
    np.testing.assert_allclose(fast, expected, rtol=1e-4, atol=1e-5)


@given(SEEDS, st.integers(1, 11), st.integers(2, 9), st.sampled_from([0.0, 4.0]))
def test_folding_in_is_its_twin(seed, samples, dim, freedom):
    rng = np.random.default_rng(seed)
    people, items, rated, entries = 4, 9, 6, 22
    indptr = np.array([0, 0, 3, 9, entries], np.int64)
    item = rng.integers(0, items, entries).astype(np.int32)
    place = np.where(item < rated, item, rated).astype(np.int32)
    target = rng.normal(0, 1, entries).astype(np.float32)
    drawn, vectors = (rng.normal(0, 0.5, (n, samples, dim)).astype(np.float32) for n in (rated, items))
    half = rng.normal(0, 1, (2, samples, dim, dim))
    precision = (half @ half.swapaxes(-1, -2) + np.eye(dim)).astype(np.float32)
    lower = np.linalg.cholesky(precision.astype(np.float64)).astype(np.float32)
    level, noise = np.array([0, 1, 1, 1]), rng.uniform(1, 4, samples).astype(np.float32)
    mean = rng.normal(0, 0.3, (people, samples, dim)).astype(np.float32)
    prior, draw, found = mean.astype(np.float64), np.empty_like(mean), np.empty((3, people, samples), np.float32)
    samples_of = (drawn, vectors, level, precision, lower, noise)
    fold_bayes.fold_people(indptr, item, place, target, *samples_of, 4.0, freedom, np.uint64(seed), mean, draw, *found)
    for b in range(people):
        entries_of = slice(indptr[b], indptr[b + 1])
        own = (item[entries_of], place[entries_of], target[entries_of])
        expected, *said = slow.fold_person(
            *own, drawn, vectors, precision[level[b]], noise, 4.0, freedom, prior[b], fold_bayes.FIXED
        )
        np.testing.assert_allclose(mean[b], expected, rtol=5e-3, atol=5e-3)
        np.testing.assert_allclose(found[:, b], said, rtol=1e-2, atol=1e-2)
    assert np.isfinite(draw).all() and not np.array_equal(draw, mean)


@given(SEEDS)
def test_prior_means_are_their_twin(seed):
    rng = np.random.default_rng(seed)
    indptr, place = np.array([0, 0, 2, 7], np.int64), rng.integers(0, 5, 7).astype(np.int32)
    tell, typical = rng.normal(0, 1, (4, 3, 2)).astype(np.float32), rng.normal(0, 1, (2, 3, 2)).astype(np.float32)
    fast = rng.normal(0, 1, (3, 3, 2)).astype(np.float32)
    expected = fast.astype(np.float64)
    fold_bayes.prior_means(indptr, place, tell, typical, np.float32(20), fast)
    slow.prior_means(indptr, place, tell, typical, 20.0, expected)
    np.testing.assert_allclose(fast, expected, rtol=1e-4, atol=1e-4)


def test_codes_meet_vectors():
    rng = np.random.default_rng(0)
    codes, vectors = rng.normal(0, 1, (6, 40)).astype(np.float32), rng.normal(0, 1, (4, 40)).astype(np.float32)
    item, out = np.array([0, 3, -1, 2, 2, 1], np.int32), np.empty(6, np.float32)
    fold_bayes.code_dots(codes, item, vectors, out)
    np.testing.assert_allclose(out, np.einsum("nd,nd->n", codes, vectors[item]), rtol=1e-4)


def test_normals_are_normal():
    z = np.empty((2000, 7))
    for n, row in enumerate(z):
        random.normals(np.uint64(random.stream(np.uint64(7), n)), row)
    assert stats.kstest(z.ravel(), "norm").pvalue > 0.001
    assert np.abs(np.corrcoef(z.T) - np.eye(7)).max() < 0.1


@pytest.mark.parametrize("shape", [1.0, 2.5, 40.0])
def test_gammas_are_gamma(shape):
    drawn = [random.gamma(np.uint64(random.stream(np.uint64(7), n)), shape) for n in range(4000)]
    assert stats.kstest(drawn, "gamma", args=(shape,)).pvalue > 0.001


@given(SEEDS, st.integers(2, 7))
def test_expecting_rows_is_its_twin(seed, dim):
    given, rng = case(seed, dim=dim)
    half = rng.normal(0, 0.3, (7, dim, dim))
    others = half @ half.swapaxes(1, 2)
    triangle = np.tril_indices(dim)
    packed = np.ascontiguousarray(others[:, *triangle], np.float32)
    mean, own = np.empty((11, dim), np.float32), np.empty((11, packed.shape[1]), np.float32)
    loose, squares, scatter = np.empty(11, np.float32), np.empty(11), np.zeros((dim, dim))
    expectations.expect_rows(*given.values(), packed, 0, 11, mean, own, loose, squares, scatter)
    total = np.zeros((dim, dim))
    for r in range(11):
        entries = slice(given["indptr"][r], given["indptr"][r + 1])
        prior = np.linalg.solve(given["precision"].astype(np.float64), given["pull"][r])
        of_row = (
            given["item"][entries],
            given["target"][entries],
            given["X"],
            given["root"],
            given["alpha"][r],
            given["omega"][r],
        )
        expected, covariance, error = slow.expect_row(*of_row, given["precision"], prior, others)
        np.testing.assert_allclose(mean[r], expected, rtol=5e-3, atol=5e-3)
        np.testing.assert_allclose(own[r], covariance[triangle], rtol=5e-3, atol=5e-3)
        assert squares[r] == pytest.approx(error, rel=1e-2, abs=1e-2)
        assert loose[r] == pytest.approx((given["precision"] * covariance).sum(), rel=1e-2)
        total += given["omega"][r] * covariance
    np.testing.assert_allclose(scatter, total, rtol=1e-2, atol=1e-2)
