"""Sums that a cluster has to repeat: in any order, and parted in any way, they have the same bytes."""

import math
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from konomi.data.labels import Labelling
from konomi.data.profiles import Profiles
from konomi.data.scale import MOST, Scale
from konomi.data.split import TrainSet
from konomi.data.statistics import add_statistics, deviation, item_sums, mean_rating, unit
from konomi.kernels.csr import count_and_sum, power_sums
from konomi.kernels.gram import gram
from konomi.models import bias, ease, genre, mf, popular
from konomi.runtime import Run
from konomi.simulate.sample import catalogue

U, I = 12, 7
SCALES = [Scale(1, 10, 1), Scale(0.5, 5, 0.5), Scale(-3, 3, 0), Scale(0, 100, 0.1), Scale(1e-3, 2e-3, 0), Scale(0, MOST, 0)]
ITEMS = catalogue().head(I)


@st.composite
def tables(draw):
    """User, item and rating of up to 80 entries in some order, each pair once, and their scale; some have no rating."""
    scale, rng = draw(st.sampled_from(SCALES)), np.random.default_rng(draw(st.integers(0, 2**32)))
    n = draw(st.integers(1, 80))
    pair = rng.permutation(U * I)[:n]
    rating = scale.low + (scale.high - scale.low) * rng.random(n)
    if scale.step:
        rating = scale.low + np.rint((rating - scale.low) / scale.step) * scale.step
    rating = np.clip(rating, scale.low, scale.high).astype(np.float32)
    rating[rng.random(n) < 0.2] = np.nan
    rating[0] = scale.high
    return (pair // I).astype(np.int32), (pair % I).astype(np.int32), rating, scale, rng


def train_set(user, item, rating, scale):
    """A training set of these entries, without any others."""
    none = Profiles.of([{}] * U)
    return TrainSet(Profiles.from_entries(U, user, item, rating), none, none, scale, ITEMS, Labelling(scale, "scored"))


@given(tables(), st.integers(2, 5))
def test_sums_of_groups_in_any_order_add_up_to_the_sums(case, groups):
    _, item, rating, scale, rng = case
    order, group = rng.permutation(len(item)), rng.integers(0, groups, len(item))

    def sums(chosen):
        powers = power_sums(rating[chosen], unit(largest(scale), 16))
        return np.concatenate([*count_and_sum(item[chosen], rating[chosen], I, unit(largest(scale))), powers])

    found = [sums(order[group[order] == p]) for p in range(groups)]
    np.testing.assert_array_equal(sum(found), sums(np.arange(len(item))))


def largest(scale):
    """How far from 0 a rating on the scale may be."""
    return max(abs(scale.low), abs(scale.high))


def test_a_narrow_scale_far_from_0_has_a_deviation():
    rating = np.array([100, 100.25, 100.5, 100.5], np.float32)
    assert deviation(rating, Scale(100, 100.5, 0)) == pytest.approx(rating.astype(float).std(), rel=1e-4)


def test_many_ratings_of_all_sizes_in_any_order():
    """Where floating point does depend on the order."""
    scale, rng = Scale(0, 100, 0), np.random.default_rng(0)
    rating = (100 * rng.random(100_000) ** 9).astype(np.float32)
    item, order = rng.integers(0, I, len(rating)).astype(np.int32), rng.permutation(len(rating))
    assert np.cumsum(rating, dtype=np.float64)[-1] != np.cumsum(rating[order], dtype=np.float64)[-1]
    first, second = (
        (*item_sums(Profiles(np.array([0, len(rating)]), i, r), I, scale), mean_rating(r, scale), deviation(r, scale))
        for i, r in ((item, rating), (item[order], rating[order]))
    )
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
    assert first[2] == pytest.approx(rating.mean(dtype=np.float64)) and first[3] == pytest.approx(rating.std(), rel=1e-4)


@given(tables())
def test_sums_are_those_of_fractions(case):
    """Nothing is lost of ratings that are no less than a 500th of the largest; of others half a unit each."""
    user, item, rating, scale, _ = case
    most = largest(scale)
    count, total = item_sums(train_set(user, item, rating, scale).seen, I, scale)
    for i in range(I):
        known = [Fraction(float(r)) for r in rating[(item == i) & ~np.isnan(rating)]]
        small = sum(abs(r) * 500 < most for r in known)
        assert count[i] == len(known)
        assert abs(Fraction(float(total[i])) - sum(known)) <= Fraction(small) / 2 / Fraction(unit(most))
    known = rating[~np.isnan(rating)].astype(np.float64)
    assert mean_rating(rating, scale) == pytest.approx(known.mean(), rel=1e-9, abs=1e-9 * most)
    assert deviation(rating, scale) == pytest.approx(known.std(), abs=2**-15 * most)


@pytest.mark.parametrize("scale", SCALES)
def test_as_many_ratings_as_a_dataset_may_have_fit(scale):
    """2³¹ of the largest; and what is all the same does not deviate."""
    most = largest(scale)
    assert 2**31 <= round(most * unit(most)) < 2**32 and round(most * unit(most, 16)) <= 2**16
    assert math.log2(unit(most)).is_integer()
    assert deviation(np.full(1000, scale.high, np.float32), scale) == 0


@pytest.mark.parametrize("scale", SCALES)
def test_labels_deviate_alike_whatever_the_scale_of_the_ratings(scale):
    """Interactions are learnt in units of the deviation of their labels, 1 and 0."""
    user, item = np.divmod(np.arange(U * I, dtype=np.int32), I)
    rating = np.where((user + item) % 4 == 0, scale.high, min(scale.low, scale.high / 2)).astype(np.float32)
    train = train_set(user, item, rating, scale)
    liked = train.labelling.of(train.seen)
    knobs = mf.Config(task="interaction", dim=2, epochs=1, l2=1.0)
    model = mf.fit(train, knobs, Run(threads=1))
    assert 0 < liked.mean() < 1 and model.penalty[0, 0] == pytest.approx(liked.std())


def learnt(train):
    """The arrays that come in closed form, and the statistics of the catalogue."""
    found = {}
    for model, config in (
        (bias, bias.Config()),
        (genre, genre.Config()),
        (popular, popular.Config(order="bayes")),
        (ease, ease.Config(least=1, l2=2.0, disliked=-0.3)),
    ):
        found |= {f"{model.__name__} {name}": a for name, a in model.fit(train, config, Run(threads=2)).state().items()}
    table = add_statistics(train.items, train.seen, train.scale)
    return found | {name: table[name].to_numpy() for name in ("ratings", "mean", "bayes")}


@given(tables())
def test_what_comes_in_closed_form_does_not_depend_on_the_order_of_people(case):
    user, *rest, rng = case
    renamed = rng.permutation(U).astype(np.int32)[user]
    first, second = learnt(train_set(user, *rest)), learnt(train_set(renamed, *rest))
    for name, array in first.items():
        assert array.tobytes() == second[name].tobytes(), name


@given(tables(), st.sampled_from([0.0, 0.3, -1.0]))
def test_gram_matrices_of_some_people_add_up_to_that_of_all(case, disliked):
    user, item, *_, rng = case
    x = np.rint(np.where(rng.random(len(user)) < 0.5, 1, disliked) * ease.ONE).astype(np.float32)

    def half(entries):
        rows = Profiles.from_entries(U, user[entries], item[entries], x[entries])
        columns = Profiles.from_entries(I, item[entries], user[entries], x[entries])
        sides = [(side.indptr, side.item, side.rating.astype(np.int32)) for side in (columns, rows)]
        out = np.zeros((I, I), np.int64)
        gram(*sides[0], *sides[1], 0, I, out)
        return out

    whole, group = half(np.ones(len(user), bool)), rng.integers(0, 3, U)[user]
    np.testing.assert_array_equal(sum(half(group == p) for p in range(3)), whole)
    X = np.zeros((U, I), object)
    X[user, item] = x.astype(int).tolist()
    np.testing.assert_array_equal(whole, np.tril((X.T @ X).astype(np.int64)))


def test_a_mean_of_0_is_a_mean():
    """On a scale from −10 to 10, one item rated 10 and one rated −6 and −4: their mean is 0, and so is the prior's."""
    items = pl.DataFrame({"item_id": [1, 2, 3]})
    profiles = Profiles.of([{0: 10.0, 1: -6.0}, {1: -4.0}])
    found = add_statistics(items, profiles, Scale(-10, 10, 1))
    assert found["bayes"].to_list() == pytest.approx([10 / 26, -10 / 27, 0])
    tilted = add_statistics(items, profiles, Scale(-10, 20, 1))
    assert tilted["bayes"].to_list() == pytest.approx([10 / 26, -10 / 27, 0])  # not the middle of the scale
