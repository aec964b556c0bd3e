"""Splits: disjoint, complete, of the size that was asked for, the same every time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import table_of
from konomi.data.prepare import prepare
from konomi.data.split import SHOWN, TEST, TRAIN, VALID, SplitConfig, make_split, predefined, rebuild
from konomi.errors import ConfigError, DataError

KINDS = ("random", "per-user", "last", "users", "items")


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
    if (valid or test) and kind != "last":
        assert split.sha256 != make_split(dataset, SplitConfig(kind, valid, test, seed=seed + 1)).sha256


def test_sizes_by_hand(dataset):
    n, per_user = len(dataset.item), np.diff(dataset.indptr)
    counts = make_split(dataset, SplitConfig("random", valid=0.1, test=50)).counts()
    assert counts == {"train": n - 50 - round(n * 0.1), "valid": round(n * 0.1), "test": 50, "shown": 0}
    split = make_split(dataset, SplitConfig("per-user", valid=1, test=2))
    for some, size in ((TEST, 2), (VALID, 1)):
        assert (np.add.reduceat(split.role == some, dataset.indptr[:-1]) == np.minimum(size, per_user - 1)).all()
    users = make_split(dataset, SplitConfig("users", valid=0, test=10, shown=0.5))
    held_out = np.unique(np.repeat(np.arange(40), per_user)[users.role != TRAIN])
    assert len(held_out) == 10
    items = make_split(dataset, SplitConfig("items", valid=0.1, test=0.2))
    by_role = [set(dataset.item[items.role == p]) for p in (TRAIN, VALID, TEST)]
    assert [len(p) for p in by_role] == [21, 3, 6] and not by_role[0] & by_role[1] and not by_role[0] & by_role[2]


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


def test_splits_that_cannot_be():
    with pytest.raises(ConfigError, match="leaves nothing to train on"):
        SplitConfig(valid=0.5, test=0.5)
    with pytest.raises(ConfigError, match="valid -1"):
        SplitConfig(valid=-1)
    with pytest.raises(DataError, match="no times"):
        make_split(prepare(table_of([(1, 1, 8), (1, 2, 8)])), SplitConfig("last"))


def test_another_dataset_is_noticed(dataset):
    split = make_split(dataset, SplitConfig())
    other = prepare(table_of([(1, 1, 8), (2, 2, 8), (3, 3, 3)]))
    with pytest.raises(DataError, match="not the one that the model was trained on"):
        rebuild(other, split.spec, split.sha256)


def test_statistics_of_the_whole_table_do_not_reach_the_models(dataset):
    """A hidden rating must not show in anything that a model is fitted on."""
    assert {"ratings", "mean", "bayes"}.isdisjoint(make_split(dataset, SplitConfig()).train_set(dataset).items.columns)
