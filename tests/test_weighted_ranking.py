"""Metrics that weigh what is found: by inverse propensity, by class of popularity; and how much lists overlap."""

from math import log2, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from konomi.data.profiles import Profiles
from konomi.evaluate import ranking_metrics as ranking
from konomi.evaluate.metrics import metrics_with
from konomi.evaluate.propensity import exponent, inverse_propensity
from konomi.evaluate.recommendations import measure_lists
from konomi.evaluate.records import ItemFacts

WEIGHT = np.array([1, 2, 4, 8, 1.0])  # of items 0 to 3 and of an unknown one
ITEMS = np.array([[3, 0, 2], [1, -1, -1]], np.int32)
WANTED = Profiles.of([{0: 9.0, 1: 9.0, 2: 9.0}, {3: 9.0}])
HIT = ranking.hits(ITEMS, WANTED)


def test_weighted_ndcg_by_hand():
    """Hits at places 2 (weight 1) and 3 (weight 4); the best list has the weights 4, 2, 1."""
    gain, best = 1 / log2(3) + 4 / 2, 4 + 2 / log2(3) + 1 / 2
    assert ranking.weighted_ndcg(ITEMS, HIT, WANTED, WEIGHT, 3) == pytest.approx([gain / best, 0])
    assert ranking.weighted_ndcg(ITEMS, HIT, WANTED, WEIGHT, 2) == pytest.approx([1 / log2(3) / (4 + 2 / log2(3)), 0])
    assert ranking.weighted_ndcg(ITEMS, HIT, WANTED, WEIGHT, 9) == pytest.approx([gain / best, 0])


def test_weighted_recall_by_hand():
    assert ranking.weighted_recall(ITEMS, HIT, WANTED, WEIGHT, 3).tolist() == [5 / 7, 0]
    assert ranking.weighted_recall(ITEMS, HIT, WANTED, WEIGHT, 2).tolist() == [1 / 7, 0]
    of_one_class = (WEIGHT == 2).astype(float)  # item 1, which the second person does not want
    np.testing.assert_array_equal(ranking.weighted_recall(ITEMS, HIT, WANTED, of_one_class, 3), [0, nan])


def test_an_unknown_item_is_wanted_but_never_found():
    wanted = Profiles.of([{-1: 9.0, 2: 9.0}])
    hit = ranking.hits(ITEMS[:1], wanted)
    assert ranking.weighted_recall(ITEMS[:1], hit, wanted, WEIGHT, 3).tolist() == [4 / 5]


def test_overlap_by_hand():
    """Of three lists the first two share an item, and the third shares two with the first: pairs 1/2, 2/2, 1/2."""
    items = np.array([[0, 1], [1, 2], [1, 0]], np.int32)
    assert ranking.overlap(items, 4) == pytest.approx((1 / 2 + 1 + 1 / 2) / 3)
    assert ranking.overlap(np.array([[0, 1], [0, 1]], np.int32), 4) == 1
    assert ranking.overlap(np.array([[0, -1], [-1, -1]], np.int32), 4) == 0
    assert np.isnan(ranking.overlap(np.array([[0, 1]], np.int32), 4))


def test_classes_of_popularity_by_hand():
    """100 entries: 40 + 20 reach half of them, 15 + 10 begin before 80, the rest the last 20 %, as does what nobody met."""
    count = np.array([1, 40, 6, 0, 20, 15, 10, 5, 3])
    assert ranking.popularity(count).tolist() == [2, 0, 2, 2, 0, 1, 1, 2, 2]
    assert ranking.popularity(np.zeros(3, int)).tolist() == [2, 2, 2]


@given(st.lists(st.integers(0, 50), min_size=1, max_size=30))
def test_whoever_is_better_known_is_in_no_lower_class(counts):
    count = np.array(counts)
    classes = ranking.popularity(count)
    order = np.argsort(-count, kind="stable")
    assert (np.diff(classes[order].astype(int)) >= 0).all()
    assert count[classes == 0].sum() >= count.sum() / 2 and count[classes == 2].sum() <= 0.2 * count.sum()


def test_the_exponent_of_simulated_popularity():
    """Whole numbers of a power law P(n) ∝ n^−2.5, drawn by inverting its sums: within four standard errors."""
    n = np.arange(1, 200_000)
    share = np.cumsum(n**-2.5) / np.sum(n**-2.5)
    drawn = n[np.searchsorted(share, np.random.default_rng(0).random(20_000))]
    tail = drawn[drawn >= 6]  # where the approximation of the likelihood for whole numbers holds
    gamma = 1 + len(tail) / np.log(tail / 5.5).sum()
    assert gamma == pytest.approx(2.5, abs=4 * 1.5 / np.sqrt(len(tail)))
    by_hand = np.array([1, 1, 2, 8, 0])
    expected = (1 + 4 / (2 * np.log(2) + np.log(4) + np.log(16)) + 1) / 2
    assert exponent(by_hand) == pytest.approx(expected)
    np.testing.assert_allclose(inverse_propensity(by_hand), [1, 1, 2**-expected, 8**-expected, 1])
    assert exponent(np.zeros(3, int)) == 0 and inverse_propensity(np.zeros(3, int)).tolist() == [1, 1, 1]


@st.composite
def ranked(draw):
    """Lists of 12 items, what is relevant, and weights."""
    n, k = draw(st.integers(1, 4)), draw(st.integers(1, 12))
    items = np.array([draw(st.permutations(range(12)))[:k] for _ in range(n)], np.int32)
    wanted = Profiles.of([dict.fromkeys(draw(st.sets(st.integers(0, 11), min_size=1)), 9.0) for _ in range(n)])
    return items, wanted, np.array(draw(st.lists(st.floats(0.1, 9), min_size=13, max_size=13))), draw(st.integers(1, 12))


@given(ranked())
def test_weighted_metrics_beside_their_plain_twins(case):
    items, wanted, weight, k = case
    hit = ranking.hits(items, wanted)
    ndcg, recall = (f(items, hit, wanted, weight, k) for f in (ranking.weighted_ndcg, ranking.weighted_recall))
    for b, row in enumerate(items.tolist()):
        likes = wanted.slice(b, b + 1).item.tolist()
        found = [weight[i] if i in likes else 0 for i in row[:k]]
        gain = sum(w / log2(n + 2) for n, w in enumerate(found))
        best = sum(w / log2(n + 2) for n, w in enumerate(sorted((weight[i] for i in likes), reverse=True)[:k]))
        assert ndcg[b] == pytest.approx(gain / best) and 0 <= ndcg[b] <= 1 + 1e-9
        assert recall[b] == pytest.approx(sum(found) / sum(weight[i] for i in likes))
    same = np.ones(13)
    np.testing.assert_allclose(ranking.weighted_ndcg(items, hit, wanted, same, k), ranking.ndcg(hit, wanted.counts, k))
    np.testing.assert_allclose(ranking.weighted_recall(items, hit, wanted, same, k), ranking.recall(hit, wanted.counts, k))


@given(ranked())
def test_overlap_beside_its_plain_twin(case):
    items, *_ = case
    pairs = [len(set(a) & set(b)) / len(a) for n, a in enumerate(items.tolist()) for b in items.tolist()[:n]]
    assert ranking.overlap(items, 12) == pytest.approx(np.mean(pairs) if pairs else nan, nan_ok=True)


def test_of_how_many_people_a_figure_is():
    """Item 0 is well known and item 3 little known; only the first person wants something little known."""
    facts = ItemFacts(
        np.array([9, 5, 3, 1, 0]), np.ones(5), WEIGHT, np.array([0, 0, 1, 2, 2], np.uint8), np.zeros((4, 0), np.uint8)
    )
    wanted = Profiles.of([{0: 9.0, 3: 9.0}, {1: 9.0}])
    found = measure_lists(np.array([4, 7], np.int32), ITEMS, wanted, facts, metrics_with("recall@3")).metrics
    assert found["people"]["recall_tail@20"] == found["people"]["recall_middle@20"] + 1 == 1
    assert found["people"]["recall_head@20"] == found["people"]["ndcg@10"] == found["people"]["coverage@10"] == 2
    assert found["recall_tail@20"] == found["recall_head@20"] == 1 and found["recall_middle@20"] is None
    assert found["propensity_exponent"] == round(exponent(facts.count), 3) and found["ranked_users"] == 2
