"""Predicted ratings of pairs of a person and a title."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from konomi.arrays import F32
from konomi.data.dataset import Dataset
from konomi.data.profiles import Profiles
from konomi.errors import RequestError
from konomi.models.api import Model
from konomi.ranking.rank import BLOCK
from konomi.recommend.catalogue import Catalogue, an_id
from konomi.recommend.person import Person, Ratings, person_of
from konomi.runtime import blocks
from konomi.settings import shown

Who = int | str | Ratings | Profiles | Person
"""The id of somebody in the dataset, or what `person_of` takes as ratings."""

NUMBERS = 1 << 22  # of codes that are repeated at once, one for each pair


def predicted(
    model: Model, catalogue: Catalogue, pairs: Iterable[tuple[Who, int | str]], dataset: Callable[[], Dataset]
) -> F32:
    """The ratings that a model predicts for N pairs of a person and a title, f32[N], on the scale; see `Recommender.predict`.
    Each person and each title is looked up once."""
    people, profiles = dict[Any, int](), list[Profiles]()
    kept = list[Any]()  # the profiles given: while they are held here, no other object can have the `id` of one
    rows = dict[int | str, int]()
    which, items = list[int](), list[int]()
    for pair in _several(pairs):
        who, title = _two(pair)
        profiled = isinstance(who, Mapping | Profiles | Person)
        key = (profiled, id(who) if profiled else an_id(who, "neither a user id nor a profile"))
        if key not in people:
            person = person_of(catalogue, who, dataset=dataset) if profiled else _user(catalogue, key[1], dataset)
            kept.append(who)
            people[key] = -1 if person is None else len(profiles)
            profiles += [] if person is None else [person.profile]
        title = an_id(title, "neither a title nor an item id")
        if title not in rows:
            rows[title] = _row(catalogue, title)
        which.append(people[key])
        items.append(rows[title])
    who_of, item = np.array(which, np.int64), np.array(items, np.int32)
    ratings = np.full(len(item), np.nan, np.float32)
    able = np.flatnonzero((who_of >= 0) & (item >= 0))
    if len(able):
        codes = [model.encode(Profiles.stacked(profiles[a:b])) for a, b in blocks(len(profiles), BLOCK)]
        every = np.concatenate(codes)
        for start, stop in blocks(len(able), max(NUMBERS // max(every.shape[1], 1), 1)):
            some = able[start:stop]
            ratings[some] = catalogue.scale.clip(model.score_pairs(every[who_of[some]], item[some], "rating"))
    return ratings


def _several(pairs: object) -> Iterable[Any]:
    if isinstance(pairs, str | bytes | Mapping) or not isinstance(pairs, Iterable):
        raise RequestError(f"{shown(pairs)} is not several pairs.", 'Give a list: [(user id, "title"), …].')
    return pairs


def _two(pair: object) -> tuple[Any, Any]:
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise RequestError(f"{shown(pair)} is no pair.", 'Write (user id, "title"), or (ratings, "title").')
    return pair[0], pair[1]


def _user(catalogue: Catalogue, user: int | str, dataset: Callable[[], Dataset]) -> Person | None:
    """Somebody in the dataset; None where nobody has this id."""
    try:
        return person_of(catalogue, user=user, dataset=dataset)
    except RequestError:
        return None


def _row(catalogue: Catalogue, title: int | str) -> int:
    """The item row of a title or item id; −1 where there is none."""
    try:
        return catalogue.find(title, exactly=True).row
    except RequestError:
        return -1
