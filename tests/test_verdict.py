"""One title for one person: its reasons are those of the list, and what keeps it from the list is named."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import series
from konomi.data.labels import STATUS
from konomi.data.profiles import Profiles
from konomi.errors import RequestError
from konomi.recommend.filters import Where
from series import N

PROFILE = {103: 9, 107: 2, 110: 8}


@pytest.fixture(scope="module")
def recommender():
    return series.made()


@given(st.dictionaries(st.integers(100, 99 + N), st.integers(1, 10), max_size=5), st.integers(100, 99 + N))
def test_what_nothing_keeps_is_on_the_list_and_else_it_is_not(recommender, profile, item):
    where = Where()
    row = next((row for row in recommender.recommend(profile, N, where) if row.item_id == item), None)
    verdict = recommender.why(profile, item, where)
    assert (row is None) == bool(verdict.kept)
    if row is not None:
        assert (verdict.row.rating, verdict.row.interval) == (row.rating, row.interval)
        assert verdict.row.score == pytest.approx(row.score, abs=1e-3)


@pytest.mark.parametrize(
    ("item", "where", "kept"),
    [
        (111, Where(), ()),
        (103, Where(), ("seen",)),
        (103, Where(again=True), ()),
        (119, Where(), ("unknown",)),
        (118, Where(), ("filtered",)),
        (103, Where(types=("Movie",)), ("seen", "filtered")),
        (101, Where(), ("franchise",)),
        (101, Where(parts=True), ()),
        (111, Where(planned="only"), ("not planned",)),
    ],
)
def test_what_keeps_a_title_from_the_list(recommender, item, where, kept):
    assert recommender.why(PROFILE, item, where).kept == kept


def test_hidden_and_planned(recommender):
    person = recommender.person(PROFILE, hidden={111: "title"})
    assert recommender.why(person, 111).kept == ("hidden",)
    one, rating, status = (
        np.array([11], np.int32),
        np.array([np.nan], np.float32),
        np.array([STATUS["plan to watch"]], np.uint8),
    )
    plans = Profiles(np.array([0, 1]), one, rating, status)
    assert recommender.why(plans, 111).kept == ("planned",) and recommender.why(plans, 111, Where(planned="show")).kept == ()


def test_filters_are_named(recommender):
    verdict = recommender.why(PROFILE, 118, Where(years=(None, 2010)))
    assert verdict.filters == ("`years` to 2010", "`sensitive`: Hentai and Erotica are left out")


def test_a_seen_title_is_judged_without_its_own_entry(recommender):
    """Else its rating would speak for itself."""
    rest = {item: rating for item, rating in PROFILE.items() if item != 103}
    assert recommender.why(PROFILE, 103).row == recommender.why(rest, 103).row
    changed = recommender.why({**PROFILE, 103: 1}, 103)
    assert replace(changed.row) == recommender.why(PROFILE, 103).row


def test_it_is_ready_for_json(recommender):
    told = json.loads(json.dumps(recommender.why(PROFILE, "Title 11").to_dict()))
    assert told["item_id"] == 111 and told["kept"] == [] and isinstance(told["for"], str)


def test_what_cannot_be_asked(recommender):
    for title in ("nothing of the kind", 99, None):
        with pytest.raises(RequestError):
            recommender.why(PROFILE, title)
