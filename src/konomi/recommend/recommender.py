"""Recommender: saved models, ready to answer people."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from operator import index
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from konomi.arrays import F32, I32, Bools
from konomi.bundle.format import Bundle, load_bundle
from konomi.catalogue.tags import content_vectors, genre_names
from konomi.data.labels import planned
from konomi.data.profiles import Profiles
from konomi.data.vocab import Vocab
from konomi.errors import RequestError
from konomi.evaluate.intervals import Intervals
from konomi.lists.titles import Match, TitleIndex
from konomi.ranking.blend import Blend, says_nothing
from konomi.ranking.dials import Dials
from konomi.ranking.franchise_rule import Works
from konomi.ranking.rank import Ranking
from konomi.ranking.rerank import best_list, unit
from konomi.recommend.answer import Answer
from konomi.recommend.bulk import Best
from konomi.recommend.explain import Asked, explained, row_of
from konomi.recommend.filters import Where, named
from konomi.recommend.filters import allowed as passing
from konomi.recommend.numbers import is_number, whole
from konomi.recommend.similar import By, HasItemVectors, nearness
from konomi.runtime import workers

EVERYWHERE, AS_THEY_ARE = Where(), Dials()
SPREAD = 0.3  # the dial "diverse" of somebody who has said nothing


@dataclass(frozen=True)
class Given:
    """A rating as it was typed, and the item that it was understood to be of."""

    text: str
    rating: float
    match: Match
    title: str


@dataclass(frozen=True)
class Recommender:
    """Answers from a bundle.

    >>> recommender = Recommender.load("demo/bundle")                    # doctest: +SKIP
    >>> recommender.recommend({"Cowboy Bebop": 9, "Death Note": 6})      # doctest: +SKIP
    """

    bundle: Bundle

    @classmethod
    def load(cls, path: Path | str) -> "Recommender":
        """From a file that `konomi train` wrote; BundleError where it is missing, altered or of another format."""
        return cls(load_bundle(path))

    @cached_property
    def titles(self) -> TitleIndex:
        """Every title of the catalogue."""
        return TitleIndex(self.bundle.items)

    @cached_property
    def names(self) -> list[str]:
        """What every item is called: its title, else its id."""
        return self.bundle.items.select(pl.coalesce("title", pl.col("item_id").cast(pl.String)))["title"].to_list()

    @cached_property
    def ids(self) -> list[int | str]:
        """The id of every item."""
        return self.bundle.items["item_id"].to_list()

    @cached_property
    def item_ids(self) -> Vocab:
        """The ids of the item rows."""
        return Vocab(self.bundle.items["item_id"])

    @property
    def note(self) -> str:
        """What has to be shown with every answer, such as "simulated ratings"."""
        return self.bundle.facts.data.note

    def find(self, title: int | str) -> Match:
        """The item of a title as people write it, or of an item id; RequestError where there is none, or it is neither."""
        if isinstance(title, str):
            return self.titles.find(title)
        try:
            return Match(self.item_ids.row(index(title), "item"))
        except TypeError:
            raise RequestError(f"{title!r} is neither a title nor an item id.", "Give text or a whole number.") from None

    def understand(self, ratings: Mapping[int | str, float]) -> list[Given]:
        """Typed ratings, each with the item it is of: keys are titles as people write them, or item ids.

        RequestError where a title is unknown (with what may have been meant), a rating is not on the scale, or two of them are
        of one item.
        """
        scale, given = self.bundle.scale, list[Given]()
        for text, rating in ratings.items():
            match = self.find(text)
            if not is_number(rating):
                raise RequestError(f'"{text}": {rating!r} is not a number.', f"Ratings go from {scale}.")
            one = Given(str(text), float(rating), match, self.titles.name(match.row))
            with np.errstate(over="ignore"):  # 1e300 is infinite, and so off the scale
                on_scale = scale.valid(np.array([one.rating], np.float32))[0]
            if np.isnan(one.rating) or not on_scale:
                raise RequestError(
                    f'"{text}": {one.rating:g} is not a rating on the scale of this model.', f"Ratings go from {scale}."
                )
            if same := next((g for g in given if g.match.row == match.row), None):
                raise RequestError(f'"{same.text}" and "{text}" are the same title: {one.title}.', "Rate it once.")
            given.append(one)
        return given

    def recommend(
        self,
        profile: Mapping[int | str, float] | Profiles | None = None,
        k: int = 10,
        where: Where = EVERYWHERE,
        dials: Dials = AS_THEY_ARE,
        wishes: Mapping[str, float] | None = None,
        why: int = 3,
    ) -> Answer:
        """The k titles to see next, for one person: ratings {title or item id: rating}, or a profile, or nothing at all.

        where: filters; dials: how the list is to be; wishes: {genre: how much of it is wanted, on the rating scale}; why: at
        most so many reasons for and against each title. Nothing that the profile has been through is among them (unless
        `where` says so), one title of a franchise at most, never a sequel to what was not seen. RequestError where the
        profile cannot be understood, or is not one person's.
        """
        check_kinds(where, dials)
        person, wish, k, why = self._person(profile), self._wishes(wishes or {}), self._places(k), whole("why", why, 0)
        with workers(1):
            scores = self.blend.weigh(person, dials, wish)
            offered = np.where(self.open(person, where), scores.total, np.float32(np.nan))
            spread = dials if wish is not None else self._spread(person, dials)
            found, best = best_list(offered[0], k, person, spread, self.blend, self.vectors)
            asked = Asked(person, wish, scores)
            rows = explained(self.bundle, self.blend, self.ids, self.names, self.intervals, asked, found, best, why)
        return Answer(rows, self.note)

    def best(self, profiles: Profiles, k: int, where: Where = EVERYWHERE, dials: Dials = AS_THEY_ARE) -> Best:
        """The lists of many people: best(start, stop) → their ranking, as `recommend` would give it to each."""
        check_kinds(where, dials)
        k = self._places(k)

        def lists(start: int, stop: int) -> Ranking:
            part = profiles.slice(start, stop)
            scores = self.blend.weigh(part, dials).total
            scores[~self.open(part, where)] = np.nan
            items, best = np.full((len(part), k), -1, np.int32), np.full((len(part), k), np.nan, np.float32)
            for b in range(len(part)):
                person = part.slice(b, b + 1)
                found, values = best_list(scores[b], k, person, self._spread(person, dials), self.blend, self.vectors)
                items[b, : len(found)], best[b, : len(found)] = found, values
            return Ranking(items, best)

        return lists

    def _spread(self, person: Profiles, dials: Dials) -> Dials:
        """The dials for one person: somebody who says nothing is offered some of everything."""
        return replace(dials, diverse=max(dials.diverse, SPREAD)) if says_nothing(person)[0] else dials

    def open(self, profiles: Profiles, where: Where = EVERYWHERE, known: Bools | None = None) -> Bools:
        """bool[B, I]: what may be offered to each person.

        The items that pass the filters and that something is `known` of (bool[I]): by a model, from their entries in training
        or from their features, where it is None; of these not what the person has been through, and of a franchise only the
        part that comes next.
        """
        known = self.blend.known if known is None else known
        allowed = self.passing(where) & known
        intended = planned(profiles)
        seen, plans = profiles.keep(~intended), profiles.keep(intended)
        if where.parts:
            offered = np.tile(allowed, (len(profiles), 1))
            offered[seen.user, seen.item] = False
        else:
            works = self.works if known is self.blend.known else Works.of(*self.franchise, known)
            offered = works.offered(seen, allowed)
        if where.again:
            offered[seen.user, seen.item] = allowed[seen.item]
        if where.planned == "hide":
            offered[plans.user, plans.item] = False
        elif where.planned == "only":
            listed = np.zeros_like(offered)
            listed[plans.user, plans.item] = True
            offered &= listed
        return offered

    @cached_property
    def passing(self) -> Callable[[Where], Bools]:
        """bool[I] of filters: what they let through. The last ones asked for are remembered."""
        return lru_cache(maxsize=64)(lambda where: passing(where, self.bundle.items))

    @cached_property
    def blend(self) -> Blend:
        """What the models of the bundle say together."""
        return Blend(tuple(self.bundle.models.values()), self.bundle.items, self.bundle.scale)

    @cached_property
    def franchise(self) -> tuple[I32, I32]:
        """Which franchise each item belongs to, and as what part of it: i32[I] each."""
        items = self.bundle.items
        return items["franchise"].to_numpy(), items["part"].to_numpy()

    @cached_property
    def works(self) -> Works:
        """The franchises, sorted."""
        return Works.of(*self.franchise, self.blend.known)

    @cached_property
    def vectors(self) -> F32:
        """Vectors of length 1 whose cosine says how alike two items are, f32[I, D]: by their factors and by their contents."""
        content = content_vectors(self.bundle.items)
        model = next((model for model in self.bundle.models.values() if isinstance(model, HasItemVectors)), None)
        if model is None:
            return content
        return unit(np.concatenate([unit(model.item_vectors()), content], axis=1))

    @cached_property
    def intervals(self) -> Intervals | None:
        """How far ratings lie from their predictions; None where the bundle does not say."""
        facts = self.bundle.facts.intervals
        return Intervals.from_facts(facts) if facts else None

    def similar(
        self,
        titles: int | str | Sequence[int | str],
        k: int = 10,
        where: Where = EVERYWHERE,
        dials: Dials = AS_THEY_ARE,
        by: By = "both",
        metric: str = "cosine",
    ) -> Answer:
        """The k titles most like one, or like several together (titles or item ids), with the filters and dials of `recommend`.

        by: the models' factors, the contents that the catalogue tells, or both; see `similar.py`. Neither the titles themselves
        nor other parts of their franchises are among them. RequestError where nothing can be near.
        """
        check_kinds(where, dials)
        several: Sequence[Any] = titles if isinstance(titles, list | tuple) else [titles]
        rows = np.array(sorted({self.find(title).row for title in several}), np.int32)
        if not len(rows):
            raise RequestError("Like what?", "Give a title, or several.")
        asked = Profiles.of([{int(row): math.nan for row in rows}])
        with workers(1):
            near = nearness(self.bundle, rows, by, metric)
            offered = self.open(asked, where, ~np.isnan(near))[0]
            offered[rows] = False
            if not where.parts:
                offered &= ~np.isin(self.franchise[0], self.franchise[0][rows])
            held = 1 - np.float32(dials.niche) * self.blend.popularity
            scores = np.where(offered, near * held if metric == "cosine" else near / np.maximum(held, 1e-6), np.float32(np.nan))
            found, _ = best_list(scores, self._places(k), asked, replace(dials, calibrate=0), self.blend, self.vectors)
        rows_found = (row_of(self.bundle, self.names, row, float(near[row])) for row in found.tolist())
        return Answer(tuple(rows_found), self.note)

    def _person(self, profile: Mapping[int | str, float] | Profiles | None) -> Profiles:
        if not isinstance(profile, Profiles | Mapping | None):
            raise RequestError(
                f"A profile cannot be a {type(profile).__name__}.", "Give {title or item id: rating}, or Profiles."
            )
        if not isinstance(profile, Profiles):
            profile = Profiles.of([{given.match.row: given.rating for given in self.understand(profile or {})}])
        if len(profile) != 1:
            raise RequestError(f"Profiles of {len(profile):,} people.", "Give one person's, or use konomi.rank for many.")
        if len(profile.item) and not 0 <= profile.item.min() <= profile.item.max() < len(self.bundle.items):
            raise RequestError(
                "The profile has an item row that is not in the catalogue.",
                f"Rows go from 0 to {len(self.bundle.items) - 1:,}.",
            )
        odd = profile.rating[~(self.bundle.scale.within(profile.rating))]
        if len(odd):
            raise RequestError(f"The profile has a rating of {odd[0]:g}.", f"Ratings go from {self.bundle.scale}.")
        return profile

    def _wishes(self, wishes: Mapping[str, float]) -> F32 | None:
        """f32[1, G], NaN where nothing is wished; None for no wish at all."""
        if not wishes:
            return None
        if not isinstance(wishes, Mapping):
            raise RequestError(f"Wishes cannot be a {type(wishes).__name__}.", 'Give {genre: how much}, such as {"Action": 9}.')
        genres = genre_names(self.bundle.items)
        scale, row = self.bundle.scale, np.full((1, len(genres)), np.nan, np.float32)
        for genre, value in wishes.items():
            if not is_number(value) or not scale.low <= value <= scale.high:
                said = f"{value:g}" if is_number(value) else repr(value)
                raise RequestError(
                    f'The wish "{genre}": {said} is not on the scale of this model.',
                    f"It goes from {scale.low:g} to {scale.high:g}.",
                )
            place = genres.index(named("genre", genre, genres))
            if not math.isnan(row[0, place]):
                raise RequestError(f'The genre "{genres[place]}" is wished for twice.', "Say once how much.")
            row[0, place] = value
        return row

    def _places(self, k: int) -> int:
        """k, but no more than there are items; RequestError for what is no whole number above 0."""
        return min(whole("k", k, 1), len(self.bundle.items))


def check_kinds(where: object, dials: object) -> None:
    """RequestError for filters or dials that are something else."""
    if not isinstance(where, Where) or not isinstance(dials, Dials):
        wrong = type(dials if isinstance(where, Where) else where).__name__
        raise RequestError(f"A {wrong} says neither where nor how.", "Give where=Where(…) and dials=Dials(…).")
