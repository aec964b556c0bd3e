"""A list for several people together: what all of them like, and nobody dislikes.

Each person's scores are on one footing already: 0 is an unknown title, 1 the best that they have not seen (`ranking/blend.py`).
A title's score for a group is

    s = (mean of s_u over the people + least s_u) / 2

and whatever somebody is predicted to dislike comes after all else: the average without misery (Masthoff 2004, "Group modeling:
selecting a sequence of television items to suit a group of viewers", §3), leant halfway towards least misery (O'Connor et al.
2001, "PolyLens"), so that of two titles with one mean that one stands first which divides the group less. Each of them is
offered every title: nobody has seen it, planned it or hides it, unless the filters say otherwise, and of a franchise it is the
part that comes next for all. A group of one gets their own list, and the order of people does not matter.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from konomi.arrays import F32
from konomi.data.profiles import Profiles
from konomi.errors import RequestError
from konomi.kernels.topk import best_of
from konomi.ranking.dials import Dials
from konomi.ranking.rank import Ranking
from konomi.ranking.scores import LATER, Scores
from konomi.recommend.answer import Answer, Row
from konomi.recommend.explain import Why
from konomi.recommend.filters import Where
from konomi.recommend.ground import Ground, offer_of
from konomi.recommend.person import Person
from konomi.runtime import workers
from konomi.text import visible

MOST_PEOPLE = 100  # of a group


@dataclass(frozen=True)
class Shared:
    """A title for a group: its score, what is known of it, and `each`: how it stands for each person, in the order given, with
    their own score, predictions and reasons."""

    item_id: int | str
    title: str
    score: float
    each: tuple[Row, ...]


@dataclass(frozen=True, repr=False)
class Together:
    """Titles for a group, best first, and `answers`: the same titles, in this order, as an answer for each person, in the order
    given; it has their words (`answers[b].why(row)`) and what is common to most of their reasons."""

    rows: tuple[Shared, ...]
    answers: tuple[Answer, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Shared]:
        return iter(self.rows)

    def __getitem__(self, place: int) -> Shared:
        return self.rows[place]

    def __repr__(self) -> str:
        lines = [f"{place:>3}. {shared.score:.3f}  {shared.title}" for place, shared in enumerate(self.rows, 1)]
        return "\n".join(map(visible, lines or ["(nothing)"]))

    def to_dict(self) -> dict[str, Any]:
        """All of it, ready for JSON: `recommendations`, each title with its score, and `people`: the answer of each."""
        titles = [{"item_id": row.item_id, "title": row.title, "score": row.score} for row in self.rows]
        return {"recommendations": titles, "people": [answer.to_dict() for answer in self.answers]}


def together(ground: Ground, people: Sequence[Person], k: int, where: Where, dials: Dials, why: Why) -> Together:
    """The k titles for a group, best first. RequestError for nobody, and for more than `MOST_PEOPLE`."""
    if not 0 < len(people) <= MOST_PEOPLE:
        raise RequestError(f"A group of {len(people):,}.", f"Give from 1 to {MOST_PEOPLE} people.", "people")
    ranker, mask, k, offer = ground.ranker, ground.mask(where, dials), ground.places(k), offer_of(where)
    with workers(1):
        scores = [ranker.blend.weigh(person.profile, dials, person.wishes) for person in people]
        offered = [ranker.offered(person.profile, mask, offer, hidden=[person.hidden]) for person in people]
        total = np.where(np.logical_and.reduce(offered), of_all(scores), np.float32(np.nan))
        ranking = ranker.listed(partial(best_of, total), _as_one(people), k, dials, _wished(people))
        found = ranking.items[0][ranking.items[0] >= 0]
        answers = tuple(
            ground.explainer.answer(person, own, Ranking(found[None], own.total[:, found]), ground.note, dials, why)
            for person, own in zip(people, scores, strict=True)
        )
    placed = of_all(scores, placed=True)[0, found].tolist()
    rows = zip(placed, *answers, strict=True)
    return Together(tuple(Shared(own[0].item_id, own[0].title, round(score, 4), tuple(own)) for score, *own in rows), answers)


def of_all(scores: Sequence[Scores], placed: bool = False) -> F32:
    """The scores of a group, f32[1, I]; placed: as if none of them came later."""
    later = np.stack([own.later[0] for own in scores]).astype(np.float32)
    each = np.sort(np.stack([own.total[0] for own in scores]) + np.float32(LATER) * later, axis=0)  # whoever says it
    if len(scores) == 1 and not placed:
        return scores[0].total
    group = (each.mean(axis=0) + each[0]) / 2
    found: F32 = group if placed else group - np.float32(LATER) * later.max(axis=0)
    return found[None].astype(np.float32)


def _as_one(people: Sequence[Person]) -> Profiles:
    """All entries of all people as those of one, whose mix of genres the dial "calibrate" follows."""
    if len(people) == 1:
        return people[0].profile
    every = Profiles.stacked([person.profile for person in people])
    return Profiles.from_entries(1, np.zeros(len(every.item), np.int32), every.item, every.rating, every.status)


def _wished(people: Sequence[Person]) -> F32 | None:
    """The wishes of all as those of one; None where nobody has any."""
    wishes = [person.wishes for person in people if person.wishes is not None]
    return np.fmax.reduce(wishes) if wishes else None
