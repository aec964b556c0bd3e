"""A person's taste in figures, computed by hand."""

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import series
from konomi.catalogue.taste import TASTE_PRIOR
from konomi.data.labels import STATUS
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.recommend.catalogue import Catalogue
from konomi.recommend.person import Person
from konomi.recommend.taste import taste_of


@pytest.fixture(scope="module")
def recommender():
    return series.made()


ITEMS = pl.DataFrame(
    {
        "item_id": ["a", "b", "c", "d", "e"],
        "title": ["Ah", "Be", "Ce", "De", None],
        "genres": [["Action"], ["Action", "Drama"], ["Drama"], None, ["Drama"]],
        "type": ["TV", "TV", "Movie", "TV", "TV"],
        "year": [2001, 2002, 2003, 2004, None],
        "ratings": [100, 60, 20, 20, 0],
        "mean": [7.0, 6.0, 8.0, 5.0, None],
    },
    schema_overrides={"year": pl.Int32, "mean": pl.Float32},
)
CATALOGUE = Catalogue(ITEMS, Scale(1, 10, 1))


def person(entries):
    """{row: (rating, status)}."""
    item, rating, status = (np.array(each) for each in zip(*((i, *e) for i, e in sorted(entries.items())), strict=True))
    item, rating, status = item.astype(np.int32), rating.astype(np.float32), status.astype(np.uint8)
    return Person(CATALOGUE, Profiles(np.array([0, len(item)]), item, rating, status))


DONE, DROPPED, PLANNED = STATUS["completed"], STATUS["dropped"], STATUS["plan to watch"]
ME = person({0: (9, DONE), 1: (6, DONE), 2: (5, DROPPED), 3: (float("nan"), PLANNED), 4: (9, DONE)})


def test_by_hand():
    """Their errors are +2, 0 and −3: the offset is −1/3, what is left +7/3, +1/3 and −8/3. Nobody else has rated "e"."""
    found = taste_of(ME)
    assert (found.entries, found.rated, found.seen, found.planned, found.dropped) == (5, 4, 4, 1, 1)
    assert (found.mean, found.beside, found.offset) == (7.25, 3, -0.3333)
    assert found.histogram == {5.0: 1, 6.0: 1, 9.0: 2}
    more, less = ({tag.tag: (tag.effect, tag.n) for tag in tags} for tags in (found.more, found.less))
    assert more == {"Action": (round(8 / 3 / (2 + TASTE_PRIOR), 4), 2), "TV": (round(8 / 3 / (2 + TASTE_PRIOR), 4), 2)}
    assert less == {
        "Movie": (round(-8 / 3 / (1 + TASTE_PRIOR), 4), 1),
        "Drama": (round(-7 / 3 / (2 + TASTE_PRIOR), 4), 2),
    }
    assert [(one.item_id, one.rating, one.others) for one in found.apart] == [("c", 5.0, 8.0), ("a", 9.0, 7.0), ("b", 6.0, 6.0)]
    assert found.popular == 0.25  # "a" alone has half of all ratings, and they have seen four


def test_nobody():
    found = taste_of(Person(CATALOGUE, Profiles.of([{}])))
    assert (found.entries, found.mean, found.offset, found.popular) == (0, None, None, None)
    assert not found.histogram and not found.more and not found.less and not found.apart


def test_it_is_ready_for_json():
    told = json.loads(json.dumps(taste_of(ME).to_dict()))
    assert told["histogram"] == [[5.0, 1], [6.0, 1], [9.0, 2]] and told["more"][0]["n"] == 2


@given(st.dictionaries(st.integers(100, 118), st.integers(1, 8), min_size=1), st.integers(0, 2))
def test_who_rates_all_higher_has_the_same_taste(recommender, profile, more):
    one, other = recommender.taste(profile), recommender.taste({item: rating + more for item, rating in profile.items()})
    assert other.offset == pytest.approx(one.offset + more, abs=2e-4)
    effects = [{tag.tag: tag.effect for tag in (*each.more, *each.less)} for each in (one, other)]
    for tag in effects[0].keys() | effects[1].keys():
        assert effects[0].get(tag, 0) == pytest.approx(effects[1].get(tag, 0), abs=2e-4)
