"""What somebody is shown who has said nothing: the score by hand, its laws, and how alike titles are."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from konomi.catalogue.tags import content_vectors
from konomi.ranking.silent import robust_popularity

COUNTS = st.lists(st.integers(0, 10**12), min_size=1, max_size=20)


def rated(count, bayes):
    return pl.DataFrame({"ratings": count, "bayes": bayes}, schema={"ratings": pl.Int64, "bayes": pl.Float32})


def test_by_hand():
    """m = (30·8 + 10·4)/40 = 7, s = √(¾·1² + ¼·3²) = √3, β = ¼."""
    found = robust_popularity(rated([30, 10, 0], [8.0, 4.0, 7.0]))
    s = np.sqrt(3)
    np.testing.assert_allclose(found, [np.log(31) + 0.25 / s, np.log(11) - 0.75 / s, 0], rtol=1e-6, atol=1e-6)
    assert found.dtype == np.float32


def test_many_people_and_a_good_average():
    """Known by many but disliked, loved by three, known and liked: the last comes first."""
    found = robust_popularity(rated([1000, 3, 900], [5.0, 7.2, 8.5]))
    assert np.argsort(-found).tolist() == [2, 0, 1]


@given(COUNTS, st.integers(0, 2**32), st.floats(0.1, 20), st.floats(-50, 50))
def test_it_is_the_same_on_every_scale(count, seed, factor, shift):
    bayes = np.random.default_rng(seed).uniform(1, 10, len(count))
    one, other = robust_popularity(rated(count, bayes)), robust_popularity(rated(count, factor * bayes + shift))
    np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-2)


@given(COUNTS, st.integers(0, 2**32))
def test_more_people_or_a_better_average_is_never_worse(count, seed):
    bayes = np.random.default_rng(seed).integers(1, 10, len(count))
    found = robust_popularity(rated(count, bayes.astype(float)))
    assert np.isfinite(found).all()
    for i in range(len(count)):
        for j in range(len(count)):
            if count[i] >= count[j] and bayes[i] >= bayes[j]:
                assert found[i] >= found[j]


@pytest.mark.parametrize("count", [[0, 0], [5, 5], []])
def test_where_averages_say_nothing(count):
    np.testing.assert_allclose(robust_popularity(rated(count, [7.0] * len(count))), np.log1p(count), rtol=1e-6)


def test_contents_are_vectors_of_length_1_in_which_rare_tags_weigh_more():
    """Of four titles two are Action, one is Drama and one says nothing: log 2 and log 4."""
    schema = {"genres": pl.List(pl.String), "type": pl.String, "year": pl.Int32}
    items = pl.DataFrame(
        {"genres": [["Action"], ["Action", "Drama"], None, []], "type": [None] * 4, "year": [None] * 4}, schema=schema
    )
    vectors = content_vectors(items)
    length = np.hypot(np.log(2), np.log(4))
    np.testing.assert_allclose(vectors, [[1, 0], [np.log(2) / length, np.log(4) / length], [0, 0], [0, 0]], rtol=1e-6)
    assert content_vectors(items.head(0)).shape == (0, 0)
