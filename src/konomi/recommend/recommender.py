"""Recommender: answers people from a saved bundle of models."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from konomi.arguments import as_path, whole
from konomi.arrays import F32, I32
from konomi.bundle.format import load_bundle
from konomi.data.dataset import Dataset
from konomi.data.profiles import Profiles
from konomi.errors import RequestError
from konomi.lists.personal_list import PersonalList
from konomi.ranking.dials import AS_THEY_ARE, Dials
from konomi.ranking.rank import BLOCK, Best, Ranking
from konomi.recommend.answer import Answer
from konomi.recommend.charts import newest, popular
from konomi.recommend.explain import Why, row_of
from konomi.recommend.filters import Where, nothing_passes
from konomi.recommend.ground import EVERYWHERE, Ground, offer_of
from konomi.recommend.hidden import Hidden, hidden_of, hidden_rows
from konomi.recommend.item import Item, item_of
from konomi.recommend.person import Person, Ratings, people_of, person_of, wishes_of
from konomi.recommend.predict import Who, predicted
from konomi.recommend.similar import By, nearness
from konomi.recommend.taste import TasteFigures, taste_of
from konomi.recommend.together import Together, together
from konomi.recommend.verdict import Verdict, verdict
from konomi.runtime import blocks, workers

MOST_REASONS = 1 << 20  # for a title, each way; a larger `why` is cut to it


@dataclass(frozen=True, repr=False)
class Recommender(Ground):
    """Answers from a bundle; data: the dataset that it was trained on, if that has moved.

    >>> recommender = Recommender.load("demo/bundle")                    # doctest: +SKIP
    >>> recommender.recommend({"Cowboy Bebop": 9, "Death Note": 6})      # doctest: +SKIP
    >>> recommender.recommend(user=1)                                    # doctest: +SKIP
    """

    @classmethod
    def load(cls, path: Path | str, data: Dataset | Path | str | None = None) -> "Recommender":
        """From what `konomi train` or `save_bundle` wrote; BundleError where it is missing, altered or of another format."""
        return cls(load_bundle(as_path(path, "a bundle", RequestError)), data)

    def __repr__(self) -> str:
        note = f", {self.note}" if self.note else ""
        return f"Recommender({', '.join(self.bundle.models)}: {len(self.bundle.items):,} items{note})"

    def __reduce__(self) -> tuple[Any, ...]:
        """For another process: what it was made of. What is kept from answers is made there anew."""
        return Recommender, (self.bundle, self.data)

    def person(
        self,
        profile: Ratings | Profiles | Person | None = None,
        *,
        user: int | str | None = None,
        list_file: Path | str | PersonalList | None = None,
        wishes: Mapping[str, float] | None = None,
        hidden: Hidden | None = None,
    ) -> Person:
        """Somebody, as `recommend`, `recommend_many` and `predict` take them; see `person_of` for what can be given.

        hidden: what they do not want to be offered, {title or item id: "title" or "franchise"}; see `Person.hidden`.
        """
        person = person_of(self.catalogue, profile, user=user, list_file=list_file, wishes=wishes, dataset=lambda: self.dataset)
        return person if hidden is None else person.hiding(hidden_rows(hidden, self.catalogue))

    def recommend(
        self,
        profile: Ratings | Profiles | Person | None = None,
        k: int = 10,
        where: Where = EVERYWHERE,
        dials: Dials = AS_THEY_ARE,
        wishes: Mapping[str, float] | None = None,
        why: Why = 3,
        *,
        user: int | str | None = None,
        list_file: Path | str | PersonalList | None = None,
        after: Sequence[int | str] = (),
    ) -> Answer:
        """The k titles to see next, for one person: from their ratings, {title or item id: rating}, their list, or nothing.

        where: filters; dials: how to order the titles; wishes: {genre: how much of it is wanted, on the rating scale}; why: at
        most so many reasons for each title, or "without": what leaving a rating out would change; user: somebody in the
        dataset; list_file: an export of a site; after: the item ids that they have been shown, for the next page: none of them
        comes again nor, unless `where` has every part, another part of their franchises. Unless `where` says otherwise, no
        title was seen before, there is one of a franchise at most, and never a sequel before its first part. RequestError
        where something cannot be understood, see `person_of`.
        """
        person = self.person(profile, user=user, list_file=list_file, wishes=wishes)
        return self._answers([person], k, where, dials, why, after)[0]

    def recommend_many(
        self,
        people: Profiles | Iterable[Ratings | Profiles | Person | None],
        k: int = 10,
        where: Where = EVERYWHERE,
        dials: Dials = AS_THEY_ARE,
        why: Why = 3,
    ) -> list[Answer]:
        """The answer of `recommend` for each of many people, in order; equal but for rounding, and quicker than one by one.

        people: Profiles of many, or several profiles as `recommend` takes them; make users and lists with `person`.
        """
        each = people_of(self.catalogue, people)
        return [
            answer
            for start, stop in blocks(len(each), BLOCK)
            for answer in self._answers(each[start:stop], k, where, dials, why)
        ]

    def predict(self, pairs: Iterable[tuple[Who, int | str]]) -> F32:
        """The predicted ratings of N pairs, f32[N] on the scale. A pair is (user id, title or item id) or (profile, title or
        item id).

        A profile is what `recommend` takes; `me = recommender.person({"Monster": 9})` is read once for many titles. NaN where
        the dataset has no such user or the catalogue no such title. RequestError where no model of the bundle predicts
        ratings, or something is no pair; DataError where a user is asked for and the dataset is missing.
        """
        if (model := self.bundle.giving("rating")) is None:
            raise RequestError("No model of this bundle predicts ratings.", "Train one that does, such as mf.")
        with workers(1):
            return predicted(model, self.catalogue, pairs, lambda: self.dataset)

    def best(
        self,
        profiles: Profiles,
        k: int,
        where: Where = EVERYWHERE,
        dials: Dials = AS_THEY_ARE,
        hidden: Sequence[I32] | None = None,
    ) -> Best:
        """best(start, stop) → the ranking of these people, equal to that of `recommend` but for rounding.

        hidden: the item rows that each person is never offered, as `Person.hidden`; None = nothing of anybody.
        """
        mask, k = self.mask(where, dials), self.places(k)

        def ranking(start: int, stop: int) -> Ranking:
            own = None if hidden is None else hidden[start:stop]
            return self.ranker.best(profiles.slice(start, stop), k, mask, dials, offer_of(where), hidden=own)

        return ranking

    def recommend_together(
        self,
        people: Iterable[Ratings | Profiles | Person | None],
        k: int = 10,
        where: Where = EVERYWHERE,
        dials: Dials = AS_THEY_ARE,
        why: Why = 3,
    ) -> Together:
        """The k titles for several people together, best first: what all of them like and nobody dislikes; see `together.py`.

        people: several profiles as `recommend_many` takes them; filters and dials as in `recommend`, for each of them.
        """
        return together(self, people_of(self.catalogue, people), k, where, dials, reasons(why))

    def why(
        self,
        profile: Ratings | Profiles | Person | None,
        title: int | str,
        where: Where = EVERYWHERE,
        dials: Dials = AS_THEY_ARE,
        why: Why = 3,
    ) -> Verdict:
        """What speaks for one title and against it, for one person, also if it is seen, filtered or hidden, and which of these
        keeps it from their list. title: as people write it, or an item id; RequestError where there is none."""
        return verdict(self, self.person(profile), self.catalogue.find(title).row, where, dials, reasons(why))

    def popular(self, k: int = 10, where: Where = EVERYWHERE) -> Answer:
        """The k titles that are liked by the most people; see `charts.popular`."""
        return popular(self, k, where)

    def newest(self, k: int = 10, where: Where = EVERYWHERE) -> Answer:
        """The k titles of the latest years; see `charts.newest`."""
        return newest(self, k, where)

    def item(self, title: int | str) -> Item:
        """All that is known of a title, as people write it, or of an item id; RequestError where there is none."""
        return item_of(self, title)

    def taste(self, profile: Ratings | Profiles | Person | None = None, *, user: int | str | None = None) -> TasteFigures:
        """One person's taste in figures; see `taste_of`."""
        return taste_of(self.person(profile, user=user))

    def similar(
        self,
        titles: int | str | Sequence[int | str],
        k: int = 10,
        where: Where = EVERYWHERE,
        dials: Dials = AS_THEY_ARE,
        by: By = "both",
        metric: str = "cosine",
    ) -> Answer:
        """The k titles most like one title, or like several together (titles or item ids); filters and dials as in `recommend`.

        by: the models' item vectors, the contents in the catalogue, or both; see `similar.py`. The given titles and the other
        parts of their franchises are left out. RequestError where there is nothing to compare by.
        """
        several: Sequence[Any] = titles if isinstance(titles, list | tuple) else [titles]
        rows = np.array(sorted({self.catalogue.find(title).row for title in several}), np.int32)
        if not len(rows):
            raise RequestError("Like what?", "Give a title, or several.")
        mask, k = self.mask(where, dials).copy(), self.places(k)
        mask[rows] = False
        if not where.parts:
            franchise, _ = self.ranker.franchise
            mask &= ~np.isin(franchise, franchise[rows])
        with workers(1):
            near = nearness(self.bundle, rows, by, metric)
            held = 1 - np.float32(dials.niche) * self.ranker.blend.popularity
            scores = near * held if metric == "cosine" else near / np.maximum(held, 1e-6)
            asked, dials = Profiles.of([{int(row): math.nan for row in rows}]), replace(dials, calibrate=0)
            ranking = self.ranker.pick(scores[None], asked, k, mask, dials, offer_of(where), known=~np.isnan(near))
        found = ranking.items[0][ranking.items[0] >= 0]
        return Answer(tuple(row_of(self.catalogue, row, float(near[row])) for row in found.tolist()), self.note)

    def _answers(
        self, people: Sequence[Person], k: int, where: Where, dials: Dials, why: Why, after: Sequence[int | str] = ()
    ) -> list[Answer]:
        """The answers for at most `BLOCK` people."""
        mask, k = self.mask(where, dials, after), self.places(k)
        why = reasons(why)
        profiles = people[0].profile if len(people) == 1 else Profiles.stacked([person.profile for person in people])
        wishes = wishes_of(people)
        with workers(1):
            scores, ranking = self.ranker.served(profiles, k, mask, dials, offer_of(where), wishes, hidden=hidden_of(people))
            own = [Ranking(ranking.items[b : b + 1], ranking.scores[b : b + 1]) for b in range(len(people))]
            told = [self.explainer.answer(one, scores.of(b), own[b], self.note, dials, why) for b, one in enumerate(people)]
        nothing = "" if mask.any() or len(after) else nothing_passes(where, self.bundle.items)
        return [replace(answer, nothing=nothing) for answer in told]


def reasons(why: Why) -> Why:
    """What says how many reasons are given, checked; RequestError for anything else."""
    return "without" if isinstance(why, str) and why == "without" else min(whole("why", why, 0), MOST_REASONS)
