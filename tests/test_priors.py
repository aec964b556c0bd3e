"""What is few is held back in training, too: penalties that a row has once, biases that begin where `bias` has them."""

import numpy as np
import pytest

import konomi
from konomi.data.prepare import prepare
from konomi.data.split import SplitConfig, make_split
from konomi.evaluate.evaluate import evaluate
from konomi.models import bias, mf, mf_fit, module, network_priors, nn
from konomi.models.network import Losses
from konomi.models.priors import first_biases, per_entry
from konomi.runtime import Run
from konomi.simulate.ratings import simulate
from konomi.simulate.titles import simulated_catalogue

RATINGS, BOTH = Losses(("rating",)), Losses(("rating", "interaction"))
QUICK = {"dim": 4, "hidden": 4, "epochs": 2, "batch": 64}


@pytest.fixture(scope="module")
def train(checkerboard):
    return make_split(checkerboard, SplitConfig(valid=0.1, test=0)).train_set(checkerboard)


def test_what_is_held_once_is_shared_by_the_entries():
    np.testing.assert_allclose(per_entry(0.5, 6, np.array([0, 1, 3, 600])), [6.5, 6.5, 2.5, 0.51])


def test_first_biases_are_those_of_bias(train):
    model = bias.fit(train, bias.Config(damp_item=4, damp_user=4), Run())
    seen = train.seen.scored()
    people, items = first_biases(seen, seen.rating - model.mean, len(train.items), 4)
    np.testing.assert_allclose(items, model.item_bias[:-1], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(people, model.encode(seen)[:, 0], rtol=1e-4, atol=1e-5)


def test_the_penalties_of_mf_by_hand(train):
    config = mf.Config(l2=0.1, l2_bias=0.01, damping=2)
    problem = mf_fit.problem_of(train, config, Run())
    vectors, others, people, items = problem.penalties(config)
    n, m = problem.seen.counts, problem.count_of
    np.testing.assert_allclose(vectors, 0.1 * problem.sigma * (1 + 30 / n), rtol=1e-5)
    np.testing.assert_allclose(others, 0.1 * problem.sigma * (1 + 30 / m), rtol=1e-5)
    np.testing.assert_allclose(people, 0.01 + 2 / n, rtol=1e-5)
    np.testing.assert_allclose(items, 0.01 + 2 / m, rtol=1e-5)
    liked = mf.Config(task="interaction", l2_bias=0.01, damping=2)
    np.testing.assert_allclose(mf_fit.problem_of(train, liked, Run()).penalties(liked)[2], np.full(len(n), 0.01), rtol=1e-5)


def test_the_penalties_of_a_network_by_hand():
    vectors, biases = network_priors.penalties(nn.Config(l2=0.1, l2_bias=0.01, damping=2), 1, 2, np.array([1, 20]))
    np.testing.assert_allclose(vectors, [[3.1], [0.25]], rtol=1e-5)
    np.testing.assert_allclose(biases, [[0.01, 2.01], [0.01, 0.11]], rtol=1e-5)


def test_a_fold_in_holds_a_bias_no_more_than_training():
    biases, weights = np.zeros((3, 2), np.float32), np.array([1, 0.5], np.float32)  # they do not vary at all
    penalty = network_priors.fold_in_penalty(nn.Config(dim=2, damping=3), biases, weights, 0)
    np.testing.assert_allclose(penalty[1, 2:], [3, 50])
    penalty = network_priors.fold_in_penalty(nn.Config(dim=2, damping=0), biases, weights, 0)
    np.testing.assert_allclose(penalty[1, 2:], [100, 50])


@pytest.mark.parametrize(("task", "damping"), [("interaction", 4.0), ("rating", 0.0)])
def test_biases_of_what_is_liked_and_undamped_ones_begin_at_nothing(train, task, damping):
    given = {"dim": 2, "epochs": 1, "rate": 1e-9, "task": task, "damping": damping}
    assert np.abs(mf.fit(train, mf.Config(**given), Run()).item_bias).max() < 1e-6
    assert np.abs(nn.fit(train, nn.Config(**given, hidden=2), Run()).right[:, -1]).max() < 1e-6


def test_biases_of_ratings_begin_at_those_of_bias(train):
    expected = bias.fit(train, bias.Config(damp_item=4, damp_user=4), Run()).item_bias
    np.testing.assert_allclose(mf.fit(train, mf.Config(dim=2, epochs=1, rate=1e-9), Run()).item_bias, expected, atol=1e-5)
    model = nn.fit(train, nn.Config(dim=2, hidden=2, epochs=1, rate=1e-9), Run())
    np.testing.assert_allclose(model.center[1] * model.right[:, -1], expected, atol=1e-5)


def test_the_penalty_of_the_layers_goes_with_the_number_of_ratings():
    for n in (4_000, 340_000, 12_000_000):
        assert RATINGS.l2_dense(nn.Config(), n) == pytest.approx(3_400 / n)
        assert BOTH.l2_dense(nn.Config(), n) == Losses(("interaction",)).l2_dense(nn.Config(), n) == 0.01
        for given in (0.0, 0.02):
            assert RATINGS.l2_dense(nn.Config(l2_dense=given), n) == BOTH.l2_dense(nn.Config(l2_dense=given), n) == given


@pytest.mark.parametrize(("given", "used"), [({}, None), ({"l2_dense": 0.02}, 0.02), ({"l2_dense": 0.0}, 0.0)])
def test_a_bundle_says_what_the_penalty_of_the_layers_was(checkerboard, tmp_path, given, used):
    made = konomi.train_model(checkerboard, {"nn": {**QUICK, **given}}, split=SplitConfig(test=0.2), run=Run(threads=1))
    konomi.save_bundle(tmp_path / "b", made)
    entries = make_split(checkerboard, SplitConfig(test=0.2)).counts()["train"]  # of the training that was measured
    expected = {"l2_dense": 3_400 / entries if used is None else used}
    assert konomi.load_bundle(tmp_path / "b").models["nn"].chosen == expected


def test_a_network_of_an_earlier_release_says_nothing_of_it(train):
    state = nn.fit(train, nn.Config(**QUICK), Run()).state()
    del state["dense"]
    model = nn.load(state)
    assert model.chosen == {} and "dense" not in model.state()


def test_few_ratings_are_predicted_no_worse_than_by_bias():
    """5,000 simulated ratings of 5,000 titles."""
    dataset = prepare(simulate(simulated_catalogue(5_000, 1), 300, 5_000, 1, Run(), fame_sd=1.0).table())
    split = make_split(dataset, SplitConfig(test=0.2))
    train, (seen, hidden) = split.train_set(dataset), split.test(dataset)

    def error(name):
        return evaluate(module(name).fit(train, module(name).Config(), Run()), seen, hidden, train).metrics["rmse"]

    least = error("bias")
    for name in ("mf", "nn", "hybrid"):
        assert error(name) <= least + 0.002, name
