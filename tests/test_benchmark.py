"""A protocol is run as its rule says: what is learnt, shown, hidden and counted, on every fold and for every seed."""

from dataclasses import replace

import numpy as np
import pytest

from konomi.data.split import TEST, TRAIN, VALID
from konomi.errors import ConfigError, DataError, RequestError
from konomi.evaluate.bootstrap import standing
from konomi.evaluate.predict import predict
from konomi.evaluate.rating_metrics import rmse
from konomi.models import bias, ease, mf
from konomi.pipeline.benchmark import benchmark
from konomi.pipeline.protocol import Rule
from konomi.pipeline.protocol_data import find_data, prepared
from konomi.pipeline.protocol_file import load_protocol
from konomi.pipeline.protocol_fold import Fold
from konomi.runtime import Run
from protocols import LISTED, files, index, lists, protocol, ratings

RUN = Run(threads=1)
MF = {"mf": {"dim": 4, "epochs": 40, "rate": 0.5, "l2": 0.0, "patience": 3}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Made data, and protocols on it."""
    place = tmp_path_factory.mktemp("protocols")
    some = files(place)
    numbers = index(place, len(some))
    assert (numbers == 1).sum() > 20
    more = "[as_published]\npicked = 'test'\n"
    two = 'kind = "files"\ntest = ["test1.csv", "test2.csv"]\nvalid = ["valid1.csv", "valid2.csv"]'
    protocol(place / "files.toml", two, more=more)
    protocol(place / "index.toml", 'kind = "index"\nfile = "index.npz"', more="[rule]\nlearnt = 'train'\nshown = 'train'\n")
    liked = [row for row in some if row[2] > 5]
    lists(place / "train.txt", liked[::2])
    lists(place / "test.txt", liked[1::2])
    of_lists = ("train.txt", "test.txt"), LISTED, "ranking", ("ndcg@10", "recall@20", "recall_capped@2")
    protocol(place / "lists.toml", 'kind = "files"\ntest = ["test.txt"]', *of_lists, more=more)
    held = 'kind = "people"\nvalid = 6\ntest = 8\nseed = 1\nhidden = 0.3'
    data = 'least = 6\nread = { source = "delimited", scale = [1, 10, 1] }'
    protocol(place / "people.toml", held, data=data, task="ranking", metrics=("ndcg@10",), more="[rule]\nlearnt = 'train'\n")
    return place


def folds(path, rule=None):
    found = load_protocol(path)
    rule = rule or found.clean
    dataset, splits = prepared(found, find_data(found, path.parent), rule, RUN)
    return [Fold(found, rule, dataset, split, RUN) for split in splits]


def row(found, name):
    (one,) = [each for each in found.rows if each.name == name]
    return one


def test_a_model_learns_validation_entries_and_predicts_from_them(folder):
    """By hand: `bias`, fitted on all but the test entries of each fold, and shown the same."""
    found = benchmark(folder / "files.toml", folder, "bias", RUN)
    errors = []
    for fold in folds(folder / "files.toml"):
        roles = np.where(fold.split.role == VALID, TRAIN, fold.split.role).astype(np.uint8)
        train = replace(fold.split, role=roles).train_set(fold.dataset)
        model = bias.fit(train, bias.Config(), RUN)
        hidden = fold.dataset.profiles.keep(roles == TEST)
        guess = predict(model, train.seen, hidden, ["rating"], fold.dataset.scale, RUN)["rating"]
        errors.append(rmse(hidden.rating, guess))
    one = row(found, "bias")
    assert one.values["rmse"] == pytest.approx(np.mean(errors)) and one.trials == 2 and one.baseline
    assert one.deviations["rmse"] == pytest.approx(np.std(errors, ddof=1))
    assert [each.name for each in found.rows] == ["global mean", "bias"] and found.best == "global mean"  # the better one first


def test_a_rule_of_training_entries_alone(folder):
    (fold,) = folds(folder / "index.toml")
    assert fold.everything is None and len(fold.choosing.valid.item) == fold.split.counts()["valid"] > 0
    np.testing.assert_array_equal(fold.held.seen.counts, fold.choosing.seen.counts)
    (other,) = folds(folder / "index.toml", Rule(learnt="train", shown="train and valid"))
    assert other.everything is None
    assert other.held.seen.counts.sum() == fold.held.seen.counts.sum() + fold.split.counts()["valid"]
    (both,) = folds(folder / "index.toml", Rule())
    assert len(both.everything.seen.item) == len(other.held.seen.item) and len(both.everything.valid.item) == 0


def test_a_rule_that_picks_on_the_test_part(folder):
    fold = folds(folder / "files.toml", Rule(picked="test"))[0]
    assert fold.everything is None and len(fold.choosing.seen.item) == len(fold.dataset.item) - fold.split.counts()["test"]
    np.testing.assert_array_equal(fold.choosing.valid.item, fold.hidden.item)
    clean = benchmark(folder / "files.toml", folder, MF, RUN)
    picked = benchmark(folder / "files.toml", folder, MF, RUN, "as-published")
    assert picked.rule == "as-published" and row(picked, "mf").values != row(clean, "mf").values


def test_the_epoch_that_validation_entries_chose_is_trained_again(folder):
    """The model that is measured has learnt more, and for as many epochs as were best; it is served from its arrays."""
    heard = []
    found = benchmark(folder / "files.toml", folder, MF, RUN, tell=heard.append)
    fold = folds(folder / "files.toml")[0]
    config = mf.Config(dim=4, epochs=40, rate=0.5, l2=0.0, patience=3)
    first = mf.fit(fold.choosing, config, RUN)
    best = int(np.argmin(first.history[:, 1])) + 1
    assert best < 40
    again = mf.fit(fold.everything, replace(config, epochs=best, patience=0), RUN)
    assert heard[0].report.metrics == fold.measure(again).metrics
    assert (heard[0].name, heard[0].fold, heard[1].fold) == ("mf", 0, 1) and heard[0].seconds > 0
    assert row(found, "mf").values["rmse"] < row(found, "bias").values["rmse"]


def test_what_is_measured_is_made_again_from_its_arrays(folder, monkeypatch):
    loaded = []

    def load(state):
        loaded.append(state)
        return found(state)

    found = bias.load
    monkeypatch.setattr(bias, "load", load)
    benchmark(folder / "files.toml", folder, "bias", RUN)
    assert len(loaded) == 2


def test_seeds(folder):
    heard = []
    found = benchmark(folder / "files.toml", folder, {**MF, "bias": None}, RUN, seeds=3, tell=heard.append)
    own = [trial for trial in heard if trial.name == "mf"]
    assert [(trial.fold, trial.seed) for trial in own] == [(f, s) for f in range(2) for s in range(3)]
    assert len({trial.report.metrics["rmse"] for trial in own}) == 6
    assert row(found, "mf").trials == 6 and row(found, "bias").trials == 6
    assert row(found, "mf").values["rmse"] == pytest.approx(np.mean([trial.report.metrics["rmse"] for trial in own]))
    assert row(found, "mf").deviations["rmse"] == pytest.approx(np.std([t.report.metrics["rmse"] for t in own], ddof=1))


def test_differences_to_the_best_baseline_are_paired_over_people(folder):
    found = benchmark(folder / "index.toml", folder, MF, RUN)
    (fold,) = folds(folder / "index.toml")
    model = mf.fit(fold.choosing, mf.Config(dim=4, epochs=40, rate=0.5, l2=0.0, patience=3), RUN)
    best = "global mean"
    both = {"mf": fold.measure(model).predictions["rating"], best: fold.baselines[best].predictions["rating"]}
    own = standing("rating", both, RUN.seed, metrics=found.protocol.metrics)
    assert found.best == best and row(found, "mf").ahead["rmse"] == own.differences["mf", best, "rmse"]
    assert row(found, "mf").intervals == own.metrics["mf"] and row(found, best).ahead == {}
    assert row(found, "mf").ahead["rmse"].real and set(row(found, "bias").ahead) == {"rmse", "mae"}


def test_lists(folder):
    """What is shown is never listed; everybody with a test entry counts, and nobody else."""
    found = benchmark(folder / "lists.toml", folder, {"ease": {"l2": 1.0}}, RUN)
    (fold,) = folds(folder / "lists.toml")
    assert len(fold.everything.seen.item) + fold.split.counts()["test"] == len(fold.dataset.item)
    model = ease.fit(fold.everything, ease.Config(l2=1.0), RUN)
    ranked = fold.measure(model).ranked
    for person, items in zip(ranked.user, ranked.items, strict=True):
        shown = fold.everything.seen.item[fold.everything.seen.user == person]
        assert not np.isin(items[items >= 0], shown).any()
    assert len(ranked.user) == (fold.hidden.counts > 0).sum()
    assert row(found, "ease").values["ndcg@10"] == pytest.approx(ranked.each["ndcg@10"].mean())
    assert (
        found.best == "popular"
        and row(found, "ease").values["recall_capped@2"] > row(found, "popular").values["recall_capped@2"]
    )


def test_people_held_out(folder):
    found = benchmark(folder / "people.toml", folder, {"ease": {"l2": 1.0}}, RUN)
    (fold,) = folds(folder / "people.toml")
    tested = fold.hidden.counts > 0
    assert tested.sum() <= 8 and not fold.choosing.seen.counts[tested].any() and fold.held.seen.counts[tested].all()
    assert row(found, "ease").values["ndcg@10"] > row(found, "popular").values["ndcg@10"]


def test_what_is_usual_is_taken_where_nothing_is_named(folder):
    assert [each.name for each in benchmark(folder / "lists.toml", folder, run=RUN).rows] == ["slim", "popular"]
    assert row(benchmark(folder / "index.toml", folder, run=RUN), "bayes")


def test_a_model_that_cannot_be_trained_has_its_reason(folder):
    heard = []
    found = benchmark(folder / "lists.toml", folder, "mf,popular", RUN, tell=heard.append)
    assert list(found.failures) == ["mf"] and "nobody has rated anything" in found.failures["mf"]
    assert heard[0].startswith("mf: failed: ") and [each.name for each in found.rows] == ["popular"]
    with pytest.raises(DataError, match="no model could be measured"):
        benchmark(folder / "lists.toml", folder, "mf", RUN)


def test_a_model_that_does_not_do_the_task_is_told_of(folder):
    heard = []
    found = benchmark(folder / "files.toml", folder, "bias,ease", RUN, tell=heard.append)
    assert found.failures == {"ease": "It predicts no ratings."} and heard[-1] == "ease: failed: It predicts no ratings."
    assert "bias" in {row.name for row in found.rows}


def test_wrong_arguments_are_refused_before_anything_is_read(folder, tmp_path):
    for given, error, said in (
        ({"models": "ease"}, ConfigError, "ease: none predicts ratings"),
        ({"models": "eas"}, RequestError, 'Unknown model "eas"'),
        ({"models": "bias", "seeds": 0}, ConfigError, "seeds is 0"),
        ({"models": "bias", "seeds": 10**9}, ConfigError, "1,000,000,000 trainings"),
        ({"models": "bias", "rule": "published"}, ConfigError, 'There is no rule "published"'),
        ({"models": "bias", "run": 5}, ConfigError, "is not a run"),
    ):
        with pytest.raises(error, match=said):
            benchmark(folder / "files.toml", tmp_path / "nowhere", **given)


def test_the_same_bytes_at_any_number_of_threads(folder):
    one, two = (benchmark(folder / "files.toml", folder, MF, Run(threads=n)).rows for n in (1, 2))
    assert [(each.values, each.ahead) for each in one] == [(each.values, each.ahead) for each in two]


def test_a_split_without_a_liked_test_entry_tests_no_lists(tmp_path):
    ratings(tmp_path / "ratings.csv", [(u, i, 9) for u in range(9) for i in range(3)] + [(u, 5, 2) for u in range(9)])
    ratings(tmp_path / "test.csv", [(u, 5, 2) for u in range(9)])
    path = protocol(tmp_path / "p.toml", 'kind = "files"\ntest = ["test.csv"]', task="ranking", metrics=("ndcg@10",))
    with pytest.raises(DataError, match="no test entry is liked"):
        benchmark(path, tmp_path, "popular", RUN)


def test_a_split_without_a_rated_test_entry_tests_no_ratings(tmp_path):
    ratings(tmp_path / "ratings.csv", [(u, i, 9) for u in range(9) for i in range(3)] + [(u, 5, 2) for u in range(9)])
    ratings(tmp_path / "test.csv", [(u, 5, 2) for u in range(9)])
    read = 'read = { source = "delimited", scale = [1, 10, 1], unscored = [2] }'
    path = protocol(tmp_path / "p.toml", 'kind = "files"\ntest = ["test.csv"]', data=read)
    with pytest.raises(DataError, match="no test entry is rated"):
        benchmark(path, tmp_path, "bias", RUN)
