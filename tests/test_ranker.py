"""What makes a person's list, by hand: what is offered to whom, and the list as a whole, one person or many."""

import numpy as np
import polars as pl
import pytest

from konomi.data.labels import STATUS, Labelling
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.ranking import blend
from konomi.ranking.blend import Blend
from konomi.ranking.dials import Dials
from konomi.ranking.offer import Offer
from konomi.ranking.ranker import Ranker
from test_blend import Says

# rows 0 to 2: three seasons of one work, the others stand alone; 3 and 4 are alike, 5 and 6 are alike, 7 is unknown
ITEMS = pl.DataFrame(
    {
        "genres": [["A"], ["A"], ["A"], ["B"], ["B"], ["C"], ["C"], ["C"]],
        "type": [None] * 8,
        "year": [None] * 8,
        "ratings": [800, 700, 600, 1000, 900, 500, 400, 0],
        "mean": [7.0] * 8,
        "bayes": [7.0] * 8,
        "franchise": [0, 0, 0, 3, 4, 5, 6, 7],
        "part": [0, 1, 2, 0, 0, 0, 0, 0],
    },
    schema_overrides={"type": pl.String, "year": pl.Int32, "franchise": pl.Int32, "part": pl.Int32},
)
KNOWN = np.array([1, 1, 1, 1, 1, 1, 1, 0, 0], np.float32)
MODEL = Says(frozenset({"rank"}), {"rank": [8, 7, 6, 5, 4.9, 4, 3, 9]}, item_known=KNOWN)
RANKER = Ranker(Blend((MODEL,), ITEMS, Labelling(Scale(1, 10, 1))))


@pytest.fixture(autouse=True)
def the_model_alone(monkeypatch):
    """Orders what somebody gets, whatever is popular in their circle."""
    monkeypatch.setattr(blend, "HALF", {True: 1e-9, False: 1e-9})


ALL, NAN = np.ones(8, bool), float("nan")
DONE, PLANNED = STATUS["completed"], STATUS["plan to watch"]


def people(*lists):
    """Profiles from {item row: (rating, status)}."""
    flat = [(u, i, *entry) for u, entries in enumerate(lists) for i, entry in entries.items()]
    user, item, rating, status = (np.array([each[n] for each in flat]) for n in range(4))
    kinds = (np.int32, np.int32, np.float32, np.uint8)
    return Profiles.from_entries(len(lists), *(a.astype(t) for a, t in zip((user, item, rating, status), kinds, strict=True)))


ONE = people({0: (9, DONE), 4: (NAN, PLANNED), 2: (NAN, PLANNED)})


@pytest.mark.parametrize(
    ("offer", "expected"),
    [
        (Offer(), [1, 3, 5, 6]),  # not the plans, and what comes next of the work
        (Offer(planned="show"), [1, 3, 4, 5, 6]),  # not part 2, although it is planned: part 1 comes before it
        (Offer(planned="only"), [4]),
        (Offer(planned="only", parts=True), [2, 4]),
        (Offer(again=True), [0, 1, 3, 5, 6]),
        (Offer(parts=True), [1, 3, 5, 6]),
        (Offer(parts=True, planned="show", again=True), [0, 1, 2, 3, 4, 5, 6]),
    ],
)
def test_what_is_offered_by_hand(offer, expected):
    assert np.flatnonzero(RANKER.offered(ONE, ALL, offer)[0]).tolist() == expected
    ranking = RANKER.best(ONE, 8, ALL, offer=offer)
    assert ranking.items[0].tolist() == [*expected, *[-1] * (8 - len(expected))]  # the model likes them in this order
    assert np.isnan(ranking.scores[0, len(expected) :]).all() and (np.diff(ranking.scores[0, : len(expected)]) < 0).all()
    some = np.array([1, 1, 1, 0, 1, 1, 0, 1], bool)
    allowed = np.flatnonzero(RANKER.offered(ONE, some, offer)[0]).tolist()
    assert allowed == [row for row in expected if some[row]]


def test_what_is_known_may_be_told_from_outside():
    known = np.array([0, 1, 1, 1, 0, 0, 0, 1], bool)
    nobody = Profiles.of([{}])
    assert np.flatnonzero(RANKER.offered(nobody, ALL, known=known)[0]).tolist() == [1, 3, 7]
    scores = np.arange(8, dtype=np.float32)[None]
    assert RANKER.pick(scores, Profiles.of([{6: 8.0}]), 3, ALL, known=known).items.tolist() == [[7, 3, 1]]
    assert scores.tolist() == [list(range(8))]  # they are left as they were


def test_whoever_says_nothing_is_offered_some_of_everything():
    """By popularity 3, 4 and 0 come first; 4 is like 3, so something of another genre stands before it."""
    silent, plans = Profiles.of([{}]), people({6: (NAN, PLANNED)})
    by_score = np.argsort(-RANKER.blend.silent_scores, kind="stable")[:3].tolist()
    assert by_score == [3, 4, 0]
    for person in (silent, plans):
        assert RANKER.best(person, 3, ALL).items[0].tolist() == [3, 0, 5]
    assert RANKER.best(people({6: (9, DONE)}), 3, ALL).items[0].tolist() == [0, 3, 4]  # who says something gets what they like


def test_a_wish_says_something():
    """Who wishes for B gets all of B, alike or not; of two people only the one without a wish is offered of everything."""
    wishes = np.array([[NAN, 6, NAN], [NAN, NAN, NAN]], np.float32)
    ranking = RANKER.best(Profiles.of([{}, {}]), 3, ALL, wishes=wishes)
    assert ranking.items.tolist() == [[3, 4, 0], [3, 0, 5]]
    alone = RANKER.best(Profiles.of([{}]), 3, ALL, wishes=wishes[:1])
    assert alone.items[0].tolist() == [3, 4, 0]


def test_dials_for_the_list_as_a_whole():
    person = people({5: (9, DONE)})
    assert RANKER.best(person, 3, ALL).items[0].tolist() == [0, 3, 4]
    assert RANKER.best(person, 3, ALL, Dials(diverse=1)).items[0].tolist() == [0, 3, 6]
    assert RANKER.best(person, 2, ALL, Dials(calibrate=1)).items[0].tolist()[0] == 6  # all they liked is of C


@pytest.mark.parametrize("dials", [Dials(), Dials(niche=0.5), Dials(diverse=0.5), Dials(calibrate=0.5, diverse=0.2)])
@pytest.mark.parametrize("offer", [Offer(), Offer("show", again=True, parts=True)])
def test_many_get_what_each_gets(dials, offer):
    many = Profiles.stacked([ONE, Profiles.of([{}]), Profiles.of([{5: 9.0, 3: 2.0}]), people({6: (NAN, PLANNED)})])
    together = RANKER.best(many, 4, ALL, dials, offer)
    assert together.items.dtype == np.int32 and together.scores.dtype == np.float32 and together.items.shape == (4, 4)
    for b in range(4):
        alone = RANKER.best(many.slice(b, b + 1), 4, ALL, dials, offer)
        np.testing.assert_array_equal(together.items[b], alone.items[0])
        np.testing.assert_allclose(together.scores[b], alone.scores[0], rtol=1e-6)


def test_nobody_gets_nothing():
    assert RANKER.best(Profiles.of([]), 3, ALL).items.shape == (0, 3)
    assert RANKER.best(Profiles.of([{}]), 3, ~ALL).items.tolist() == [[-1, -1, -1]]
