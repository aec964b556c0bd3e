"""Filters: each does what it says, together they narrow, and nothing is lost that fits."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from konomi.errors import RequestError
from konomi.recommend.filters import Where, allowed, nothing_passes, unknown_ids

ITEMS = pl.DataFrame(
    {
        "item_id": [10, 11, 12, 13, 14, 15],
        "genres": [["Action", "Sci-Fi"], ["Action"], ["Drama", "Ecchi"], None, ["Hentai"], []],
        "year": [1998, 2005, 2005, 2011, 2020, None],
        "type": ["TV", "Movie", "TV", "OVA", "TV", None],
        "episodes": [26, 1, 12, 2, 1, None],
        "score": [8.8, 7.0, None, 7.5, 6.0, 9.1],
        "ratings": [1000, 5, 0, 30, 200, 7],
        "sensitive": [False, False, False, False, True, False],
    }
)


def ids(**filters):
    return ITEMS["item_id"].to_numpy()[allowed(Where(**filters), ITEMS)].tolist()


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        ({}, [10, 11, 12, 13, 15]),
        ({"sensitive": True}, [10, 11, 12, 13, 14, 15]),
        ({"ecchi": False}, [10, 11, 13, 15]),
        ({"any_genre": ("Sci-Fi", "Drama")}, [10, 12]),
        ({"all_genres": ("Action", "Sci-Fi")}, [10]),
        ({"no_genre": ("Action",)}, [12, 13, 15]),
        ({"any_genre": ("Action",), "no_genre": ("Sci-Fi",)}, [11]),
        ({"types": ("TV", "OVA")}, [10, 12, 13]),
        ({"years": (2000, None)}, [11, 12, 13]),
        ({"years": (None, 1998)}, [10]),
        ({"years": (2005, 2011)}, [11, 12, 13]),
        ({"episodes": (2, 12)}, [12, 13]),
        ({"score": (7.5, None)}, [10, 13, 15]),
        ({"ratings": 7}, [10, 13, 15]),
        ({"only": (11, "12", 14)}, [11, 12]),
        ({"without": (10, 15)}, [11, 12, 13]),
        ({"expression": "year > 2000 AND type = 'TV'"}, [12]),
        ({"expression": "(episodes < 3) OR (score > 9)"}, [11, 13, 15]),
        ({"expression": ("year > 2000", "type = 'TV'")}, [12]),
        ({"expression": "'Action' in genres", "years": (2000, None)}, [11]),
        ({"expression": ""}, [10, 11, 12, 13, 15]),
        ({"types": ("TV",), "years": (2000, None), "sensitive": True, "ratings": 1}, [14]),
    ],
)
def test_each_filter(filters, left):
    assert ids(**filters) == left


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "any_genre": st.lists(st.sampled_from(["Action", "Drama"]), max_size=2).map(tuple),
            "no_genre": st.lists(st.sampled_from(["Sci-Fi", "Ecchi"]), max_size=2).map(tuple),
            "types": st.lists(st.sampled_from(["TV", "OVA"]), max_size=2).map(tuple),
            "years": st.tuples(st.none() | st.integers(1990, 2000), st.none() | st.integers(2001, 2030)),
            "ratings": st.integers(0, 100),
            "sensitive": st.booleans(),
        },
    )
)
def test_filters_narrow_each_other(filters):
    """What passes all of them passes each alone."""
    together = allowed(Where(**filters), ITEMS)
    alone = [
        allowed(Where(**{"sensitive": filters.get("sensitive", False), name: value}), ITEMS) for name, value in filters.items()
    ]
    np.testing.assert_array_equal(
        together, np.all([*alone, allowed(Where(sensitive=filters.get("sensitive", False)), ITEMS)], axis=0)
    )


@pytest.mark.parametrize(
    ("filters", "message", "hint"),
    [
        ({"any_genre": ("Actoin",)}, 'No title has the genre "Actoin". Did you mean "Action"?', "Drama"),
        ({"types": ("TVs",)}, 'No title has the type "TVs". Did you mean "TV"?', "Movie"),
        ({"any_genre": "Action"}, "any_genre: 'Action' is not several.", "any_genre=('Action',)"),
        ({"years": 2000}, "years: 2000 is not two bounds.", "years=(low, high)"),
        ({"expression": 5}, "expression is 5.", "Give text"),
        ({"expression": ("year > 0", None)}, "expression is ('year > 0', None).", "or several"),
        ({"expression": b"year > 0"}, "expression is b'year > 0'.", "Give text"),
        ({"ratings": None}, "ratings is None", "Give a whole number"),
        ({"years": (float("nan"), None)}, "is not two bounds.", "None for no bound"),
        ({"score": (10**400, None)}, "is not two bounds.", "None for no bound"),
        ({"only": (99,)}, "99: no item has this id.", "ids of the catalogue"),
        ({"expression": "year >"}, "The condition cannot be read at character 7", "The columns are: item_id"),
        ({"expression": ("year > 0", "yaer > 0")}, 'there is no column "yaer". Did you mean "year"?', "for example"),
        ({"planned": "maybe"}, 'planned cannot be "maybe"', "hide, show, only"),
        ({"years": (2010, 2000)}, "years: 2010 to 2000 is empty", "lower bound first"),
    ],
)
def test_what_a_filter_cannot_be(filters, message, hint):
    with pytest.raises(RequestError) as error:
        ids(**filters)
    assert message in str(error.value) and hint in error.value.hint


def test_ids_may_be_text():
    items = ITEMS.with_columns(pl.col("item_id").cast(pl.String))
    assert allowed(replace(Where(), only=("11",)), items).tolist() == [False, True, False, False, False, False]


def test_a_list_will_do_and_any_case():
    assert ids(any_genre=["sci-fi", "DRAMA"], types=["tv"]) == [10, 12]
    assert Where(any_genre=["Action"]) == Where(any_genre=("Action",)) and hash(Where(types=["TV"])) == hash(
        Where(types=("TV",))
    )


def test_equal_filters_are_one_key():
    """What passes is remembered by the filters that were asked for."""
    one, several = Where(expression="year > 2000"), Where(expression=["year > 2000"])
    assert one == several and hash(one) == hash(several) and one.expression == ("year > 2000",)
    assert Where(expression="") == Where() and Where(expression=" ") != Where()


def test_a_catalogue_that_knows_nothing():
    bare = ITEMS.with_columns(genres=pl.lit(None, pl.List(pl.String)), type=pl.lit(None, pl.String))
    for filters, what in (({"any_genre": ("Action",)}, "genre"), ({"types": ("TV",)}, "type")):
        with pytest.raises(RequestError) as error:
            allowed(Where(**filters), bare)
        assert error.value.hint == f"This catalogue knows no {what} of any title."


# ---- what lets nothing pass


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (Where(years=(2050, None)), "No title passes `years` from 2050."),
        (Where(ratings=10**9), "No title passes `ratings` 1,000,000,000."),
        (Where(expression="year > 3000"), 'No title passes the condition "year > 3000".'),
        (Where(), ""),
    ],
)
def test_the_filter_that_lets_nothing_pass_is_named(where, said):
    assert nothing_passes(where, ITEMS) == said and allowed(where, ITEMS).any() == (not said)


def test_filters_that_let_nothing_pass_together_are_named():
    years = sorted(ITEMS["year"].drop_nulls().to_list())
    where = Where(years=(years[-1], None), sensitive=True, expression=f"year < {years[0] + 1}")
    assert nothing_passes(where, ITEMS).startswith(
        f"Of the titles that pass `years` from {years[-1]} none passes the condition"
    )


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"any_genre": ["Drama"], "no_genre": ["drama"]}, "Drama is wanted and not wanted."),
        ({"all_genres": ["Drama", "Action"], "no_genre": ["Action"]}, "Action is wanted and not wanted."),
        ({"only": [1, 2], "without": ["1", "2"]}, "Nothing but these ids is wanted, and none of them."),
        ({"parts": True, "sequels": False}, "Every part of a franchise, and no sequels."),
    ],
)
def test_contradictions_are_named(filters, message):
    with pytest.raises(RequestError) as caught:
        Where(**filters)
    assert str(caught.value) == message and caught.value.hint


def test_one_of_two_wanted_genres_may_be_unwanted():
    assert Where(any_genre=["Drama", "Action"], no_genre=["Action"]) and Where(only=[1, 2], without=[1])


def test_ids_that_are_not_wanted_and_not_known_are_ignored():
    known = ITEMS["item_id"].to_list()[0]
    where = Where(without=(known, "nothing of the kind"))
    assert unknown_ids(where, ITEMS) == 1
    without = allowed(Where(), ITEMS) & (ITEMS["item_id"] != known).to_numpy()
    np.testing.assert_array_equal(allowed(where, ITEMS), without)
