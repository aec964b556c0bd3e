"""What a bundle has learnt does not test it, whatever has become of its dataset since and however its split was made."""

import numpy as np
import polars as pl
import pytest

from conftest import table_of
from konomi.bundle.facts import DataFacts, Facts, SplitFacts
from konomi.bundle.format import Bundle
from konomi.data.add import add
from konomi.data.prepare import prepare
from konomi.data.split import SHOWN, TEST, TRAIN, VALID, SplitConfig, make_split, predefined, with_validation
from konomi.errors import DataError
from konomi.pipeline.evaluate import evaluate_model
from konomi.pipeline.splits import ADDED, measuring_split, split_by_files, split_of
from konomi.pipeline.train import train_model
from konomi.runtime import Run

RUN = Run(threads=1)
SPLITS = {
    "random": SplitConfig(valid=0.2, test=0.2),
    "counts": SplitConfig(valid=20, test=20),
    "folds": SplitConfig(valid=0.2, folds=4, fold=1),
    "per-user": SplitConfig("per-user", valid=0.2, test=0.2),
    "last": SplitConfig("last", valid=2, test=2),
    "time": SplitConfig("time", valid=0.2, test=0.2),
    "users": SplitConfig("users", valid=0.2, test=0.2),
    "items": SplitConfig("items", valid=0.2, test=0.2),
}


def rows(users, items):
    return [(u, i, 9 if (u + i) % 2 == 0 else 2) for u in users for i in items if (3 * u + 5 * i) % 4]


MORE = rows(range(20), range(12, 20)) + rows(range(20, 30), range(20))
CHANGED = {(u, i) for u, i, _ in rows(range(1), range(12))}


def timed(found, first):
    return table_of(found, time=np.arange(first, first + len(found), dtype=np.int64))


@pytest.fixture(scope="module")
def before():
    return prepare(timed(rows(range(20), range(12)), 1_000))


@pytest.fixture(scope="module")
def after(before):
    """With as much again, of the same people, of new ones and of new items; and the first ten entries corrected."""
    return add(before, timed(MORE + [(u, i, 5) for u, i in CHANGED], 5_000))


def pairs(dataset, chosen=None):
    """The entries of a dataset as (user id, item id), or those that are chosen."""
    user, item = dataset.users.ids.gather(dataset.profiles.user), dataset.items["item_id"].gather(np.asarray(dataset.item))
    found = list(zip(user, item, strict=True))
    return set(found) if chosen is None else {pair for pair, is_chosen in zip(found, chosen, strict=True) if is_chosen}


def bundle_of(dataset, split, learnt):
    """A bundle with nothing but the facts of what it was trained on."""
    facts = SplitFacts(**split.spec, sha256=split.sha256, entries=split.counts())
    return Bundle({}, {}, dataset.items, dataset.scale, Facts(DataFacts(sha256=dataset.sha256), facts, learnt=learnt))


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("kind", SPLITS)
def test_nothing_that_was_learnt_is_a_test_entry(before, after, kind, own):
    split = make_split(before, SPLITS[kind])
    learnt, known = pairs(before, split.role == TRAIN), pairs(before)
    found = measuring_split(bundle_of(before, split, ("train",)), after, RUN, own)
    tested = pairs(after, found.role == TEST)
    assert tested and not tested & learnt and not tested & pairs(before, split.role == VALID)
    assert pairs(after, found.role == TRAIN) <= known  # of the baselines
    if kind not in ("counts", "per-user", "last"):
        assert pairs(before, split.role == TEST) - CHANGED <= tested  # they last
        assert pairs(after, found.role == TRAIN) <= learnt
    if not own:
        assert pairs(after) - known <= tested  # whatever the dataset makes of it, it is new to the model
    everything = measuring_split(bundle_of(before, split, ("train", "valid", "test", "shown")), after, RUN, own)
    assert everything.spec == {"kind": ADDED} and pairs(after, everything.role == TEST) == pairs(after) - known
    assert pairs(after, everything.role == SHOWN) == CHANGED
    assert measuring_split(bundle_of(after, make_split(after, SPLITS[kind]), None), after, RUN, own).role.tolist() == (
        make_split(after, SPLITS[kind]).role.tolist()
    )


def test_figures_of_what_was_added(before, after):
    """All that was known is the profile, and the baselines have learnt nothing else."""
    bundle = train_model(before, "bias", SPLITS["random"], RUN)
    old = add(before, timed(MORE, 5_000))
    found = evaluate_model(bundle, old, run=RUN).metrics
    hidden = old.added_to(before.sha256) & (old.item < len(before.items))
    seen, asked = old.profiles.keep(~hidden & (old.item < len(before.items))), old.profiles.keep(hidden)
    scores = bundle.models["bias"].score(bundle.models["bias"].encode(seen), "rating")
    errors = old.scale.clip(scores[asked.user, asked.item]) - asked.rating
    assert found["n"] == hidden.sum() and found["rmse"] == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-5)
    assert found["rmse"] == found["baselines"]["bias"]["rmse"]


def test_ratings_that_a_grown_dataset_has(before, after):
    bundle = train_model(before, "bias", SPLITS["random"], RUN)
    frame = pl.DataFrame([*pairs(after)], schema=["user_id", "item_id"], orient="row").with_columns(pl.lit(9.0).alias("rating"))
    found = evaluate_model(bundle, frame, after, RUN)
    assert found.known_rows == len(before.item) and found.metrics["n"] == len(after.item) - len(before.item)
    with pytest.raises(DataError, match="with all of its"):
        evaluate_model(bundle, frame.filter(pl.col("user_id") == 0, pl.col("item_id") < 12), after, RUN)
    with pytest.raises(DataError, match="not the dataset"):
        evaluate_model(bundle, frame, prepare(table_of(rows(range(5), range(5)))), RUN)


def test_ratings_are_predicted_from_all_others_of_the_person(before):
    """Test entries that are not among them are in the profile, too: nobody asks about them."""
    bundle = train_model(before, "bias", SPLITS["random"], RUN, refit=False)
    tested = make_split(before, SPLITS["random"]).role == TEST
    asked = np.flatnonzero(tested)[::2]
    chosen = np.isin(np.arange(len(tested)), asked)
    frame = pl.DataFrame([*pairs(before, chosen)], schema=["user_id", "item_id"], orient="row").with_columns(rating=pl.lit(9.0))
    found = evaluate_model(bundle, frame, before, RUN).metrics
    model, hidden = bundle.models["bias"], before.profiles.keep(chosen)
    scores = model.score(model.encode(before.profiles.keep(~chosen)), "rating")
    errors = before.scale.clip(scores[hidden.user, hidden.item]) - 9
    assert found["n"] == len(asked) and found["rmse"] == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-5)


@pytest.mark.parametrize("kind", SPLITS)
def test_validation_entries_that_are_drawn_later(before, kind):
    """As the split would have them; no test entry changes, and the split can be made again."""
    config = SplitConfig(**{**vars(SPLITS[kind]), "valid": 0})
    bare = make_split(before, config)
    found = with_validation(bare, before, 0.1)
    assert bare.counts()["valid"] == 0 < found.counts()["valid"]
    np.testing.assert_array_equal(found.role == TEST, bare.role == TEST)
    assert split_of(bundle_of(before, found, None), before, RUN).sha256 == found.sha256


def test_validation_entries_of_a_split_by_files(before, tmp_path):
    tested = timed(rows(range(3), range(12)), 0)
    lines = [
        "user_id,item_id,rating",
        *(f"{u},{i},{r:g}" for u, i, r in zip(tested.user_id, tested.item_id, tested.rating, strict=True)),
    ]
    (tmp_path / "test.csv").write_text("\n".join(lines) + "\n")
    bare = split_by_files(before, tmp_path / "test.csv", None, 0, 3, RUN)
    found = with_validation(bare, before, 0.1)
    assert bare.counts()["valid"] == 0 < found.counts()["valid"] and found.spec["valid"] == 0.1
    assert found.role.tolist() == split_by_files(before, tmp_path / "test.csv", None, 0.1, 3, RUN).role.tolist()
    assert split_of(bundle_of(before, found, None), before, RUN).sha256 == found.sha256
    given = predefined(before, tested, timed(rows(range(3, 4), range(12)), 0))
    assert with_validation(given, before, 0.1) is given
