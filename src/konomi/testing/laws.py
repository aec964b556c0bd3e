"""What every model promises. A law takes a `Subject` and raises AssertionError where its model breaks it."""

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
from konomi.testing.subject import ITEMS, PEOPLE, UNTOLD, Subject, board, one, same, split

STRANGER = -1  # the row of an item that nobody knows
MARGIN = {"rating": 2.0, "interaction": 0.5, "rank": 0.0}
"""By how much a liked item comes before a disliked one, in each output."""


def it_has_what_a_model_file_has(subject: Subject) -> None:
    """TASKS, a frozen Config of defaults, NEEDS; the outputs that go with them."""
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
    """Codes, scores of all items and of some, scores of pairs; an item that nobody knows among them."""
    model, codes, rows = subject.model, subject.model.encode(subject.seen), np.array([3, 0, STRANGER, UNTOLD], np.int32)
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
    """All items, some items, pairs."""
    model, codes, rows = subject.model, subject.model.encode(subject.seen), np.array([3, 0, STRANGER], np.int32)
    for output in model.outputs:
        some = model.score(codes, output, rows)
        close(some[:, :2], model.score(codes, output)[:, [3, 0]], f"{output}: some items and all")
        pairs = model.score_pairs(codes.repeat(3, axis=0), np.tile(rows, PEOPLE), output)
        close(pairs.reshape(PEOPLE, 3), some, f"{output}: pairs and items")


def a_probability_is_one(subject: Subject) -> None:
    """Within (0, 1); what is liked and what is not lie on either side of a half."""
    if "interaction" in subject.model.outputs:
        chance = subject.model.score(subject.model.encode(subject.seen), "interaction")
        assert 0 < chance.min() and chance.max() < 1, f"probabilities from {chance.min()} to {chance.max()}"
        assert not subject.personal or chance.min() < 0.5 < chance.max(), f"from {chance.min()} to {chance.max()}"


def a_withheld_liked_item_comes_before_every_disliked_one(subject: Subject) -> None:
    """Everybody's missing items: those of their colour must score higher, by every task, or in the order of who has none."""
    if not subject.personal:
        return
    seen, model = board().profiles, subject.model
    for output in tasks(model) or ("rank",):
        scores = model.score(model.encode(seen), output)
        for u in range(PEOPLE):
            missing = np.setdiff1d(np.arange(UNTOLD), seen.slice(u, u + 1).item)
            liked = (u + missing) % 2 == 0
            if liked.any() and not liked.all():
                lead = scores[u, missing[liked]].min() - scores[u, missing[~liked]].max()
                assert lead > MARGIN[output], f"{output}: person {u}'s liked items lead by {lead}, not by {MARGIN[output]}"


def a_batch_is_its_single_people(subject: Subject) -> None:
    """The same codes, bit for bit, alone and in company, at any thread count."""
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
    """Nor does a list of the same entries in another order."""
    items, ratings, bounds = np.array([2, 5, 8], np.int32), np.array([9, 3, 7], np.float32), np.array([0, 3])
    a, b = (subject.model.encode(Profiles(bounds, items[order], ratings[order])) for order in ([0, 1, 2], [2, 0, 1]))
    close(a, b, "codes of two orders")


def nobody_and_the_unscored_are_the_same_stranger(subject: Subject) -> None:
    """An empty profile, and one whose entries say nothing; whose only entry is of an item that is not known is finite, too."""
    model = subject.model
    nobody = model.encode(one({}))
    equal(nobody, model.encode(one({1: np.nan, 2: np.nan})), "codes of nobody and of the unscored")
    equal(model.encode(one({2: 9})), model.encode(one({2: 9, 4: np.nan})), "codes without and with an unscored entry")
    for code in (nobody, model.encode(one({UNTOLD: 9}))):
        for output in model.outputs:
            assert np.isfinite(model.score(code, output)).all(), f"{output}: a score is not finite"


def more_can_be_asked_for_than_there_is(subject: Subject) -> None:
    """Of k items, more than the catalogue has, everybody gets what they have not met, once, and then nothing."""
    found = rank(subject.model, subject.seen, ITEMS + 5, np.ones(ITEMS, bool))
    for u, (rows, scores) in enumerate(zip(found.items, found.scores, strict=True)):
        unseen = np.setdiff1d(np.arange(ITEMS), subject.seen.slice(u, u + 1).item)
        equal(np.sort(rows[: len(unseen)]), unseen, f"items offered to person {u}")
        assert (rows[len(unseen) :] == -1).all() and np.isnan(scores[len(unseen) :]).all(), f"person {u} is offered more"


def the_same_seed_gives_the_same_bytes_at_any_thread_count(subject: Subject) -> None:
    """On 1, 2 and 8 threads."""
    for threads in (1, 2, 8):
        assert same(subject.model, subject.fit(Run(threads=threads))), f"other bytes on {threads} threads"


def another_seed_gives_another_model_where_any_does(subject: Subject) -> None:
    """A model that draws at random draws otherwise; one that does not stays the same."""
    random = len(subject.model.history) > 0 if subject.random is None else subject.random
    assert same(subject.model, subject.fit(Run(seed=1, threads=1))) != random, f"random is {random}"


def a_history_has_an_error_for_each_epoch(subject: Subject) -> None:
    """f32[E, 2], and what is learnt from is learnt better; f32[0, 2] without epochs."""
    history = subject.model.history
    assert history.dtype == np.float32 and history.shape[1:] == (2,), f"history is {history.dtype}{history.shape}"
    assert np.isfinite(history[:, 0]).all(), "a training error is not finite"
    assert len(history) < 2 or history[-1, 0] < history[0, 0], f"training errors go from {history[0, 0]} to {history[-1, 0]}"


def loaded_it_says_the_same(subject: Subject) -> None:
    """From its arrays, copied: `load(state())`."""
    state = subject.model.state()
    assert all(isinstance(array, np.ndarray) for array in state.values()), "a part of its state is no array"
    again = subject.module.load({key: array.copy() for key, array in state.items()})
    assert same(subject.model, again), "its state has changed"
    agree(subject.model, again, subject.seen)


def nothing_that_it_is_given_is_changed(subject: Subject) -> None:
    """Neither profiles nor codes nor the model itself."""
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
    """Trained, saved and loaded as `konomi train` and `konomi recommend` do."""
    bundle = train_model(board(), {subject.name: subject.config()}, split(), Run(threads=1))
    with TemporaryDirectory() as folder:
        save_bundle(Path(folder) / "bundle", bundle)
        agree(bundle.models[subject.name], load_bundle(Path(folder) / "bundle").models[subject.name], subject.seen)
