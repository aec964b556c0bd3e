"""genre beyond the contract: a hand-worked example, catalogues with nothing in them, settings that make no sense."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from conftest import table_of
from konomi.data.prepare import prepare
from konomi.data.profiles import Profiles
from konomi.data.split import SplitConfig, TrainSet, make_split
from konomi.errors import ConfigError, FitError, RequestError
from konomi.models import bias, genre
from konomi.runtime import Run

GENRES = [["Action"], ["Action", "Drama"], ["Drama", "Horror"], None]


@pytest.fixture(scope="module")
def train():
    """Two people, four items; μ = 6; everything is learnt from."""
    data = prepare(table_of([(1, 1, 10), (1, 2, 6), (1, 4, 2), (2, 1, 6), (2, 3, 6)]))
    nothing = data.profiles.keep(np.zeros(5, bool))
    items = data.items.with_columns(pl.Series("genres", GENRES, pl.List(pl.String)))
    return TrainSet(data.profiles, nothing, nothing, data.scale, items, data.labelling)


def test_by_hand(train):
    model = genre.fit(train, genre.Config(item_prior=2, taste_prior=1, damp_user=3), Run())
    # m_i − μ: (10 + 6 − 12)/(2 + 2), 0/(2 + 1), 0, −4/(2 + 1), an unknown item
    np.testing.assert_allclose(model.item_offset, [1, 0, 0, -4 / 3, 0], rtol=1e-6)
    # person 1: r − m = 3, 0, −8/3; b = (1/3)/(3 + 3) = 1/18; left of it 53/18, −1/18
    action, drama = (53 / 18 - 1 / 18) / (2 + 1), (-1 / 18) / (1 + 1)
    # person 2: r − m = −1, 0; b = −1/5; left of it −4/5 of Action, 1/5 of Drama and Horror
    codes = model.encode(train.seen)
    np.testing.assert_allclose(codes, [[1 / 18, action, drama, 0], [-1 / 5, -2 / 5, 1 / 10, 1 / 10]], rtol=1e-5)
    # Horror is no wish of person 1's, who rated none; the fourth item has no genres
    base = 6 + 1 / 18
    expected = [base + 1 + action, base + (action + drama) / 2, base + drama / 2, base - 4 / 3]
    np.testing.assert_allclose(model.score(codes, "rating")[0], expected, rtol=1e-6)
    # "rank": what is said of an item, its mean and the taste for it, shrunk by n / (100 + n)
    np.testing.assert_allclose(model.score(codes, "rank")[0, 0], base + (1 + action) * 7 / 107, rtol=1e-6)
    np.testing.assert_allclose(model.score_pairs(codes[:1], np.array([-1]), "rating"), base, rtol=1e-6)


def test_without_genres_it_is_the_bias_model(checkerboard):
    train = make_split(checkerboard, SplitConfig(valid=0.1, test=0)).train_set(checkerboard)
    for genres in (None, []):
        empty = replace(train, items=train.items.with_columns(genres=pl.lit(genres, pl.List(pl.String))))
        model = genre.fit(empty, genre.Config(item_prior=7, damp_user=3), Run())
        twin = bias.fit(empty, bias.Config(damp_item=7, damp_user=3), Run())
        assert model.encode(train.seen).shape == (30, 1)
        for output in ("rating", "rank"):
            mine, other = (m.score(m.encode(train.seen), output) for m in (model, twin))
            np.testing.assert_allclose(mine, other, rtol=1e-5)


def test_no_prior_at_all(train):
    """Plain means; an item without ratings is at the overall mean."""
    model = genre.fit(replace(train, seen=train.seen.keep(train.seen.item != 2)), genre.Config(0, 0, 0), Run())
    np.testing.assert_allclose(model.item_offset, [2, 0, 0, -4, 0], atol=1e-6)
    assert np.isfinite(model.score(model.encode(Profiles.of([{}, {2: 7}])), "rating")).all()


def test_what_is_refused(train):
    for setting in ("item_prior", "taste_prior", "damp_user"):
        with pytest.raises(ConfigError, match="negative"):
            genre.Config(**{setting: -1})
    nothing = replace(train, seen=train.seen.keep(np.zeros(5, bool)))
    with pytest.raises(FitError, match="no rating to learn from"):
        genre.fit(nothing, genre.Config(), Run())
    model = genre.fit(train, genre.Config(), Run())
    with pytest.raises(RequestError, match='no output "interaction"'):
        model.score(model.encode(train.seen), "interaction")
