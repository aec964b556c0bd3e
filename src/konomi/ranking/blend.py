"""The blend of models by which titles are ordered: how surely liked, how much liked, how niche, how wished for.

    s_ui = ((1 − a) N(sure_ui) + a N(loved_ui)) (1 − c·p_i) + W·p_i·fit_ui        p_i = log(1 + n_i) / log(1 + max n)

with a the dial "love" and c the dial "niche". "Sure" comes from a model that ranks, where the bundle has one, else from the
predictions themselves, shrunk further; "loved" is the predicted rating, shrunk by what is not known of an item. N brings both
to one footing: 0 is what an unknown title gets, 1 the person's best that they have not seen. To somebody of whom no title is
known, both are how well a stranger is served with an item (`silent.py`).
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

SURE_PRIOR = 1000.0  # ratings that an item needs before a prediction of it is half believed, where it is to be sure
WISH = 0.7  # what a perfect fit to the wishes weighs, for the best known title; 1 is the way from an unknown one to the best
UNKNOWN_ITEM = np.array([-1], np.int32)


@dataclass(frozen=True, repr=False)
class Term:
    """An output of a model; with `trust` f32[I+1], shrunk by it towards what the model says of an unknown item."""

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
    """What a term adds to the scores of B people: weight f32[B] · (score f32[B, I] − level f32[B]) / span f32[B].

    level: what the term says of an unknown item; span: how far above that the best known item is that the person has not seen.
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
        """f32[B, I]: 0 = what an unknown item gets, 1 = the best unseen one."""
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
        """The scores of one of the B people, as if of that one alone."""
        row = slice(person, person + 1)
        encoded = tuple((model, codes[row]) for model, codes in self.encoded)
        return Scores(self.total[row], tuple(term.of(person) for term in self.terms), self.left, encoded)

    def codes(self, model: Model) -> F32:
        """What this model of the blend has encoded, f32[B, D]."""
        return codes_of(self.encoded, model)


@dataclass(frozen=True, repr=False)
class Blend:
    """Models that answer together, and what is known of their items (the columns genres and ratings)."""

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
        """bool[I]: the items that one of the models can say something of."""
        known: Bools = np.any([term.model.item_known[:-1] > 0 for term, _ in self.terms(0.5)], axis=0)
        return known

    def terms(self, love: float) -> list[tuple[Term, float]]:
        """What is scored, and how much each weighs; those that weigh nothing are left out."""
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
        for each in terms:
            total += (each.weight / each.span)[:, None] * (each.score - each.level[:, None])
        total[silent] = self.stranger
        left = 1 - np.float32(dials.niche) * self.popularity
        total *= left
        if wishes is not None:
            total += self.granted(wishes)
        return Scores(total, tuple(terms), left, encoded)

    @cached_property
    def stranger(self) -> F32:
        """How well somebody is served with each item of whom no title is known, f32[I]: at most 1."""
        score = robust_popularity(self.items)
        most = float(score[self.known].max(initial=0))
        scaled: F32 = score / np.float32(most or 1)
        return scaled

    def granted(self, wishes: F32) -> F32:
        """What wishes f32[B, G] add to the scores, f32[B, I]: `WISH` times their fit, as far as an item is known.

        Most titles are far from anybody's taste and hardly differ in their scores. Were they all lifted alike, those with one
        genre and three ratings would come first.
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
        """How far above the level f32[B] the best of the known items is that are not in the profile, f32[B]."""
        unseen = np.where(self.known, score, -np.inf)
        unseen[profiles.user, profiles.item] = -np.inf
        return above(unseen.max(axis=1, initial=-np.inf), level)


def codes_of(encoded: Iterable[tuple[Model, F32]], model: Model) -> F32:
    """The codes beside this very model; of two that know the same, each has its own."""
    return next(codes for each, codes in encoded if each is model)


def above(best: F32, level: F32) -> F32:
    """best − level, and 1 where nothing is above it, or left."""
    span = best - level
    return np.where(span > 1e-6, span, 1).astype(np.float32)
