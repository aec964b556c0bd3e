"""The laws of every model. A law takes a `Subject` and raises AssertionError where its model breaks it."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from konomi.bundle.format import load_bundle, save_bundle
from konomi.data.profiles import Profiles
from konomi.models.api import TASKS, needs, tasks
from konomi.pipeline.train import train_model
from konomi.ranking.rank import rank
from konomi.runtime import Run
from konomi.testing.asserts import agree, close, equal
from konomi.testing.subject import ITEMS, NOT_LEARNT, PEOPLE, Subject, board, one, same, split

UNKNOWN_ITEM = -1  # the row of an item that no model knows
MARGIN = {"rating": 2.0, "interaction": 0.5, "rank": 0.0}
"""output → the least lead of a liked item's score over a disliked one's."""


def it_has_what_a_model_file_has(subject: Subject) -> None:
    """It has TASKS, a frozen Config with defaults, valid NEEDS, and the outputs of its tasks."""
    module, model = subject.module, subject.model
    assert set(module.TASKS) <= set(TASKS), f"TASKS is {module.TASKS}"
    assert all(isinstance(package, str) for package in needs(module)), f"NEEDS is {needs(module)}"
    assert module.Config.__dataclass_params__.frozen, "Config can be changed: make it a frozen dataclass"
    module.Config()
    assert "rank" in model.outputs <= {*module.TASKS, "rank"}, f"outputs are {set(model.outputs)}"
    assert bool(tasks(model)) == bool(module.TASKS), f"outputs are {set(model.outputs)}, TASKS is {module.TASKS}"
    assert subject.task is None or tasks(model) == (subject.task,), f"of task={subject.task} outputs are {set(model.outputs)}"
    known = model.item_known
    assert known.shape == (ITEMS + 1,) and np.all((known >= 0) & (known <= 1)), "item_known is not f32[I+1] in [0, 1]"


def scores_have_their_shapes_and_are_finite(subject: Subject) -> None:
    """So have codes, scores of all items and of some, and scores of pairs, an unknown item included."""
    model, codes, rows = subject.model, subject.model.encode(subject.seen), np.array([3, 0, UNKNOWN_ITEM, NOT_LEARNT], np.int32)
    assert codes.dtype == np.float32 and codes.ndim == 2 and len(codes) == PEOPLE, "encode gives no f32[B, D]"
    for output in model.outputs:
        for scores, shape in (
            (model.score(codes, output), (PEOPLE, ITEMS)),
            (model.score(codes, output, rows), (PEOPLE, 4)),
            (model.score_pairs(codes[:4], rows, output), (4,)),
        ):
            assert scores.dtype == np.float32 and scores.shape == shape, f"{output}: {scores.dtype}{scores.shape}, not {shape}"
            assert np.isfinite(scores).all(), f"{output}: a score is not finite"


def all_ways_to_score_agree(subject: Subject) -> None:
    """Scores of all items, of some items and of pairs are equal."""
    model, codes, rows = subject.model, subject.model.encode(subject.seen), np.array([3, 0, UNKNOWN_ITEM], np.int32)
    for output in model.outputs:
        some = model.score(codes, output, rows)
        close(some[:, :2], model.score(codes, output)[:, [3, 0]], f"{output}: some items and all")
        pairs = model.score_pairs(codes.repeat(3, axis=0), np.tile(rows, PEOPLE), output)
        close(pairs.reshape(PEOPLE, 3), some, f"{output}: pairs and items")


def a_probability_is_one(subject: Subject) -> None:
    """It is in (0, 1); those of liked and disliked items lie on either side of ½."""
    if "interaction" in subject.model.outputs:
        chance = subject.model.score(subject.model.encode(subject.seen), "interaction")
        assert 0 < chance.min() and chance.max() < 1, f"probabilities from {chance.min()} to {chance.max()}"
        assert not subject.personal or chance.min() < 0.5 < chance.max(), f"from {chance.min()} to {chance.max()}"


def a_withheld_liked_item_comes_before_every_disliked_one(subject: Subject) -> None:
    """Of everybody's missing items, those of their colour score higher, in every task (or "rank", without a task)."""
    if not subject.personal:
        return
    seen, model = board().profiles, subject.model
    for output in tasks(model) or ("rank",):
        scores = model.score(model.encode(seen), output)
        for u in range(PEOPLE):
            missing = np.setdiff1d(np.arange(NOT_LEARNT), seen.slice(u, u + 1).item)
            liked = (u + missing) % 2 == 0
            if liked.any() and not liked.all():
                lead = scores[u, missing[liked]].min() - scores[u, missing[~liked]].max()
                assert lead > MARGIN[output], f"{output}: person {u}'s liked items lead by {lead}, not by {MARGIN[output]}"


def a_batch_is_its_single_people(subject: Subject) -> None:
    """Codes are the same, bit for bit, alone and in a batch, at any thread count."""
    model, seen = subject.model, subject.seen
    together = model.encode(seen)
    alone = np.vstack([model.encode(seen.slice(b, b + 1)) for b in range(PEOPLE)])
    equal(together, alone, "codes alone and in company")
    crowd = np.arange(40 * PEOPLE) % PEOPLE
    for threads in (1, 3):
        equal(model.encode(seen.take(crowd), threads), together[crowd], f"codes of a crowd, {threads} threads")
    for output in model.outputs:
        single = np.vstack([model.score(code[None], output) for code in alone])
        close(model.score(together, output), single, f"{output}: alone and in company")


def the_order_of_a_profile_does_not_matter(subject: Subject) -> None:
    """The same entries in another order give the same code."""
    items, ratings, bounds = np.array([2, 5, 8], np.int32), np.array([9, 3, 7], np.float32), np.array([0, 3])
    a, b = (subject.model.encode(Profiles(bounds, items[order], ratings[order])) for order in ([0, 1, 2], [2, 0, 1]))
    close(a, b, "codes of two orders")


def nobody_and_the_unscored_have_the_same_code(subject: Subject) -> None:
    """An empty profile and one without ratings and statuses have the same code; an unknown item gives finite scores."""
    model = subject.model
    nobody = model.encode(one({}))
    equal(nobody, model.encode(one({1: np.nan, 2: np.nan})), "codes of nobody and of the unscored")
    equal(model.encode(one({2: 9})), model.encode(one({2: 9, 4: np.nan})), "codes without and with an unscored entry")
    for code in (nobody, model.encode(one({NOT_LEARNT: 9}))):
        for output in model.outputs:
            assert np.isfinite(model.score(code, output)).all(), f"{output}: a score is not finite"


def more_can_be_asked_for_than_there_is(subject: Subject) -> None:
    """For a k above the number of items, everybody gets each unseen item once, then padding."""
    found = rank(subject.model, subject.seen, ITEMS + 5, np.ones(ITEMS, bool))
    for u, (rows, scores) in enumerate(zip(found.items, found.scores, strict=True)):
        unseen = np.setdiff1d(np.arange(ITEMS), subject.seen.slice(u, u + 1).item)
        equal(np.sort(rows[: len(unseen)]), unseen, f"items offered to person {u}")
        assert (rows[len(unseen) :] == -1).all() and np.isnan(scores[len(unseen) :]).all(), f"person {u} is offered more"


def the_same_seed_gives_the_same_bytes_at_any_thread_count(subject: Subject) -> None:
    """Trained on 1, 2 and 8 threads, it has the same bytes."""
    for threads in (1, 2, 8):
        assert same(subject.model, subject.fit(Run(threads=threads))), f"other bytes on {threads} threads"


def another_seed_gives_another_model_where_any_does(subject: Subject) -> None:
    """Another seed changes a model that uses random numbers, and no other."""
    random = len(subject.model.history) > 0 if subject.random is None else subject.random
    assert same(subject.model, subject.fit(Run(seed=1, threads=1))) != random, f"random is {random}"


def a_history_has_an_error_for_each_epoch(subject: Subject) -> None:
    """f32[E, 2], and the training error falls; f32[0, 2] without epochs."""
    history = subject.model.history
    assert history.dtype == np.float32 and history.shape[1:] == (2,), f"history is {history.dtype}{history.shape}"
    assert np.isfinite(history[:, 0]).all(), "a training error is not finite"
    assert len(history) < 2 or history[-1, 0] < history[0, 0], f"training errors go from {history[0, 0]} to {history[-1, 0]}"


def loaded_it_says_the_same(subject: Subject) -> None:
    """A model loaded from copies of its arrays, `load(state())`, has the same codes and scores."""
    state = subject.model.state()
    assert all(isinstance(array, np.ndarray) for array in state.values()), "a value of its state is no array"
    again = subject.module.load({key: array.copy() for key, array in state.items()})
    assert same(subject.model, again), "its state has changed"
    agree(subject.model, again, subject.seen)


def nothing_that_it_is_given_is_changed(subject: Subject) -> None:
    """Scoring changes neither profiles nor codes nor the model itself."""
    model, seen = subject.model, subject.seen
    codes, rows = model.encode(seen), np.arange(PEOPLE, dtype=np.int32) % ITEMS
    given = [*seen.arrays(), codes, rows, *model.state().values()]
    before = [array.copy() for array in given]
    for output in model.outputs:
        model.encode(seen, 2)
        model.score(codes, output)
        model.score(codes, output, rows)
        model.score_pairs(codes, rows, output)
    for array, copy in zip(given, before, strict=True):
        equal(array, copy, "what was given, after and before")


def a_bundle_brings_it_back(subject: Subject) -> None:
    """Trained, saved and loaded as by `konomi train` and `konomi recommend`, it has the same codes and scores."""
    bundle = train_model(board(), {subject.name: subject.config()}, split(), Run(threads=1))
    with TemporaryDirectory() as folder:
        save_bundle(Path(folder) / "bundle", bundle)
        agree(bundle.models[subject.name], load_bundle(Path(folder) / "bundle").models[subject.name], subject.seen)
