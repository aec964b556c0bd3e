"""The order of recommendations: dials, wishes, and what somebody who says nothing gets."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from konomi.data.labels import Labelling
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.errors import RequestError
from konomi.ranking import blend as blend_file
from konomi.ranking.blend import DISLIKED, HALF, SURE_PRIOR, WISH, WISH_ALONE, Blend
from konomi.ranking.dials import Dials
from konomi.ranking.scores import LATER, codes_of
from konomi.ranking.silent import robust_popularity
from konomi.ranking.wishes import wish_scores

SCALE = Scale(1, 10, 1)
LABELLING = Labelling(SCALE)
GENRES = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1], [0, 0, 0]], np.uint8)
ITEMS = pl.DataFrame(
    {
        "genres": [["A"], ["B"], ["A", "B"], ["C"], []],
        "ratings": [1000, 100, 10, 0, 3000],
        "mean": [8.0, 9.0, 7.0, None, 8.0],
        "bayes": [8.0, 8.8, 7.7, 7.9, 8.0],
        "year": [1999, 2005, None, 1970, 2000],
    }
)


@dataclass(frozen=True)
class Says:
    """A model that says the same of everybody: `score` f32[I], and `unknown` of an item that it does not know."""

    outputs: frozenset
    values: dict[str, Any]
    unknown: float = 0.0
    item_known: Any = None

    def encode(self, profiles, threads=1):
        return np.zeros((len(profiles), 1), np.float32)

    def score(self, codes, output, items=None):
        values = np.append(self.values[output], self.unknown).astype(np.float32)
        return np.tile(values[:-1] if items is None else values[items], (len(codes), 1))


KNOWN = np.array([1, 1, 1, 0, 1, 0], np.float32)
RANKER = Says(frozenset({"rank"}), {"rank": [4, 2, 0, 9, 6]}, item_known=KNOWN)
RATER = Says(frozenset({"rating", "rank"}), {"rank": [7, 9, 8, 1, 6], "rating": [7, 9, 10, 1, 6]}, 5.0, KNOWN)
SOMEBODY = Profiles.of([{4: 8.0}])


def scores(models, **turned):
    """What the models say of somebody, where their circle says nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blend_file, "HALF", {True: 1e-9, False: 1e-9})
        found = Blend(models, ITEMS, LABELLING).weigh(SOMEBODY, Dials(**turned))
    return (found.total + LATER * found.later)[0]


def test_either_end_of_love_by_hand():
    """What an unknown item gets (0 and 5) is 0; the best known (not 3) unseen (not 4) one is 1."""
    sure = scores((RANKER, RATER), love=0)
    np.testing.assert_allclose(sure, np.array([4, 2, 0, 9, 6]) / 4, atol=1e-3)
    loved = scores((RANKER, RATER), love=1)
    np.testing.assert_allclose(loved, (np.array([7, 9, 8, 1, 6]) - 5) / (9 - 5), atol=1e-3)
    between = scores((RANKER, RATER), love=0.25)
    np.testing.assert_allclose(between, 0.75 * sure + 0.25 * loved, atol=1e-3)


def test_without_a_ranker_sure_is_shrunk_further():
    """Towards the 5 that the model gives what it does not know."""
    n = ITEMS["ratings"].to_numpy()
    shrunk = 5 + (np.array([7, 9, 8, 1, 6]) - 5) * n / (n + SURE_PRIOR)
    np.testing.assert_allclose(scores((RATER,), love=0), (shrunk - 5) / (shrunk[[0, 1, 2]].max() - 5), atol=1e-3)


def test_models_and_circle_share_the_say():
    order = Blend((RANKER,), ITEMS, LABELLING)
    found = order.weigh(SOMEBODY, Dials(niche=0.5))
    said = HALF[True] / (HALF[True] + 1)
    expected = (1 - said) * scores((RANKER,)) + said * order.circle.around(SOMEBODY, order.known).score[0]
    np.testing.assert_allclose(found.total[0], expected * (1 - 0.5 * order.popularity), rtol=1e-5)
    loved = Blend((RANKER, RATER), ITEMS, LABELLING).weigh(SOMEBODY, Dials(love=1))
    assert not loved.weight.any() and len(loved.terms) == 1  # the predicted rating alone orders


def test_the_order_of_popular_is_the_same_for_all():
    class Plain(Says):
        def encode(self, profiles, threads=1):
            return np.zeros((len(profiles), 0), np.float32)

    order = Blend((Plain(RANKER.outputs, RANKER.values, item_known=KNOWN),), ITEMS, LABELLING)
    assert not order.weigh(SOMEBODY, Dials()).weight.any()


@pytest.mark.parametrize("models", [(RANKER,), (RATER,)])
def test_the_more_somebody_likes_the_less_their_circle_says(models):
    """Half of it at `HALF` liked titles; what is rated low is none of them, and neither is a plan."""
    items = pl.concat([ITEMS] * 40)
    long = [replace(model, values={name: np.tile(each, 40) for name, each in model.values.items()},
                    item_known=np.append(np.tile(KNOWN[:-1], 40), 0)) for model in models]  # fmt: skip
    order, half = Blend(tuple(long), items, LABELLING), int(HALF[RANKER in models])
    liked = dict.fromkeys(range(half), 9.0) | {190: 3.0, 191: float("nan")}
    weights = order.weigh(Profiles.of([liked, {0: 9.0}, {0: 2.0}, {}]), Dials()).weight
    np.testing.assert_allclose(weights, [0.5, half / (half + 1), 1, 0], rtol=1e-6)


def test_what_somebody_will_dislike_comes_last():
    """Item 3, which is predicted at 1 of 10; also where a wish speaks for it. Without a model of ratings nothing is known."""
    order = Blend((RANKER, RATER), ITEMS, LABELLING)
    for wishes in (None, np.array([[np.nan, np.nan, 10]], np.float32)):
        found = order.weigh(SOMEBODY, Dials(), wishes)
        assert found.later.tolist() == [[0, 0, 0, DISLIKED, 0]] and found.total[0].argmin() == 3
    assert not Blend((RANKER,), ITEMS, LABELLING).weigh(SOMEBODY, Dials()).later.any()
    at_the_middle = replace(RATER, values={"rank": [5] * 5, "rating": [5] * 5})
    assert not Blend((at_the_middle,), ITEMS, LABELLING).weigh(SOMEBODY, Dials()).later.any()


def test_a_thousand_ratings_are_half_the_trust():
    """Without a model that only ranks: of two titles that it scores alike, the one with 1,000 ratings is the surer one."""
    items = ITEMS.with_columns(pl.Series("ratings", [1000, 10, 0, 0, 0]))
    alike = Says(frozenset({"rating", "rank"}), {"rank": [9, 9, 5, 5, 5], "rating": [9] * 5}, 5.0, np.ones(6, np.float32))
    term = Blend((alike,), items, LABELLING).terms[0]
    score = term.score(np.zeros((1, 1), np.float32))[0]
    np.testing.assert_allclose(score[:2], [5 + 4 / 2, 5 + 4 * 10 / 1010], rtol=1e-6)


def test_a_ranker_alone_has_no_love_to_give():
    np.testing.assert_array_equal(scores((RANKER,), love=0), scores((RANKER,), love=1))


def test_niche_holds_back_what_is_popular():
    """By a share of what they have, so that nothing comes up for being unknown alone."""
    plain, held = scores((RANKER,)), scores((RANKER,), niche=0.5)
    popularity = np.log1p(ITEMS["ratings"].to_numpy()) / np.log1p(3000)
    np.testing.assert_allclose(held, plain * (1 - 0.5 * popularity), rtol=1e-5)


@pytest.mark.parametrize(("name", "value"), [("love", -0.1), ("niche", 1.1), ("diverse", float("nan")), ("calibrate", 2)])
def test_dials_end_at_0_and_1(name, value):
    with pytest.raises(RequestError, match=f"The dial {name} is"):
        Dials(**{name: value})


def test_wishes_by_hand():
    """9 of 10 is 7/9 of the way from the middle to the top, 1 is all the way to the bottom."""
    nan = np.nan
    wishes = np.array([[9, nan, nan], [nan, nan, nan], [10, 1, nan]], np.float32)
    fit = wish_scores(GENRES, wishes, SCALE)
    seven = 7 / 9
    np.testing.assert_allclose(fit[0], [seven, 0, seven / np.sqrt(2), 0, 0], rtol=1e-6)
    np.testing.assert_allclose(fit[1], 0)
    np.testing.assert_allclose(fit[2], [1 / np.sqrt(2), -1 / np.sqrt(2), 0, 0, 0], rtol=1e-6, atol=1e-7)


@given(st.lists(st.none() | st.floats(1, 10), min_size=3, max_size=3), st.integers(0, 2), st.floats(1, 10))
def test_wishing_more_of_a_genre_never_lowers_a_title_of_it(wishes, genre, wish):
    """Beside any title that has nothing of it."""
    low = np.array([[np.nan if each is None else each for each in wishes]], np.float32)
    low[0, genre] = min(wish, 9)
    high = low.copy()
    high[0, genre] = min(wish, 9) + 1
    before, after = (wish_scores(GENRES, each, SCALE)[0] for each in (low, high))
    has = GENRES[:, genre] == 1
    assert (after[has] > before[has]).all()
    np.testing.assert_allclose(after[~has], before[~has], atol=1e-6)


NOBODY = Profiles.of([{}])


@pytest.mark.parametrize(("person", "weight"), [(SOMEBODY, WISH), (NOBODY, WISH_ALONE)])
@pytest.mark.parametrize("models", [(RANKER, RATER), (RANKER,), (RATER,)])
def test_wishes_are_added_to_whatever_the_models_say(models, person, weight):
    """As far as a title is known: item 3, which nobody rated, is not moved."""
    order, wishes = Blend(models, ITEMS, LABELLING), np.array([[9, np.nan, 3]], np.float32)
    plain, wished = (found.total + LATER * found.later for found in (order.weigh(person, Dials(), w) for w in (None, wishes)))
    known = np.log1p(ITEMS["ratings"].to_numpy()) / np.log1p(3000)
    np.testing.assert_allclose(wished - plain, weight * known * wish_scores(GENRES, wishes, SCALE), atol=1e-3)


def test_to_a_stranger_what_meets_a_wish_comes_first_and_what_is_not_wanted_last():
    """Item 2 has both, which is even; where nothing is wanted, what is not wanted has no place of its own."""
    order, nan = Blend((RANKER,), ITEMS, LABELLING), np.nan
    both = Profiles.of([{}, {}, {4: 8.0}])
    wishes = np.array([[9, 2, nan], [nan, 2, nan], [9, 2, nan]], np.float32)
    assert order.weigh(both, Dials(), wishes).later.tolist() == [[0, 2, 1, 1, 1], [0, 1, 1, 0, 0], [0] * 5]


def test_a_neutral_wish_is_none():
    order, nan = Blend((RANKER, RATER), ITEMS, LABELLING), np.nan
    plain, neutral = (order.weigh(SOMEBODY, Dials(), w).total for w in (None, np.array([[5.5, nan, nan]], np.float32)))
    np.testing.assert_array_equal(plain, neutral)


@given(st.lists(st.integers(0, 5000), min_size=5, max_size=5), st.floats(1, 9), st.floats(0.1, 1), st.booleans())
def test_wishing_more_never_lowers_a_title_of_the_genre(counts, wish, more, silent):
    """Nor moves another, and of two titles of that genre alone the better known gains no less."""
    order = Blend((RANKER, RATER), ITEMS.with_columns(pl.Series("ratings", counts)), LABELLING)
    person = NOBODY if silent else SOMEBODY
    low, high = (
        (found.total + LATER * found.later)[0]
        for found in (order.weigh(person, Dials(), np.array([[w, np.nan, np.nan]], np.float32)) for w in (wish, wish + more))
    )
    gain, has = high - low, GENRES[:, 0] == 1
    assert (gain[has] >= -1e-3).all()
    np.testing.assert_allclose(gain[~has], 0, atol=1e-3)
    alone = np.flatnonzero(GENRES.sum(axis=1) == 1)
    twice = order.granted(np.array([[9, 9, 9]], np.float32), np.array([silent]))[0, alone]
    assert (np.diff(twice[np.argsort(np.array(counts)[alone])]) >= -1e-6).all()


def test_a_genre_that_is_wished_for_takes_the_list_and_one_that_is_not_leaves_it():
    """Titles of ten genres, each as well known as those of the others: for a silent person, and beside ratings."""
    n = np.repeat(np.geomspace(2000, 20, 20).astype(int), 10)
    items = pl.DataFrame(
        {"genres": [["ABCDEFGHIJ"[i % 10]] for i in range(200)], "ratings": n, "mean": 7.0, "bayes": 7.0, "year": 2000}
    )
    level = np.log1p(n) ** 2
    taste = Says(frozenset({"rank"}), {"rank": level}, item_known=np.append(np.ones(200), 0).astype(np.float32))
    order = Blend((taste,), items, LABELLING)
    wishes = np.full((1, 10), np.nan, np.float32)
    wishes[0, 0], wishes[0, 1] = 10, 1
    for person in (NOBODY, Profiles.of([{182: 8.0, 193: 9.0}])):
        plain, wished = (np.argsort(-order.weigh(person, Dials(), w).total[0], kind="stable")[:10] % 10 for w in (None, wishes))
        assert (plain == 0).sum() == 1 and (wished == 0).sum() >= 5 and wished[0] == 0
        assert (plain == 1).any() and not (wished == 1).any()


def test_each_person_has_a_footing_of_their_own():
    two = Profiles.of([{4: 8.0}, {0: 8.0, 1: 3.0}])
    order = Blend((RANKER,), ITEMS, LABELLING)
    together = order.weigh(two, Dials()).total
    for b in range(2):
        np.testing.assert_allclose(together[b], order.weigh(two.slice(b, b + 1), Dials()).total[0], rtol=1e-6)


def test_somebody_who_has_seen_everything_is_no_error():
    everything = Profiles.of([dict.fromkeys(range(5), 8.0)])
    assert np.isfinite(Blend((RANKER, RATER), ITEMS, LABELLING).weigh(everything, Dials()).total).all()


def test_somebody_who_says_nothing_gets_what_many_rate_well():
    """Whatever the models score for a silent person, also one with plans alone."""
    nobody, plans = (
        Profiles.of([{}]),
        Profiles(np.array([0, 1]), np.array([2], np.int32), np.array([np.nan], np.float32), np.array([6], np.uint8)),
    )
    order = Blend((RANKER, RATER), ITEMS, LABELLING)
    first, second = (order.weigh(each, Dials(love=0.7)).total[0] for each in (nobody, plans))
    best = robust_popularity(ITEMS)
    np.testing.assert_array_equal(np.argsort(-first), np.argsort(-best))
    np.testing.assert_array_equal(np.argsort(-second), np.argsort(-best))


def test_of_two_models_that_know_the_same_each_has_its_own_codes():
    one, other = {"knows": 1}, {"knows": 1}
    encoded = ((one, "codes of one"), (other, "codes of the other"))
    assert [codes_of(encoded, model) for model in (one, other)] == ["codes of one", "codes of the other"]
