"""Conditions that mean harm are answered or refused, in time; titles that mean harm can be asked for."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostile import CONDITIONS, HOSTILE_CHARACTERS, TITLES, WORDS, drawn
from konomi.errors import RequestError
from konomi.recommend.expression.reader import fulfilling

REST = len(TITLES) - 2
ITEMS = pl.DataFrame(
    {
        "item_id": [2**63 - 1, -(2**63), *range(REST)],
        "title": TITLES,
        "titles": [[title] for title in TITLES],
        "genres": [["x"], None, *([] for _ in range(REST))],
        "year": pl.Series([1998, None, *[2000] * REST], dtype=pl.Int32),
        "score": pl.Series([float("inf"), None, *[7.5] * REST], dtype=pl.Float32),
        "sensitive": [False, True, *[False] * REST],
        "two_words": ["x"] * len(TITLES),
    }
)


def tried(condition):
    """What a condition finds, or how it is refused."""
    try:
        found = fulfilling(condition, ITEMS)
    except RequestError as error:
        assert not set(str(error)) & set(HOSTILE_CHARACTERS) and len(str(error)) < 300
        return str(error)
    assert found.dtype == bool and found.shape == (len(ITEMS),)
    return found


def test_there_is_enough_harm():
    assert len(set(CONDITIONS)) >= 200 and len(set(drawn())) >= 140 and len(set(TITLES)) >= 120


@pytest.mark.parametrize("condition", [*CONDITIONS, *drawn()], ids=lambda condition: ascii(condition[:40]))
def test_conditions_that_mean_harm(condition):
    tried(condition)


def test_some_of_them_are_conditions_all_the_same():
    refused = [condition for condition in CONDITIONS if isinstance(tried(condition), str)]
    assert 100 < len(refused) < len(CONDITIONS) - 30


@pytest.mark.parametrize("title", TITLES, ids=lambda title: ascii(title[:40]))
def test_any_title_can_be_asked_for(title):
    quoted = title.replace("'", "''")
    same = [n for n, other in enumerate(TITLES) if other == title]
    equal = f"title = '{quoted}'"
    for condition in (
        equal,
        f"'{quoted}' in titles",
        f"title in ('{quoted}')",
        f"{equal} and lower(title) = lower('{quoted}')",
    ):
        assert tried(condition).nonzero()[0].tolist() == same
    assert tried(f"title like '{quoted}'")[same].all()


@given(st.text(max_size=60) | st.lists(st.sampled_from([*WORDS, " "]), max_size=60).map("".join))
def test_no_text_at_all_is_more_than_refused(text):
    tried(text)
