"""Titles for nobody in particular: the most liked, the newest, and all that is known of one."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import series
from konomi.errors import RequestError
from konomi.recommend.filters import Where
from konomi.recommend.recommender import Recommender
from series import SERIES, N


@pytest.fixture(scope="module")
def recommender():
    return series.made()


def ids(answer):
    return [row.item_id for row in answer]


BESIDE_ENTRIES = {100 + part for parts in SERIES.values() for part in parts[1:]}


def test_popular_is_what_is_liked(recommender):
    answer = recommender.popular(N)
    scores = [row.score for row in answer]
    assert scores == sorted(scores, reverse=True) and answer.note == "made up" and answer.person is None
    assert set(ids(answer)) == set(range(100, 119)) - BESIDE_ENTRIES - {118}  # 119 is unknown, 118 sensitive


def test_how_well_a_title_is_liked_counts_and_not_only_by_how_many(recommender):
    """Known to a tenth more people, and liked less: it comes later."""
    ratings, bayes = np.full(N, 100), np.full(N, 7.0, np.float32)
    ratings[3], bayes[3], bayes[4] = 110, 5.0, 8.0
    items = recommender.bundle.items.with_columns(ratings=pl.Series(ratings), bayes=pl.Series(bayes))
    found = ids(Recommender(replace(recommender.bundle, items=items)).popular(N))
    assert found[0] == 104 and found[-1] == 103


def test_popular_is_filtered_and_has_no_chance_in_it(recommender):
    every = Where(parts=True, types=("Movie",))
    assert set(ids(recommender.popular(N, every))) == {102, 106, 110, 114}
    assert ids(recommender.popular(2)) == ids(recommender.popular(N))[:2] == ids(recommender.popular(2, Where()))
    nobody = recommender.recommend(None, 1)
    assert ids(recommender.popular(1)) == ids(nobody)


def test_newest_first_and_of_a_franchise_its_newest(recommender):
    assert ids(recommender.newest(N)) == [119, 117, 116, 115, 114, 113, 112, 111, 110, 109, 107, 106, 104, 103, 102]
    every = ids(recommender.newest(N, Where(parts=True)))
    assert every == [item for item in range(119, 99, -1) if item != 118]
    assert ids(recommender.newest(3, Where(years=(None, 2005), parts=True))) == [105, 104, 103]


def test_the_better_known_of_a_year_come_first(recommender):
    same = replace(recommender.bundle, items=recommender.bundle.items.with_columns(year=pl.lit(2001, pl.Int32)))
    found = ids(Recommender(same).newest(N, Where(parts=True)))
    known = recommender.ranker.blend.silent_scores
    assert found == sorted(found, key=lambda item: (-known[item - 100], item)) and found[-1] == 119


@pytest.mark.parametrize("name", ["popular", "newest"])
def test_what_charts_cannot_take(recommender, name):
    for wrong in (0, -3, "many"):
        with pytest.raises(RequestError):
            getattr(recommender, name)(wrong)
    with pytest.raises(RequestError):
        getattr(recommender, name)(3, {"types": ["TV"]})


def test_an_item_and_its_franchise_in_order(recommender):
    item = recommender.item("title 1")
    assert (item.item_id, item.row, item.title, item.known) == (101, 1, "Title 1", True)
    assert [(part.item_id, part.entry, part.beside) for part in item.franchise] == [
        (100, True, False),
        (101, False, False),
        (102, False, False),
    ]
    assert item.facts["genres"] == ["B"] and "franchise" not in item.facts
    assert json.loads(json.dumps(item.to_dict()))["franchise"][1]["title"] == "Title 1"


def test_an_item_alone_and_one_that_nobody_knows(recommender):
    item = recommender.item(119)
    assert not item.known and item.franchise == ()
    with pytest.raises(RequestError):
        recommender.item(5)


def test_search_is_at_hand(recommender):
    assert [hit.item_id for hit in recommender.search("title 11", 1)] == [111]
