"""Strong generalisation as Liang et al. 2018 made it: people who validate and test are unknown to training.

(Liang, Krishnan, Hoffman & Jebara 2018, "Variational autoencoders for collaborative filtering". Their data preparation draws
by NumPy's legacy generator, so that everybody who published on this split has the same.)
"""

import numpy as np

from konomi.arrays import I64, U8, Bools
from konomi.data.dataset import Dataset
from konomi.data.split import SHOWN, TEST, TRAIN, VALID, Split
from konomi.errors import DataError
from konomi.pipeline.protocol import HeldOutPeople

LEAST = 5  # entries of people of whom some are hidden


def hold_out(dataset: Dataset, how: HeldOutPeople) -> Split:
    """The split. Entries of items that nobody trains are shown, where no model knows what they are.

    DataError where fewer people would train than are held out.
    """
    n = len(dataset.users)
    if n < 2 * (how.valid + how.test):
        raise DataError(
            f"{how.valid + how.test:,} of {n:,} people are held out, and few would be left to train on.",
            "Give the data that the protocol is meant for.",
        )
    order = np.random.RandomState(how.seed).permutation(n)
    roles, profiles = np.full(len(dataset.item), TRAIN, np.uint8), dataset.profiles
    groups = ((order[n - how.test - how.valid : n - how.test], VALID), (order[n - how.test :], TEST))
    held = np.zeros(n, np.bool_)
    for people, _ in groups:
        held[people] = True
    known = np.bincount(dataset.item[~held[profiles.user]], minlength=len(dataset.items)) > 0
    for people, role in groups:
        _hide(roles, dataset, np.sort(people), known, how, role)
    return Split(roles, {"kind": "people", **vars(how)}, dataset.sha256)


def _hide(roles: U8, dataset: Dataset, people: I64, known: Bools, how: HeldOutPeople, role: int) -> None:
    """Show the entries of these people, and hide a share of those of known items."""
    random = np.random.RandomState(how.seed)
    for user in people:
        entries = np.arange(dataset.indptr[user], dataset.indptr[user + 1])
        roles[entries] = SHOWN
        entries = entries[known[dataset.item[entries]]]
        if len(entries) >= LEAST:
            roles[entries[random.choice(len(entries), int(how.hidden * len(entries)), replace=False)]] = role
