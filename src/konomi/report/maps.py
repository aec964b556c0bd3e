"""Maps of the most active users, as arrays: their ratings of items and their taste per genre."""

from dataclasses import dataclass, replace

import numpy as np

from konomi.arrays import F32
from konomi.catalogue.tags import genre_matrix, genre_names
from konomi.catalogue.taste import genre_taste
from konomi.data.dataset import Dataset
from konomi.data.profiles import Profiles

USERS, ITEMS, GENRES = 15, 20, 20  # rows and columns of the maps


@dataclass(frozen=True)
class Map:
    """values f32[R, C], NaN = none, with the names of rows and columns."""

    rows: list[str]
    columns: list[str]
    values: F32


def most_active_by_most_rated(dataset: Dataset, user_ids: bool = False) -> Map:
    """The ratings of the most active users for the most rated items; users are numbered, with `user_ids` named by their ids."""
    names, chosen = _most_active(dataset, user_ids)
    items = np.argsort(-np.bincount(dataset.profiles.scored().item, minlength=len(dataset.items)), kind="stable")[:ITEMS]
    cells = np.full((len(chosen), len(dataset.items)), np.nan, np.float32)
    cells[chosen.user, chosen.item] = chosen.rating
    return Map(names, dataset.titles(items.tolist()), cells[:, items])


def taste_per_genre(dataset: Dataset, user_ids: bool = False) -> Map:
    """The mean of the most active users' ratings of a genre less their own mean, for the genres that they rated most.

    Each value is a Bayesian average with the prior 0 (see `taste.genre_taste`). No columns where no genre is known.
    """
    names, chosen = _most_active(dataset, user_ids)
    mean = np.bincount(chosen.user, chosen.rating, len(chosen)) / np.maximum(chosen.counts, 1)
    rest = replace(chosen, rating=(chosen.rating - mean[chosen.user]).astype(np.float32))
    taste = genre_taste(rest, dataset.items, mean=0.0)
    often = np.argsort(-genre_matrix(dataset.items)[chosen.item].sum(axis=0, dtype=np.int64), kind="stable")[:GENRES]
    genres = genre_names(dataset.items)
    return Map(names, [genres[n] for n in often], taste[:, often])


def _most_active(dataset: Dataset, user_ids: bool) -> tuple[list[str], Profiles]:
    """The names of the users with the most ratings, the most active first, and their ratings."""
    profiles = dataset.profiles.scored()
    rows = np.argsort(-profiles.counts, kind="stable")[:USERS]
    names = [str(dataset.users.ids[int(row)]) if user_ids else f"user {n}" for n, row in enumerate(rows, 1)]
    return names, profiles.take(rows)
