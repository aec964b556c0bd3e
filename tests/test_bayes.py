"""bayes: checkpoints, reasons, short profiles, unknown items, settings that cannot be."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from konomi.data.prepare import prepare
from konomi.data.profiles import Profiles
from konomi.data.split import SplitConfig, make_split
from konomi.errors import ConfigError, FitError
from konomi.evaluate.predict import predict
from konomi.models import bayes, bayes_checkpoint, bias
from konomi.models.kept import Kept
from konomi.pipeline.train import train_model
from konomi.recommend import explain
from konomi.recommend.recommender import Recommender
from konomi.runtime import Run
from konomi.simulate.sample import sample

SMALL = {"epochs": 40, "burn_in": 10, "samples": 6, "dim": 6}


@pytest.fixture(scope="module")
def dataset():
    return prepare(sample(Run()).table())


@pytest.fixture(scope="module")
def split(dataset):
    return make_split(dataset, SplitConfig())


@pytest.fixture(scope="module")
def model(dataset, split):
    return bayes.fit(split.train_set(dataset), bayes.Config(**SMALL), Run())


def error(model, seen, hidden, dataset):
    """The RMSE of the ratings among hidden entries."""
    hidden = hidden.scored()
    predicted = predict(model, seen, hidden, ["rating"], dataset.scale, Run())["rating"]
    return np.sqrt(np.square(predicted - hidden.rating).mean())


def stopped_at(sweep):
    """A progress that interrupts the training before this sweep."""

    def progress(stage):
        if stage.what == "train bayes" and stage.done == sweep:
            raise KeyboardInterrupt

    return progress


@pytest.fixture(scope="module")
def quick(dataset, split):
    return bayes.fit(split.train_set(dataset), bayes.Config(**SMALL, method="vb"), Run())


@pytest.mark.parametrize(("method", "sweep"), [("gibbs", 3), ("gibbs", 11), ("gibbs", 31), ("vb", 12)])
def test_an_interrupted_training_ends_in_the_same_bytes(dataset, split, model, quick, tmp_path, monkeypatch, method, sweep):
    monkeypatch.setattr(bayes_checkpoint, "EVERY", 0.0)
    train, file, config = split.train_set(dataset), tmp_path / "chain", bayes.Config(**SMALL, method=method)
    with pytest.raises(KeyboardInterrupt):
        bayes.fit(train, config, Run(checkpoint=file, progress=stopped_at(sweep), threads=1))
    seen = []
    again = bayes.fit(train, config, Run(checkpoint=file, progress=lambda stage: seen.append(stage.done)))
    assert seen[0] == sweep
    for name, array in {"gibbs": model, "vb": quick}[method].state().items():
        assert array.tobytes() == again.state()[name].tobytes(), name


@pytest.mark.parametrize("changed", [{"dim": 5}, {"contents": False}, {"seed": 1}])
def test_a_checkpoint_of_another_training_is_refused(dataset, split, tmp_path, monkeypatch, changed):
    monkeypatch.setattr(bayes_checkpoint, "EVERY", 0.0)
    train, file, seed = split.train_set(dataset), tmp_path / "chain", changed.get("seed", 0)
    with pytest.raises(KeyboardInterrupt):
        bayes.fit(train, bayes.Config(**SMALL), Run(checkpoint=file, progress=stopped_at(2)))
    other = bayes.Config(**{**SMALL, **{name: value for name, value in changed.items() if name != "seed"}})
    with pytest.raises(FitError, match="other settings, another seed or other data"):
        bayes.fit(train, other, Run(seed=seed, checkpoint=file))


def test_a_training_from_an_earlier_model_does_not_go_on_from_another(dataset, split, model, tmp_path, monkeypatch):
    """Settings, seed and data are the same; what they begin with is not."""
    monkeypatch.setattr(bayes_checkpoint, "EVERY", 0.0)
    train, file, config = split.train_set(dataset), tmp_path / "chain", bayes.Config(**SMALL)
    with pytest.raises(KeyboardInterrupt):
        bayes.fit(train, config, Run(checkpoint=file, progress=stopped_at(2)))
    with pytest.raises(FitError, match="other settings, another seed or other data"):
        bayes.fit_from(model, train, config, Run(checkpoint=file))


def test_it_is_better_than_bias_however_little_is_shown(dataset, split, model):
    seen, hidden = split.test(dataset)
    baseline = bias.fit(split.train_set(dataset), bias.Config(), Run())
    rank = np.concatenate([np.arange(n) for n in seen.counts])
    for shown in (0, 1, 5, 20, 10_000):
        some = seen.keep(rank < shown)
        own, other = (error(each, some, hidden, dataset) for each in (model, baseline))
        assert own <= other + 0.001, f"{shown} shown: {own:.4f}, bias {other:.4f}"


def test_variational_bayes_is_nearly_as_good(dataset, split, model, quick):
    seen, hidden = split.test(dataset)
    baseline = bias.fit(split.train_set(dataset), bias.Config(), Run())
    own, exact, other = (error(each, seen, hidden, dataset) for each in (quick, model, baseline))
    assert exact < own + 0.002 and own - exact < (other - exact) / 3


def test_intervals_hold_what_they_say(dataset, split, model):
    seen, hidden = (profiles.scored() for profiles in split.test(dataset))
    codes = model.encode(seen)[hidden.user]
    predicted = model.score_pairs(codes, hidden.item, "rating")
    half = 1.645 * np.sqrt(model.variance(codes, hidden.item))
    low, high = dataset.scale.clip(predicted - half), dataset.scale.clip(predicted + half)
    assert 0.87 < ((low <= hidden.rating) & (hidden.rating <= high)).mean() < 0.93


def test_reasons_are_near_to_what_leaving_an_entry_out_would_change(dataset, model):
    """The noise, the prior and the weights of the whole profile stay as they are; left out, they would change a little."""
    near, far = [], []
    for u in range(12):
        profile = dataset.profiles.slice(u, u + 1).scored()
        items = np.arange(40, dtype=np.int32)
        parts, whole = model.parts(profile, items, "rating"), model.score(model.encode(profile), "rating", items)
        for n in range(0, len(profile.item), 7):
            kept = np.arange(len(profile.item)) != n
            without = model.score(model.encode(profile.keep(kept)), "rating", items)
            near.append(np.abs(parts[n] - (whole - without)[0]).mean())
            far.append(np.abs((whole - without)[0]).mean())
    assert np.mean(near) < np.mean(far)


def test_an_item_that_nobody_has_rated_is_known_by_its_contents(dataset, split):
    """Ratings of "Odd" items are 9 and of others 3; one of each colour has none."""
    rng = np.random.default_rng(0)
    user, item = np.nonzero(rng.random((80, 30)) < 0.4)
    kept = item < 28
    user, item = user[kept], item[kept]
    rating = np.where(item % 2, 9.0, 3.0).astype(np.float32) + rng.normal(0, 0.5, len(user)).astype(np.float32)
    profiles = Profiles.from_entries(80, user.astype(np.int32), item.astype(np.int32), np.clip(rating, 1, 10))
    items = dataset.items.head(30).with_columns(
        pl.Series("genres", [["Odd" if i % 2 else "Even"] for i in range(30)]),
        pl.Series("type", ["TV"] * 30),
        pl.Series("year", [2000] * 30, pl.Int32),
        pl.Series("episodes", [12] * 30, pl.Int32),
    )
    nothing = profiles.keep(np.zeros(len(profiles.item), np.bool_))
    train = replace(split.train_set(dataset), seen=profiles, valid=nothing, shown=nothing, items=items, features=())
    for contents in (True, False):
        model = bayes.fit(train, bayes.Config(epochs=60, burn_in=20, samples=12, dim=4, contents=contents), Run())
        odd, even = model.score(model.encode(profiles), "rating")[:, [29, 28]].mean(axis=0)
        assert (odd - even > 3) == contents, f"contents={contents}: {odd:.2f} and {even:.2f}"


def test_patience_begins_after_the_burn_in(dataset, split):
    """The error of a single draw is not that of a mean over draws, however low it was."""
    train, settings = split.train_set(dataset), {**SMALL, "epochs": 120, "burn_in": 30}
    patient, hasty = (bayes.fit(train, bayes.Config(**settings, patience=n), Run()) for n in (0, 1))
    assert 30 < len(hasty.history) < len(patient.history) == 120 and len(hasty.noise) >= 1
    np.testing.assert_array_equal(hasty.history, patient.history[: len(hasty.history)])
    errors = hasty.history[30:, 1]
    assert errors[-1] > errors[-2] and (np.diff(errors[:-1]) <= 0).all()


def test_a_recommendation_says_how_sure_the_model_is(dataset, model, monkeypatch):
    made = train_model(dataset, {"bayes": SMALL}, SplitConfig(valid=0.1), Run(), refit=False)
    ids = dataset.items["item_id"].to_list()
    row = Recommender(made).recommend({ids[0]: 9, ids[5]: 3}, k=1)[0]
    profile = Profiles.of([{0: 9, 5: 3}])
    own = made.models["bayes"]
    item = np.array([ids.index(row.item_id)], np.int32)
    assert row.deviation == pytest.approx(float(own.variance(own.encode(profile), item)[0]) ** 0.5, abs=1e-3)
    whole = [row.deviation for row in Recommender(made).recommend({ids[0]: 9, ids[5]: 3}, k=10)]
    monkeypatch.setattr(explain, "ITEMS", 3)  # computed together, now in four blocks
    assert [row.deviation for row in Recommender(made).recommend({ids[0]: 9, ids[5]: 3}, k=10)] == whole
    other = train_model(dataset, "bias", SplitConfig(valid=0.1), Run(), refit=False)
    assert Recommender(other).recommend({ids[0]: 9, ids[5]: 3}, k=1)[0].deviation is None


@pytest.mark.parametrize("offered", [0, 1, 5, 6, 12, 13, 24, 25, 100, 1000])
def test_kept_samples_are_spread_over_the_whole_chain(offered):
    kept = Kept(6)
    for n in range(offered):
        kept.offer(lambda n=n: n)
    chosen = kept.chosen()
    assert len(chosen) == min(offered, 6) and chosen == sorted(set(chosen)) and len(kept.samples) <= 12
    if offered > 6:
        gaps = np.diff([*chosen, offered])
        assert gaps.max() <= 2 * offered / 6 + 1


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"dim": 1}, "dim is 1"),
        ({"shape": 0.5}, "shape is 0.5"),
        ({"freedom": 1.0}, "freedom is 1"),
        ({"burn_in": -1}, "negative"),
    ],
)
def test_settings_that_cannot_be(settings, said):
    with pytest.raises(ConfigError, match=said):
        bayes.Config(**settings)


def test_too_little_room_is_said_before_training(dataset, split):
    with pytest.raises(FitError, match="memory"):
        bayes.fit(split.train_set(dataset), bayes.Config(), Run(memory=1 << 20))
