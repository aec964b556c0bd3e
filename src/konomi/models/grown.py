"""A model with more items than it has learnt: what it says of a new one is the mean of what it says of its kin.

Scores, parts, dots, vectors and tastes for tags are linear in the items, so the weighted mean of each over an item's kin
(`catalogue/kin.py`) fits that of the others. Of the items that it has learnt it says what it said, and of entries on new ones
it makes nothing: those are learnt by the next training.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from konomi.arrays import F32, I32
from konomi.catalogue.kin import Kin
from konomi.data.profiles import Profiles
from konomi.models.api import HasDots, HasFeatures, HasItemVectors, HasParts, HasVariance, Model, in_short

OfPairs = Callable[[F32, I32], F32]
"""(codes f32[N, D], item rows i32[N]) → what is said of these pairs, f32[N]."""

UNKNOWN_ITEM = np.array([-1], np.int32)
LESS = 0.5  # of the trust in its kin that a new item has
NAMES = (
    "new_item",
    "new_row",
    "new_weight",
    "new_known",
    "new_tags",
)  # of the arrays that a state has beside those of the model


@dataclass(frozen=True, repr=False)
class Grown:
    """model: of N items; kin: of M new ones, after these, or among them where it has learnt nothing of them; I items in the
    end; tags i32[F]: of each tag that the model knows its place among those of the grown catalogue, −1 = it is none of them
    any more."""

    model: Any
    kin: Kin
    tags: I32

    def __repr__(self) -> str:
        return in_short(self)

    @property
    def outputs(self) -> frozenset[str]:
        """Those of the model."""
        return frozenset(self.model.outputs)

    @property
    def history(self) -> F32:
        """That of the model."""
        history: F32 = self.model.history
        return history

    @cached_property
    def item_known(self) -> F32:
        """f32[I+1]: a new item is trusted half as much as its kin, and one without contents not at all."""
        known: F32 = self.model.item_known
        return np.append(self.filled(known[:-1], LESS * self.kin.mean(known[:-1]) * self.kin.known), known[-1:])

    def encode(self, profiles: Profiles, threads: int = 1) -> F32:
        """The model's codes, from the entries on items that it has learnt."""
        learnt = profiles.item < self.learnt
        codes: F32 = self.model.encode(profiles if learnt.all() else profiles.keep(learnt), threads)
        return codes

    def score(self, codes: F32, output: str, items: I32 | None = None) -> F32:
        """f32[B, I], or of items i32[n], f32[B, n]."""
        if items is not None:
            return self.mixed(items, lambda rows: self.model.score(codes, output, rows))
        learnt = self.model.score(codes, output)
        return self.filled(learnt, self.kin.mean(learnt))

    def score_pairs(self, codes: F32, item_rows: I32, output: str) -> F32:
        """f32[N]."""

        def learnt(codes: F32, rows: I32) -> F32:
            scores: F32 = self.model.score_pairs(codes, rows, output)
            return scores

        return self.of_pairs(codes, item_rows, learnt, lambda codes, rows: self.mean_of_pairs(codes, rows, learnt))

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays of the model, and how it was grown."""
        kin = self.kin
        return {**self.model.state(), **dict(zip(NAMES, (kin.item, kin.row, kin.weight, kin.known, self.tags), strict=True))}

    @property
    def learnt(self) -> int:
        """N."""
        return len(self.model.item_known) - 1

    @cached_property
    def place(self) -> I32:
        """Of every item row, and of −1, its place among the new ones, i32[I+1], −1 = it is none."""
        place = np.full(max(self.learnt, int(self.kin.item.max(initial=-1)) + 1) + 1, -1, np.int32)
        place[self.kin.item] = np.arange(len(self.kin.item))
        return place

    def filled(self, learnt: F32, new: F32) -> F32:
        """Values of every item, f32[…, I]: of those that the model knows of, f32[…, N], with those of new items, f32[…, M]."""
        found = np.zeros((*learnt.shape[:-1], len(self.place) - 1), np.float32)
        found[..., : self.learnt] = learnt
        found[..., self.kin.item] = new
        return found

    def mixed(self, items: I32, of: Callable[[I32], F32]) -> F32:
        """What `of(rows)`, f32[…, k], says of items i32[n], f32[…, n]."""
        new = self.place[items] >= 0
        if not new.any():
            return of(items)
        kin = self._of(items[new])
        rows, place = np.unique(kin.row, return_inverse=True)
        theirs = Kin(kin.item, place.reshape(kin.row.shape).astype(np.int32), kin.weight, kin.known).mean(
            of(rows.astype(np.int32))
        )
        found = np.empty((*theirs.shape[:-1], len(items)), np.float32)
        found[..., new] = theirs
        if not new.all():
            found[..., ~new] = of(items[~new])
        return found

    def of_pairs(self, codes: F32, items: I32, learnt: OfPairs, fresh: OfPairs) -> F32:
        """What is said of pairs, f32[N]: `learnt(codes, items)` of items that the model has learnt, `fresh` of new ones."""
        new, found = self.place[items] >= 0, np.empty(len(items), np.float32)
        for some, of in ((~new, learnt), (new, fresh)):
            if some.all():
                return of(codes, items)
            if some.any():
                found[some] = of(codes[some], items[some])
        return found

    def mean_of_pairs(self, codes: F32, items: I32, of: OfPairs) -> F32:
        """The weighted mean, over the kin of new items i32[n], of what `of(codes, rows)` says of pairs, f32[n]."""
        kin, found = self._of(items), np.zeros(len(items), np.float32)
        for row, weight in zip(kin.row.T, kin.weight.T, strict=True):
            found += of(codes, np.ascontiguousarray(row)) * weight
        return found

    def _of(self, items: I32) -> Kin:
        """The kin of new items i32[n]."""
        place = self.place[items]
        return Kin(items, self.kin.row[place], self.kin.weight[place], self.kin.known[place])


class _Parts(Grown):
    def parts(self, profiles: Profiles, items: I32, output: str) -> F32 | None:
        """f32[n, k], 0 for entries on new items."""
        learnt = profiles.item < self.learnt
        rest = profiles if learnt.all() else profiles.keep(learnt)
        if self.model.parts(rest, UNKNOWN_ITEM, output) is None:
            return None
        found = np.zeros((len(learnt), len(items)), np.float32)
        found[learnt] = self.mixed(items, lambda rows: self.model.parts(rest, rows, output))
        return found


class _Dots(Grown):
    @property
    def dot_outputs(self) -> frozenset[str]:
        """Those of the model."""
        return frozenset(self.model.dot_outputs)

    def dots(self, codes: F32, output: str) -> tuple[F32, F32, F32, F32]:
        """p f32[B, D], v f32[I, D], c f32[I], level f32[B]."""
        p, v, c, level = self.model.dots(codes, output)
        return p, self.filled(v.T, self.kin.mean(v.T)).T, self.filled(c, self.kin.mean(c)), level


class _Features(Grown):
    def features(self, profiles: Profiles, items: I32, output: str) -> F32:
        """f32[F', k], by the tags of the grown catalogue."""
        learnt = profiles.item < self.learnt
        rest = profiles if learnt.all() else profiles.keep(learnt)
        told = self.mixed(items, lambda rows: self.model.features(rest, rows, output))
        tags = self.tags[: len(told)]
        found = np.zeros((tags.max(initial=-1) + 1, len(items)), np.float32)
        found[tags[tags >= 0]] = told[tags >= 0]
        return found


class _ItemVectors(Grown):
    def item_vectors(self) -> F32:
        """f32[I, D]."""
        vectors = self.model.item_vectors().T
        return self.filled(vectors, self.kin.mean(vectors)).T


class _Variance(Grown):
    def variance(self, codes: F32, item_rows: I32) -> F32:
        """f32[N]; of a new item that of its kin's mixture: their own variances, and how far their ratings lie apart."""

        def mixture(codes: F32, items: I32) -> F32:
            mean = self.score_pairs(codes, items, "rating")

            def around(codes: F32, rows: I32) -> F32:
                apart: F32 = (self.model.score_pairs(codes, rows, "rating") - mean) ** 2 + self.model.variance(codes, rows)
                return apart

            return self.mean_of_pairs(codes, items, around)

        learnt: OfPairs = self.model.variance
        return self.of_pairs(codes, item_rows, learnt, mixture)


CAPABLE: tuple[tuple[Any, type[Grown]], ...] = (
    (HasParts, _Parts), (HasDots, _Dots), (HasFeatures, _Features), (HasItemVectors, _ItemVectors), (HasVariance, _Variance)
)  # fmt: skip


def grown(model: Model, kin: Kin, tags: I32) -> Model:
    """The model with more items; it can do what the model can."""
    return _kind(tuple(kind for able, kind in CAPABLE if isinstance(model, able)))(model, kin, tags)


@cache
def _kind(able: tuple[type[Grown], ...]) -> type[Grown]:
    """The class of what has several capabilities: protocols look for methods on a class, not for what it hands on."""
    return type("Grown", able or (Grown,), {})


def grown_from(state: Mapping[str, npt.NDArray[Any]], load: Callable[[dict[str, npt.NDArray[Any]]], Model]) -> Model:
    """The model of a `state()`, with the function that loads the one that was grown."""
    item, row, weight, known, tags = (state[name] for name in NAMES)
    return grown(load({name: array for name, array in state.items() if name not in NAMES}), Kin(item, row, weight, known), tags)
