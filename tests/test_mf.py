"""mf beyond the contract: schedules, early stopping, divergence, fold-in, settings that make no sense."""

from dataclasses import replace

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from konomi.data.labels import STATUS
from konomi.data.profiles import Profiles
from konomi.data.split import SplitConfig, make_split
from konomi.errors import ConfigError, FitError, RequestError
from konomi.models import bias, factors, mf, mf_fit
from konomi.runtime import Run, workers


@pytest.fixture(scope="module")
def train(checkerboard):
    return make_split(checkerboard, SplitConfig(valid=0.1, test=0)).train_set(checkerboard)


def test_schedules_by_hand():
    assert [mf.Config(rate=0.2, schedule="constant").rate_at(e) for e in (0, 9)] == pytest.approx([0.2, 0.2])
    inverse = mf.Config(rate=0.2, schedule="inverse-time", decay=0.5)
    assert [inverse.rate_at(e) for e in (0, 1, 2)] == pytest.approx([0.2, 0.2 / 1.5, 0.1])
    warm = mf.Config(rate=0.2, schedule="warm-up", warm_up=3)
    assert [warm.rate_at(e) for e in (0, 1, 3, 4)] == pytest.approx([0.05, 0.1, 0.2, 0.2])


def test_it_stops_early_and_keeps_its_best_epoch(train):
    patient = mf.fit(train, mf.Config(dim=8, rate=0.28, l2=0, patience=2, epochs=200, init=0.05), Run())
    assert len(patient.history) < 200
    best = int(patient.history[:, 1].argmin())
    assert len(patient.history) == best + 3
    short = mf.fit(train, mf.Config(dim=8, rate=0.28, l2=0, patience=0, epochs=best + 1, init=0.05), Run())
    np.testing.assert_array_equal(patient.item_code, short.item_code)


def test_divergence_is_an_error_that_names_the_epoch_and_the_knob(train):
    with pytest.raises(FitError, match=r"diverged in epoch \d+") as caught:
        mf.fit(train, mf.Config(rate=50.0, schedule="constant"), Run())
    assert "rate" in caught.value.hint and "50" in caught.value.hint


def test_nothing_to_learn_from(train):
    nothing = replace(train, seen=train.seen.keep(np.zeros(len(train.seen.item), bool)))
    for model in (mf, bias):
        with pytest.raises(FitError, match="no rating to learn from"):
            model.fit(nothing, model.Config(), Run())
    with pytest.raises(FitError, match="no interaction to learn from"):
        mf.fit(nothing, mf.Config(task="interaction"), Run())


@pytest.mark.parametrize(("liked", "said"), [(True, "is liked"), (False, "is not liked")])
def test_nothing_to_tell_apart(train, liked, said):
    alike = replace(train, seen=train.seen.keep((train.seen.rating > 5) == liked))
    with pytest.raises(FitError, match=said) as caught:
        mf.fit(alike, mf.Config(task="interaction"), Run())
    assert "`task`=rating" in caught.value.hint


@pytest.mark.parametrize("bad", [{"dim": 0}, {"rate": 0.0}, {"epochs": 0}, {"l2": -1.0}, {"patience": -1}, {"init": 0.0}])
def test_settings_that_make_no_sense(bad):
    with (
        pytest.raises(ConfigError, match=next(iter(bad)))
        if "l2" not in bad and "patience" not in bad
        else pytest.raises(ConfigError)
    ):
        mf.Config(**bad)
    with pytest.raises(ConfigError, match="negative"):
        bias.Config(damp_user=-1)
    for dropout in (-0.1, 1.0):
        with pytest.raises(ConfigError, match=f"dropout is {dropout:g}"):
            mf.Config(dropout=dropout)


def test_folding_in_a_training_user_predicts_what_training_learnt(checkerboard):
    """The ridge solution of the objective that SGD minimises lands where SGD landed: training error is no worse.

    That objective has no penalty but the one that goes with the ratings, and knows of no average."""
    train = make_split(checkerboard, SplitConfig(valid=0, test=0)).train_set(checkerboard)
    model = mf.fit(train, mf.Config(dim=4, epochs=200, rate=0.2, l2=0.03, init=0.05, patience=0), Run())
    nobody, once = np.zeros_like(model.average), np.full_like(model.average, 1e-6)
    model, seen = replace(model, average=nobody, penalty=np.stack([model.penalty[0], once])), train.seen
    folded = model.score_pairs(model.encode(seen)[seen.user], seen.item, "rating")
    assert np.sqrt(np.mean((folded - seen.rating) ** 2)) <= model.history[-1, 0] + 0.01


def test_what_is_known_before_any_rating_by_hand(train):
    """Errors of 0.6 and biases of −2, 0 and 2 are 0.36 / (8/3) ratings' worth; who was not learnt from does not count."""
    problem = mf_fit.problem_of(train, mf.Config(), Run())
    few = replace(train.seen, indptr=np.array([0, 1, 2, 3, 3], np.int64))
    P, Q = np.ones((4, 2), np.float32), np.zeros((len(train.items), 2), np.float32)
    weights = mf_fit.Weights(P, Q, np.array([-2, 0, 2, 99], np.float32), np.zeros(len(Q), np.float32))
    config = mf.Config(dim=2, l2=0.1, damping=0)

    def penalty(problem, weights, error=0.6, config=config):
        return mf_fit._model(problem._replace(seen=few), weights, config, error, []).penalty

    expected = [[0.1 * problem.sigma] * 2 + [0.005], [3 * problem.sigma] * 2 + [0.135]]
    np.testing.assert_allclose(penalty(problem, weights), expected, rtol=1e-6)
    labelled = problem._replace(labelling=train.labelling.pack())
    assert penalty(labelled, weights)[1, -1] == pytest.approx(3 / 8)  # of a likelihood the variance is 1
    alike = weights._replace(bu=np.zeros(4, np.float32))
    assert penalty(problem, alike)[1, -1] == 100 and penalty(problem, weights, 0.0)[1, -1] == np.float32(0.1)
    damped = replace(config, damping=3)  # what training holds back varies too little
    assert penalty(problem, alike, config=damped)[1, -1] == 3
    assert penalty(problem, weights, config=damped)[1, -1] == pytest.approx(0.135)


def test_the_first_rating_moves_a_person_a_little_and_the_hundredth_hardly(train):
    """Who gives two more than the average person gives all: with a bias only, n / (n (1 + λ_b) + prior) of it."""
    model = mf.fit(train, mf.Config(dim=2, epochs=1, rate=1e-6, init=1e-6), Run())
    once = np.array([1, 1, 1.5], np.float32)
    model = replace(model, penalty=np.stack([model.penalty[0], once]), average=np.array([0, 0, 0.5], np.float32))
    usual = model.score(model.encode(Profiles.of([{}])), "rating")[0]
    for n in (1, 2, 20):
        code = model.encode(Profiles.of([{i: float(usual[i]) + 2 for i in range(n)}]))
        np.testing.assert_allclose(code[0], [0, 0, 0.5 + 2 * n / (n * 1.005 + 1.5)], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("task", ["rating", "interaction"])
@pytest.mark.parametrize("biases", ["outside", "inside", "none"])
def test_who_rates_as_the_average_person_is_the_average_person(train, task, biases):
    model = mf.fit(train, mf.Config(task=task, dim=4, biases=biases, epochs=3, init=0.3), Run())
    model = replace(model, labelling=np.empty(0, np.float32), average=model.average + np.array([0.25] * 4 + [0], np.float32))
    nobody = model.encode(Profiles.of([{}]))
    usual = model.score(nobody, "rating")[0]
    same = model.encode(Profiles.of([{i: float(usual[i]) for i in (2, 5, 8)}]))
    np.testing.assert_allclose(same, nobody, atol=1e-5)


def test_the_dot_product_has_no_biases(train):
    model = mf.fit(train, mf.Config(dim=4, biases="none", epochs=3, init=0.3), Run())
    assert model.mean == 0 and not model.item_bias.any() and not model.encode(train.seen)[:, -1].any()


def test_biases_inside_are_part_of_the_vectors(train):
    """Written out with the weights of training, the notebook's formula is what the served dot product predicts."""
    rng = np.random.default_rng(0)
    P, Q, bu, bi = (rng.normal(0, 1, shape).astype(np.float32) for shape in ((3, 4), (5, 4), 3, 5))
    served = mf_fit.Weights(P, Q, bu, bi).outside(mf.Config(biases="inside"))
    expected = (P + bu[:, None]) @ (Q + bi[:, None]).T
    np.testing.assert_allclose(served.P @ served.Q.T + served.bu[:, None] + served.bi, expected, rtol=1e-5)
    inside = {"biases": "inside", "optimizer": "adagrad", "rate": 0.15, "schedule": "constant", "init": 0.05}
    model = mf.fit(train, mf.Config(dim=4, epochs=40, patience=0, **inside), Run())
    assert model.mean == pytest.approx(train.seen.rating.mean()) and not model.item_bias.any()
    folded = model.score_pairs(model.encode(train.seen)[train.valid.user], train.valid.item, "rating")
    assert np.sqrt(np.mean((folded - train.valid.rating) ** 2)) < 1


@pytest.mark.parametrize("biases", ["outside", "inside", "none"])
@pytest.mark.parametrize("task", ["rating", "interaction"])
def test_dropout_is_the_same_on_any_number_of_threads(train, task, biases):
    config = mf.Config(task=task, dim=4, epochs=3, biases=biases, dropout=0.5, optimizer="adagrad")
    models = [mf.fit(train, config, Run(threads=threads)) for threads in (1, 8)]
    np.testing.assert_array_equal(models[0].item_code, models[1].item_code)
    assert not np.array_equal(models[0].item_code, mf.fit(train, replace(config, dropout=0.4), Run()).item_code)


def test_a_stranger_likes_as_the_training_set_does(train):
    """Without entries that have a label: the base rate, moved only by what people and items are like on average."""
    model = mf.fit(train, mf.Config(task="interaction", dim=2, epochs=1, rate=1e-6), Run())
    liked = (train.seen.rating > 5).mean()
    assert model.mean == pytest.approx(np.log(liked / (1 - liked)), rel=1e-5)
    nobody = Profiles.of([{}])
    np.testing.assert_allclose(model.score(model.encode(nobody), "interaction"), liked, atol=1e-3)
    assert model.history[0] == pytest.approx(-liked * np.log(liked) - (1 - liked) * np.log(1 - liked), abs=0.03)


def test_what_counts_as_liked_is_read_from_new_profiles_too(checkerboard):
    """A completed entry without a score is liked, a dropped one is not, a planned one says nothing; by the rule of the data."""
    train = make_split(checkerboard, SplitConfig(valid=0, test=0)).train_set(checkerboard)
    model = mf.fit(train, mf.Config(task="interaction", dim=4, epochs=30, rate=0.05, init=0.1, patience=0), Run())

    def code(rating, status):
        one = Profiles.of([{4: rating}])
        return model.encode(replace(one, status=np.array([STATUS[status]], np.uint8)))

    unscored, nobody = float("nan"), model.encode(Profiles.of([{}]))
    np.testing.assert_array_equal(code(unscored, "completed"), code(9, "completed"))
    np.testing.assert_array_equal(code(unscored, "dropped"), code(3, "completed"))
    np.testing.assert_array_equal(code(unscored, "plan to watch"), nobody)
    assert not np.array_equal(code(9, "completed"), code(3, "completed"))
    negative = replace(train, labelling=replace(train.labelling, rule="unscored-negative"))
    model = mf.fit(negative, mf.Config(task="interaction", dim=4, epochs=1), Run())
    np.testing.assert_array_equal(code(unscored, "completed"), code(unscored, "dropped"))


def test_bias_by_hand():
    from conftest import table_of
    from konomi.data.prepare import prepare
    from konomi.data.split import TrainSet

    data = prepare(table_of([(1, 1, 8), (1, 2, 4), (2, 1, 6)]))  # μ = 6
    nothing = data.profiles.keep(np.zeros(3, bool))
    train = TrainSet(data.profiles, nothing, nothing, data.scale, data.items, data.labelling)
    model = bias.fit(train, bias.Config(damp_item=0, damp_user=1), Run())
    np.testing.assert_allclose(model.item_bias, [1, -2, 0])  # (2 + 0)/2, −2/1, an unknown item
    # person 1: (8 − 6 − 1) + (4 − 6 + 2) = 1, over 2 + 1; person 2: 6 − 6 − 1 = −1, over 1 + 1
    np.testing.assert_allclose(model.encode(data.profiles), [[1 / 3], [-1 / 2]], rtol=1e-6)
    np.testing.assert_allclose(model.score(np.zeros((1, 1), np.float32), "rating"), [[7, 4]])


def test_people_held_out_whole_choose_the_epoch_of_interactions(checkerboard):
    train = make_split(checkerboard, SplitConfig("users", valid=0.3, test=0)).train_set(checkerboard)
    model = mf.fit(train, mf.Config("interaction", dim=4, epochs=30, rate=0.2, l2=0.01, init=0.1, patience=0), Run())
    chance = model.score_pairs(model.encode(train.shown)[train.valid.user], train.valid.item, "interaction")
    liked = train.valid.rating > 5
    log_loss = -np.log(np.where(liked, chance, 1 - chance)).mean()
    assert log_loss == pytest.approx(model.history[:, 1].min(), rel=1e-3) and log_loss < 0.3


def test_people_held_out_whole_choose_the_epoch(checkerboard):
    """Their validation error is that of somebody folded in from what is shown, so it falls as taste is learnt."""
    train = make_split(checkerboard, SplitConfig("users", valid=0.3, test=0)).train_set(checkerboard)
    model = mf.fit(train, mf.Config(dim=4, epochs=40, rate=0.2, l2=0.01, init=0.1, patience=0), Run())
    assert model.history[-1, 1] < model.history[0, 1] / 2 and model.history[-1, 1] < 1
    folded = model.score_pairs(model.encode(train.shown)[train.valid.user], train.valid.item, "rating")
    error = np.sqrt(np.mean((np.clip(folded, 1, 10) - train.valid.rating) ** 2))
    assert error == pytest.approx(model.history[:, 1].min(), rel=1e-3)


def test_an_output_that_a_model_does_not_have(train):
    for model in (mf.fit(train, mf.Config(dim=2, epochs=1), Run()), bias.fit(train, bias.Config(), Run())):
        with pytest.raises(RequestError, match=r'no output "ratings"\. Did you mean "rating"'):
            model.score(model.encode(train.seen), "ratings")


@pytest.mark.parametrize("threads", [2, 8])
def test_many_people_are_folded_in_the_same_on_any_number_of_threads(train, threads):
    model = mf.fit(train, mf.Config(dim=4, epochs=2), Run())
    crowd = train.seen.take(np.tile(np.arange(len(train.seen)), 3 * factors.PEOPLE // len(train.seen)))
    assert len(crowd) > 2 * factors.PEOPLE
    np.testing.assert_array_equal(model.encode(crowd, 1), model.encode(crowd, threads))


def test_blas_keeps_to_one_thread_while_people_are_folded_in(train):
    model = mf.fit(train, mf.Config(dim=4, epochs=1), Run())
    with workers(1):
        model.encode(train.seen)
        assert {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"} == {1}
