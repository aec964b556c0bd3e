"""Ranker: what people are offered and in which order, one person or many. What is served is also what is measured.

profiles → scores of every item (`blend.py`) → those that are offered (`franchise_rule.py`) → k places (`rerank.py`)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from konomi.arrays import F32, I32, Bools
from konomi.catalogue.tags import content_vectors
from konomi.data.profiles import Profiles
from konomi.kernels.topk import best_of
from konomi.models.api import first_placing
from konomi.ranking.blend import Blend
from konomi.ranking.dials import AS_THEY_ARE, Dials
from konomi.ranking.disliked import best_liked
from konomi.ranking.franchise_rule import FranchiseRule
from konomi.ranking.offer import WHAT_IS_NEW, Offer
from konomi.ranking.rank import Ranking
from konomi.ranking.rerank import mix, rerank, unit
from konomi.ranking.scores import Scores

CANDIDATES = 200  # items, at least, from which the places are chosen by the dials "diverse" and "calibrate"
SPREAD = 0.3  # the least dial "diverse" for a silent person without wishes: they are offered some of everything

Best = Callable[[int], tuple[I32, F32]]
Hidden = Sequence[I32] | None


@dataclass(frozen=True)
class Ranker:
    """Ranks items for people by a blend, whose items also have the columns franchise and part."""

    blend: Blend

    def best(
        self,
        profiles: Profiles,
        k: int,
        allowed: Bools,
        dials: Dials = AS_THEY_ARE,
        offer: Offer = WHAT_IS_NEW,
        wishes: F32 | None = None,
        threads: int = 1,
        hidden: Hidden = None,
    ) -> Ranking:
        """The k items to see next for each of B people, and their scores.

        allowed bool[I]: the items that may be offered to anybody; wishes f32[B, G] as in `wish_scores`, or None; hidden: item
        rows i32 of each person that may not be offered to them, or None.
        """
        return self.served(profiles, k, allowed, dials, offer, wishes, threads, hidden)[1]

    def served(
        self,
        profiles: Profiles,
        k: int,
        allowed: Bools,
        dials: Dials = AS_THEY_ARE,
        offer: Offer = WHAT_IS_NEW,
        wishes: F32 | None = None,
        threads: int = 1,
        hidden: Hidden = None,
    ) -> tuple[Scores, Ranking]:
        """What `best` gives, after the scores that it comes of. Of titles that come later for being disliked, they know those
        that stood in the way."""
        scores = self.blend.before_dislikes(profiles, dials, wishes, threads)
        offered = self.offered(profiles, allowed, offer, hidden=hidden)
        return scores, self.listed(partial(best_liked, self.blend, scores, offered), profiles, k, dials, wishes)

    def pick(
        self,
        scores: F32,
        profiles: Profiles,
        k: int,
        allowed: Bools,
        dials: Dials = AS_THEY_ARE,
        offer: Offer = WHAT_IS_NEW,
        wishes: F32 | None = None,
        known: Bools | None = None,
    ) -> Ranking:
        """The k items of each person by scores f32[B, I], among those that are `offered`; the rest as for `best`.

        Without the dials "diverse" and "calibrate" they are those of the k highest scores, equal ones in order of item row.
        """
        open_to = np.where(self.offered(profiles, allowed, offer, known), scores, np.float32(np.nan))
        return self.listed(partial(best_of, open_to), profiles, k, dials, wishes)

    def listed(self, best: Best, profiles: Profiles, k: int, dials: Dials, wishes: F32 | None) -> Ranking:
        """The list of each person; best(many): their best items and the scores of these, i32[B, many] and f32[B, many]."""
        wished = np.zeros(len(profiles), np.bool_) if wishes is None else ~np.isnan(wishes).all(axis=1)
        diverse = np.where(profiles.silent & ~wished, max(dials.diverse, SPREAD), dials.diverse)
        whole = (diverse > 0) | (dials.calibrate > 0)
        vectors = self.vectors  # made with the first ranking, even if it needs none, so that no later one waits for them
        many = min(max(CANDIDATES, 4 * k) if whole.any() else k, len(vectors))
        found, score = best(many)
        if not whole.any() and many == k:
            return Ranking(found, score)
        ranking = Ranking(np.full((len(profiles), k), -1, np.int32), np.full((len(profiles), k), np.nan, np.float32))
        for b in range(len(profiles)):
            some = found[b] >= 0
            items, values = found[b][some], score[b][some]
            if whole[b]:
                liked = self._liked_mix(profiles.slice(b, b + 1))
                mixes = mix(self.blend.genres[items])
                places = rerank(values, k, vectors[items], mixes, liked, float(diverse[b]), dials.calibrate)
                items, values = items[places], values[places]
            n = min(k, len(items))
            ranking.items[b, :n], ranking.scores[b, :n] = items[:n], values[:n]
        return ranking

    def offered(
        self,
        profiles: Profiles,
        allowed: Bools,
        offer: Offer = WHAT_IS_NEW,
        known: Bools | None = None,
        hidden: Hidden = None,
    ) -> Bools:
        """bool[B, I]: what is offered to each person.

        These are the items that are allowed (bool[I]) and known (bool[I]; by default those that a model knows), without what
        the person has seen, and of a franchise only the next part, unless the offer says otherwise. What somebody hides is not
        allowed to them, as if a filter had kept it out.
        """
        if hidden is not None:
            offered = self.offered(profiles, allowed, offer, known)
            for b, rows in enumerate(hidden):
                own = allowed.copy()
                own[rows] = False
                offered[b] = self.offered(profiles.slice(b, b + 1), own, offer, known)[0]
            return offered
        rule = self.rule if known is None else FranchiseRule.of(*self.franchise, known)
        allowed = allowed & rule.known
        seen, plans = profiles.keep(~profiles.planned), profiles.keep(profiles.planned)
        offered = np.tile(allowed, (len(profiles), 1)) if offer.parts else rule.offered(profiles, allowed, offer.sequels)
        if offer.parts:
            offered[seen.user, seen.item] = False
        if offer.again:
            offered[seen.user, seen.item] = allowed[seen.item]
        if offer.planned == "hide":
            offered[plans.user, plans.item] = False
        elif offer.planned == "only":
            listed = np.zeros_like(offered)
            listed[plans.user, plans.item] = True
            offered &= listed
        return offered

    @cached_property
    def franchise(self) -> tuple[I32, I32]:
        """The franchise of each item, and its part in it: i32[I] each."""
        items = self.blend.items
        return items["franchise"].to_numpy(), items["part"].to_numpy()

    @cached_property
    def rule(self) -> FranchiseRule:
        """The franchises of the items that the models know, sorted."""
        return FranchiseRule.of(*self.franchise, self.blend.known)

    @cached_property
    def vectors(self) -> F32:
        """Vectors of length 1 whose cosine is the likeness of two items, f32[I, D]: by a model's vectors and by contents."""
        content = content_vectors(self.blend.items)
        model = first_placing(self.blend.models)
        return content if model is None else unit(np.concatenate([unit(model.item_vectors()), content], axis=1))

    def _liked_mix(self, person: Profiles) -> F32:
        """The genre mix of what one person likes, f32[G], with the sum 1; zeros where they like nothing that has a genre."""
        liked = self.blend.labelling.of(person) == 1
        total = mix(self.blend.genres[person.item[liked]]).sum(axis=0)
        share: F32 = total / max(float(total.sum()), 1e-9)
        return share
