"""The titles of an answer with their predictions, intervals and reasons."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from konomi.arrays import F32, I32
from konomi.bundle.format import Bundle
from konomi.data.profiles import Profiles
from konomi.evaluate.intervals import Intervals
from konomi.models.api import TASKS, HasVariance, Model
from konomi.ranking.blend import DISLIKED, Blend
from konomi.ranking.dials import Dials
from konomi.ranking.rank import Ranking
from konomi.ranking.scores import LATER, Scores
from konomi.recommend.answer import LEVEL, Answer, Row
from konomi.recommend.catalogue import Catalogue
from konomi.recommend.person import Person
from konomi.recommend.reasons import (
    Reason,
    adds_up,
    features,
    leaving_out,
    moving,
    parts,
    reason,
    strongest,
    told_once,
)
from konomi.runtime import blocks

Why = int | Literal["without"]
"""How many reasons for each title, at most, as parts of its score; or "without": what leaving entries out changes."""

SIDE = 0.5  # of the strongest reason; weaker ones are not told
ITEMS = 64  # whose deviations are computed together: a code may be some kB
POPULAR = 0.25  # of all that speaks for a title; where popularity is more, it is told


def row_of(catalogue: Catalogue, row: int, score: float, **more: Any) -> Row:
    """A title with what the catalogue knows of it; more: the other fields of a `Row`."""
    year, kind, genres = catalogue.about[row]
    like = tuple(catalogue.names[one] for one in catalogue.kin.get(row, ()))
    return Row(catalogue.ids[row], catalogue.names[row], year, kind, genres, round(score, 4), like=like, **more)


@dataclass(frozen=True)
class Explainer:
    """Adds to titles what the models of a bundle predict, and why the blend of the models chose them."""

    bundle: Bundle
    catalogue: Catalogue
    blend: Blend

    @cached_property
    def intervals(self) -> Intervals | None:
        """How far ratings lie from their predictions; None where the bundle has no intervals."""
        facts = self.bundle.facts.intervals
        return Intervals.from_facts(facts) if facts else None

    def answer(self, person: Person, scores: Scores, ranking: Ranking, note: str, dials: Dials, why: Why) -> Answer:
        """One person's answer, from a ranking of one; why: see `Recommender.recommend`."""
        found = ranking.items[0][ranking.items[0] >= 0]
        profile = person.profile
        rating, probability = (self._predicted(scores, task, found) for task in TASKS)
        spans: list[tuple[float, float] | None] = [None] * len(found)
        if rating is not None:
            rating = self.bundle.scale.clip(rating)
            if self.intervals is not None:
                ends = self.intervals.around(rating, int(profile.scored().counts[0]), LEVEL, self.bundle.scale)
                spans = [(round(float(low), 2), round(float(high), 2)) for low, high in zip(*ends, strict=True)]
        deviation = self._deviations(scores, found)
        told = self._told(person, scores, found, dials, why)
        names, moved = features(scores, self.catalogue.items, profile, found)
        tags = moving(names, moved, told.each)
        plans = set(profile.item[profile.planned].tolist())
        placed = ranking.scores[0] + LATER * scores.later[0, ranking.items[0]]
        rows = tuple(
            row_of(
                self.catalogue,
                row,
                float(placed[place]),
                rating=None if rating is None else round(float(rating[place]), 4),
                interval=spans[place],
                deviation=deviation[place],
                probability=None if probability is None else round(float(probability[place]), 4),
                up=told.up[place],
                down=told.down[place],
                popular=told.popular[place],
                tags=tags[place],
                wishes=self._granted(person, row),
                planned=row in plans,
            )
            for place, row in enumerate(found.tolist())
        )
        doubtful = len(found) > 0 and bool((scores.later[0, found] >= DISLIKED).all())
        return Answer(rows, note, person, told.common, doubtful, told.parts)

    def _told(self, person: Person, scores: Scores, found: I32, dials: Dials, why: Why) -> "_Told":
        """The entries that are named for each item and against it. What somebody does not like speaks for nothing."""
        profile, each, nothing = person.profile, 3 if why == "without" else why, ((),) * len(found)
        if not each:
            return _Told(0, nothing, nothing, (None,) * len(found), (), True)
        if why == "without":
            effects = leaving_out(self.blend, scores, profile, found, dials, person.wishes)
            popular, adding, against = np.zeros(len(found), np.float32), False, each
        else:
            effects, popular = parts(self.blend, scores, profile, found)
            adding, against = bool(adds_up(scores) or profile.silent[0]), min(each, 1)
        liked = self.bundle.labelling.of(profile) != 0
        speaking = np.where(liked[:, None] | (effects < 0), effects, 0)
        sides = strongest(speaking, max(each, against), SIDE)
        once = told_once([up[:each] for up, _ in sides]) if adding else []
        ups, downs = [], []
        for place, (up, down) in enumerate(sides):
            own = [j for j in up if j not in once] or up
            ups.append(tuple(self._reason(profile, j, speaking[j, place]) for j in own[:each]))
            downs.append(tuple(self._reason(profile, j, speaking[j, place]) for j in down[:against]))
        positive = np.maximum(speaking, 0).sum(axis=0) + np.maximum(popular, 0)
        told = [
            round(float(part), 4) if part > POPULAR * whole or (part > 0 and not up) else None
            for part, whole, up in zip(popular, positive, ups, strict=True)
        ]
        common = tuple(self._reason(profile, j, float(speaking[j].mean())) for j in once)
        return _Told(each, tuple(ups), tuple(downs), tuple(told), common, adding)

    def _reason(self, profile: Profiles, entry: int, effect: float) -> Reason:
        return reason(profile, entry, float(effect), self.catalogue.ids, self.catalogue.names)

    def _predicted(self, scores: Scores, task: str, items: I32) -> F32 | None:
        """The predictions for items i32[k] by the first model that has this output, f32[k]; None where no model has it."""
        model = self.bundle.giving(task)
        return None if model is None else model.score(scores.codes(model), task, items)[0]

    def _deviations(self, scores: Scores, items: I32) -> list[float | None]:
        """The standard deviations of the predicted ratings of items i32[k], by the model itself."""
        model, own = self._sure
        if model is None or own is None:
            return [None] * len(items)
        found, code = list[float | None](), scores.codes(model)
        for start, stop in blocks(len(items), ITEMS):
            variance = own.variance(code.repeat(stop - start, axis=0), items[start:stop])
            found += [round(math.sqrt(each), 4) for each in variance.tolist()]
        return found

    @cached_property
    def _sure(self) -> tuple[Model | None, HasVariance | None]:
        """The model that predicts ratings; the same, if it says how sure it is."""
        model = self.bundle.giving("rating")
        own: object = model
        return model, own if isinstance(own, HasVariance) else None

    def _granted(self, person: Person, row: int) -> tuple[tuple[str, float], ...]:
        """(genre, effect) of each wish that changes the score of an item."""
        wishes = person.wishes
        if wishes is None:
            return ()
        alone = np.where(np.eye(wishes.shape[1], dtype=bool), wishes, np.nan).astype(np.float32)
        fit = self.blend.granted(alone, np.repeat(person.profile.silent, len(alone)))[:, row]
        effects = fit / math.sqrt(int((~np.isnan(wishes)).sum()))
        return tuple((name, round(float(effects[g]), 4)) for g, name in enumerate(self.catalogue.genres) if effects[g])


@dataclass(frozen=True)
class _Told:
    """The reasons of each item, at most `each`; those common to most; whether they are parts of the scores."""

    each: int
    up: tuple[tuple[Reason, ...], ...]
    down: tuple[tuple[Reason, ...], ...]
    popular: tuple[float | None, ...]
    common: tuple[Reason, ...]
    parts: bool
