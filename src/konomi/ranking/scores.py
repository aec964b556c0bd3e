"""What a blend computes for people: its terms, each an output of a model, and the scores that they add up to."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from konomi.arrays import F32, I8, I32
from konomi.data.profiles import Profiles
from konomi.models.api import HasFeatures, HasParts, Model
from konomi.ranking.circle import Circled

LATER = 1000.0  # how far below others a title stands that comes after them
UNKNOWN_ITEM = np.array([-1], np.int32)


@dataclass(frozen=True, repr=False)
class Term:
    """An output of a model. With trust f32[I+1] in [0, 1] it is shrunk towards the model's output for an unknown item."""

    model: Model
    output: str
    trust: F32 | None = None

    def __repr__(self) -> str:
        return f"Term({self.output} of {type(self.model).__name__}{', shrunk' if self.trust is not None else ''})"

    @cached_property
    def adds_up(self) -> bool:
        """Whether the model says what each entry adds to this output."""
        nobody, nothing = Profiles.of([{}]), np.empty(0, np.int32)
        return isinstance(self.model, HasParts) and self.model.parts(nobody, nothing, self.output) is not None

    @cached_property
    def contents(self) -> HasFeatures | None:
        """The model, if it knows people by their taste for tags."""
        return self.model if isinstance(self.model, HasFeatures) else None

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
    """The scores of every item, total f32[B, I], and how they came about: the terms; the weight f32[B] of the circle, and q;
    what the dial "niche" leaves of them for each item, f32[I]; the models of the blend, each with its codes f32[B, D]; and
    later i8[B, I], how many times `LATER` has been taken off.
    """

    total: F32
    terms: tuple[ScoredTerm, ...]
    weight: F32
    circled: Circled
    left: F32
    encoded: tuple[tuple[Model, F32], ...]
    later: I8

    def __repr__(self) -> str:
        people, items = self.total.shape
        return f"Scores({people:,} × {items:,}: {', '.join(map(repr, self.terms))})"

    def of(self, person: int) -> "Scores":
        """The scores of one of the B people, B = 1."""
        row = slice(person, person + 1)
        encoded = tuple((model, codes[row]) for model, codes in self.encoded)
        terms = tuple(term.of(person) for term in self.terms)
        circled = self.circled.of(person)
        return Scores(self.total[row], terms, self.weight[row], circled, self.left, encoded, self.later[row])

    def put_later(self, where: Any, times: I8 | int) -> None:
        """Let the titles at `where`, anything that indexes f32[B, I], come later by so many times `LATER`."""
        self.later[where] += np.asarray(times, np.int8)
        self.total[where] -= np.float32(LATER) * times

    def codes(self, model: Model) -> F32:
        """What this model of the blend has encoded, f32[B, D]."""
        return codes_of(self.encoded, model)


def codes_of(encoded: Iterable[tuple[Model, F32]], model: Model) -> F32:
    """The codes beside this very model; of two that know the same, each has its own."""
    return next(codes for each, codes in encoded if each is model)


def above(best: F32, level: F32) -> F32:
    """best − level, f32[B]; 1 where no item is left or none is above the level."""
    span = best - level
    return np.where(span > 1e-6, span, 1).astype(np.float32)
