"""popular beyond the contract: hand-worked orders, what is not counted, what is refused."""

from dataclasses import replace

import numpy as np
import pytest

from conftest import table_of
from konomi.data.labels import STATUS
from konomi.data.prepare import prepare
from konomi.data.profiles import Profiles
from konomi.data.split import TrainSet
from konomi.errors import ConfigError, FitError, RequestError
from konomi.models import popular
from konomi.models.api import criterion, tasks
from konomi.runtime import Run


def train_of(rows, status=None):
    """Everything is learnt from."""
    names = None if status is None else np.array([STATUS.get(name, 0) for name in status], np.uint8)
    data = prepare(table_of(rows, status=names))
    nothing = data.profiles.keep(np.zeros(len(data.item), bool))
    return TrainSet(data.profiles, nothing, nothing, data.scale, data.items, data.labelling)


@pytest.fixture(scope="module")
def train():
    """Item 1 has three ratings of mean 6, item 2 one of 10, item 3 none that says anything; m = 7."""
    return train_of([(1, 1, 6), (2, 1, 6), (3, 1, 6), (1, 2, 10), (2, 3, None)])


def test_by_count(train):
    model = popular.fit(train, popular.Config(), Run())
    np.testing.assert_allclose(model.level, np.log1p([3, 1, 0, 0]), rtol=1e-6)
    np.testing.assert_allclose(model.item_known, [3 / 103, 1 / 101, 0, 0], rtol=1e-6)
    codes = model.encode(Profiles.of([{}, {1: 9}]))
    np.testing.assert_array_equal(model.score(codes, "rank"), [model.level[:3]] * 2)
    np.testing.assert_array_equal(model.score(codes, "rank", np.array([1, -1])), [model.level[[1, -1]]] * 2)


def test_by_bayesian_average(train):
    model = popular.fit(train, popular.Config(order="bayes", item_prior=2), Run())
    np.testing.assert_allclose(model.level, [(14 + 18) / 5, (14 + 10) / 3, 7, 7], rtol=1e-6)
    np.testing.assert_allclose(model.item_known, [3 / 103, 1 / 101, 0, 0], rtol=1e-6)
    plain = popular.fit(train, popular.Config(order="bayes", item_prior=0), Run())
    np.testing.assert_allclose(plain.level, [6, 10, 7, 7], rtol=1e-6)


def test_what_is_only_planned_is_not_counted():
    rows = [(1, 1, None), (2, 1, None), (3, 1, 8), (1, 2, None), (2, 2, None), (3, 2, None), (3, 3, None)]
    status = ["plan to watch", "plan to watch", "plan to watch", "dropped", "watching", "completed", None]
    train = train_of(rows, status)
    assert train.seen.consumed.tolist() == [name not in ("plan to watch", None) for name in by_user(rows, status)]
    np.testing.assert_allclose(popular.fit(train, popular.Config(), Run()).level, np.log1p([0, 3, 0, 0]), rtol=1e-6)


def by_user(rows, status):
    """The statuses in the order of the dataset: by user, then item."""
    return [name for _, name in sorted(zip(rows, status, strict=True), key=lambda pair: pair[0][:2])]


def test_it_has_no_task(train):
    model = popular.fit(train, popular.Config(), Run())
    assert tasks(model) == () and criterion(model).name == "" and model.history.shape == (0, 2)
    with pytest.raises(RequestError, match='no output "rating"'):
        model.score(model.encode(train.seen), "rating")


def test_what_is_refused(train):
    with pytest.raises(ConfigError, match="item_prior is negative"):
        popular.Config(item_prior=-1)
    nothing = replace(train, seen=train.seen.keep(np.isnan(train.seen.rating)))
    for order, what in (("count", "entry"), ("bayes", "rating")):
        with pytest.raises(FitError, match=f"no {what} to learn from"):
            popular.fit(nothing, popular.Config(order=order), Run())
