"""The network as it serves: folding people in against retraining, scoring against the formula."""

import dataclasses
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit

from konomi.data.labels import LEFT_OUT
from konomi.data.profiles import Profiles
from konomi.data.split import SplitConfig, make_split
from konomi.errors import ConfigError, FitError, RequestError
from konomi.models import hybrid, module, nn
from konomi.models.network import PairNetwork, targets
from konomi.runtime import Run

SMALL = {"epochs": 8, "dim": 4, "hidden": 6, "batch": 64, "rate": 0.03, "patience": 0, "init": 0.3}


@pytest.fixture(scope="module")
def train(checkerboard):
    return make_split(checkerboard, SplitConfig(valid=0.1, test=0)).train_set(checkerboard)


@pytest.fixture(scope="module", params=["rating", "interaction", "hybrid", "hybrid without products", "hybrid without biases"])
def fitted(request, train) -> PairNetwork:
    if request.param.startswith("hybrid"):
        without = {"products": {"product": False}, "biases": {"biased": False}}.get(request.param.rpartition(" ")[2], {})
        return hybrid.fit(train, hybrid.Config(**SMALL, **without), Run())
    return nn.fit(train, nn.Config(task=request.param, **SMALL), Run())


def outputs_by_formula(fitted: PairNetwork, code, items):
    """z of one person, f64[n, O], as the head of network.py writes it."""
    D, H = fitted.W.shape
    e, b = code[:D].astype(np.float64), code[D:]
    rows = []
    for item in items:
        c, rest = fitted.right[item, :H].astype(np.float64), fitted.right[item, H:]
        f, g = rest[: len(rest) - len(fitted.V)], rest[len(rest) - len(fitted.V) :]
        hidden = np.maximum(e @ fitted.W + fitted.h + c, 0)
        rows.append(fitted.constant + b + g + (e @ f if len(f) else 0) + fitted.V @ hidden)
    return np.array(rows)


def objective(fitted: PairNetwork, code, profile: Profiles) -> float:
    """What a person's row minimises."""
    used, rating, label = targets(profile, fitted.heads, fitted.center, fitted.labelling)
    z = outputs_by_formula(fitted, code, used.item)
    total = len(used.item) * float(fitted.penalty[0] @ code**2) + float(fitted.penalty[1] @ (code - fitted.average) ** 2)
    if fitted.heads[0] >= 0:
        total += fitted.weights[0] * np.nansum((z[:, int(fitted.heads[0])] - rating) ** 2)
    if fitted.heads[1] >= 0:
        like = z[:, int(fitted.heads[1])]
        known = label != LEFT_OUT
        total += fitted.weights[1] * np.sum((np.logaddexp(0, like) - label * like)[known])
    return float(total)


def test_scores_are_the_formula(fitted):
    code = fitted.encode(Profiles.of([{1: 9, 4: 2, 7: 9}]))
    z = outputs_by_formula(fitted, code[0], range(20))
    if "rating" in fitted.outputs:
        expected = fitted.center[0] + fitted.center[1] * z[:, int(fitted.heads[0])]
        np.testing.assert_allclose(fitted.score(code, "rating")[0], expected, rtol=1e-5)
    if "interaction" in fitted.outputs:
        np.testing.assert_allclose(fitted.score(code, "interaction")[0], expit(z[:, int(fitted.heads[1])]), rtol=1e-4)


def test_folding_in_is_retraining(fitted):
    """No other row, found by a general minimiser from several starts, fits a profile much better; nor does the average one."""
    profile = Profiles.of([{0: 9, 3: 2, 4: 8, 7: 3, 10: 9}])
    code = fitted.encode(profile)[0].astype(np.float64)
    found = objective(fitted, code, profile)
    starts = [code, *(fitted.average + 0.3 * np.random.default_rng(seed).standard_normal(len(code)) for seed in range(4))]
    best = min(minimize(lambda row: objective(fitted, row, profile), start, method="BFGS").fun for start in starts)
    assert found <= best * 1.02 + 1e-6
    assert found <= objective(fitted, fitted.average, profile)


def test_a_training_user_folded_in_predicts_what_training_learnt(train):
    from konomi.models.network_fit import Losses, PairTraining
    from konomi.neural.loop import Steps
    from konomi.neural.loop import train as learn
    from konomi.runtime import workers

    config = nn.Config(**{**SMALL, "epochs": 60})
    with workers(1) as each:
        network = PairTraining(train, config, Losses(("rating",)), 0, __import__("torch").device("cpu"), each)
        model = network.model(learn("nn", network, Steps(60, 0, 0.03, 0.02), Run()))
    alone = replace(model, penalty=np.stack([model.penalty[0], np.zeros_like(model.penalty[1])]))  # training knows no prior
    seen = train.seen
    learnt, folded = (
        np.sqrt(np.mean((model.score_pairs(codes[seen.user], seen.item, "rating") - seen.rating) ** 2))
        for codes in (network.rows("user"), alone.encode(seen))
    )
    assert folded <= learnt + 0.02


def test_a_prior_holds_somebody_with_one_entry_close_to_nobody_in_particular(fitted):
    one = Profiles.of([{0: 9}])
    free = replace(fitted, penalty=np.stack([fitted.penalty[0], np.zeros_like(fitted.penalty[1])]))
    moved, without = (np.abs(each.encode(one)[0] - fitted.average).max() for each in (fitted, free))
    assert 0 < moved < without


def test_without_biases_there_are_none(train):
    model = nn.fit(train, nn.Config(**SMALL, biased=False), Run())
    assert not model.right[:, -1].any() and np.abs(model.encode(train.seen)[:, -1]).max() < 1e-5


def test_without_the_product_items_keep_no_vectors(train):
    model = nn.fit(train, nn.Config(**SMALL, product=False), Run())
    assert model.right.shape == (21, 6 + 1) and model.item_vectors().shape == (20, 6)


def test_a_hybrid_learns_from_entries_with_either_answer(checkerboard):
    """Ratings with gaps: what is completed but not scored is liked, and is learnt from."""
    status = np.full(len(checkerboard.item), 2, np.uint8)
    stored = checkerboard.stored.copy()
    stored[::3] = 0
    data = dataclasses.replace(checkerboard, stored=stored, status=status)
    parts = make_split(data, SplitConfig(valid=0.1, test=0)).train_set(data)
    model = hybrid.fit(parts, hybrid.Config(**SMALL), Run())
    assert model.outputs == {"rating", "interaction", "rank"} and np.isfinite(model.history).all()
    liked = Profiles(np.array([0, 1]), np.array([3], np.int32), np.array([np.nan], np.float32), np.array([2], np.uint8))
    assert not np.array_equal(model.encode(liked), model.encode(Profiles.of([{}])))


def test_the_unknown_item_is_between(train):
    """Row −1: nothing is known of it, so its rank is the middle that other items are shrunk to."""
    model = nn.fit(train, nn.Config(**SMALL), Run())
    code = model.encode(Profiles.of([{1: 9}]))
    rank, rating = (model.score(code, output, np.array([0, 1, -1], np.int32))[0] for output in ("rank", "rating"))
    np.testing.assert_allclose(rank[2], rating[2], rtol=1e-6)
    assert np.all(np.abs(rank - rank[2]) <= np.abs(rating - rating[2]) + 1e-6)


def test_settings_and_requests_that_make_no_sense(train):
    for wrong in (
        {"dim": 0},
        {"hidden": 0},
        {"rate": 0.0},
        {"l2": -1.0},
        {"dropout": 1.0},
        {"hidden_dropout": -0.1},
        {"batch": -1},
    ):
        with pytest.raises(ConfigError):
            nn.Config(**wrong)
    with pytest.raises(ConfigError, match="weight of the interactions"):
        hybrid.Config(interaction=-1)
    model = nn.fit(train, nn.Config(**SMALL), Run())
    with pytest.raises(RequestError, match="no output"):
        model.score(model.encode(Profiles.of([{}])), "interaction")
    nothing = dataclasses.replace(train, seen=train.seen.keep(np.zeros(len(train.seen.item), bool)))
    for name in ("nn", "hybrid"):
        with pytest.raises(FitError, match="to learn from"):
            module(name).fit(nothing, module(name).Config(), Run())


@pytest.mark.parametrize("liked", [True, False])
def test_interactions_of_one_class_cannot_be_learnt(train, liked):
    rating = np.full_like(train.seen.rating, 9 if liked else 2)
    parts = dataclasses.replace(train, seen=dataclasses.replace(train.seen, rating=rating))
    for name in ("nn", "hybrid"):
        task = {"task": "interaction"} if name == "nn" else {}
        with pytest.raises(FitError, match="there is nothing to tell apart"):
            module(name).fit(parts, module(name).Config(**task, **SMALL), Run())


def test_people_held_out_whole_are_validated_by_folding_in(checkerboard):
    parts = make_split(checkerboard, SplitConfig(kind="users", valid=0.3, test=0, shown=0.5)).train_set(checkerboard)
    model = nn.fit(parts, nn.Config(**{**SMALL, "epochs": 30}), Run())
    assert model.history[-1, 1] < model.history[0, 1] and np.isfinite(model.history).all()
