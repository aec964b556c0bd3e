"""The list as a whole, by hand and by its laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from konomi.ranking.rerank import mix, rerank, unit

NONE = np.zeros(2, np.float32)


def chosen(scores, k, vectors, mixes, own=NONE, diverse=0.0, calibrate=0.0):
    as_f32 = [np.array(each, np.float32) for each in (scores, vectors, mixes, own)]
    return rerank(as_f32[0], k, as_f32[1], as_f32[2], as_f32[3], diverse, calibrate).tolist()


def test_diversity_by_hand():
    """1 is the same as 0: with half of the dial it loses 0.5 once 0 is chosen, and 2 (0.5) comes before it (0.9 − 0.5)."""
    vectors, mixes = [[1, 0], [1, 0], [0, 1]], np.zeros((3, 2))
    assert chosen([1, 0.9, 0.5], 3, vectors, mixes) == [0, 1, 2]
    assert chosen([1, 0.9, 0.5], 3, vectors, mixes, diverse=0.5) == [0, 2, 1]
    assert chosen([1, 0.9, 0.5], 3, vectors, mixes, diverse=0.3) == [0, 1, 2]


def test_the_most_alike_one_counts_by_hand():
    """After 0 and 1, 2 is the same as 1 and loses 0.5; 3 is like both (0.6 and 0.8), loses 0.4, not 0.7, and comes first."""
    vectors = [[1, 0], [0, 1], [0, 1], [0.6, 0.8]]
    assert chosen([1, 0.99, 0.62, 0.6], 4, vectors, np.zeros((4, 2)), diverse=0.5) == [0, 1, 3, 2]


def test_an_opposite_gains_by_hand():
    """Once 0 is chosen, 1 has nothing to do with it, and 2 (0.4) is its opposite: 0.4 + 1 > 0.9."""
    assert chosen([1, 0.9, 0.4], 3, [[1, 0], [0, 1], [-1, 0]], np.zeros((3, 2)), diverse=1) == [0, 2, 1]


@given(st.lists(st.floats(0, 1), min_size=2, max_size=7), st.integers(0, 99), st.floats(0.05, 1))
def test_diversity_beside_its_plain_twin(values, seed, diverse):
    """The formula, place by place, with cosines of either sign."""
    scores = np.sort(np.array(values, np.float32))[::-1]
    vectors = unit(np.random.default_rng(seed).standard_normal((len(scores), 3)).astype(np.float32))
    order: list[int] = []
    for _ in scores:
        left = [i for i in range(len(scores)) if i not in order]
        nearest = {i: max((float(vectors[i] @ vectors[j]) for j in order), default=0.0) for i in left}
        order.append(max(left, key=lambda i: (np.float32(scores[i] - np.float32(diverse) * np.float32(nearest[i])), -i)))
    found = rerank(scores, len(scores), vectors, np.zeros((len(scores), 2), np.float32), NONE, float(np.float32(diverse)), 0.0)
    assert found.tolist() == order


def test_calibration_by_hand():
    """Half and half of two genres: the second place goes to the genre that is missing, although three titles score more."""
    mixes = [[1, 0]] * 4 + [[0, 1]] * 2
    scores = [1, 0.95, 0.9, 0.85, 0.8, 0.8]
    vectors = np.zeros((6, 1))
    assert chosen(scores, 4, vectors, mixes, [0.5, 0.5]) == [0, 1, 2, 3]
    assert chosen(scores, 4, vectors, mixes, [0.5, 0.5], calibrate=1) == [0, 4, 1, 5]
    assert chosen(scores, 3, vectors, mixes, NONE, calibrate=1) == [0, 1, 2]  # nothing is known of the person


@given(st.integers(2, 7), st.integers(0, 99), st.floats(0.05, 1))
def test_calibration_beside_its_plain_twin(n, seed, calibrate):
    """The divergence from a person's mix, in which one genre is missing, place by place."""
    random = np.random.default_rng(seed)
    scores = np.sort(random.random(n).astype(np.float32))[::-1]
    mixes, own = mix(random.integers(0, 2, (n, 3)).astype(np.uint8)), np.array([0.75, 0.25, 0], np.float32)
    order: list[int] = []
    for place in range(n):
        gains = {}
        for i in set(range(n)) - set(order):
            q = 0.99 * mixes[[*order, i]].astype(np.float64).sum(axis=0) / (place + 1) + 0.01 * own.astype(np.float64)
            gains[i] = scores[i] - calibrate * sum(p * np.log(p / share) for p, share in zip(own, q, strict=True) if p)
        order.append(max(gains, key=lambda i: (round(float(gains[i]), 9), -i)))
    found = rerank(scores, n, np.zeros((n, 1), np.float32), mixes, own, 0.0, calibrate)
    assert found.tolist() == order


SHAPES = st.tuples(st.integers(1, 12), st.integers(1, 4))


@given(SHAPES.flatmap(lambda s: st.tuples(arrays(np.float32, s[0], elements=st.floats(-1, 1, width=32)),
                                          arrays(np.float32, s, elements=st.floats(-1, 1, width=32)))),
       st.integers(1, 15), st.floats(0, 1), st.floats(0, 1))  # fmt: skip
def test_every_place_is_filled_once(data, k, diverse, calibrate):
    scores, vectors = data
    scores = np.sort(scores)[::-1]
    mixes = mix((vectors > 0).astype(np.uint8))
    own = mixes.mean(axis=0)
    own = own / own.sum() if own.any() else own
    places = rerank(scores, k, unit(vectors), mixes, own, diverse, calibrate)
    assert len(set(places.tolist())) == len(places) == min(k, len(scores))
    if not diverse and not calibrate:
        np.testing.assert_array_equal(places, np.arange(len(places)))


def test_unit_and_mix():
    vectors = np.array([[3, 4], [0, 0], [0.3, 0.4]], np.float32)
    np.testing.assert_allclose(unit(vectors), [[0.6, 0.8], [0, 0], [0.6, 0.8]], rtol=1e-6)
    np.testing.assert_allclose(mix(np.array([[1, 1], [0, 0], [0, 1]], np.uint8)), [[0.5, 0.5], [0, 0], [0, 1]])
    assert pytest.approx(mix(np.ones((1, 5), np.uint8)).sum()) == 1
