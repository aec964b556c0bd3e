"""The second training, on everything: what it learns, what is noted of it, and that nothing it has learnt tests it."""

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

import konomi
from command_line import konomi as command
from command_line import refused
from konomi.bundle.format import load_bundle, save_bundle
from konomi.data.split import SplitConfig, all_of, make_split
from konomi.errors import BundleError, ConfigError, DataError
from konomi.evaluate.metrics import RANKING, SERVED
from konomi.evaluate.people import of_people, standings
from konomi.models import bias, ease, module
from konomi.models.choice import left_open
from konomi.neural.stopping import best_epoch
from konomi.pipeline.against import FIRST, SECOND, compare_bundles
from konomi.pipeline.evaluate import evaluate_model
from konomi.pipeline.refit import settled
from konomi.pipeline.steps import Experiment
from konomi.pipeline.train import learn_all, train_model
from konomi.runtime import Run

RUN = Run(threads=1)
MODELS = {"ease": {"l2": 1.0}, "mf": {"dim": 4, "epochs": 12, "rate": 0.2, "patience": 3}}
SPLIT = SplitConfig(valid=0.2, test=0.2)


@pytest.fixture(scope="module")
def data(checkerboard, tmp_path_factory):
    path = tmp_path_factory.mktemp("refit") / "data"
    checkerboard.save(path)
    return path


@pytest.fixture(scope="module")
def both(data):
    """The bundle that is trained again, and the one that is not."""
    return train_model(data, MODELS, SPLIT, RUN), train_model(data, MODELS, SPLIT, RUN, refit=False)


def test_what_is_saved_has_learnt_everything(both, checkerboard):
    """The settings and the epoch that were chosen, and every entry: the same as training it so at once."""
    refitted, measured = both
    everything = all_of(checkerboard).train_set(checkerboard)
    kept = best_epoch(measured.models["mf"].history) + 1
    config = module("mf").Config(**{**MODELS["mf"], "epochs": kept, "patience": 0})
    for model, expected in (
        (refitted.models["mf"], module("mf").fit(everything, config, RUN)),
        (refitted.models["ease"], ease.fit(everything, ease.Config(**measured.models["ease"].chosen), RUN)),
    ):
        for name, array in expected.state().items():
            np.testing.assert_array_equal(model.state()[name], array)
    assert refitted.items["ratings"].sum() == len(checkerboard.item) > measured.items["ratings"].sum()
    assert refitted.configs == measured.configs  # the settings that were asked for


def test_figures_are_those_of_before(both):
    """Measured again after the refit, they would be far better: it knows the answers."""
    refitted, measured = both
    assert refitted.metrics == measured.metrics and refitted.metrics["test"]["rmse"] > 0
    for name in ("intervals", "history", "split", "warnings"):
        assert getattr(refitted.facts, name) == getattr(measured.facts, name)
    assert refitted.people.equals(measured.people) and len(refitted.people)
    assert refitted.facts.refitted and refitted.facts.learnt == ("train", "valid", "test", "shown")
    assert not measured.facts.refitted and measured.facts.learnt == ("train",)


def test_what_it_has_learnt_does_not_test_it(both, data, checkerboard, tmp_path):
    refitted, measured = both
    for test in (None, data, checkerboard):
        with pytest.raises(DataError, match="has learnt its test entries") as caught:
            evaluate_model(refitted, test)
        assert "see `Bundle.metrics`" in caught.value.hint and "`refit`=False" in caught.value.hint
        assert evaluate_model(measured, test, run=RUN).metrics == measured.metrics["test"]
    entries = {"user_id": checkerboard.users.ids.gather(checkerboard.profiles.user), "rating": checkerboard.profiles.rating}
    frame = pl.DataFrame({**entries, "item_id": checkerboard.items["item_id"].gather(checkerboard.item)})
    with pytest.raises(DataError, match=f"with all of its {len(frame)} rows"):
        evaluate_model(refitted, frame, run=RUN)
    test_rows = int((make_split(checkerboard, SPLIT).role == 2).sum())
    assert evaluate_model(measured, frame, run=RUN).known_rows == len(frame) - test_rows
    new = pl.DataFrame({"user_id": [100, 5], "item_id": [0, 10], "rating": [9.0, 2.0]})  # 100 has not rated 0
    found = evaluate_model(refitted, pl.concat([frame.select(new.columns), new], how="vertical_relaxed"), run=RUN)
    assert found.metrics["n"] == 2 and found.known_rows == len(frame)


def test_a_bundle_keeps_what_it_has_learnt_and_what_was_measured_of_people(both, tmp_path):
    save_bundle(tmp_path / "b", both[0])
    again = load_bundle(tmp_path / "b")
    assert again.facts == both[0].facts and again.people.equals(both[0].people)
    strange = replace(both[0], people=both[0].people.with_columns(pl.lit("me").alias("user_id")))
    with pytest.raises(BundleError, match='a column "user_id"'):
        save_bundle(tmp_path / "strange", strange)
    older = replace(both[0], facts=replace(both[0].facts, learnt=None, warnings=None), people=pl.DataFrame())
    save_bundle(tmp_path / "older", older)
    assert not load_bundle(tmp_path / "older").facts.refitted and load_bundle(tmp_path / "older").people.width == 0


def test_what_was_measured_of_people_gives_the_figures_back(both, checkerboard):
    """Without ids: a row for each person with test entries."""
    _, measured = both
    people, values = measured.people, measured.metrics["test"]
    assert not {"user", "user_id", "id"} & set(people.columns)
    assert people["rating:n"].sum() == values["n"] and (people["rating:n"] > 0).sum() == values["users"]
    assert np.sqrt(people["rating:rmse"].sum() / values["n"]) == pytest.approx(values["rmse"], rel=1e-5)
    assert people["rating:mae"].sum() / values["n"] == pytest.approx(values["mae"], rel=1e-5)
    for kind, found in ((RANKING, values), (SERVED, values["served"])):
        assert people[f"{kind}:ndcg@10"].mean() == pytest.approx(found["ndcg@10"])
        assert people[f"{kind}:ndcg@10"].count() == found["ranked_users"]
    hidden = make_split(checkerboard, SPLIT).test(checkerboard)[1]
    assert people["rating:n"].to_list() == hidden.counts[hidden.counts > 0].tolist()


def test_two_bundles_beside_each_other(both, checkerboard):
    """As if both had been measured together: the same draws of the same people."""
    first, _ = both
    plain = train_model(checkerboard, "bias", SPLIT, RUN)
    found = compare_bundles(first, plain)
    assert list(found) == [SERVED, "rating", RANKING]
    for key in ("rmse", "mae"):
        gap = found["rating"].differences[FIRST, SECOND, key]
        assert gap.value == pytest.approx(first.metrics["test"][key] - plain.metrics["test"][key], rel=1e-4)
        assert gap.low <= gap.value <= gap.high
    experiment = Experiment.of(checkerboard, make_split(checkerboard, SPLIT), RUN)
    reports = [
        experiment.measure(experiment.test, [module(name).fit(experiment.train, module(name).Config(), RUN)])
        for name in ("bias", "genre")
    ]
    tested = experiment.test.hidden.counts
    together = standings({name: of_people(report, tested) for name, report in zip("ab", reports, strict=True)})
    joint = konomi.compare_models(checkerboard, "bias,genre", "rating", SPLIT, RUN).standings
    for kind, key in ((SERVED, "ndcg@10"), ("rating", "rmse"), (RANKING, "recall@20")):
        one, other = together[kind].differences["a", "b", key], joint[kind].differences["bias", "genre", key]
        assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high), abs=1e-6)
    same = compare_bundles(first, first)["rating"].differences[FIRST, SECOND, "rmse"]
    assert (same.value, same.low, same.high) == (0, 0, 0) and not same.real


def test_bundles_that_were_measured_on_other_entries_are_not_compared(both, checkerboard):
    elsewhere = train_model(checkerboard, "bias", replace(SPLIT, seed=1), RUN)
    with pytest.raises(DataError, match="not measured on the same test entries"):
        compare_bundles(both[0], elsewhere)
    unmeasured = train_model(checkerboard, "bias", SplitConfig(test=0), RUN)
    with pytest.raises(DataError, match="nothing was measured of it"):
        compare_bundles(unmeasured, unmeasured)


def test_without_validation_entries_a_tenth_says_when_to_stop(checkerboard):
    """All epochs would be run otherwise. What has no epochs needs none, and without a refit nothing is added."""
    alone = {"mf": {"dim": 4, "epochs": 60, "rate": 0.28, "l2": 0, "patience": 2}}
    made = train_model(checkerboard, alone, SplitConfig(valid=0, test=0), RUN)
    assert made.facts.split.valid == 0.1 and made.facts.split.entries["valid"] > 0
    assert len(made.models["mf"].history) < len(made.facts.history["mf"]) < 60
    assert "test" not in made.metrics and made.facts.refitted
    assert train_model(checkerboard, "bias", SplitConfig(valid=0, test=0), RUN).facts.split.valid == 0
    plain = train_model(checkerboard, {"mf": {"dim": 4, "epochs": 3}}, SplitConfig(valid=0, test=0), RUN, refit=False)
    assert plain.facts.split.valid == 0 and len(plain.models["mf"].history) == 3


def test_settings_of_the_second_training():
    fitted = bias.Bias(*[np.zeros(1, np.float32)] * 4, np.empty((0, 2), np.float32))
    assert settled(bias.Config(damp_item=3), [fitted]) == bias.Config(damp_item=3)
    with pytest.raises(ConfigError, match="yes or no"):
        train_model("nowhere", refit="yes")


def test_what_a_config_leaves_open_is_as_it_was_chosen():
    @dataclass(frozen=True, slots=True)
    class Config:
        k: int | None = None
        most: int | None = None
        rate: float = 0.5

    assert left_open(Config(most=3)) == ["k"]
    several = [SimpleNamespace(chosen={"k": k}) for k in (9, 2, 4)]
    assert settled(Config(), several) == Config(k=4)  # nothing says what `most` was


def test_whoever_does_not_beat_the_baseline_is_told(checkerboard):
    """Nothing but noise to learn: `mf` with a great step learns noise, `bias` the mean; `popular` is its own baseline."""
    draw = np.random.default_rng(0)
    rows = [(u, i, int(draw.integers(1, 11))) for u in range(60) for i in range(30)]
    frame = pl.DataFrame(rows, schema=["user_id", "item_id", "rating"], orient="row")
    noise = konomi.Dataset.from_frame(frame, scale=konomi.Scale(1, 10, 1))
    made = train_model(noise, {"mf": {"dim": 8, "epochs": 30, "rate": 0.3, "l2": 0, "patience": 0}}, SPLIT, RUN, refit=False)
    (said,) = [line for line in made.facts.warnings if "RMSE" in line]
    assert said.startswith("mf does not beat bias on the validation entries: RMSE ") and "(difference +" in said
    assert train_model(noise, "popular", SPLIT, RUN, refit=False).facts.warnings == ()
    assert train_model(noise, "bias", SPLIT, RUN, refit=False).facts.warnings[1:] == ()  # its lists may
    good = train_model(checkerboard, MODELS, SPLIT, RUN, refit=False)
    assert not any("RMSE" in line for line in good.facts.warnings)


def test_the_clean_road(data, tmp_path):
    """Train, look at what was measured, compare with another, test on what is new."""
    small = ("--set", "dim=4", "--set", "epochs=4", "--threads", "1")
    said = command("train", data, "-m", "mf", "-o", tmp_path / "mf", *small).stderr
    assert "Measured before it was trained again, on everything." in said
    command("train", data, "-m", "bias", "-o", tmp_path / "bias")
    shown = command("evaluate", tmp_path / "mf")
    assert "this model" in shown.stdout and "Measured before" in shown.stderr and "liked: rated above 5" in shown.stdout
    gaps = command("evaluate", tmp_path / "mf", "--against", tmp_path / "bias").stdout
    assert "Ratings: mf less bias" in gaps and "rmse" in gaps and "real?" in gaps
    message, hint = refused("evaluate", tmp_path / "mf", data)
    assert "has learnt its test entries" in message and "--no-refit" in hint and "konomi evaluate BUNDLE" in hint
    assert "nothing is measured anew" in refused("evaluate", tmp_path / "mf", data, "--against", tmp_path / "bias")[0]
    assert "everything" in command("info", tmp_path / "mf").stdout
    command("train", data, "-m", "mf", "-o", tmp_path / "candidate", "--no-refit", *small)
    assert "this model" in command("evaluate", tmp_path / "candidate", data).stdout
    said = command("train", data, "-m", "mf", "-o", tmp_path / "all", "--valid", "0", "--test", "0", *small).stderr
    assert "entries that were drawn did, and were learnt in the end." in said
    said = command("train", data, "-m", "mf", "-o", tmp_path / "all", "--valid", "0", "--no-refit", *small).stderr
    assert "No entries said when to stop: all epochs were run." in said and "again" not in said
    command("train", data, "-m", "mf", "-o", tmp_path / "all", "--valid", "0", "--test", "0", *small)
    assert "nothing was measured" in refused("evaluate", tmp_path / "all")[0]


def test_the_second_training_by_itself_gives_the_same_bundle(both, checkerboard, tmp_path):
    refitted, measured = both
    save_bundle(tmp_path / "once", refitted)
    save_bundle(tmp_path / "twice", learn_all(measured, checkerboard, RUN))
    assert (tmp_path / "once").read_bytes() == (tmp_path / "twice").read_bytes()
