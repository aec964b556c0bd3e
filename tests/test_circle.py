"""What is popular among people like somebody: by hand from the formulas, and as parts that add up."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from konomi.data.labels import STATUS, UNRATED, Labelling
from konomi.data.lifts import STEP, Lifts
from konomi.data.profiles import Profiles
from konomi.data.scale import PRESENCE, Scale
from konomi.ranking import circle as circle_file
from konomi.ranking.circle import DAMP, GENRE, KNOWING, LIFT, USUAL, YEAR, YEARS, Circle, Kinds, logarithmic_mean

SCALE = Scale(1, 10, 1)
RATINGS = [500, 100, 50, 20, 0]
ITEMS = pl.DataFrame(
    {
        "genres": [["A"], ["A", "B"], ["B"], [], ["C"]],
        "ratings": RATINGS,
        "year": [1999, 2005, None, 1970, 2000],
    }
)
STEPS = np.array([[0, 10, -4], [10, 0, 20], [-4, 20, 0]], np.int8)  # of items 0, 1 and 3
LIFTS = Lifts.of(np.array([0, 1, 3], np.int32), STEPS)
CIRCLE = Circle(ITEMS, Labelling(SCALE), LIFTS)
KNOWN = np.array([1, 1, 1, 1, 0], bool)
NAN = float("nan")


def shares():
    """The mean of each genre and of each year over all ratings, and how much of each year the items have."""
    n = np.array(RATINGS)
    genres = np.array([[1, 0], [1, 1], [0, 1], [0, 0], [0, 0]])
    years = np.array([1970, 1999, 2000, 2005])
    about = np.exp(-np.abs(years[:, None] - years) / YEARS)
    about /= about.sum(axis=1, keepdims=True)
    has = np.array([about[1], about[3], np.zeros(4), about[0], about[2]])
    return genres, n @ genres / n.sum(), has, n @ has / n.sum()


def by_hand(person):
    """t of every item."""
    genres, genre_share, years, year_share = shares()
    weight = {i: (rating - 5) / 5 for i, rating in person.items() if rating > 5}
    W = sum(weight.values())
    z = W / (W + KNOWING)
    place, lifts = {0: 0, 1: 1, 3: 2}, STEP * STEPS
    t = []
    for i in range(5):
        lift = sum(w / W * lifts[place[j], place[i]] for j, w in weight.items() if j in place and i in place)
        k = sum(w * genres[j] for j, w in weight.items())
        taste = np.log((k + USUAL * genre_share) / ((W + USUAL) * genre_share))
        own = (genres[i] * taste).sum() / math.sqrt(max(genres[i].sum(), 1))
        ky = sum(w * years[j] for j, w in weight.items())
        eras = np.log((ky + USUAL * year_share) / ((W + USUAL) * year_share))
        year = {0: eras[1], 1: eras[3], 2: 0, 3: eras[0], 4: eras[2]}[i]
        popular = math.log1p(RATINGS[i])
        t.append(popular + z * (LIFT * lift + GENRE * own + YEAR * year - DAMP * popular))
    return np.array(t)


def test_the_formula_by_hand():
    """Item 4 has a genre that nobody rated, so it has no taste, and is unknown, so it is not the best."""
    for person, unseen in (({1: 9.0}, [0, 2, 3]), ({1: 9.0, 3: 7.0, 0: 2.0}, [2]), ({2: 10.0}, [0, 1, 3])):
        t = by_hand(person)
        found = CIRCLE.around(Profiles.of([person]), KNOWN)
        np.testing.assert_allclose(found.top, [t[unseen].max()], rtol=1e-5)
        np.testing.assert_allclose(found.score[0], np.exp(t - t[unseen].max()), rtol=1e-4)


def test_who_likes_nothing_gets_what_is_popular_with_everybody():
    people = Profiles.of([{}, {0: 3.0}, {2: 5.0, 3: 1.0}])
    found = CIRCLE.around(people, KNOWN).score
    for row, best in zip(found, (501, 101, 501), strict=True):
        np.testing.assert_allclose(row, (np.array(RATINGS) + 1) / best, rtol=1e-5)


@pytest.mark.parametrize("status", [None, "completed", "watching", "plan to watch", "dropped"])
def test_how_much_an_entry_is_liked(status):
    labelling, ratings = Labelling(SCALE), np.array([10, 7.5, 5, 1, NAN], np.float32)
    statuses = None if status is None else np.full(5, STATUS[status], np.uint8)
    one = Profiles(np.array([0, 5]), np.arange(5, dtype=np.int32), ratings, statuses)
    liked = {None: [1, 0.5, 0, 0, 0], "plan to watch": [0] * 5, "dropped": [0] * 5}.get(status, [1, 0.5, 0, 0, UNRATED])
    np.testing.assert_allclose(labelling.strength(one), liked, rtol=1e-6)
    at_eight = Labelling(SCALE, liked=8.0).strength(one)
    np.testing.assert_allclose(at_eight[:2], [liked[0], 0 if status in (None, "completed") else liked[1]], rtol=1e-6)
    assert Labelling(PRESENCE).strength(Profiles.of([{0: 1.0, 1: 0.0}])).tolist() == [1, 0]


def test_in_company_as_alone():
    people = Profiles.of([{1: 9.0}, {}, {0: 10.0, 2: 6.0}])
    together = CIRCLE.around(people, KNOWN)
    for b in range(3):
        alone = CIRCLE.around(people.slice(b, b + 1), KNOWN)
        np.testing.assert_allclose(together.of(b).score, alone.score, rtol=1e-5)
        np.testing.assert_allclose(together.of(b).top, alone.top, rtol=1e-6)
        one, items = people.slice(b, b + 1), np.arange(5, dtype=np.int32)
        for part, same in zip(CIRCLE.parts(one, together.of(b), items), CIRCLE.parts(one, alone, items), strict=True):
            np.testing.assert_allclose(part, same, rtol=1e-5)


def test_a_catalogue_without_genres_years_and_lifts():
    plain = ITEMS.with_columns(genres=pl.lit(None, pl.List(pl.String)), year=pl.lit(None, pl.Int32))
    circle = Circle(plain, Labelling(SCALE), Lifts())
    one = Profiles.of([{1: 9.0}])
    found = circle.around(one, KNOWN)
    z = 0.8 / (0.8 + KNOWING)
    np.testing.assert_allclose(found.score[0], ((np.array(RATINGS) + 1) / 501) ** (1 - DAMP * z), rtol=1e-4)
    parts, rest = circle.parts(one, found, np.arange(5, dtype=np.int32))
    assert not parts.any()
    np.testing.assert_allclose(rest, found.score[0], rtol=1e-5)


def test_somebody_who_has_seen_everything():
    found = CIRCLE.around(Profiles.of([dict.fromkeys(range(5), 8.0)]), KNOWN)
    assert np.isfinite(found.score).all() and found.score.max() == 1


@settings(deadline=None)
@given(st.dictionaries(st.integers(0, 4), st.floats(1, 10, width=32) | st.just(NAN), max_size=5))
def test_entries_and_popularity_add_up(person):
    one, items = Profiles.of([person]), np.array([3, 0, 2, 1, 4], np.int32)
    found = CIRCLE.around(one, KNOWN)
    parts, rest = CIRCLE.parts(one, found, items)
    np.testing.assert_allclose(parts.sum(axis=0) + rest, found.score[0, items], rtol=2e-3, atol=1e-5)
    assert (rest > 0).all()
    disliked = CIRCLE.labelling.strength(one) == 0
    assert not parts[disliked].any()


def test_what_fans_like_speaks_for_it_and_what_they_do_not_against_it(monkeypatch):
    for name in ("GENRE", "YEAR"):
        monkeypatch.setattr(circle_file, name, 0.0)
    one = Profiles.of([{0: 10.0}])
    parts, _ = CIRCLE.parts(one, CIRCLE.around(one, KNOWN), np.array([1, 3, 2], np.int32))
    assert parts[0, 0] > 0 > parts[0, 1] and parts[0, 2] == 0


def test_kinds_that_nobody_has_rated_are_none():
    kinds = Kinds.of(np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32), np.array([3, 0, 1]))
    assert kinds.has.shape == kinds.counts.shape == (3, 2)
    np.testing.assert_allclose(kinds.share, [0.75, 0.25])


@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6))
def test_the_logarithmic_mean_lies_between(x, y):
    found = float(logarithmic_mean(np.array([x]), np.array([y]))[0])
    assert min(x, y) * (1 - 1e-5) <= found <= max(x, y) * (1 + 1e-5)
    np.testing.assert_allclose(found * (math.log(x) - math.log(y)), x - y, rtol=1e-4, atol=1e-5 * max(x, y))
