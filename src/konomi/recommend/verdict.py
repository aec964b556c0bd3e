"""One title for one person: what speaks for it and against it, and what keeps it from their list, if anything does."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from konomi.arrays import Bools
from konomi.ranking.dials import Dials
from konomi.ranking.offer import withdrawn
from konomi.ranking.rank import Ranking
from konomi.recommend.answer import Answer, Row
from konomi.recommend.explain import Why
from konomi.recommend.filters import Where, masks_of
from konomi.recommend.ground import Ground, offer_of
from konomi.recommend.person import Person
from konomi.recommend.records import Keeps as Keeps
from konomi.runtime import workers


@dataclass(frozen=True)
class Verdict:
    """row: the title with its predictions and reasons, as in an `Answer` and as if the person had no entry of it; kept: what
    keeps it from their list, () = nothing; filters: those that do not let it pass, in words; doubtful: they are predicted to
    dislike it, so it comes after all else; answer: the same row as an answer, which has the words (`answer.why(row)`)."""

    row: Row
    kept: tuple[Keeps, ...]
    filters: tuple[str, ...]
    doubtful: bool
    answer: Answer

    def to_dict(self) -> dict[str, Any]:
        """All of it, ready for JSON; for and against in English."""
        up, down = self.answer.why(self.row)
        told = {"kept": list(self.kept), "filters": list(self.filters), "doubtful": self.doubtful}
        return {**asdict(self.row), "genres": list(self.row.genres), **told, "for": up, "against": down}


def verdict(ground: Ground, person: Person, row: int, where: Where, dials: Dials, why: Why) -> Verdict:
    """The verdict on an item row."""
    ranker, profile, one = ground.ranker, person.profile, np.array([[row]], np.int32)
    mask = ground.mask(where, dials)
    known = bool(ranker.blend.known[row])
    seen = bool((profile.item[~profile.planned] == row).any())
    planned = bool((profile.item[profile.planned] == row).any())
    hidden = bool((person.hidden == row).any())
    gone = bool(withdrawn(ground.bundle.items)[row])
    kept: list[Keeps] = ["withdrawn"] if gone else [] if known else ["unknown"]
    kept += ["seen"] if seen and not where.again else []
    kept += ["planned"] if planned and where.planned == "hide" else []
    kept += ["not planned"] if not planned and where.planned == "only" else []
    kept += ["hidden"] if hidden else []
    kept += [] if mask[row] or gone else ["filtered"]
    if not kept and not _offered(ground, person, mask, where)[row]:
        kept = ["franchise"]
    named = masks_of(where, ground.bundle.items) if "filtered" in kept else []
    rest = Person(person.catalogue, profile.keep(profile.item != row), person.wishes, person.given, hidden=person.hidden)
    with workers(1):
        scores = ranker.blend.weigh(rest.profile, dials, rest.wishes)
        answer = ground.explainer.answer(rest, scores, Ranking(one, scores.total[:, [row]]), ground.note, dials, why)
    return Verdict(answer[0], tuple(kept), tuple(name for name, own in named if not own[row]), answer.doubtful, answer)


def _offered(ground: Ground, person: Person, mask: Bools, where: Where) -> Bools:
    """bool[I]: what the person is offered."""
    offered: Bools = ground.ranker.offered(person.profile, mask, offer_of(where), hidden=[person.hidden])[0]
    return offered
