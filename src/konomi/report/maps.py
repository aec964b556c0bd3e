"""Who rated what, and who likes which genre: maps of the most active users, as arrays."""

from dataclasses import dataclass, replace

import numpy as np

from konomi.arrays import F32
from konomi.catalogue.tags import genre_matrix, genre_names
from konomi.catalogue.taste import genre_taste
from konomi.data.dataset import Dataset
from konomi.data.profiles import Profiles

USERS, ITEMS, GENRES = 15, 20, 20


@dataclass(frozen=True)
class Map:
    """values f32[R, C], NaN where there is none, with the names of rows and columns."""

    rows: list[str]
    columns: list[str]
    values: F32


def most_active_by_most_rated(dataset: Dataset, user_ids: bool = False) -> Map:
    """The ratings of the users with most of them for the items with most of them; users are numbered unless ids are asked
    for."""
    names, chosen = _most_active(dataset, user_ids)
    items = np.argsort(-np.bincount(dataset.profiles.scored().item, minlength=len(dataset.items)), kind="stable")[:ITEMS]
    cells = np.full((len(chosen), len(dataset.items)), np.nan, np.float32)
    cells[chosen.user, chosen.item] = chosen.rating
    return Map(names, dataset.titles(items.tolist()), cells[:, items])


def taste_per_genre(dataset: Dataset, user_ids: bool = False) -> Map:
    """How far ratings of a genre lie above the user's own mean: of the most active users, for the genres they rated most.

    Each value is a Bayesian average that starts at 0 (see `features.genre_taste`). No columns where no genre is known.
    """
    names, chosen = _most_active(dataset, user_ids)
    mean = np.bincount(chosen.user, chosen.rating, len(chosen)) / np.maximum(chosen.counts, 1)
    rest = replace(chosen, rating=(chosen.rating - mean[chosen.user]).astype(np.float32))
    taste = genre_taste(rest, dataset.items, mean=0.0)
    often = np.argsort(-genre_matrix(dataset.items)[chosen.item].sum(axis=0, dtype=np.int64), kind="stable")[:GENRES]
    genres = genre_names(dataset.items)
    return Map(names, [genres[n] for n in often], taste[:, often])


def _most_active(dataset: Dataset, user_ids: bool) -> tuple[list[str], Profiles]:
    """What to call the users who gave most ratings, the most active first, and their ratings."""
    profiles = dataset.profiles.scored()
    rows = np.argsort(-profiles.counts, kind="stable")[:USERS]
    names = [str(dataset.users.ids[int(row)]) if user_ids else f"user {n}" for n, row in enumerate(rows, 1)]
    return names, profiles.take(rows)
