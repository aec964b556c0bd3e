"""Ranking metrics: worked by hand, by law, beside an independent library, and of whole models."""

from dataclasses import replace
from math import log2, nan

import numpy as np
import polars as pl
import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st

from konomi.data.profiles import Profiles
from konomi.data.split import SplitConfig, make_split
from konomi.evaluate import ranking_metrics as ranking
from konomi.evaluate.metrics import list_metrics, metrics_with
from konomi.evaluate.recommendations import measure_recommendations, own_order, relevant
from konomi.evaluate.records import ItemFacts
from konomi.models import bias, mf
from konomi.runtime import Run

RUN = Run(threads=1)


def lists(*rows):
    """i32[B, K], padded with −1."""
    width = max(map(len, rows))
    return np.array([[*row, *[-1] * (width - len(row))] for row in rows], np.int32)


def liked(*people):
    """Profiles with these items, all of them relevant."""
    return Profiles.of([dict.fromkeys(items, 9.0) for items in people])


# by hand: the first person gets 3, 1, 4, 0 and likes 1, 0, 8; the second gets 2, 5 and likes 7; the third gets 6 and likes it

ITEMS = lists([3, 1, 4, 0], [2, 5], [6])
LIKED = liked([1, 0, 8], [7], [6])
COUNT = np.array([3, 1, 1])
HIT = ranking.hits(ITEMS, LIKED)


def test_hits():
    assert HIT.tolist() == [[False, True, False, True], [False] * 4, [True, False, False, False]]


def test_an_item_outside_the_catalogue_is_relevant_but_never_hit():
    """Its row is −1, as that of an empty place."""
    wanted = Profiles(np.array([0, 2, 3]), np.array([-1, 5, -1], np.int32), np.full(3, 9, np.float32))
    assert ranking.hits(lists([5, 4], []), wanted).tolist() == [[True, False], [False, False]]
    assert ranking.recall(ranking.hits(lists([5, 4], []), wanted), wanted.counts, 2).tolist() == [1 / 2, 0]


def test_ndcg_by_hand():
    """Hits at places 2 and 4: 1/log₂3 + 1/log₂5. Three are relevant: at best 1 + 1/log₂3 + 1/2, of two places 1 + 1/log₂3."""
    gain, best = 1 / log2(3) + 1 / log2(5), 1 + 1 / log2(3) + 1 / 2
    assert ranking.ndcg(HIT, COUNT, 4) == pytest.approx([gain / best, 0, 1])
    assert ranking.ndcg(HIT, COUNT, 2) == pytest.approx([1 / log2(3) / (1 + 1 / log2(3)), 0, 1])
    assert ranking.ndcg(HIT, COUNT, 10) == pytest.approx([gain / best, 0, 1])  # there are no more places


def test_recall_and_precision_by_hand():
    assert ranking.recall(HIT, COUNT, 4).tolist() == [2 / 3, 0, 1]
    assert ranking.recall(HIT, COUNT, 3).tolist() == [1 / 3, 0, 1]
    assert ranking.capped_recall(HIT, COUNT, 4).tolist() == [2 / 3, 0, 1]
    assert ranking.capped_recall(HIT, COUNT, 2).tolist() == [1 / 2, 0, 1]  # three are relevant, and two places can be full
    assert ranking.precision(HIT, 4).tolist() == [2 / 4, 0, 1 / 4]
    assert ranking.precision(HIT, 5).tolist() == [2 / 5, 0, 1 / 5]


def test_average_precision_by_hand():
    """Precision 1/2 at the hit at place 2, and 2/4 at the one at place 4; of two places one can hold two of the three."""
    assert ranking.average_precision(HIT, COUNT, 4) == pytest.approx([(1 / 2 + 2 / 4) / 3, 0, 1])
    assert ranking.average_precision(HIT, COUNT, 2) == pytest.approx([(1 / 2) / 2, 0, 1])


def test_reciprocal_rank_and_hit_rate_by_hand():
    assert ranking.reciprocal_rank(HIT, 4).tolist() == [1 / 2, 0, 1]
    assert ranking.reciprocal_rank(HIT, 1).tolist() == ranking.hit_rate(HIT, 1).tolist() == [0, 0, 1]
    assert ranking.hit_rate(HIT, 2).tolist() == [1, 0, 1]


def test_coverage_and_gini_by_hand():
    """Item 0 is listed three times, 1 once, 2 and 3 never: (2·4 − 5)·3 + (2·3 − 5)·1 = 10, over 4 · 4."""
    items, met = lists([0, 1], [0], [0]), np.ones(4, int)
    assert ranking.coverage(items, met) == 2 / 4
    assert ranking.gini(items, met) == 10 / 16
    assert ranking.gini(lists([0, 1], [2, 3]), met) == 0
    assert ranking.coverage(lists([-1]), met) == 0 and np.isnan(ranking.gini(lists([-1]), met))


def test_what_nobody_has_met_counts_where_it_is_listed():
    """Of five items two were never met. One of these is listed, so there are four."""
    met = np.array([3, 1, 1, 0, 0])
    assert ranking.coverage(lists([0, 3], [0]), met) == 2 / 4
    assert ranking.gini(lists([0, 3], [0]), met) == ranking.gini(lists([0, 3], [0]), np.array([3, 1, 1, 1, 0]))


def test_novelty_by_hand():
    """Half of all people know item 0 and one in eight knows item 1: 1 bit and 3."""
    share = np.array([1 / 2, 1 / 8])
    np.testing.assert_array_equal(ranking.novelty(lists([0, 1], [1], []), share), [2, 3, nan])


def test_intra_list_diversity_by_hand():
    """Genres A, A and B, B, and none: cosine 1/√2 of the first two and of the second and third, 0 of the first and third."""
    genres = np.array([[1, 0], [1, 1], [0, 1], [0, 0]], np.uint8)
    found = ranking.intra_list_diversity(lists([0, 1, 2], [0, 1, 3], [0, 2], [0, 3], [3, -1]), genres)
    pair = 1 / np.sqrt(2)
    np.testing.assert_allclose(found, [1 - 2 * pair / 3, 1 - pair, 1, nan, nan])
    assert np.isnan(ranking.intra_list_diversity(lists([0, 1]), np.zeros((2, 0), np.uint8))).all()


# by law

N_ITEMS = 12
places = st.permutations(range(N_ITEMS))


@st.composite
def ranked(draw):
    """Lists of some of the items, and what is relevant to each person: one item at least."""
    n = draw(st.integers(1, 5))
    k = draw(st.integers(1, N_ITEMS))
    rows = [draw(places)[: draw(st.integers(0, k))] for _ in range(n)]
    wanted = [draw(st.sets(st.integers(0, N_ITEMS - 1), min_size=1)) for _ in range(n)]
    items = lists(*rows) if any(rows) else np.full((n, 1), -1, np.int32)
    return items, liked(*wanted), draw(st.integers(1, N_ITEMS))


def found(items, wanted, k):
    """Every metric that knows of relevance, by name."""
    hit, count = ranking.hits(items, wanted), wanted.counts
    return {
        "ndcg": ranking.ndcg(hit, count, k),
        "recall": ranking.recall(hit, count, k),
        "precision": ranking.precision(hit, k),
        "map": ranking.average_precision(hit, count, k),
        "mrr": ranking.reciprocal_rank(hit, k),
        "hit": ranking.hit_rate(hit, k),
    }


@given(ranked())
def test_every_metric_lies_from_0_to_1(case):
    items, wanted, k = case
    for name, values in found(items, wanted, k).items():
        assert values.shape == (len(items),), name
        assert (values >= 0).all() and (values <= 1 + 1e-12).all(), name
    met = np.ones(N_ITEMS, int)
    assert 0 <= ranking.coverage(items, met) <= 1
    assert (items < 0).all() or -1e-12 <= ranking.gini(items, met) <= 1 - 1 / N_ITEMS + 1e-12


@given(ranked())
def test_the_best_list_has_all_that_can_be_had(case):
    _, wanted, k = case
    best = lists(*([*wanted.slice(b, b + 1).item] for b in range(len(wanted))))
    values = found(best, wanted, k)
    for name in ("ndcg", "map", "mrr", "hit"):
        np.testing.assert_allclose(values[name], 1)
    np.testing.assert_allclose(values["recall"], np.minimum(wanted.counts, k) / wanted.counts)


@given(ranked())
def test_empty_places_and_what_lies_beyond_k_change_nothing(case):
    items, wanted, k = case
    padded = np.hstack([items, np.full((len(items), 3), -1, np.int32)])
    for name, values in found(items, wanted, k).items():
        np.testing.assert_allclose(found(padded, wanted, k)[name], values)
        np.testing.assert_allclose(found(items[:, :k], wanted, k)[name], values)


@given(ranked(), st.integers(0, N_ITEMS - 2))
def test_a_hit_that_moves_up_makes_nothing_worse(case, place):
    items, wanted, k = case
    hit = ranking.hits(items, wanted)
    if place + 1 >= items.shape[1]:
        return
    turned = items.copy()
    up = ~hit[:, place] & hit[:, place + 1]
    turned[up, place], turned[up, place + 1] = items[up, place + 1], items[up, place]
    before, after = found(items, wanted, k), found(turned, wanted, k)
    for name, values in before.items():
        assert (after[name] >= values - 1e-12).all(), name


@given(ranked(), st.randoms())
def test_people_do_not_matter_to_each_other(case, random):
    items, wanted, k = case
    order = np.array(random.sample(range(len(items)), len(items)))
    alone = found(items, wanted, k)
    for name, values in found(items[order], wanted.take(order), k).items():
        np.testing.assert_allclose(values, alone[name][order])


@given(ranked(), places)
def test_what_lists_are_like_does_not_depend_on_the_order_within(case, order):
    items, *_ = case
    draw = np.random.default_rng(0)
    genres, share = draw.integers(0, 2, (N_ITEMS, 4)).astype(np.uint8), draw.uniform(0.01, 1, N_ITEMS)
    turned = items[:, [place for place in order if place < items.shape[1]]]
    met = np.ones(N_ITEMS, int)
    assert ranking.coverage(turned, met) == ranking.coverage(items, met)
    np.testing.assert_allclose(ranking.novelty(turned, share), ranking.novelty(items, share))
    one, other = (ranking.intra_list_diversity(each, genres) for each in (turned, items))
    np.testing.assert_allclose(one, other, atol=1e-12)
    for row, value in zip(items, other, strict=True):  # the plain twin: pair by pair
        unit = [genres[i] / np.sqrt(genres[i].sum()) for i in row if i >= 0 and genres[i].any()]
        pairs = [1 - a @ b for n, a in enumerate(unit) for b in unit[:n]]
        np.testing.assert_allclose(value, np.mean(pairs) if pairs else nan, atol=1e-12)


# beside pytrec_eval


@given(ranked())
def test_an_independent_library_agrees(case):
    """pytrec_eval orders by score, so that places become scores; it divides average precision by all that is relevant."""
    items, wanted, k = case
    run = {f"p{b}": {f"i{item}": float(len(row) - n) for n, item in enumerate(row) if item >= 0} for b, row in enumerate(items)}
    asked = {name for name, scores in run.items() if scores}  # it leaves out who gets an empty list
    relevant = {f"p{b}": {f"i{item}": 1 for item in wanted.slice(b, b + 1).item} for b in range(len(wanted))}
    words = {f"{name}.{k}" for name in ("ndcg_cut", "recall", "P", "map_cut", "success")} | {"recip_rank"}
    theirs = pytrec_eval.RelevanceEvaluator(relevant, words).evaluate({name: run[name] for name in asked})
    ours, whole = found(items, wanted, k), found(items, wanted, N_ITEMS)
    for b, count in enumerate(wanted.counts):
        if f"p{b}" not in asked:
            assert all(values[b] == 0 for values in ours.values())
            continue
        they = theirs[f"p{b}"]
        assert ours["ndcg"][b] == pytest.approx(they[f"ndcg_cut_{k}"])
        assert ours["recall"][b] == pytest.approx(they[f"recall_{k}"])
        assert ours["precision"][b] == pytest.approx(they[f"P_{k}"])
        assert ours["map"][b] * min(count, k) / count == pytest.approx(they[f"map_cut_{k}"])
        assert ours["hit"][b] == they[f"success_{k}"]
        assert whole["mrr"][b] == pytest.approx(they["recip_rank"])


# of models


@pytest.fixture(scope="module")
def parts(checkerboard):
    split = make_split(checkerboard, SplitConfig(valid=0.1, test=0.2))
    train = split.train_set(checkerboard)
    config = mf.Config(dim=4, rate=0.2, l2=0.01, init=0.1, patience=0)
    return train, *split.test(checkerboard), mf.fit(train, config, RUN)


def measure(model, seen, hidden, train, **more):
    wanted, facts = relevant(hidden, train.labelling), ItemFacts.of(train.seen, train.items)
    return measure_recommendations(own_order(model), seen, wanted, facts, RUN, metrics_with(), **more)


def test_the_metrics_of_a_model(parts):
    """Person by person: score every item, leave out the seen ones, sort."""
    train, seen, hidden, model = parts
    ranked = measure(model, seen, hidden, train)
    likes = hidden.keep(hidden.rating == 9)
    assert ranked.user.tolist() == np.flatnonzero(likes.counts).tolist()
    more = ["ranked_users", "people", "propensity_exponent"]
    assert list(ranked.metrics) == [*(metric.key for metric in list_metrics()), *more]
    assert ranked.metrics["ranked_users"] == len(ranked.user)
    for n, user in enumerate(ranked.user):
        scores = model.score(model.encode(seen.take(np.array([user]))), "rank")[0]
        scores[seen.take(np.array([user])).item] = -np.inf
        order = np.argsort(-scores, kind="stable")
        hit = np.isin(order, likes.take(np.array([user])).item)
        assert ranked.each["recall@20"][n] == 1  # there are 20 items
        assert ranked.each["mrr"][n] == pytest.approx(1 / (1 + np.argmax(hit)) if hit[:10].any() else 0)
        assert ranked.each["precision@10"][n] == hit[:10].sum() / 10
    for key in ("ndcg@10", "map@10", "novelty@10"):
        assert ranked.metrics[key] == pytest.approx(ranked.each[key].mean())
    assert ranked.metrics["ild@10"] is None  # the catalogue knows no genres
    assert ranked.metrics["ndcg@10"] > measure(bias.fit(train, bias.Config(), RUN), seen, hidden, train).metrics["ndcg@10"]


def test_what_the_model_knows_nothing_of_is_never_listed(parts):
    """With only items 0 to 3 known, four of twenty are all that can be covered."""
    train, seen, hidden, model = parts
    known = np.where(np.arange(21) < 4, model.item_known, 0)
    found = measure(replace(model, item_known=known), seen, hidden, train).metrics
    assert 0 < found["coverage@10"] <= 4 / 20
    nothing = measure(replace(model, item_known=np.zeros_like(known)), seen, hidden, train).metrics
    assert nothing["ndcg@10"] == nothing["coverage@10"] == 0 and nothing["gini@10"] is nothing["novelty@10"] is None


def test_people_who_like_nothing_hidden_are_left_out(parts):
    train, seen, _, model = parts
    disliked = Profiles.of([{0: 2.0}] * len(seen))
    assert measure(model, seen, disliked, train) is None
    one = Profiles.of([{0: 2.0}] * (len(seen) - 1) + [{3: 9.0}])
    assert measure(model, seen, one, train).user.tolist() == [len(seen) - 1]


def test_everybody_is_measured_or_so_many_evenly_spaced(parts):
    train, seen, hidden, model = parts
    some = measure(model, seen, hidden, train, most=5, size=2)
    everybody = measure(model, seen, hidden, train)
    assert len(some.user) == some.metrics["ranked_users"] == 5
    assert (some.user[0], some.user[-1]) == (everybody.user[0], everybody.user[-1])
    place = np.searchsorted(everybody.user, some.user)
    np.testing.assert_array_equal(some.each["ndcg@10"], everybody.each["ndcg@10"][place])


def test_what_is_listed_is_known_by_its_training_part():
    """Three people have item 0, one has item 1, nobody has item 2: it counts as if one had it. A fourth has no entry."""
    items = pl.DataFrame({"item_id": [1, 2, 3], "genres": [["A"], None, ["A", "B"]]})
    facts = ItemFacts.of(liked([0], [0, 1], [0], []), items)
    np.testing.assert_array_equal(facts.share, [1, 1 / 3, 1 / 3, 1 / 3])
    assert facts.count.tolist() == [3, 1, 0, 0] and facts.popularity.tolist() == [0, 1, 2, 2]
    assert facts.genres.tolist() == [[1, 0], [0, 0], [1, 1]]
