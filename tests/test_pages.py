"""Page after page, what is hidden, and ids by the thousand: nothing comes twice, and nothing that is not wanted."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import series
from konomi.data.profiles import Profiles
from konomi.data.vocab import Vocab
from konomi.errors import RequestError
from konomi.ranking.dials import Dials
from konomi.recommend.filters import Where, unknown_ids
from konomi.recommend.ids import rows_of
from series import SERIES, N


@pytest.fixture(scope="module")
def recommender():
    return series.made()


PROFILES = st.dictionaries(st.integers(0, N - 1), st.integers(1, 10), min_size=1, max_size=6).map(
    lambda rated: {100 + row: rating for row, rating in rated.items()}
)


def ids(answer):
    return [row.item_id for row in answer]


@given(PROFILES, st.integers(1, 5), st.booleans())
def test_pages_are_the_long_list_in_pieces(recommender, profile, k, parts):
    where, shown = Where(parts=parts), []
    whole = ids(recommender.recommend(profile, N, where))
    while page := ids(recommender.recommend(profile, k, where, after=shown)):
        assert len(page) == min(k, len(whole) - len(shown))
        shown += page
    assert shown == whole and len(set(shown)) == len(shown)


@given(PROFILES | st.none(), st.integers(1, 5), st.floats(0, 1), st.floats(0, 1))
def test_no_page_repeats_a_franchise_whatever_the_dials(recommender, profile, k, diverse, calibrate):
    dials, shown = Dials(diverse=diverse, calibrate=calibrate), []
    while page := ids(recommender.recommend(profile, k, dials=dials, after=shown)):
        shown += page
    group = recommender.bundle.items["franchise"].to_numpy()[np.array(shown, int) - 100]
    assert len(set(group.tolist())) == len(group)


@pytest.mark.parametrize("after", ["101", None, 5, {101}])
def test_what_was_shown_is_several_ids(recommender, after):
    with pytest.raises(RequestError) as error:
        recommender.recommend({107: 9}, after=after)
    assert "several ids" in str(error.value) and error.value.field == "after"


def test_shown_ids_that_no_title_has_are_ignored(recommender):
    assert ids(recommender.recommend({107: 9}, after=["nothing", 10**30, "-1"])) == ids(recommender.recommend({107: 9}))


# ---- what is hidden

FAR = st.sampled_from(["title", "franchise"])
HIDDEN = st.dictionaries(st.integers(100, 99 + N), FAR, min_size=1, max_size=5)
FILTERS = st.sampled_from([Where(), Where(again=True), Where(parts=True), Where(parts=True, again=True, planned="show")])


def parts_of(hidden):
    """The ids that are hidden, in plain Python."""
    rows = {item - 100: far for item, far in hidden.items()}
    wide = {row for parts in SERIES.values() for row in parts if any(rows.get(one) == "franchise" for one in parts)}
    return {100 + row for row in {*rows, *wide}}


@given(PROFILES, HIDDEN, FILTERS)
def test_what_is_hidden_is_never_offered(recommender, profile, hidden, where):
    person = recommender.person(profile, hidden=hidden)
    one, (many, other) = recommender.recommend(person, N, where), recommender.recommend_many([person, profile], N, where)
    assert not parts_of(hidden) & {*ids(one), *ids(many)}
    assert ids(one) == ids(many) and ids(other) == ids(recommender.recommend(profile, N, where))
    best = recommender.best(Profiles.stacked([person.profile] * 2), N, where, hidden=[person.hidden, person.hidden[:0]])(0, 2)
    assert [100 + row for row in best.items[0] if row >= 0] == ids(one)
    assert [100 + row for row in best.items[1] if row >= 0] == ids(other)


@given(PROFILES, HIDDEN)
def test_hiding_teaches_nothing(recommender, profile, hidden):
    """What is left has the scores that it had."""
    where = Where(parts=True)
    before = {row.item_id: (row.score, row.rating) for row in recommender.recommend(profile, N, where)}
    for row in recommender.recommend(recommender.person(profile, hidden=hidden), N, where):
        assert before[row.item_id] == (row.score, row.rating)


def test_a_hidden_part_is_passed_over_and_a_hidden_beginning_ends_it(recommender):
    begun = {100: 9}
    assert 101 in ids(recommender.recommend(begun, N)) and 102 not in ids(recommender.recommend(begun, N))
    assert 102 in ids(recommender.recommend(recommender.person(begun, hidden={101: "title"}), N))
    assert not {101, 102} & set(ids(recommender.recommend(recommender.person(begun, hidden={101: "franchise"}), N)))
    other = ids(recommender.recommend(recommender.person({119: 9}, hidden={100: "title"}), N))
    assert not {100, 101, 102} & set(other)


@pytest.mark.parametrize(
    ("hidden", "message"),
    [
        ({101: "all"}, "does not say how far"),
        ({101: None}, "does not say how far"),
        ([101], "is not what is hidden"),
        ({999: "title"}, "Unknown item"),
    ],
)
def test_what_cannot_be_hidden(recommender, hidden, message):
    with pytest.raises(RequestError) as error:
        recommender.person({107: 9}, hidden=hidden)
    assert message in str(error.value)


# ---- ids by the thousand


@pytest.mark.parametrize("known", [pl.Series([1, 5, 10**12]), pl.Series(["1", "5", "x"])])
def test_the_row_of_any_id(known):
    asked = (5, "5", 1, "1", 7, "y", "", None, 5.0, True, 2**70, -(2**70), "\ud800", {}, (), "x" * 10_000)
    assert rows_of(asked, Vocab(known)).tolist() == [1, 1, 0, 0] + [-1] * 12
    assert rows_of(asked[:4:2], Vocab(known)).tolist() == [1, 0] and rows_of((), Vocab(known)).tolist() == []
    assert rows_of(("\ud800", "5"), Vocab(known)).tolist() == [-1, 1] and rows_of((2**70, 5), Vocab(known)).tolist() == [-1, 1]


@pytest.mark.parametrize("where", [Where(only=(111, 999)), Where(only=("nothing",))])
def test_unknown_ids_are_refused_or_counted(recommender, where):
    with pytest.raises(RequestError):
        recommender.recommend({107: 9}, where=where)
    assert unknown_ids(replace(where, known_only=True), recommender.bundle.items) == 1
    assert set(ids(recommender.recommend({107: 9}, where=replace(where, known_only=True)))) <= {111}


def test_many_ids_are_rows_and_are_not_kept(recommender):
    many = tuple(range(10**6, 10**6 + 100_000))
    assert recommender.recommend({107: 9}, where=Where(without=many)) == recommender.recommend({107: 9})
    assert ids(recommender.recommend({107: 9}, where=Where(only=(*many, 111), known_only=True))) == [111]
    assert Where(without=many).of_the_catalogue == Where() and Where().of_the_catalogue == Where()
    assert replace(Where(types=("TV",)), only=many).of_the_catalogue == Where(types=("TV",))
