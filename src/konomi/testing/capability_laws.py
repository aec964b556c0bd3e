"""The laws of optional capabilities: each shortcut is compared with the full computation."""

from dataclasses import replace

import numpy as np

from konomi.arrays import F32
from konomi.catalogue.tags import genre_names, item_tags
from konomi.data.profiles import Profiles
from konomi.errors import ConfigError
from konomi.models import module
from konomi.models.api import (
    Criterion,
    HasChosen,
    HasCriterion,
    HasDots,
    HasFeatures,
    HasItemVectors,
    HasParts,
    HasVariance,
    WarmStart,
)
from konomi.models.choice import left_open
from konomi.runtime import Run
from konomi.testing.asserts import close, equal, raises
from konomi.testing.subject import ITEMS, PEOPLE, Subject, one, same

ROWS = np.append(np.arange(ITEMS), -1).astype(np.int32)
"""Every item, and an unknown one."""
SHORT = 1e-3  # share of a score by which a shortcut may differ from the full computation


def dots_are_scores(subject: Subject) -> None:
    """p·v + c + level is the score."""
    model = subject.model
    if not isinstance(model, HasDots):
        return
    assert model.dot_outputs <= model.outputs, f"dot_outputs are {set(model.dot_outputs)}"
    codes = model.encode(subject.seen)
    for output in model.dot_outputs:
        p, v, c, level = model.dots(codes, output)
        close(p @ v.T + c + level[:, None], model.score(codes, output), f"{output}: dots and scores")


def parts_add_up(subject: Subject) -> None:
    """What the entries of a person add to a score is the score less that of an empty profile."""
    model = subject.model
    if not isinstance(model, HasParts):
        return
    for output in model.outputs:
        for person in (one({0: 9.0, 3: 2.0, 4: 7.0}), one({1: 8.0, 6: float("nan")}), one({})):
            found = model.parts(person, ROWS, output)
            if found is None:
                continue
            own, usual = (model.score(model.encode(each), output, ROWS)[0] for each in (person, one({})))
            assert found.dtype == np.float32 and found.shape == (len(person.item), len(ROWS)), (
                f"{output}: parts are no f32[n, k]"
            )
            close(found.sum(axis=0) + usual, own, f"{output}: the parts and the score", SHORT)


def features_tell_of_taste(subject: Subject) -> None:
    """People's tastes for the two colours raise the scores of items of their own colour more, on average."""
    model, items = subject.model, subject.train.items
    if not isinstance(model, HasFeatures):
        return
    colours = [genre_names(items).index(name) for name in ("Even", "Odd")]
    for output in model.outputs:
        leads = []
        for u in range(PEOPLE):
            added = model.features(subject.seen.slice(u, u + 1), ROWS, output)
            assert added.dtype == np.float32 and added.shape[1:] == ROWS.shape, f"{output}: {added.dtype}{added.shape}"
            assert len(added) <= item_tags(items).shape[1] and np.isfinite(added).all(), f"{output}: more tags than there are"
            lifted = added[colours, :ITEMS].sum(axis=0)
            leads.append(lifted[u % 2 :: 2].mean() - lifted[1 - u % 2 :: 2].mean())
        assert np.mean(leads) > 0, f"{output}: tastes lift the items of one's own colour by {np.mean(leads)}"


def items_that_the_same_people_like_are_near(subject: Subject) -> None:
    """Items of a colour are nearer to each other by the cosine of their vectors, on average."""
    model = subject.model
    if not isinstance(model, HasItemVectors):
        return
    vectors = model.item_vectors()
    assert vectors.dtype == np.float32 and len(vectors) == ITEMS and np.isfinite(vectors).all(), "vectors are no f32[I, D]"
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    near, alike = unit @ unit.T, np.add.outer(np.arange(ITEMS), np.arange(ITEMS)) % 2 == 0
    assert near[alike & ~np.eye(ITEMS, dtype=bool)].mean() > near[~alike].mean(), "items of a colour are not nearer"


def a_variance_is_one(subject: Subject) -> None:
    """f32[N] ≥ 0, the same whoever else is scored; for an empty profile it is not lower than for people with ratings."""
    model = subject.model
    if not isinstance(model, HasVariance) or "rating" not in model.outputs:
        return

    def spread(profiles: Profiles) -> F32:
        codes = model.encode(profiles).repeat(len(ROWS), axis=0)
        return model.variance(codes, np.tile(ROWS, len(profiles))).reshape(len(profiles), len(ROWS))

    known, empty = spread(subject.seen), spread(one({}))
    assert known.dtype == np.float32 and np.isfinite(known).all() and known.min() >= 0, "a variance is not a number from 0 on"
    close(spread(subject.seen.slice(0, 1)), known[:1], "variances alone and in company")
    assert known.mean() <= empty.mean() * (1 + SHORT), f"{known.mean()} for people, {empty.mean()} for nobody"


def a_warm_start_goes_on(subject: Subject) -> None:
    """A warm start leaves its first model unchanged, gives the same bytes each time, and begins with that model's error."""
    start, kind = subject.model, subject.module
    if not isinstance(kind, WarmStart):
        return
    before = {name: array.copy() for name, array in start.state().items()}
    train = replace(subject.train, learnt=subject.train.seen)
    warm, again = (kind.fit_from(start, train, subject.config(), Run(threads=threads)) for threads in (1, 2))
    for name, array in start.state().items():
        equal(array, before[name], f"{name} of the model that it starts from")
    assert same(warm, again), "another start from the same model gives other bytes"
    codes = warm.encode(subject.seen)
    assert warm.outputs == start.outputs and len(codes) == PEOPLE, "it has other outputs"
    assert all(np.isfinite(warm.score(codes, output)).all() for output in warm.outputs), "a score is not finite"
    if len(start.history):
        cold, first = start.history[0, 0], warm.history[0, 0]
        assert first < cold, f"its first epoch has an error of {first}, and one from nothing {cold}"
    popular = module("popular")
    other = popular.fit(subject.train, popular.Config(), Run(threads=1))
    raises(ConfigError, lambda: kind.fit_from(other, train, subject.config(), Run()), "a start from another model")


def what_was_chosen_gives_the_same_model(subject: Subject) -> None:
    """A training with the settings that validation entries chose gives the same bytes; they are all that were left open."""
    model = subject.model
    if isinstance(model, HasChosen):
        unsaid = [name for name in left_open(subject.module.Config()) if name not in model.chosen]
        assert not unsaid, f"{', '.join(unsaid)}: None leaves it open, and `chosen` has no value of it"
        again = subject.module.fit(subject.train, subject.config(**model.chosen), Run(threads=1))
        assert same(model, again), f"with {model.chosen} it has other bytes"


def what_it_is_chosen_by_has_a_name(subject: Subject) -> None:
    """If the model has a criterion, it is a `Criterion` with a name."""
    model = subject.model
    if isinstance(model, HasCriterion):
        assert isinstance(model.criterion, Criterion) and model.criterion.name, "criterion is no Criterion with a name"


CAPABILITIES = (
    dots_are_scores,
    parts_add_up,
    features_tell_of_taste,
    items_that_the_same_people_like_are_near,
    a_variance_is_one,
    a_warm_start_goes_on,
    what_was_chosen_gives_the_same_model,
    what_it_is_chosen_by_has_a_name,
)
