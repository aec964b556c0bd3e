"""The titles of a list in words: what is predicted of each, in which interval, and why it is there."""

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
    """An item row without what is predicted of it."""
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
    """Says of titles what the models of a bundle say of them, and why a blend of these put them on a list."""

    bundle: Bundle
    catalogue: Catalogue
    blend: Blend

    @cached_property
    def intervals(self) -> Intervals | None:
        """How far ratings lie from their predictions; None where the bundle does not say."""
        facts = self.bundle.facts.intervals
        return Intervals.from_facts(facts) if facts else None

    def rows(self, person: Person, scores: Scores, found: I32, best: F32, why: int) -> tuple[Row, ...]:
        """The rows of one person's list: items found i32[k] with the scores best f32[k]; why: so many reasons each way."""
        profile = person.profile
        rating, probability = (self._predicted(scores, task, found) for task in TASKS)
        spans: list[tuple[float, float] | None] = [None] * len(found)
        if rating is not None:
            rating = self.bundle.scale.clip(rating)
            if self.intervals is not None:
                ends = self.intervals.around(rating, int(profile.scored().counts[0]), LEVEL, self.bundle.scale)
                spans = [(round(float(low), 2), round(float(high), 2)) for low, high in zip(*ends, strict=True)]
        effects = blended(self.blend, scores, profile, found) if why else np.empty((0, len(found)), np.float32)
        told = reasons(effects, profile, self.catalogue.ids, self.catalogue.names, why)
        tags = moving(*features(scores, self.catalogue.items, profile, found), why)
        plans = set(profile.item[profile.planned].tolist())
        return tuple(
            replace(
                row_of(self.catalogue, row, float(best[place])),
                rating=None if rating is None else round(float(rating[place]), 4),
                interval=spans[place],
                probability=None if probability is None else round(float(probability[place]), 4),
                up=told[place][0],
                down=told[place][1],
                tags=tags[place],
                wishes=self._granted(person.wishes, row),
                planned=row in plans,
            )
            for place, row in enumerate(found.tolist())
        )

    def _predicted(self, scores: Scores, task: str, items: I32) -> F32 | None:
        """What the model that gives this output says of some items, f32[k]; None where none does."""
        model = self.bundle.giving(task)
        return None if model is None else model.score(scores.codes(model), task, items)[0]

    def _granted(self, wishes: F32 | None, row: int) -> tuple[tuple[str, float], ...]:
        """What each wish adds to the score of an item: those for its genres."""
        if wishes is None:
            return ()
        alone = np.where(np.eye(wishes.shape[1], dtype=bool), wishes, np.nan).astype(np.float32)
        fit = wish_scores(self.blend.genres[[row]], alone, self.bundle.scale)[:, 0]
        effects = WISH * self.blend.popularity[row] * fit / math.sqrt(int((~np.isnan(wishes)).sum()))
        return tuple((name, round(float(effects[g]), 4)) for g, name in enumerate(self.catalogue.genres) if effects[g])
