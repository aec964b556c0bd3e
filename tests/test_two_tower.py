"""two_tower beyond the contract: features by hand, no rating in its own prediction, items nobody rated, presets."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from konomi.catalogue.tags import item_tags
from konomi.catalogue.taste import Standard, Taste, genre_shares, item_numbers, row_scores
from konomi.data.prepare import prepare
from konomi.data.profiles import Profiles
from konomi.data.split import SplitConfig, make_split
from konomi.data.table import Table
from konomi.errors import ConfigError, FitError, RequestError
from konomi.evaluate.evaluate import evaluate
from konomi.kernels.batches import distinct
from konomi.models import two_tower
from konomi.models.towers import unit_rows
from konomi.models.two_tower_fit import TowerTraining
from konomi.neural import loop
from konomi.neural.batches import Batch
from konomi.neural.towers import meet, plain_meet, plain_tower, tower
from konomi.reading.formats import ReadOptions
from konomi.reading.sources import read_source
from konomi.runtime import Run, workers
from konomi.settings import read_toml, settings
from konomi.simulate.sample import sample

PRESETS = Path(__file__).parents[1] / "docs" / "presets"
SMALL = two_tower.Config(layers="32-8", epochs=3, patience=0, batch=4096, rate=0.005)


@pytest.fixture(scope="module")
def dataset():
    """The first 400 people of the embedded sample."""
    whole = prepare(sample(Run()).table())
    user = whole.profiles.user
    few = user < 400
    ids = whole.items["item_id"].gather(whole.item[few])
    rating = whole.scale.decode(whole.stored[few])
    return prepare(
        Table(pl.Series(user[few]), ids, rating, whole.scale, "sample", items=whole.items.drop("ratings", "mean", "bayes"))
    )


@pytest.fixture(scope="module")
def train(dataset):
    return make_split(dataset, SplitConfig(valid=0.1, test=0.1)).train_set(dataset)


@pytest.fixture(scope="module")
def model(train):
    return two_tower.fit(train, SMALL, Run())


# ---- features


def test_tags_and_numbers_by_hand():
    items = pl.DataFrame(
        {
            "genres": [["Shoujo Ai"], ["Action", "Shoujo"], None],
            "type": ["TV", None, "Movie"],
            "year": [1999, 2000, None],
            "episodes": [1, None, 12],
            "score": [None, 7.5, 8.0],
        },
        schema_overrides={"score": pl.Float32},
    )
    # Action, Shoujo, Shoujo Ai, Movie, TV, 1995–1999, 2000–2004
    np.testing.assert_array_equal(item_tags(items), [[0, 0, 1, 0, 1, 1, 0], [1, 1, 0, 0, 0, 0, 1], [0, 0, 0, 1, 0, 0, 0]])
    nan, log = np.nan, np.log
    np.testing.assert_allclose(item_numbers(items), [[1999, log(2), nan], [2000, nan, 7.5], [nan, log(13), 8]], rtol=1e-6)
    kinds = {"genres": pl.List(pl.String), "type": pl.String, "year": pl.Int32}
    nothing = items.with_columns(pl.lit(None, kind).alias(name) for name, kind in kinds.items())
    assert item_tags(nothing).shape == (3, 0)
    films = items.with_columns(type=pl.lit("Movie"))  # a type that all have is no tag
    np.testing.assert_array_equal(item_tags(films), [[0, 0, 1, 1, 0], [1, 1, 0, 0, 1], [0, 0, 0, 0, 0]])


def test_taste_by_hand():
    tags = np.array([[1, 0], [1, 1], [0, 0]], np.uint8)
    taste = Taste(np.array([6, 5, 7], np.float32), 2.0, tags)
    x = taste(Profiles.of([{0: 10, 1: 5, 2: 5}, {}]))
    b = (4 + 0 - 2) / (3 + 5)  # residuals 4, 0, −2; DAMP_USER = 5
    variance = (5 * 4 + (4 - b) ** 2 + b**2 + (2 + b) ** 2) / (5 + 3)
    rest = [(4 - b) + (0 - b), 0 - b]  # TASTE_PRIOR = 5
    log = np.log
    np.testing.assert_allclose(x[0], [b, log(4), log(variance), rest[0] / 7, rest[1] / 6, log(3), log(2)], rtol=1e-5)
    np.testing.assert_allclose(x[1], [0, 0, log(4), 0, 0, 0, 0], rtol=1e-5)


@given(st.integers(0, 2**32 - 1))
def test_taste_is_the_sums_it_says(seed):
    rng = np.random.default_rng(seed)
    tags = rng.integers(0, 2, (6, 4)).astype(np.uint8)
    base, people = rng.normal(6, 1, 6).astype(np.float32), []
    for _ in range(3):
        people.append({int(i): float(rng.integers(1, 11)) for i in np.flatnonzero(rng.integers(0, 2, 6))})
    x = Taste(base, 1.0, tags)(Profiles.of(people))
    for row, person in zip(x, people, strict=True):
        rest = {i: r - base[i] for i, r in person.items()}
        b = sum(rest.values()) / (len(person) + 5)
        for t in range(4):
            of = [e - b for i, e in rest.items() if tags[i, t]]
            assert row[3 + t] == pytest.approx(sum(of) / (len(of) + 5), abs=1e-5)
            assert row[7 + t] == pytest.approx(np.log1p(len(of)), abs=1e-5)


def test_standard_by_hand():
    x = np.array([[1, 5, np.nan], [3, 5, np.nan], [np.nan, 5, np.nan]], np.float32)
    standard = Standard.of(x)
    np.testing.assert_array_equal(standard(x), [[-1, 0, 0], [1, 0, 0], [0, 0, 0]])


def test_the_features_of_the_fifth_notebook_by_hand():
    genres = np.array([[1, 0], [1, 1]], np.uint8)
    shares = genre_shares(Profiles.of([{0: 8, 1: 4}, {}]), np.array([2, 4], np.float32), genres)
    np.testing.assert_allclose(shares, [[1, 0.5], [0, 0]])  # weights 8·2 and 4·4
    np.testing.assert_allclose(row_scores(shares), [[1, -1], [0, 0]])


# ---- towers


def test_blocks_are_the_plain_tower_at_any_thread_count():
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.standard_normal((900, 7), np.float32))
    weights = [torch.from_numpy(rng.standard_normal(shape, np.float32)) for shape in ((8, 16), (17, 12), (13, 5))]
    rows, direction = rng.integers(0, 900, 1500), torch.from_numpy(rng.standard_normal((1500, 5), np.float32))

    def run(of):
        layers = [weight.clone().requires_grad_() for weight in weights]
        out = of(layers)
        (out * direction).sum().backward()
        return [out.detach().numpy(), *(layer.grad.numpy() for layer in layers)]

    expected = run(lambda layers: plain_tower(x[torch.from_numpy(rows)], layers))
    found = []
    for threads in (1, 2, 8):
        with workers(threads) as each:
            found.append(run(lambda layers, each=each: tower(x, rows, layers, each)))
    for one, *others in zip(*found, expected, strict=True):
        np.testing.assert_array_equal(one, others[0])
        np.testing.assert_array_equal(one, others[1])
        np.testing.assert_allclose(one, others[2], rtol=1e-4, atol=1e-2)


def test_meeting_is_the_plain_dot_product_at_any_thread_count():
    rng = np.random.default_rng(0)
    user, item = np.sort(rng.integers(0, 700, 9000)).astype(np.int32), rng.integers(0, 900, 9000).astype(np.int32)
    batch = Batch(np.arange(9000), *distinct(np.arange(9000), user, item, np.full(900, -1, np.int32)))
    sides = [torch.from_numpy(rng.standard_normal((n, 5), np.float32)) for n in (len(batch.users), len(batch.items))]
    direction = torch.from_numpy(rng.standard_normal(9000, np.float32))

    def run(of):
        left, right = (side.clone().requires_grad_() for side in sides)
        out = of(batch, left, right)
        (out * direction).sum().backward()
        return out.detach().numpy(), left.grad.numpy(), right.grad.numpy()

    found = []
    for threads in (1, 2, 8):
        with workers(threads) as each:
            found.append(run(lambda *of, each=each: meet(*of, each)))
    for one, two, eight, expected in zip(*found, run(plain_meet), strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, eight)
        np.testing.assert_allclose(one, expected, rtol=1e-4, atol=1e-4)


def test_no_length_is_no_error():
    h = np.array([[0, 0, 3], [3, 4, 1]], np.float32)
    np.testing.assert_allclose(unit_rows(h), [[0, 0, 3], [0.6, 0.8, 1]], rtol=1e-6)


# ---- training


@pytest.mark.parametrize("features", ["full", "notebook5"])
def test_no_rating_is_part_of_what_predicts_it(train, features):
    """Changing what is hidden changes no feature that predicts it, to the last bit; and every rating is hidden once."""
    config = replace(SMALL, features=features)
    with workers(1) as each:
        network = TowerTraining(train, config, 0, torch.device("cpu"), each)
        parts = list(network.batches(np.random.default_rng(1)))
        seen = train.seen.scored()
        assert sum(len(part.batch) for part in parts) == len(seen.item) == network.pairs
        where = {id(part.user): part for part in parts}
        assert len(where) == 2
        for first in where.values():
            mine = [part for part in parts if part.user is first.user]
            places = np.concatenate([part.entries for part in mine])
            changed = seen.rating.copy()
            changed[places] = 11 - changed[places]
            assert not np.array_equal(changed, seen.rating)
            other = TowerTraining(replace(train, seen=replace(seen, rating=changed)), config, 0, torch.device("cpu"), each)
            theirs = other.batches(np.random.default_rng(1))
            again = next(part for part in theirs if np.array_equal(part.entries, first.entries))
            assert torch.equal(first.user, again.user) and torch.equal(first.item, again.item)


def test_what_is_not_for_training_is_not_in_the_model(train):
    other = replace(train, valid=replace(train.valid, rating=11 - train.valid.rating))
    a, b = (two_tower.fit(data, SMALL, Run()).state() for data in (train, other))
    assert not np.array_equal(a.pop("history"), b.pop("history"))
    config = replace(SMALL, epochs=1)  # no choice of an epoch
    a, b = (two_tower.fit(data, config, Run()).state() for data in (train, other))
    for key in a.keys() - {"history"}:
        np.testing.assert_array_equal(a[key], b[key])


def test_same_bytes_at_any_thread_count_with_large_layers(train):
    config = two_tower.Config(epochs=2, batch=8192)
    one, two, eight = (two_tower.fit(train, config, Run(threads=threads)).state() for threads in (1, 2, 8))
    for key in one:
        np.testing.assert_array_equal(one[key], two[key])
        np.testing.assert_array_equal(one[key], eight[key])
    model = two_tower.load(one)
    together = model.encode(train.seen)
    np.testing.assert_array_equal(together, model.encode(train.seen, threads=8))
    alone = [model.encode(train.seen.slice(b, b + 1)) for b in range(100)]
    np.testing.assert_array_equal(together[:100], np.vstack(alone))


def test_a_killed_training_goes_on(train, tmp_path, monkeypatch):
    place, epoch, calls = tmp_path / "checkpoint", loop._epoch, iter(range(9))
    whole = two_tower.fit(train, SMALL, Run()).state()

    def killed(*arguments):
        if next(calls) == 1:
            raise KeyboardInterrupt
        return epoch(*arguments)

    monkeypatch.setattr(loop, "_epoch", killed)
    with pytest.raises(KeyboardInterrupt):
        two_tower.fit(train, SMALL, Run(checkpoint=place))
    monkeypatch.setattr(loop, "_epoch", epoch)
    again = two_tower.fit(train, SMALL, Run(checkpoint=place)).state()
    for key in whole:
        np.testing.assert_array_equal(whole[key], again[key])
    with pytest.raises(FitError, match="checkpoint of a training with other settings"):
        two_tower.fit(train, replace(SMALL, hide=0.2), Run(checkpoint=place))


@pytest.mark.parametrize("preset", ["notebook4-two-tower", "notebook5-two-tower", "notebook5-two-tower-sgd"])
def test_presets_learn(preset, train):
    """A finite loss that falls, where the fifth notebook's own was NaN from the first epoch."""
    config = settings(two_tower.Config, read_toml(PRESETS / f"{preset}.toml")["two_tower"], preset)
    model = two_tower.fit(train, replace(config, epochs=4), Run())
    assert np.isfinite(model.history).all()
    assert (model.history[-1] < model.history[0]).all()  # on the training and on the validation entries


def test_people_held_out_whole_choose_the_epoch(dataset):
    train = make_split(dataset, SplitConfig("users", valid=0.2, test=0)).train_set(dataset)
    model = two_tower.fit(train, replace(SMALL, epochs=1), Run())
    valid = train.valid.scored()
    codes = model.encode(train.shown)[valid.user]
    missed = train.scale.clip(model.score_pairs(codes, valid.item, "rating")) - valid.rating
    np.testing.assert_allclose(model.history[-1, 1], np.sqrt(np.mean(missed**2)), rtol=1e-5)


# ---- prediction


def test_an_item_that_nobody_rated_is_known_by_its_features(dataset):
    """Items withheld whole: better than the mean rating, and told apart; at rank they count as little known, not as unknown."""
    split = make_split(dataset, SplitConfig("items", valid=0, test=0.1))
    train, (seen, hidden) = split.train_set(dataset), split.test(dataset)
    model = two_tower.fit(train, replace(SMALL, epochs=15, batch=2048), Run())
    codes = model.encode(seen)
    known = ~np.isnan(hidden.rating)
    user, item, true = hidden.user[known], hidden.item[known], hidden.rating[known]
    predicted = train.scale.clip(model.score_pairs(codes[user], item, "rating"))
    mean = np.nanmean(train.seen.rating)
    assert np.isfinite(predicted).all() and len(np.unique(model.right[np.unique(item), -1])) > 10
    assert np.sqrt(np.mean((predicted - true) ** 2)) < 0.95 * np.sqrt(np.mean((mean - true) ** 2))
    rating, rank = (model.score_pairs(codes[user], item, output) for output in ("rating", "rank"))
    unknown = model.score_pairs(codes[user], np.full(len(item), -1, np.int32), "rating")
    np.testing.assert_allclose(rank, unknown + (rating - unknown) * 25 / 125, rtol=1e-4)


@pytest.mark.data
def test_real_items_that_nobody_rated(shared):
    """Films withheld whole: their genres and year say more than what each person gives on average."""
    dataset = prepare(read_source("movielens", [shared / "ml-latest-small-2018"], ReadOptions(), Run()))
    split = make_split(dataset, SplitConfig("items", valid=0.1, test=0.1))
    train = split.train_set(dataset)
    config = two_tower.Config(layers="64-16", epochs=15, batch=8192, patience=0)
    metrics = evaluate(two_tower.fit(train, config, Run()), *split.test(dataset), train, Run()).metrics
    assert metrics["rmse"] < metrics["baselines"]["bias"]["rmse"] - 0.01


def test_strangers_and_unknown_items_get_sensible_ratings(train, model):
    codes = model.encode(Profiles.of([{}, {0: 10}, {0: 10, 1: 9, 5: 8, 40: 9, 60: 3}]))
    scores = np.column_stack([model.score(codes, "rating"), model.score_pairs(codes, np.full(3, -1, np.int32), "rating")])
    assert np.isfinite(scores).all() and 2 < scores.min() and scores.max() < 13


def test_what_is_refused(train, checkerboard):
    for layers in ("", "256-", "a-8", "0-4", "4 -2", "-3"):
        with pytest.raises(ConfigError, match="layers cannot be"):
            two_tower.Config(layers=layers)
    for bad in ({"rate": 0.0}, {"batch": 0}, {"epochs": 0}):
        with pytest.raises(ConfigError, match=next(iter(bad))):
            two_tower.Config(**bad)
    for bad in ({"decay": -1.0}, {"l2": -1.0}, {"patience": -1}):
        with pytest.raises(ConfigError, match="negative"):
            two_tower.Config(**bad)
    with pytest.raises(ConfigError, match="hide is 1"):
        two_tower.Config(hide=1.0)
    nothing = replace(train, seen=train.seen.keep(np.zeros(len(train.seen.item), bool)))
    with pytest.raises(FitError, match="no rating to learn from"):
        two_tower.fit(nothing, SMALL, Run())
    plain = make_split(checkerboard, SplitConfig(valid=0.1, test=0)).train_set(checkerboard)
    with pytest.raises(FitError, match="no genres"):
        two_tower.fit(plain, replace(SMALL, features="notebook5"), Run())
    with pytest.raises(FitError, match="diverged"):
        two_tower.fit(train, replace(SMALL, rate=1e30, optimizer="sgd"), Run())
    model = two_tower.fit(plain, SMALL, Run())  # a catalogue that says nothing
    with pytest.raises(RequestError, match='no output "interaction"'):
        model.score(model.encode(plain.seen), "interaction")
