"""The blend of models that orders titles: how surely liked, how much liked, how niche, how wished for.

    s_ui = ((1 − a) N(sure_ui) + a N(loved_ui)) (1 − c·p_i) + W·p_i·fit_ui        p_i = log(1 + n_i) / log(1 + max n)

with a the dial "love" and c the dial "niche". "Sure" is the output of a model that only ranks, where the bundle has one, else
the predictions, shrunk further. "Loved" is the predicted rating, shrunk where little is known of an item. N scales both alike:
0 is the score of an unknown title, 1 that of the person's best unseen title. For a silent person both terms are replaced by the
robust popularity of the item (`silent.py`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from konomi.arrays import F32, I32, I64, U8, Bools
from konomi.catalogue.tags import genre_matrix
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.models.api import Model, first_giving, tasks
from konomi.ranking.dials import Dials
from konomi.ranking.silent import robust_popularity
from konomi.ranking.wishes import wish_scores

SURE_PRIOR = 1000.0  # ratings; the "sure" prediction of an item with so many is shrunk halfway to that of an unknown item
WISH = 0.7  # weight of a perfect fit to the wishes, for the best known title; 1 = from the unknown title to the best one
UNKNOWN_ITEM = np.array([-1], np.int32)


@dataclass(frozen=True, repr=False)
class Term:
    """An output of a model. With trust f32[I+1] in [0, 1] it is shrunk towards the model's output for an unknown item."""

    model: Model
    output: str
    trust: F32 | None = None

    def __repr__(self) -> str:
        return f"Term({self.output} of {type(self.model).__name__}{', shrunk' if self.trust is not None else ''})"

    def score(self, codes: F32, items: I32 | None = None) -> F32:
        """f32[B, I] or f32[B, n]."""
        z = self.model.score(codes, self.output, items)
        if self.trust is None:
            return z
        level = self.model.score(codes, self.output, UNKNOWN_ITEM)  # B × 1
        shrunk: F32 = level + (z - level) * self.trust[slice(0, -1) if items is None else items]
        return shrunk


@dataclass(frozen=True, repr=False)
class ScoredTerm:
    """A term with its scores for B people. It adds weight f32[B] · (score f32[B, I] − level f32[B]) / span f32[B].

    level: the term's score of an unknown item; span: the score of the person's best known unseen item, less the level.
    """

    term: Term
    weight: F32
    score: F32
    level: F32
    span: F32

    def __repr__(self) -> str:
        return f"Scored{self.term}"

    def of(self, person: int) -> "ScoredTerm":
        """The same for one of the B people alone."""
        row = slice(person, person + 1)
        return ScoredTerm(self.term, self.weight[row], self.score[row], self.level[row], self.span[row])

    @property
    def normal(self) -> F32:
        """f32[B, I]: 0 = an unknown item, 1 = the best unseen one."""
        scaled: F32 = (self.score - self.level[:, None]) / self.span[:, None]
        return scaled


@dataclass(frozen=True, repr=False)
class Scores:
    """The scores of every item, total f32[B, I], and how they came about: the terms, what the dial "niche" leaves of them for
    each item, f32[I], and the models of the blend, each with its codes f32[B, D].
    """

    total: F32
    terms: tuple[ScoredTerm, ...]
    left: F32
    encoded: tuple[tuple[Model, F32], ...]

    def __repr__(self) -> str:
        people, items = self.total.shape
        return f"Scores({people:,} × {items:,}: {', '.join(map(repr, self.terms))})"

    def of(self, person: int) -> "Scores":
        """The scores of one of the B people, B = 1."""
        row = slice(person, person + 1)
        encoded = tuple((model, codes[row]) for model, codes in self.encoded)
        return Scores(self.total[row], tuple(term.of(person) for term in self.terms), self.left, encoded)

    def codes(self, model: Model) -> F32:
        """What this model of the blend has encoded, f32[B, D]."""
        return codes_of(self.encoded, model)


@dataclass(frozen=True, repr=False)
class Blend:
    """Models that rank together, and the catalogue of their items (the columns genres and ratings are used)."""

    models: tuple[Model, ...]
    items: pl.DataFrame
    scale: Scale

    def __repr__(self) -> str:
        return f"Blend({', '.join(type(model).__name__ for model in self.models)}: {len(self.items):,} items)"

    @cached_property
    def genres(self) -> U8:
        """u8[I, G], in the order of `tags.genre_names`."""
        return genre_matrix(self.items)

    @cached_property
    def count(self) -> I64:
        """Training entries of each item, i64[I]."""
        return self.items["ratings"].to_numpy()

    @cached_property
    def known(self) -> Bools:
        """bool[I]: the items that at least one of the models knows."""
        known: Bools = np.any([term.model.item_known[:-1] > 0 for term, _ in self.terms(0.5)], axis=0)
        return known

    def terms(self, love: float) -> list[tuple[Term, float]]:
        """The terms and their weights; those of weight 0 are left out."""
        rating = first_giving(self.models, "rating")
        loved = Term(rating, "rank") if rating else None
        only_ranks = first_giving([model for model in self.models if not tasks(model)], "rank")
        if only_ranks is not None:
            sure = Term(only_ranks, "rank")
        else:
            model = first_giving(self.models, "interaction") or self.models[0]
            trust = np.append(self.count / (SURE_PRIOR + self.count), 0).astype(np.float32)
            sure = Term(model, "interaction" if "interaction" in model.outputs else "rank", trust)
        if loved is None:
            return [(sure, 1.0)]
        return [(term, weight) for term, weight in ((sure, 1 - love), (loved, love)) if weight]

    def weigh(self, profiles: Profiles, dials: Dials, wishes: F32 | None = None, threads: int = 1) -> Scores:
        """The scores of every item; wishes f32[B, G] as in `wish_scores`, or None."""
        encoded = tuple((model, model.encode(profiles, threads)) for model in self.models)
        silent = profiles.silent
        terms = []
        for term, share in self.terms(dials.love):
            own = codes_of(encoded, term.model)
            score, level = term.score(own), term.score(own, UNKNOWN_ITEM)[:, 0]
            weight = np.where(silent, 0, share).astype(np.float32)
            terms.append(ScoredTerm(term, weight, score, level, self.span(score, level, profiles)))
        total = np.zeros((len(profiles), len(self.items)), np.float32)
        for scored in terms:
            total += (scored.weight / scored.span)[:, None] * (scored.score - scored.level[:, None])
        total[silent] = self.silent_scores
        left = 1 - np.float32(dials.niche) * self.popularity
        total *= left
        if wishes is not None:
            total += self.granted(wishes)
        return Scores(total, tuple(terms), left, encoded)

    @cached_property
    def silent_scores(self) -> F32:
        """The score of each item for a silent person, f32[I]: its robust popularity, scaled to at most 1 over known items."""
        score = robust_popularity(self.items)
        most = float(score[self.known].max(initial=0))
        scaled: F32 = score / np.float32(most or 1)
        return scaled

    def granted(self, wishes: F32) -> F32:
        """What wishes f32[B, G] add to the scores, f32[B, I]: `WISH` · fit · popularity of the item.

        Most titles are far from a person's taste and hardly differ in their scores. Without the factor popularity, titles with
        one genre and three ratings would come first.
        """
        granted: F32 = np.float32(WISH) * self.popularity * wish_scores(self.genres, wishes, self.scale)
        return granted

    @cached_property
    def popularity(self) -> F32:
        """log(1 + n) / log(1 + max n), f32[I] in [0, 1]."""
        logs = np.log1p(self.count)
        share: F32 = (logs / max(logs.max(initial=0), 1e-9)).astype(np.float32)
        return share

    def span(self, score: F32, level: F32, profiles: Profiles) -> F32:
        """The score of the best known item outside the profile, less the level f32[B]: f32[B]."""
        unseen = np.where(self.known, score, -np.inf)
        unseen[profiles.user, profiles.item] = -np.inf
        return above(unseen.max(axis=1, initial=-np.inf), level)


def codes_of(encoded: Iterable[tuple[Model, F32]], model: Model) -> F32:
    """The codes beside this very model; of two that know the same, each has its own."""
    return next(codes for each, codes in encoded if each is model)


def above(best: F32, level: F32) -> F32:
    """best − level, f32[B]; 1 where no item is left or none is above the level."""
    span = best - level
    return np.where(span > 1e-6, span, 1).astype(np.float32)
