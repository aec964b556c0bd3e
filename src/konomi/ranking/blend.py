"""The blend of models that orders titles: how surely liked, how much loved, how popular among people like this one.

    s_ui = ((1 − a) ((1 − m_u) Σ_k w_ku N(sure_kui) + m_u q_ui) + a N(loved_ui)) (1 − c·p_i) + W·p_i·fit_ui

    m_u = h / (h + n_u)

with a the dial "love" and c the dial "niche". "Sure" is the output of a model that only ranks, or predictions, shrunk further.
"Loved" is the predicted rating, shrunk where little is known of an item. N scales all alike: 0 is the score of an unknown
title, 1 that of the person's best unseen title. q is what is popular in the person's circle (`circle.py`), 1 at best. p_i =
log(1 + n_i) / log(1 + max n) is how well known a title is.

n_u is the number of titles that somebody likes. At n_u = h the circle has the half of the say, and less and less with every
further title. The weights w of several models depend on n_u, too: validation entries decide (`weighing.py`). Without any, one
model alone is sure, the first that only ranks, or else predicts.

For a silent person the robust popularity of the item (`silent.py`) stands for all of this. Titles that somebody is predicted to
dislike come after all others, and before them, for a silent person with wishes, those that meet none.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl

from konomi.arrays import F32, I8, I64, U8, Bools
from konomi.catalogue.tags import genre_matrix
from konomi.data.labels import Labelling
from konomi.data.lifts import Lifts
from konomi.data.profiles import Profiles
from konomi.models.api import Model, first_giving, ordering, tasks
from konomi.ranking.circle import Circle, Circled
from konomi.ranking.dials import Dials
from konomi.ranking.offer import withdrawn
from konomi.ranking.scores import UNKNOWN_ITEM, ScoredTerm, Scores, Term, above, codes_of
from konomi.ranking.silent import robust_popularity
from konomi.ranking.weights import Weights
from konomi.ranking.wishes import wish_scores

SURE_PRIOR = 1000.0  # ratings; the "sure" prediction of an item with so many is shrunk halfway to that of an unknown item
HALF = {True: 6.0, False: 100.0}  # h, in liked titles: where a model only ranks, and where none does
WISH, WISH_ALONE = 0.7, 2.0  # W, for the best known title; 1 = from the unknown title to the best one; of a silent person
DISLIKED = 3  # times `LATER`: after whatever wishes put later


@dataclass(frozen=True, repr=False)
class Blend:
    """Models that rank together, and the catalogue of their items (the columns genres, year and ratings are used).

    labelling: what is liked; lifts: of the best known items; weights: of the models that are `ordering`,
    None = not fitted.
    """

    models: tuple[Model, ...]
    items: pl.DataFrame
    labelling: Labelling
    lifts: Lifts = field(default_factory=Lifts)
    weights: Weights | None = None

    def __repr__(self) -> str:
        return f"Blend({', '.join(type(model).__name__ for model in self.models)}: {len(self.items):,} items)"

    @cached_property
    def circle(self) -> Circle:
        """What is popular among people like somebody."""
        return Circle(self.items, self.labelling, self.lifts)

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
        """bool[I]: the items that a model knows which orders titles or predicts ratings, but for those that are withdrawn."""
        models = (*ordering(self.models), *([] if self.rater is None else [self.rater]))
        known: Bools = np.any([model.item_known[:-1] > 0 for model in models], axis=0)
        return known & ~withdrawn(self.items)

    @property
    def terms(self) -> tuple[Term, ...]:
        """The terms "sure" and, where a model predicts ratings, the term "loved"."""
        return self.sure if self.loved is None else (*self.sure, self.loved)

    @cached_property
    def sure(self) -> tuple[Term, ...]:
        """A term for each model that is `ordering`, or for one of them where no weights are fitted."""
        able = ordering(self.models)
        if self.weights is not None:
            return tuple(map(self._sure, able))
        return (self._sure(self.ranker or first_giving(able, "interaction") or able[0]),)

    def _sure(self, model: Model) -> Term:
        if not tasks(model):
            return Term(model, "rank")
        trust = np.append(self.count / (SURE_PRIOR + self.count), 0).astype(np.float32)
        return Term(model, "interaction" if "interaction" in model.outputs else "rank", trust)

    @cached_property
    def loved(self) -> Term | None:
        """The predicted rating."""
        return None if self.rater is None else Term(self.rater, "rank")

    @property
    def rater(self) -> Model | None:
        """The model that predicts ratings."""
        return first_giving(self.models, "rating")

    @property
    def ranker(self) -> Model | None:
        """The model that only ranks."""
        return first_giving([model for model in self.models if not tasks(model)], "rank")

    def weigh(self, profiles: Profiles, dials: Dials, wishes: F32 | None = None, threads: int = 1) -> Scores:
        """The scores of every item; wishes f32[B, G] as in `wish_scores`, or None."""
        scores = self.before_dislikes(profiles, dials, wishes, threads)
        scores.put_later(..., self.disliked(scores.encoded, len(profiles)))
        return scores

    def before_dislikes(self, profiles: Profiles, dials: Dials, wishes: F32 | None = None, threads: int = 1) -> Scores:
        """The same, but that nothing comes later for being disliked: `disliked.py` looks at the best alone."""
        encoded = self.encoded(profiles, threads)
        silent, love = profiles.silent, dials.love if self.rater is not None else 0.0
        circled = self.circle.around(profiles, self.known)
        shares = (1 - love) * self.shares(encoded, circled)
        shares[silent] = 0
        weights = [*shares.T[:-1], np.where(silent, 0, love)]
        terms = [
            self._scored(term, weight.astype(np.float32), encoded, profiles)
            for term, weight in zip(self.terms, weights, strict=False)
            if weight.any()
        ]
        of_circle = np.ascontiguousarray(shares[:, -1])
        total = of_circle[:, None] * circled.score
        for scored in terms:
            total += (scored.weight / scored.span)[:, None] * (scored.score - scored.level[:, None])
        total[silent] = self.silent_scores
        left = 1 - np.float32(dials.niche) * self.popularity
        total *= left
        scores = Scores(total, tuple(terms), of_circle, circled, left, encoded, np.zeros(total.shape, np.int8))
        if wishes is not None:
            total += self.granted(wishes, silent)
            scores.put_later(silent, self.unmet(wishes[silent]))
        return scores

    def shares(self, encoded: Iterable[tuple[Model, F32]], circled: Circled) -> F32:
        """(1 − m) w of the terms "sure", then m of the circle, of each person, f32[B, K+1]."""
        liked = circled.liked.profiles.counts
        models = np.ones((len(liked), 1), np.float32) if self.weights is None else self.weights.of(liked)
        telling = [codes_of(encoded, term.model).shape[1] > 0 for term in self.sure]
        half = HALF[self.ranker is not None]
        said = (half / (half + liked) if any(telling) else np.zeros(len(liked))).astype(np.float32)[:, None]
        shares: F32 = np.concatenate([(1 - said) * models, said], axis=1)
        return shares

    def normal(self, profiles: Profiles, threads: int = 1) -> F32:
        """N of "sure" of each model that is `ordering`, f32[K, B, I]."""
        one, found = np.ones(len(profiles), np.float32), []
        for model in ordering(self.models):
            encoded = ((model, model.encode(profiles, threads)),)
            found.append(self._scored(self._sure(model), one, encoded, profiles).normal)
        return np.stack(found)

    def encoded(self, profiles: Profiles, threads: int = 1) -> tuple[tuple[Model, F32], ...]:
        """The models, each with its codes."""
        return tuple((model, model.encode(profiles, threads)) for model in self.models)

    def _scored(self, term: Term, weight: F32, encoded: Iterable[tuple[Model, F32]], profiles: Profiles) -> ScoredTerm:
        own = codes_of(encoded, term.model)
        score, level = term.score(own), term.score(own, UNKNOWN_ITEM)[:, 0]
        return ScoredTerm(term, weight, score, level, self.span(score, level, profiles))

    def disliked(self, encoded: Iterable[tuple[Model, F32]], people: int) -> I8:
        """`DISLIKED` for the titles whose predicted rating is below the middle of the scale, else 0, i8[B, I]."""
        if self.rater is None:
            return np.zeros((people, len(self.items)), np.int8)
        below = self.rater.score(codes_of(encoded, self.rater), "rating") < np.float32(self.labelling.scale.middle)
        return np.int8(DISLIKED) * below

    def unmet(self, wishes: F32) -> I8:
        """How much later titles come for silent people with wishes f32[B, G], i8[B, I]: 0 for what meets a wish, 1 for what is
        beside all of them, 2 for what is rather not wanted."""
        fit = wish_scores(self.genres, wishes, self.labelling.scale)
        wanted = (fit > 0).any(axis=1, keepdims=True)
        return ((fit <= 0) & wanted).astype(np.int8) + (fit < 0)

    @cached_property
    def silent_scores(self) -> F32:
        """The score of each item for a silent person, f32[I]: its robust popularity, scaled to at most 1 over known items."""
        score = robust_popularity(self.items)
        most = float(score[self.known].max(initial=0))
        scaled: F32 = score / np.float32(most or 1)
        return scaled

    def granted(self, wishes: F32, silent: Bools) -> F32:
        """What wishes f32[B, G] add to the scores, f32[B, I]: W · popularity · fit. silent bool[B]: who only wishes.

        Most titles are far from a person's taste and hardly differ in their scores. Without the factor popularity, titles with
        one genre and three ratings would come first.
        """
        weight = np.where(silent, WISH_ALONE, WISH).astype(np.float32)[:, None]
        granted: F32 = weight * self.popularity * wish_scores(self.genres, wishes, self.labelling.scale)
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
