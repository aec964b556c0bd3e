"""`train --from`: what the earlier model has learnt stays training data, and what each model begins with is said."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from command_line import konomi, refused
from conftest import table_of
from konomi.bundle.format import load_bundle, save_bundle
from konomi.data.add import add
from konomi.data.prepare import prepare
from konomi.data.split import TEST, TRAIN, VALID, SplitConfig, all_of, make_split
from konomi.errors import ConfigError, DataError
from konomi.models import mf
from konomi.pipeline.evaluate import evaluate_model
from konomi.pipeline.splits import measuring_split, split_of
from konomi.pipeline.train import train_model
from konomi.pipeline.warm import Start
from konomi.runtime import Run
from test_learnt import CHANGED, MORE, pairs, rows

RUN = Run(threads=1)
SPLIT = SplitConfig(valid=0.2, test=0.2)
MODELS = {"mf": {"dim": 4, "rate": 0.2, "epochs": 8}, "ease": {"l2": 2.0, "least": 1}, "bias": None}
FEW = rows(range(3), range(12, 18)) + rows(range(30, 33), range(18))


@pytest.fixture(scope="module")
def before():
    return prepare(table_of(rows(range(20), range(60))))


@pytest.fixture(scope="module")
def after(before):
    """With a few entries more, of three people who are known and three who are not."""
    return add(before, table_of(rows(range(2), range(60, 64)) + rows(range(30, 34), range(64))))


@pytest.fixture(scope="module")
def bundles(before):
    """Trained on everything in the end, and not."""
    return [train_model(before, MODELS, SPLIT, RUN, refit=refit) for refit in (True, False)]


def test_what_is_new_to_a_refitted_model_is_split_as_before(bundles, before, after):
    start = Start.of(bundles[0], after, None, RUN)
    own, drawn = make_split(before, SPLIT), make_split(after, SPLIT)
    known = after.known_to(before.sha256)
    assert (start.split.role[known] == TRAIN).all() and start.whole and (start.learnt == known).all()
    np.testing.assert_array_equal(start.split.role[~known], drawn.role[~known])
    assert {TEST, VALID, TRAIN} == set(start.split.role[~known].tolist()) and (own.role == TEST).any()
    other = Start.of(bundles[0], after, SplitConfig(valid=0, test=0.5, seed=3), RUN).split
    assert (other.role[known] == TRAIN).all() and 0 < (other.role == TEST).sum() < (~known).sum()


def test_another_model_keeps_its_test_entries(bundles, before, after):
    start = Start.of(bundles[1], after, None, RUN)
    np.testing.assert_array_equal(start.split.role, make_split(after, SPLIT).role)
    assert pairs(after, start.learnt) == pairs(before, make_split(before, SPLIT).role == TRAIN) and start.whole
    with pytest.raises(ConfigError, match="only in the same split do they stay apart"):
        Start.of(bundles[1], after, SPLIT, RUN)


def test_what_was_corrected_or_deleted_tests_nobody(before):
    """The pair was learnt, with another rating; and an inverse cannot be updated by what nobody knows any more."""
    small = prepare(table_of(rows(range(20), range(12))))
    bundle = train_model(small, MODELS, SPLIT, RUN)
    corrected = add(small, table_of(MORE + [(u, i, 5) for u, i in CHANGED]))
    start = Start.of(bundle, corrected, SplitConfig(valid=0, test=0.9), RUN)
    assert CHANGED and not pairs(corrected, start.split.role == TEST) & pairs(small) and not start.whole
    one = pl.DataFrame({"user_id": [0], "item_id": [rows([0], range(12))[0][1]]})
    fewer = add(small, table_of([(0, one["item_id"][0], None)], deleted=np.ones(1, np.bool_)))
    assert len(fewer.item) == len(small.item) - 1
    found = train_model(fewer, run=RUN, start=bundle)
    assert [said.split(" ")[0] for said in found.facts.start] == ["mf", "ease", "bias"]
    assert "mf went on" in found.facts.start[0] and "anew: entries that" in found.facts.start[1]
    assert "bias was trained anew" in found.facts.start[2] and found.metrics == {}


@pytest.mark.parametrize("refitted", [True, False])
def test_a_bundle_from_an_earlier_one(refitted, bundles, before, after, tmp_path):
    start = bundles[0 if refitted else 1]
    found = train_model(after, run=RUN, start=start, refit=refitted)
    assert found.configs == start.configs and found.facts.data.sha256 == after.sha256
    assert found.facts.start == ("mf went on from the earlier model.", "ease went on from the earlier model.",
                                 "bias was trained anew, as it always is.")  # fmt: skip
    assert found.facts.split.entries["test"] > 0 and found.metrics["test"]["rmse"] > 0
    assert (found.facts.intervals == start.facts.intervals) == refitted
    split = Start.of(start, after, None, RUN).split
    train = all_of(after).train_set(after) if refitted else split.train_set(after)
    config = replace(mf.Config(dim=4, rate=0.2, epochs=8), patience=0)
    anew, warm = mf.fit(train, config, RUN), mf.fit_from(start.models["mf"], train, config, RUN)
    for name, array in warm.state().items():
        np.testing.assert_array_equal(found.models["mf"].state()[name], array, err_msg=name)
    codes = [model.score(model.encode(train.seen), "rating") for model in (anew, found.models["mf"])]
    assert np.corrcoef(codes[0].ravel(), codes[1].ravel())[0, 1] > 0.9
    save_bundle(tmp_path / "model", found)
    loaded = load_bundle(tmp_path / "model")
    assert loaded.facts == found.facts
    again = train_model(after, run=Run(threads=2), start=start, refit=refitted)
    save_bundle(tmp_path / "again", again)
    assert (tmp_path / "model").read_bytes() == (tmp_path / "again").read_bytes()


def test_it_is_an_earlier_bundle_itself(bundles, before, after):
    """Without a second training, its split can be made again, and lasts; with one, it can be gone on from."""
    found = train_model(after, run=RUN, start=bundles[0], refit=False)
    split = Start.of(bundles[0], after, None, RUN).split
    assert split_of(found, after, RUN).sha256 == split.sha256 == found.facts.split.sha256
    own = measuring_split(found, after, RUN, True)
    np.testing.assert_array_equal(own.role, split.role)
    assert evaluate_model(found, data=after).metrics["n"] == found.metrics["test"]["n"]
    later = add(after, table_of(rows(range(34, 36), range(64))))
    went_on = Start.of(found, later, None, RUN)
    assert pairs(later, went_on.split.role == TRAIN) >= pairs(before) and pairs(later, went_on.learnt) <= pairs(after)
    twice = train_model(later, run=RUN, start=train_model(after, run=RUN, start=bundles[0]))
    assert "mf went on from the earlier model." in twice.facts.start and twice.facts.learnt == bundles[0].facts.learnt


def test_what_cannot_go_on_is_refused(bundles, before, after, tmp_path):
    other = prepare(table_of(rows(range(21), range(60))))
    for dataset, more, error, said in (
        (before, {}, DataError, "Nothing was put to the dataset"),
        (other, {}, DataError, "not the one that the earlier model learnt from"),
        (after, {"models": "mf"}, ConfigError, "those of the earlier bundle"),
        (after, {"split": SplitConfig(folds=3)}, ConfigError, "Folds test on what the earlier model has learnt"),
        (after, {"split": make_split(after, SPLIT)}, ConfigError, "Give a konomi.SplitConfig"),
    ):
        with pytest.raises(error) as found:
            train_model(dataset, run=RUN, start=bundles[0], **more)
        assert said in f"{found.value} {found.value.hint}"
    tested = train_model(before, "bias", SplitConfig("per-user", valid=1, test=1), RUN, refit=False)
    with pytest.raises(ConfigError, match="only in the same split"):
        train_model(after, run=RUN, start=tested)


def test_in_the_shell(before, after, tmp_path):
    data, grown, model, new = (tmp_path / name for name in ("data", "grown", "model", "new"))
    before.save(data)
    after.save(grown)
    konomi("train", data, "-m", "ease,bias", "--set", "ease.l2=2", "-o", model)
    said = konomi("train", grown, "--from", model, "-o", new).stderr
    assert "ease went on from the earlier model." in said and "bias was trained anew" in said
    assert load_bundle(new).configs["ease"]["l2"] == 2 and load_bundle(new).facts.refitted
    told = konomi("info", new).stdout
    assert "of what was added" in told and "went on from the" in told and "sha256:" not in told
    nothing = konomi("train", grown, "--from", model, "--valid", "0", "--test", "0", "-o", new).stderr
    assert "Nothing of what is new to the earlier model was held out" in nothing and "epochs were run" not in nothing
    assert "nothing was measured on test entries" in refused("evaluate", new)[0]
    konomi("train", grown, "--from", model, "--test", "0.5", "-o", model)  # in its own place
    assert load_bundle(model).facts.split.test == 0.5
    (tmp_path / "settings.toml").write_text("[mf]\ndim = 3\n")
    for option, *value in (["-m", "mf"], ["--task", "rating"], ["--set", "dim=3"], ["--config", tmp_path / "settings.toml"]):
        name = {"-m": "--model"}.get(option, option)
        message, _ = refused("train", grown, "--from", new, option, *value, "-o", model)
        assert message.startswith(f"{name}: models and settings are those of")
    assert "nowhere" in refused("train", grown, "--from", tmp_path / "nowhere", "-o", model)[0]
