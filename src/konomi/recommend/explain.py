"""The titles of an answer with their predictions, intervals and reasons."""

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from konomi.arrays import F32, I32
from konomi.bundle.format import Bundle
from konomi.evaluate.intervals import Intervals
from konomi.models.api import TASKS
from konomi.ranking.blend import WISH, Blend, Scores
from konomi.ranking.wishes import wish_scores
from konomi.recommend.answer import LEVEL, Row
from konomi.recommend.catalogue import Catalogue
from konomi.recommend.person import Person
from konomi.recommend.reasons import blended, features, moving, reasons


def row_of(catalogue: Catalogue, row: int, score: float) -> Row:
    """A title without its predictions."""
    item = catalogue.items.row(row, named=True)
    return Row(
        item_id=item["item_id"],
        title=catalogue.names[row],
        year=item["year"],
        type=item["type"],
        genres=tuple(item["genres"] or ()),
        score=round(score, 4),
    )


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

    def rows(self, person: Person, scores: Scores, found: I32, best: F32, why: int) -> tuple[Row, ...]:
        """The rows of one person's answer: items found i32[k], scores best f32[k]; why: at most so many reasons each way."""
        profile = person.profile
        rating, probability = (self._predicted(scores, task, found) for task in TASKS)
        spans: list[tuple[float, float] | None] = [None] * len(found)
        if rating is not None:
            rating = self.bundle.scale.clip(rating)
            if self.intervals is not None:
                ends = self.intervals.around(rating, int(profile.scored().counts[0]), LEVEL, self.bundle.scale)
                spans = [(round(float(low), 2), round(float(high), 2)) for low, high in zip(*ends, strict=True)]
        effects = blended(self.blend, scores, profile, found) if why else np.empty((0, len(found)), np.float32)
        sides = reasons(effects, profile, self.catalogue.ids, self.catalogue.names, why)
        tags = moving(*features(scores, self.catalogue.items, profile, found), why)
        plans = set(profile.item[profile.planned].tolist())
        return tuple(
            replace(
                row_of(self.catalogue, row, float(best[place])),
                rating=None if rating is None else round(float(rating[place]), 4),
                interval=spans[place],
                probability=None if probability is None else round(float(probability[place]), 4),
                up=sides[place][0],
                down=sides[place][1],
                tags=tags[place],
                wishes=self._granted(person.wishes, row),
                planned=row in plans,
            )
            for place, row in enumerate(found.tolist())
        )

    def _predicted(self, scores: Scores, task: str, items: I32) -> F32 | None:
        """The predictions for items i32[k] by the first model that has this output, f32[k]; None where no model has it."""
        model = self.bundle.giving(task)
        return None if model is None else model.score(scores.codes(model), task, items)[0]

    def _granted(self, wishes: F32 | None, row: int) -> tuple[tuple[str, float], ...]:
        """(genre, effect) of each wish that changes the score of an item."""
        if wishes is None:
            return ()
        alone = np.where(np.eye(wishes.shape[1], dtype=bool), wishes, np.nan).astype(np.float32)
        fit = wish_scores(self.blend.genres[[row]], alone, self.bundle.scale)[:, 0]
        effects = WISH * self.blend.popularity[row] * fit / math.sqrt(int((~np.isnan(wishes)).sum()))
        return tuple((name, round(float(effects[g]), 4)) for g, name in enumerate(self.catalogue.genres) if effects[g])
