"""Splits: disjoint, complete, of the size that was asked for, the same every time, whatever else is in the dataset."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import table_of
from konomi.data.prepare import prepare
from konomi.data.split import SHOWN, TEST, TRAIN, VALID, SplitConfig, all_of, make_split, predefined, rebuild
from konomi.errors import ConfigError, DataError

KINDS = ("random", "per-user", "last", "time", "users", "items")


@pytest.fixture(scope="module")
def dataset():
    rng = np.random.default_rng(0)
    rows = [(u, i, int(rng.integers(1, 11))) for u in range(40) for i in range(30) if rng.random() < 0.4]
    return prepare(table_of(rows, time=rng.integers(0, 1000, len(rows))))


@given(st.sampled_from(KINDS), st.sampled_from([0, 0.1, 0.3, 2]), st.sampled_from([0, 0.2, 3]), st.integers(0, 99))
def test_parts_are_disjoint_and_complete(dataset, kind, valid, test, seed):
    config = SplitConfig(kind, valid, test, seed=seed)
    split = make_split(dataset, config)
    train, (seen, hidden) = split.train_set(dataset), split.test(dataset)
    sizes = [len(p.item) for p in (train.seen, train.valid, hidden)]
    assert sum(sizes) + (split.role == SHOWN).sum() == len(dataset.item) == sum(split.counts().values())
    assert set(zip(seen.user, seen.item, strict=True)).isdisjoint(zip(hidden.user, hidden.item, strict=True))
    assert split.sha256 == make_split(dataset, config).sha256 == rebuild(dataset, split.spec, split.sha256).sha256
    if (valid or test) and kind not in ("last", "time"):
        assert split.sha256 != make_split(dataset, SplitConfig(kind, valid, test, seed=seed + 1)).sha256


def test_sizes_by_hand(dataset):
    n, per_user = len(dataset.item), np.diff(dataset.indptr)
    assert make_split(dataset, SplitConfig("random", valid=7, test=50)).counts() == dict(
        train=n - 57, valid=7, test=50, shown=0
    )
    split = make_split(dataset, SplitConfig("per-user", valid=1, test=2))
    for some, size in ((TEST, 2), (VALID, 1)):
        assert (np.add.reduceat(split.role == some, dataset.indptr[:-1]) == np.minimum(size, per_user - 1)).all()
    users = make_split(dataset, SplitConfig("users", valid=0, test=10, shown=0.5))
    held_out = np.unique(np.repeat(np.arange(40), per_user)[users.role != TRAIN])
    assert len(held_out) == 10
    items = make_split(dataset, SplitConfig("items", valid=3, test=6))
    by_role = [set(dataset.item[items.role == p]) for p in (TRAIN, VALID, TEST)]
    assert [len(p) for p in by_role] == [21, 3, 6] and not by_role[0] & by_role[1] and not by_role[0] & by_role[2]


def test_shares_are_those_of_the_numbers(dataset):
    """A share is a chance: within four standard deviations of what was asked for, and never none at all."""
    n = len(dataset.item)
    sizes = np.array(
        [list(make_split(dataset, SplitConfig(valid=0.1, test=0.2, seed=seed)).counts().values()) for seed in range(50)]
    )
    for role, share in ((1, 0.1), (2, 0.2)):
        assert abs(sizes[:, role].mean() - share * n) < 4 * np.sqrt(n * share * (1 - share) / 50)
        assert sizes[:, role].std() > 1
    few = prepare(table_of([(1, 1, 8), (1, 2, 8), (2, 1, 3)]))
    assert all(make_split(few, SplitConfig(valid=0, test=0.01, seed=seed)).counts()["test"] == 1 for seed in range(20))


@given(st.sampled_from(["random", "users", "items"]), st.integers(2, 6), st.integers(0, 9))
def test_every_entry_is_in_one_fold(dataset, kind, folds, seed):
    splits = [
        make_split(dataset, SplitConfig(kind, valid=0.2, shown=0, folds=folds, fold=fold, seed=seed)) for fold in range(folds)
    ]
    assert (np.sum([split.role == TEST for split in splits], axis=0) == 1).all()
    assert all((split.role == TRAIN).any() for split in splits)


@given(st.sampled_from(["random", "users", "items"]), st.data())
def test_an_entry_has_its_role_from_its_ids_and_the_seed_alone(dataset, kind, data):
    """Whatever else is in the dataset, and in whatever order it stands."""
    config = SplitConfig(kind, valid=0.2, test=0.2, seed=3)
    kept = data.draw(st.lists(st.booleans(), min_size=len(dataset.item), max_size=len(dataset.item)))
    pairs = np.stack(
        [dataset.users.ids.to_numpy()[dataset.profiles.user], dataset.items["item_id"].to_numpy()[dataset.item]], 1
    )
    rows = [(int(u), int(i), 5) for (u, i), keep in zip(pairs.tolist(), kept, strict=True) if keep]
    if len({u for u, _, _ in rows}) < 20 or len({i for _, i, _ in rows}) < 20:
        return  # of very few at least one is drawn
    smaller = prepare(table_of(rows))
    before = dict(zip(map(tuple, pairs.tolist()), make_split(dataset, config).role.tolist(), strict=True))
    users, items = smaller.users.ids.to_list(), smaller.items["item_id"].to_list()
    found = make_split(smaller, config).role.tolist()
    assert found == [before[users[u], items[i]] for u, i in zip(smaller.profiles.user, smaller.item, strict=True)]


def test_ids_of_users_and_items_are_numbered_apart():
    same = prepare(table_of([(n, n, 5) for n in range(500)]))
    users = make_split(same, SplitConfig("users", valid=0, test=0.5, shown=0)).role
    items = make_split(same, SplitConfig("items", valid=0, test=0.5)).role
    assert 150 < (users == items).sum() < 350
    texts = prepare(table_of([(f"u{n}", f"i{n}", 5) for n in range(500)]))
    assert 150 < (make_split(texts, SplitConfig(valid=0, test=0.5)).role == TEST).sum() < 350


def test_one_point_in_time_parts_everybody(dataset):
    split = make_split(dataset, SplitConfig("time", valid=0.2, test=0.2))
    time, n = dataset.time, len(dataset.item)
    assert time[split.role == TRAIN].max() < time[split.role == VALID].min() <= time[split.role == VALID].max()
    assert time[split.role == VALID].max() < split.spec["test_from"] == time[split.role == TEST].min()
    assert 0.19 * n <= (split.role == TEST).sum() < 0.25 * n
    again = make_split(dataset, SplitConfig("time", test_from=split.spec["test_from"], valid_from=split.spec["valid_from"]))
    assert (again.role == split.role).all()


def test_entries_without_a_time_are_learnt_from():
    times = np.array([0, 5, 6, 7, 0], np.int64)
    some = prepare(table_of([(1, 1, 8), (1, 2, 8), (1, 3, 8), (2, 1, 8), (2, 2, 8)], time=times))
    assert make_split(some, SplitConfig("time", valid=0, test=1)).role.tolist() == [TRAIN, TRAIN, TRAIN, TEST, TRAIN]


def test_who_may_see_what(dataset):
    """Training and shown entries are seen when the validation entries are hidden; those, too, when the test entries are."""
    split = make_split(dataset, SplitConfig("users", valid=0.3, test=0.3))
    profiles, roles = dataset.profiles, split.role
    for (seen, hidden), known, asked in (
        (split.validation(dataset), (TRAIN, SHOWN), VALID),
        (split.test(dataset), (TRAIN, SHOWN, VALID), TEST),
    ):
        assert (seen.item == profiles.item[np.isin(roles, known)]).all() and len(seen.item)
        assert (hidden.item == profiles.item[roles == asked]).all() and len(hidden.item)
    train = split.train_set(dataset)
    assert [len(some.item) for some in (train.seen, train.valid, train.shown)] == [
        (roles == r).sum() for r in (TRAIN, VALID, SHOWN)
    ]
    everything = all_of(dataset).train_set(dataset)
    assert len(everything.seen.item) == len(dataset.item) and not len(everything.valid.item) + len(everything.shown.item)


def test_a_split_that_is_changed_has_another_hash(dataset):
    split = make_split(dataset, SplitConfig())
    changed = split.role.copy()
    changed[0] = TEST if changed[0] != TEST else TRAIN
    assert replace(split, role=changed).sha256 != split.sha256 != all_of(dataset).sha256


def test_no_shown_entry_is_later_than_a_hidden_one_of_the_same_person(dataset):
    split = make_split(dataset, SplitConfig("last", valid=0.2, test=0.2))
    for start, stop in zip(dataset.indptr[:-1], dataset.indptr[1:], strict=True):
        some, time = split.role[start:stop], dataset.time[start:stop]
        for earlier, later in ((TRAIN, VALID), (TRAIN, TEST), (VALID, TEST)):
            if (some == earlier).any() and (some == later).any():
                assert time[some == earlier].max() <= time[some == later].min()


def test_a_predefined_split():
    rows = [(1, 1, 8), (1, 2, 6), (2, 1, 4), (2, 3, 9)]
    dataset = prepare(table_of(rows))
    split = predefined(dataset, table_of(rows[3:]), table_of(rows[1:2]))
    assert split.role.tolist() == [TRAIN, VALID, TRAIN, TEST]
    drawn = predefined(dataset, table_of(rows[3:]), share=1, seed=5)
    assert drawn.role[3] == TEST and drawn.counts() == {"train": 2, "valid": 1, "test": 1, "shown": 0}
    assert drawn.sha256 == predefined(dataset, table_of(rows[3:]), share=1, seed=5).sha256
    with pytest.raises(DataError, match="1 of 2 rows of the test file are not in the dataset"):
        predefined(dataset, table_of([(1, 1, 8), (9, 9, 9)]))
    with pytest.raises(DataError, match="share rows"):
        predefined(dataset, table_of(rows[:2]), table_of(rows[:1]))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"valid": 0.5, "test": 0.5}, "leaves nothing to train on"),
        ({"valid": 0.5, "folds": 2}, "leaves nothing to train on"),
        ({"valid": -1}, "valid is -1"),
        ({"test": 1.5}, "test is 1.5"),
        ({"test": float("nan")}, "test cannot be"),
        ({"shown": 2}, "shown is 2"),
        ({"folds": 1}, "Fold 0 of 1"),
        ({"folds": 3, "fold": 3}, "Fold 3 of 3"),
        ({"kind": "last", "folds": 3}, "of kind last"),
    ],
)
def test_configs_that_cannot_be(given, message):
    with pytest.raises(ConfigError, match=message):
        SplitConfig(**given)


@pytest.mark.parametrize("kind", KINDS)
def test_more_than_there_is_cannot_be_held_out(dataset, kind):
    with pytest.raises(ConfigError, match=r"test is 200,000, and (there are|nobody has)"):
        make_split(dataset, SplitConfig(kind, test=200000))


def test_without_times_there_is_no_last_entry():
    for kind in ("last", "time"):
        with pytest.raises(DataError, match="no times"):
            make_split(prepare(table_of([(1, 1, 8), (1, 2, 8)])), SplitConfig(kind))


def test_another_dataset_is_noticed(dataset):
    split = make_split(dataset, SplitConfig())
    other = prepare(table_of([(1, 1, 8), (2, 2, 8), (3, 3, 3)]))
    with pytest.raises(DataError, match="not the one that the model was trained on"):
        rebuild(other, split.spec, split.sha256)


def test_statistics_of_the_whole_table_do_not_reach_the_models(dataset):
    """A hidden rating must not show in anything that a model is fitted on."""
    assert {"ratings", "mean", "bayes"}.isdisjoint(make_split(dataset, SplitConfig()).train_set(dataset).items.columns)
