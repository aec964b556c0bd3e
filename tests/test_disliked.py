"""Looking for what is disliked from the top down gives the lists that looking at every title gives."""

from dataclasses import dataclass, field

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from konomi.data.labels import Labelling
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.ranking.blend import DISLIKED, Blend
from konomi.ranking.dials import Dials
from konomi.ranking.offer import WHAT_IS_NEW
from konomi.ranking.ranker import Ranker
from konomi.ranking.scores import LATER
from test_blend import Says

N = 60
ITEMS = pl.DataFrame(
    {
        "genres": [[["A"], ["B"], ["A", "B"]][i % 3] for i in range(N)],
        "ratings": [10 * i for i in range(N)],
        "mean": [7.0] * N,
        "bayes": [7.0] * N,
        "year": [1990 + i % 7 for i in range(N)],
        "type": ["TV"] * N,
        "franchise": range(N),
        "part": [0] * N,
    },
    schema_overrides={"year": pl.Int32, "franchise": pl.Int32, "part": pl.Int32},
)
ALL, KNOWN = np.ones(N, bool), np.append(np.ones(N, np.float32), np.float32(0))
PEOPLE = Profiles.of([{3: 9.0, 8: 4.0}, {}, {0: 2.0}, dict.fromkeys(range(50), 8.0)])


@dataclass(frozen=True)
class Asked(Says):
    """It notes how many titles it was asked about at once; of person b with d items, ratings differ."""

    asked: list = field(default_factory=list)

    def encode(self, profiles, threads=1):
        return profiles.counts[:, None].astype(np.float32)

    def score(self, codes, output, items=None):
        self.asked.append(N if items is None else len(items))
        values = np.append(self.values["rating"], self.unknown)[slice(0, -1) if items is None else items]
        return ((values + codes) % 10 + 0.5).astype(np.float32)


def ranker(ratings):
    order = Says(frozenset({"rank"}), {"rank": np.arange(N)[::-1] % 17}, item_known=KNOWN)
    rater = Asked(frozenset({"rating", "rank"}), {"rating": ratings}, 5.0, KNOWN)
    return Ranker(Blend((order, rater), ITEMS, Labelling(Scale(1, 10, 1)))), rater.asked


@given(
    st.lists(st.integers(0, 9), min_size=N, max_size=N),
    st.sampled_from([1, 2, 5, 20, N]),
    st.sampled_from([Dials(), Dials(niche=0.5), Dials(diverse=0.4), Dials(love=0.3)]),
    st.booleans(),
    st.integers(0, 2**31),
)
def test_the_same_lists(ratings, k, dials, wishing, seed):
    one, _ = ranker(ratings)
    allowed = np.random.default_rng(seed).random(N) < 0.7
    wishes = np.array([[9, 2]] * len(PEOPLE), np.float32) if wishing else None
    whole = one.blend.weigh(PEOPLE, dials, wishes)
    expected = one.pick(whole.total.copy(), PEOPLE, k, allowed, dials, WHAT_IS_NEW, wishes)
    scores, found = one.served(PEOPLE, k, allowed, dials, WHAT_IS_NEW, wishes)
    np.testing.assert_array_equal(found.items, expected.items)
    np.testing.assert_allclose(found.scores, expected.scores, atol=2e-3)  # LATER in one step or in two
    for b in range(len(PEOPLE)):
        rows = found.items[b][found.items[b] >= 0]
        np.testing.assert_array_equal(scores.later[b, rows], whole.later[b, rows])
    np.testing.assert_allclose(
        scores.total + np.float32(LATER) * scores.later, whole.total + np.float32(LATER) * whole.later, atol=2e-3
    )


@pytest.mark.parametrize(("ratings", "most"), [([9] * N, 3), ([1] * N, N)])
def test_few_are_asked_about(ratings, most):
    """Three places and nothing disliked: three ratings. All of it disliked: each title at most once, or all at once."""
    one, asked = ranker(ratings)
    ten = Profiles.of([dict.fromkeys(range(10), 9.0)])
    scores, found = one.served(ten, 3, ALL)
    assert max(asked) <= most and len(asked) < 6 and (asked == [3]) == (most == 3)
    assert (scores.later[0, found.items[0]] == (0 if most == 3 else DISLIKED)).all()
