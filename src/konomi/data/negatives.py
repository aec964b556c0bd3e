"""Something to tell liked items from, where everything that is listed is liked: items that a person does not have."""

from dataclasses import replace

import numpy as np

from konomi.data.labels import STATUS
from konomi.data.profiles import Profiles
from konomi.data.split import TrainSet

SALT = 0x4E36


def all_liked(train: TrainSet) -> bool:
    """Whether there are interactions to learn from, and all of them are liked."""
    label = train.labelling.of(train.seen)
    return bool((label == 1).any() and not (label == 0).any())


def with_negatives(train: TrainSet, seed: int) -> TrainSet:
    """The same with as many items that each person does not have, as dropped entries, to learn from and to validate on.

    For every entry an item is drawn at random among those with training entries; items that the person has are left out. (Pan
    et al. 2008, "One-class collaborative filtering": uniform sampling of the missing as negative.)
    """
    draw = np.random.default_rng([seed, SALT])
    rated, n_items = np.unique(train.seen.item), len(train.items)
    known = [some.user * np.int64(n_items) + some.item for some in (train.seen, train.valid, train.shown)]
    taken = np.concatenate(known)

    def extended(profiles: Profiles) -> Profiles:
        nonlocal taken
        key = np.unique(profiles.user * np.int64(n_items) + draw.choice(rated, len(profiles.item)))
        key = key[~np.isin(key, taken)]
        taken = np.concatenate([taken, key])
        added = Profiles.from_entries(
            len(profiles), (key // n_items).astype(np.int32), (key % n_items).astype(np.int32),
            np.full(len(key), np.nan, np.float32), np.full(len(key), STATUS["dropped"], np.uint8),
        )  # fmt: skip
        both = Profiles.stacked([profiles, added])
        user = np.concatenate([profiles.user, added.user])
        arrays = (both.item, both.rating, both.status, both.time, both.weight, profiles.features)
        return Profiles.from_entries(len(profiles), user, *arrays)

    return replace(train, seen=extended(train.seen), valid=extended(train.valid))
