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

ANSWERED = r"""
  0 null
  0 year between null and null
140 'x' in ('x')
  0 null in null
  0 year / 0 = 1
  0 0/0 = 0/0
  0 year % 0 = 1
  0 1e308 * 1e308 > 1
  0 -1e308 - 1e308 < 1
140 1e-999 = 0
139 -item_id < 0
138 item_id * item_id * item_id > 0
  1 item_id = 9223372036854775807
  0 title like '(a+)+$'
  0 title like '[[[['
  0 title like '(?P<x'
140 ((((((((((((((((((((((((((((((((((((((((((((
  0 title = '\u304b\u309b'
  0 upper(null) = null
  0 length(genres) = length(title)
  0 array_contains(null, null)
  1 Array_Contains(genres, 'x')
139 year in (year)
140 title in (title, null)
  0 null is null is null
  0 null is not null is true
  0 lower(lower(upper(title))) = 'x'
138 1 / (year - 1998) > 0
  0 title = 'a\x00b'
  0 title like '%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a
  0 title ilike '%A%A%A%A%A%A%A%A%A%A%A%A%A%A%A%
  0 title like '________________________________
  0 1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+
140 1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*1*
140 true and true and true and true and true and
  0 year = 1 or year = 1 or year = 1 or year = 1
140 1 in (1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,
140 true is true is true is true is true is true
  0 not(not(not(not(not(not(not(not(not(not(not(
  0 year = 1 -- xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
101 title ilike '%a%' or title ilike '%a%' or ti
  0 lower(lower(lower(lower(lower(lower(lower(lo
"""  # how many titles each condition finds that is one, by its first letters; all others are refused

REFUSED = 325  # of all conditions


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
    found = {condition: tried(condition) for condition in [*CONDITIONS, *drawn()]}
    answered = {
        f"{answer.sum():3d} {ascii(condition[:44])[1:-1]}" for condition, answer in found.items() if not isinstance(answer, str)
    }
    assert answered == set(ANSWERED.strip("\n").split("\n"))
    assert sum(isinstance(answer, str) for answer in found.values()) == REFUSED


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
