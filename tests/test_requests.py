"""What cannot be understood: whatever stands wherever, an answer or an error of ours with a remedy."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import table_of
from konomi import Dials, Profiles, Recommender, Where
from konomi.data.prepare import prepare
from konomi.errors import KonomiError, RequestError
from test_person import ME, rows, trained
from test_recommend import TITLES, catalogue


@pytest.fixture(scope="module")
def recommender(tmp_path_factory):
    path = tmp_path_factory.mktemp("requests") / "data"
    prepare(table_of(rows(), items=catalogue(), note="simulated ratings")).save(path)
    return Recommender(trained(path))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"user": 2.5}, "2.5 is no user id."),
        ({"user": True}, "True is no user id."),
        ({"user": 10**30}, "is no user id."),
        ({"user": "\ud800"}, "is no user id."),
        ({"list_file": 5}, "5 is no path of a list."),
        ({"list_file": "a\0b"}, "is no path of a list."),
        ({"list_file": b"list.csv"}, "b'list.csv' is no path of a list."),
        ({"profile": "Mushishi"}, "A str is not a profile."),
        ({"profile": [("Mushishi", 9)]}, "A list is not a profile."),
        ({"profile": {True: 9}}, "True is neither a title nor an item id."),
        ({"profile": {b"Mushishi": 9}}, "b'Mushishi' is neither a title nor an item id."),
        ({"profile": {10**5000: 9}}, "<int> is neither a title nor an item id."),
        ({"profile": {"Mushishi": 10**5000}}, "<int> is not a number."),
        ({"profile": Profiles.of([{0: 7, 1: 7}]).take(np.array([0, 0]))}, "Profiles of 2 people."),
        ({"profile": Profiles(np.array([0, 2]), np.array([3, 3], np.int32), np.ones(2, np.float32))}, "an item twice"),
        ({"profile": Profiles(np.array([0, 2]), np.array([3], np.int32), np.ones(2, np.float32))}, "the same entries"),
        ({"profile": Profiles([0, 1], [3], [7.0])}, "not made of arrays"),
        ({"profile": Profiles(np.array([0, 1]), np.array([3.0]), np.ones(1))}, "not those of Profiles"),
        ({"k": "ten"}, "k is 'ten'."),
        ({"k": True}, "k is True."),
        ({"k": -(10**5000)}, "k is <int>."),
        ({"where": "x"}, "A str says neither where nor how."),
        ({"dials": 3}, "An int says neither where nor how."),
        ({"wishes": {5: 9}}, "5 is no genre."),
        ({"wishes": []}, "A list is not wishes."),
        ({"where": Where(only=([],))}, "The filters hold what no title has"),
    ],
)
def test_requests_that_make_no_sense(recommender, asked, message):
    with pytest.raises(RequestError) as error:
        recommender.recommend(**asked)
    assert message in str(error.value) and error.value.hint


def test_people_loads_and_dials_that_make_no_sense(recommender):
    for people in (5, None, "anna", ME, recommender.person(ME)):
        with pytest.raises(RequestError, match="is not several people"):
            recommender.recommend_many(people)
    with pytest.raises(RequestError, match="An int is not a profile"):
        recommender.recommend_many([ME, 5])
    for path in (5, None, b"x", "", "\0"):
        with pytest.raises(RequestError, match="is no path of a bundle"):
            Recommender.load(path)
    with pytest.raises(RequestError, match="5 is no path of a dataset"):
        Recommender(recommender.bundle, 5)
    with pytest.raises(RequestError, match="'model' is no bundle"):
        Recommender("model")
    for by in ({"by": ["both"]}, {"metric": None}, {"by": np.arange(2)}):
        with pytest.raises(RequestError, match=r"is no (way|metric)"):
            recommender.similar("Mushishi", **by)
    for wrong in (True, None, "0.5", 10**5000, float("inf")):
        with pytest.raises(RequestError, match="The dial love is"):
            Dials(love=wrong)


ODD = [
    None,
    True,
    10**400,
    "\ud800",
    "\0",
    "Mushisi",
    b"Mushishi",
    1j,
    float("nan"),
    object(),
    Where,
    np.arange(3),
    pl.Series([1]),
]
LIKELY = [*TITLES, "10", 10, 9, 3, "Action", np.int64(10), np.uint8(9), np.float32(9), np.bool_(True), np.str_("Mushishi")]
KINDS = [Where(), Dials(), Profiles.of([{0: 7.0}]), Profiles.of([{0: 7.0}, {}]), Profiles.of([])]
KEYS = st.text(max_size=9) | st.integers() | st.floats() | st.sampled_from(["Mushishi", "Action", 10, None])
NONSENSE = st.recursive(
    st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.fractions()
    | st.decimals()
    | st.sampled_from([*ODD, *LIKELY, *KINDS])
    | st.booleans().map(lambda negative: -(10**5000) if negative else 10**5000),  # it has no repr
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=4,
)


@settings(max_examples=150)
@given(st.data())
def test_nonsense_is_answered_or_refused(recommender, data):
    """Any value in any place: an answer, or an error of ours with a remedy."""
    whats = ["profile", "k", "where", "dials", "wishes", "why", "user", "list_file"]
    calls = {
        "recommend": (recommender.recommend, whats),
        "many": (recommender.recommend_many, ["people"]),
        "predict": (recommender.predict, ["pairs"]),
        "similar": (recommender.similar, ["titles", "k", "where", "dials", "by", "metric"]),
        "person": (recommender.person, ["profile", "wishes", "user"]),
    }
    call, names = calls[data.draw(st.sampled_from(sorted(calls)))]
    chosen = data.draw(st.sets(st.sampled_from(names), min_size=1, max_size=2))
    if call == recommender.similar:
        chosen |= {"titles"}
    if call == recommender.recommend_many:
        asked = {"people": data.draw(NONSENSE | st.lists(NONSENSE, max_size=2))}
    elif call == recommender.predict:
        asked = {"pairs": data.draw(NONSENSE | st.lists(st.tuples(NONSENSE, NONSENSE), max_size=2))}
    else:
        asked = {name: data.draw(NONSENSE, label=name) for name in sorted(chosen)}
    try:
        call(**asked)
    except KonomiError as error:
        assert str(error) and error.hint
