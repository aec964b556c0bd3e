"""Scale, vocabulary, profiles, labels and features: small things that everything stands on."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from konomi.catalogue import tags, taste
from konomi.data import labels, statistics
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.data.vocab import Vocab
from konomi.errors import DataError, RequestError

NAN = float("nan")


@given(st.sampled_from([Scale(1, 10, 1), Scale(0.5, 5, 0.5), Scale(-2, 2, 0.25), Scale(0, 1, 0)]), st.integers(0, 2**16))
def test_a_scale_stores_and_restores(scale, seed):
    rng = np.random.default_rng(seed)
    steps = round((scale.high - scale.low) / scale.step) if scale.step else 0
    values = scale.low + scale.step * rng.integers(0, steps + 1, 50) if scale.step else rng.random(50)
    rating = np.where(rng.random(50) < 0.2, np.nan, values).astype(np.float32)
    stored = scale.encode(rating)
    assert stored.dtype == (np.uint8 if scale.coded else np.float32)
    np.testing.assert_allclose(scale.decode(stored), rating, rtol=1e-6)
    assert scale.valid(rating).all()


def test_what_lies_off_a_scale():
    rating = np.array([0.5, 1, 7.25, 10, 10.5, NAN, -1], np.float32)
    assert Scale(1, 10, 1).valid(rating).tolist() == [False, True, False, True, False, True, False]
    assert Scale(1, 10, 0).valid(rating).tolist() == [False, True, True, True, False, True, False]
    assert str(Scale(0.5, 5, 0.5)) == "0.5 to 5 in steps of 0.5"
    with pytest.raises(DataError, match="from 5 to 1 is not a scale"):
        Scale(5, 1, 1)


@pytest.mark.parametrize(
    ("ratings", "scale"),
    [
        ([1, 5, 4, NAN, 3, 2], Scale(1, 5, 1)),
        ([0.5, 4.5, 5, 3], Scale(0.5, 5, 0.5)),
        ([1, 10, 3], Scale(1, 10, 1)),
        ([0.13, 0.5, 0.99], Scale(0.13, 0.99, 0)),
        ([7], Scale(7, 8, 1)),
    ],
)
def test_a_guessed_scale(ratings, scale):
    guess = Scale.of(np.array(ratings, np.float32))
    if scale.step == 0:
        assert guess.step == 0
    elif ratings == [1, 10, 3]:
        assert (guess.low, guess.high) == (1, 10)
    else:
        assert guess == scale


def test_no_rating_no_scale():
    with pytest.raises(DataError, match="cannot be guessed") as caught:
        Scale.of(np.array([NAN], np.float32))
    assert "`scale`" in caught.value.hint


@given(st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(0, 90), min_size=1), st.lists(st.integers(-5, 100)))
def test_integer_vocab(ids, others):
    vocab = Vocab.of(pl.Series(ids, dtype=pl.Int64))
    assert vocab.ids.to_list() == sorted(set(ids)) and vocab.integer
    known = sorted(set(ids))
    expected = [known.index(i) if i in known else -1 for i in ids + others]
    assert vocab.rows(pl.Series(ids + others, dtype=pl.Int64)).tolist() == expected


@given(st.lists(st.text(max_size=4), min_size=1), st.lists(st.text(max_size=4)))
def test_string_vocab(ids, others):
    vocab = Vocab.of(pl.Series(ids))
    known = vocab.ids.to_list()
    assert sorted(known) == sorted(set(ids)) and not vocab.integer
    assert vocab.rows(pl.Series(ids + others)).tolist() == [known.index(i) if i in known else -1 for i in ids + others]


def test_ids_of_the_other_kind_and_unknown_ones():
    numbers, words = Vocab.of(pl.Series([5, 7, 2**60])), Vocab.of(pl.Series(["7", "x"]))
    assert numbers.rows(pl.Series(["7", "x"])).tolist() == [1, -1]
    assert words.rows(pl.Series([7, 8])).tolist() == [0, -1]
    assert numbers.row("7", "user") == 1
    with pytest.raises(RequestError, match="Unknown user"):
        numbers.row(10**30, "user")
    with pytest.raises(RequestError, match='Unknown user "9"') as caught:
        numbers.row(9, "user")
    assert "such as 5, 7" in caught.value.hint


@given(st.lists(st.dictionaries(st.integers(0, 20), st.floats(1, 10, width=32)), min_size=1, max_size=6), st.randoms())
def test_profiles_can_be_taken_sliced_and_thinned(people, random):
    profiles = Profiles.of(people)

    def back(p):
        return [
            dict(zip(p.item[a:b].tolist(), p.rating[a:b].tolist(), strict=True))
            for a, b in zip(p.indptr, p.indptr[1:], strict=False)
        ]

    assert back(profiles) == people
    rows = [random.randrange(len(people)) for _ in range(4)]
    assert back(profiles.take(np.array(rows))) == [people[r] for r in rows]
    assert back(profiles.slice(1, len(people))) == people[1:]
    assert back(profiles.keep(profiles.rating > 5)) == [{i: r for i, r in p.items() if r > 5} for p in people]
    shuffled = np.array(random.sample(range(len(profiles.item)), len(profiles.item)), int)
    again = Profiles.from_entries(len(people), profiles.user[shuffled], profiles.item[shuffled], profiles.rating[shuffled])
    assert back(again) == people


def test_labels_by_hand():
    watching, completed, hold, dropped, plan = labels.STATUS.values()
    status = np.array([completed, completed, completed, dropped, dropped, watching, hold, plan, 0, 0], np.uint8)
    rating = np.array([8, 5, NAN, 9, NAN, 9, 2, NAN, 6, NAN], np.float32)
    scale = Scale(1, 10, 1)
    assert labels.interactions(rating, status, scale).tolist() == [1, 0, 1, 0, 0, -1, -1, -1, 1, -1]
    old = labels.interactions(rating, status, scale, "unscored-negative")
    assert old.tolist() == [1, 0, 0, 0, 0, -1, -1, -1, 1, -1]
    assert labels.interactions(np.array([3, 2.5, NAN], np.float32), None, Scale(0.5, 5, 0.5)).tolist() == [1, 0, -1]


CATALOGUE = pl.DataFrame(
    {"item_id": [1, 2, 3], "genres": [["Shoujo Ai", "Drama"], ["Shoujo"], None]},
    schema={"item_id": pl.Int64, "genres": pl.List(pl.String)},
)


def test_genres_are_matched_by_their_whole_name():
    assert tags.genre_names(CATALOGUE) == ["Drama", "Shoujo", "Shoujo Ai"]
    assert tags.genre_matrix(CATALOGUE).tolist() == [[1, 0, 1], [0, 1, 0], [0, 0, 0]]


def test_taste_by_hand():
    people = Profiles.of([{0: 9, 1: 3, 2: 1}, {1: NAN}])
    plain = taste.genre_taste(people, CATALOGUE, mean=7, prior=0)
    np.testing.assert_allclose(plain, [[9, 3, 9], [NAN, NAN, NAN]])
    bayes = taste.genre_taste(people, CATALOGUE, mean=7, prior=1)
    np.testing.assert_allclose(bayes[0], [(7 + 9) / 2, (7 + 3) / 2, (7 + 9) / 2])


def test_statistics_by_hand():
    people = Profiles.of([{0: 9, 1: 3}, {0: 6}])  # m = 6
    with_statistics = statistics.add_statistics(CATALOGUE, people, Scale(1, 10, 1))
    assert with_statistics["ratings"].to_list() == [2, 1, 0]
    assert with_statistics["mean"].to_list() == [7.5, 3.0, None]
    expected = [(25 * 6 + 15) / 27, (25 * 6 + 3) / 26, 6]
    assert all(math.isclose(a, b, rel_tol=1e-6) for a, b in zip(with_statistics["bayes"], expected, strict=True))
    np.testing.assert_allclose(statistics.trust(np.array([0, 100])), [0, 0.5])
