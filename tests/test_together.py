"""A list for several: of one it is their own, the order of people does not matter, and what anybody dislikes comes last."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import series
from konomi.data.profiles import Profiles
from konomi.errors import RequestError
from konomi.ranking.dials import Dials
from konomi.ranking.scores import LATER, Scores
from konomi.recommend.filters import Where
from konomi.recommend.together import MOST_PEOPLE, of_all
from series import N

PROFILES = st.dictionaries(st.integers(100, 99 + N), st.integers(1, 10), max_size=6)
DIALS = st.sampled_from([Dials(), Dials(love=0.5, niche=0.2), Dials(diverse=0.4), Dials(calibrate=0.3)])
WHERE = st.sampled_from([Where(), Where(parts=True), Where(again=True), Where(types=("TV",))])


@pytest.fixture(scope="module")
def recommender():
    return series.made()


@given(PROFILES, DIALS, WHERE, st.integers(1, N))
def test_a_group_of_one_gets_their_own_list(recommender, profile, dials, where, k):
    own, group = recommender.recommend(profile, k, where, dials), recommender.recommend_together([profile], k, where, dials)
    assert [(row.item_id, row.title) for row in own] == [(one.item_id, one.title) for one in group]
    assert [row.rating for row in own] == [one.each[0].rating for one in group]
    np.testing.assert_allclose([row.score for row in own], [one.score for one in group], atol=1e-3)


@given(st.lists(PROFILES, min_size=2, max_size=4), DIALS, WHERE, st.randoms(use_true_random=False))
def test_the_order_of_people_does_not_matter(recommender, people, dials, where, random):
    order = list(range(len(people)))
    random.shuffle(order)
    one = recommender.recommend_together(people, N, where, dials)
    other = recommender.recommend_together([people[b] for b in order], N, where, dials)
    assert [(title.item_id, title.score) for title in one] == [(title.item_id, title.score) for title in other]
    for mine, theirs in zip(one, other, strict=True):
        assert [mine.each[b] for b in order] == list(theirs.each)


@given(st.lists(PROFILES, min_size=1, max_size=4), WHERE)
def test_nobody_has_seen_it_or_hides_it(recommender, people, where):
    hidden = {107: "title", 108: "franchise"}
    first = recommender.person(people[0], hidden=hidden)
    found = {one.item_id for one in recommender.recommend_together([first, *people[1:]], N, where)}
    assert not found & {107, 108, 109}
    if not where.again:
        assert not found & {item for person in people for item in person}


def said(*scores):
    """Scores of one person each: (score, times later) of each title."""
    made = []
    for own in scores:
        later = np.array([[times for _, times in own]], np.int8)
        total = np.array([[score for score, _ in own]], np.float32) - np.float32(LATER) * later
        made.append(Scores(total, (), None, None, None, (), later))
    return made


def test_the_rule_by_hand():
    """Titles 0 and 1 have one mean, and 1 divides the group less; 2 has the highest, and somebody dislikes it."""
    group = of_all(said([(0.9, 0), (0.6, 0), (1.0, 0)], [(0.3, 0), (0.6, 0), (0.8, 3)]))[0]
    np.testing.assert_allclose(group, [(0.6 + 0.3) / 2, 0.6, (0.9 + 0.8) / 2 - 3 * LATER], atol=1e-3)
    assert np.argsort(-group).tolist() == [1, 0, 2]


def test_what_somebody_dislikes_comes_last(recommender):
    found = recommender.recommend_together([{101: 10, 103: 10}, {101: 1, 103: 1, 107: 1}, {102: 2}], N, Where(parts=True))
    disliked = [any(row.rating < 5.5 for row in one.each) for one in found]
    assert disliked == sorted(disliked)


def test_reasons_say_for_whom(recommender):
    found = recommender.recommend_together([{101: 10}, {103: 9, 105: 2}], 3)
    assert {reason.item_id for one in found for reason in one.each[0].up} <= {101}
    assert {reason.item_id for one in found for reason in one.each[1].up} <= {103, 105}
    told = json.loads(json.dumps(found.to_dict()))
    assert [row["item_id"] for row in told["recommendations"]] == [one.item_id for one in found] and len(found) == 3
    assert [[row["item_id"] for row in own["recommendations"]] for own in told["people"]] == [
        [one.item_id for one in found]
    ] * 2
    assert [own.rows for own in found.answers] == list(zip(*(one.each for one in found), strict=True))
    assert repr(found).splitlines()[0] == f"  1. {found[0].score:.3f}  {found[0].title}"


@pytest.mark.parametrize("people", [[], [None] * (MOST_PEOPLE + 1)])
def test_a_group_is_somebody(recommender, people):
    with pytest.raises(RequestError) as error:
        recommender.recommend_together(people)
    assert "A group of" in str(error.value) and error.value.field == "people"


def test_wishes_of_one_count(recommender):
    wishing = recommender.person(wishes={"B": 10})
    found = recommender.recommend_together([wishing, Profiles.of([{}])], 5)
    assert all("B" in row.genres for one in found[:3] for row in one.each)
