"""Weights of a blend: how much each model counts, by how many titles somebody likes."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from konomi.data.gains import hits, ndcg
from konomi.data.prepare import prepare
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.data.split import SplitConfig, make_split
from konomi.data.statistics import add_statistics
from konomi.data.table import Table
from konomi.kernels.topk import topk
from konomi.models import popular
from konomi.models.choice import Validation
from konomi.ranking.blend import Blend
from konomi.ranking.dials import Dials
from konomi.ranking.scores import LATER
from konomi.ranking.weighing import LEAST, _candidates, _ndcg, _selected, fitted
from konomi.ranking.weights import Weights
from konomi.runtime import Run

ITEMS = 60


@dataclass(frozen=True)
class Knows:
    """A model that scores 1 for what each person wants, wanted i32[B], where they have an even or an odd entry, 0 for the rest.

    The first entry of a person says who they are."""

    wanted: Any
    of: Any
    outputs = frozenset({"rank"})
    item_known: Any = None

    def encode(self, profiles, threads=1):
        who = np.array([profiles.item[start] if start < len(profiles.item) else 0 for start in profiles.indptr[:-1]])
        return np.stack([who, profiles.counts], axis=1).astype(np.float32)

    def score(self, codes, output, items=None):
        out = np.zeros((len(codes), ITEMS + 1), np.float32)
        for row, (who, many) in enumerate(codes.astype(int)):
            if self.of(many):
                out[row, self.wanted[who]] = 1
        return out[:, :-1] if items is None else out[:, items]


def made(people=400):
    """People of whom half like 4 titles and half 12, the titles of a cycle that begins anywhere."""
    rows = [(u, (u + k) % ITEMS, 9.0) for u in range(people) for k in range(4 if u % 2 else 12)]
    user, item, rating = zip(*rows, strict=True)
    dataset = prepare(Table(pl.Series(user), pl.Series(item), np.array(rating, np.float32), Scale(1, 10, 1), "test"))
    return make_split(dataset, SplitConfig(kind="per-user", valid=1, test=0)).train_set(dataset)


@pytest.fixture(scope="module")
def train():
    return made()


def blended(train, models):
    items = add_statistics(train.items, train.seen, train.scale)
    return Blend(tuple(models), items, train.labelling)


def knowing(train, of):
    """A model that knows what is hidden of people of whom so many entries are seen."""
    wanted = np.zeros(ITEMS, np.int64)
    known = np.ones(ITEMS + 1, np.float32)
    first = train.seen.item[train.seen.indptr[:-1]]
    wanted[first] = (first + 2) % ITEMS
    return replace(Knows(wanted, of), item_known=known)


def test_each_model_counts_where_it_helps(train):
    """One is right about people who like few titles, the other about those who like many; a third about nobody."""
    few, many, nobody = (knowing(train, of) for of in (lambda n: n < 6, lambda n: n >= 6, lambda n: False))
    weights = fitted(blended(train, (nobody, few, many)), train, Run()).weights
    assert weights is not None and weights.liked[0] == 3 and weights.liked[-1] == 11
    first, last = weights.shares[0], weights.shares[-1]
    assert first[0] == last[0] == 0, "who helps nobody has no share"
    assert last[2] > 0 and first[1] > 0
    assert first[1] >= last[1] and last[2] >= first[2]


def test_a_title_that_two_models_offer_is_wanted_once(train):
    models, people = (knowing(train, lambda n: n < 6), knowing(train, lambda n: True)), Validation.of(train)
    scores, wanted = _candidates(replace(blended(train, models), weights=Weights((0,), ((0.5, 0.5),))), people, Run())
    assert scores.shape[2] > ITEMS and (wanted.sum(axis=1) <= people.wanted.counts).all()
    assert not wanted[np.isinf(scores[0])].any()


def test_one_model_and_few_people_have_no_weights(train):
    some, others = knowing(train, lambda n: True), knowing(train, lambda n: n < 6)
    assert fitted(blended(train, (some,)), train, Run()).weights is None
    few = made(LEAST - 10)
    assert fitted(blended(few, (some, others)), few, Run()).weights is None
    none = replace(train, valid=Profiles.of([{}] * len(train.seen)))
    assert fitted(blended(train, (some, others)), none, Run()).weights is None


def test_the_same_at_any_number_of_threads(train):
    models = (knowing(train, lambda n: n < 6), popular.fit(train, popular.Config(), Run()))
    found = [fitted(blended(train, models), train, Run(threads=threads)).weights for threads in (1, 2)]
    assert found[0] == found[1]


def test_what_helps_by_chance_alone_stays_out():
    """A model whose scores are noise helps one half of the people about as often as the other."""
    draw = np.random.default_rng(0)
    wanted = np.zeros((300, 20), np.bool_)
    wanted[np.arange(300), draw.integers(0, 20, 300)] = True
    good = wanted + draw.normal(0, 1.0, wanted.shape)
    noise = draw.normal(0, 0.2, wanted.shape)
    shares = _selected(np.stack([good, noise]).astype(np.float32), wanted, np.ones(300, np.int64), 0)
    assert shares == (1, 0)
    told = np.stack([np.where(np.arange(300)[:, None] % 2, good, noise), np.where(np.arange(300)[:, None] % 2, noise, good)])
    shares = _selected(told.astype(np.float32), wanted, np.ones(300, np.int64), 0)
    assert min(shares) > 0.3, "each knows half of the people"


@given(st.integers(1, 6), st.integers(3, 30), st.integers(0, 2**32 - 1))
def test_ndcg_is_that_of_evaluation(people, items, seed):
    draw = np.random.default_rng(seed)
    scores = draw.integers(0, 8, (people, items)).astype(np.float32)
    wanted = Profiles.of([{int(i): 9.0 for i in draw.choice(items, draw.integers(1, 4), replace=False)} for _ in range(people)])
    has = np.zeros((people, items), np.bool_)
    has[wanted.user, wanted.item] = True
    nothing = np.zeros(people + 1, np.int64), np.empty(0, np.int32)
    best, _ = topk(scores, 10, *nothing, np.ones(items, np.bool_))
    np.testing.assert_allclose(_ndcg(scores, has, wanted.counts), ndcg(hits(best, wanted), wanted.counts, 10))


def test_shares_between_numbers_of_liked_titles():
    weights = Weights((0, 3, 15), ((1.0, 0.0), (0.5, 0.5), (0.0, 1.0)))
    expected = [[1, 0], [0.75, 0.25], [0.5, 0.5], [0.25, 0.75], [0, 1], [0, 1]]  # log(1 + n) = 0, 1, 2, 3, 4 in powers of two
    np.testing.assert_allclose(weights.of(np.array([0, 1, 3, 7, 15, 99])), expected, atol=1e-6)
    assert weights.said(["slim", "ease"]) == "slim 0–100 %, ease 0–100 %"
    assert Weights((5,), ((0.25, 0, 0.75),)).said(["slim", "mf", "ease"]) == "slim 25 %, ease 75 %"


@pytest.mark.parametrize(
    ("liked", "shares"),
    [
        ((), ()),
        ((1,), ((),)),
        ((1, 2), ((1.0,),)),
        ((1, 2), ((1.0,), (0.5, 0.5))),
        ((2, 1), ((1.0,), (1.0,))),
        ((1, 1), ((1.0,), (1.0,))),
        ((-1,), ((1.0,),)),
        ((1,), ((0.5, 0.6),)),
        ((1,), ((1.5, -0.5),)),
    ],
)
def test_what_are_no_weights(liked, shares):
    with pytest.raises(ValueError, match="the weights are"):
        Weights(liked, shares)


def test_the_blend_adds_up_by_hand(train):
    """(1 − m) Σ w N + m q."""
    models = tuple(knowing(train, of) for of in (lambda n: n < 6, lambda n: n >= 6))
    order = replace(blended(train, models), weights=Weights((0, 20), ((0.75, 0.25), (0.25, 0.75))))
    people = train.seen.slice(0, 6)
    found = order.weigh(people, Dials())
    liked = people.counts
    share = 0.75 - 0.5 * np.log1p(liked) / np.log(21)
    said = 6 / (6 + liked)
    first, second = order.normal(people)
    circle = order.circle.around(people, order.known).score
    expected = (1 - said)[:, None] * (share[:, None] * first + (1 - share)[:, None] * second) + said[:, None] * circle
    np.testing.assert_allclose(found.total + LATER * found.later, expected, rtol=1e-4, atol=1e-5)
