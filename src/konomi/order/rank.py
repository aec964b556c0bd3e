"""The best unseen items of many profiles: profile → code → scores → mask → top-k."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from konomi.data.profiles import Profiles
from konomi.kernels.best_dots import best_dots
from konomi.kernels.threads import blocks
from konomi.kernels.topk import topk
from konomi.models import Model

SCORES = 1 << 24  # scores held at once: 64 MiB
MANY = 64  # people for whom it pays to put the items in order first
PEOPLE = 1 << 14  # whose codes are held at once, where no scores are held
BLOCK = 256  # people scored at once, fewer where there are very many items: the rounding of a product depends on it


F32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Ranking:
    """K items for each of B profiles, best first: items i32[B, K], padded with −1; scores f32[B, K], padded with NaN."""

    items: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float32]


@runtime_checkable
class HasDots(Protocol):
    """A model with outputs that are a dot product and constants: `dot_outputs` names them."""

    @property
    def dot_outputs(self) -> frozenset[str]: ...

    def dots(self, codes: F32, output: str) -> tuple[F32, F32, F32, F32]:
        """p f32[B, D], v f32[I, D], c f32[I], level f32[B]: the score of a code and an item is p·v + c + level."""
        ...


def rank(
    model: Model,
    profiles: Profiles,
    k: int,
    allowed: npt.NDArray[np.bool_],
    output: str | None = None,
    threads: int = 1,
) -> Ranking:
    """The k items with the highest scores among those allowed (bool[I]), without any item of the profile, scored or not.

    `output` is what is scored; by default "rank" where the model has it, else "rating". Fewer than k items are padded; equal
    scores come in order of item row.
    """
    if len(profiles) < MANY:
        output = output or default_output(model)
        return _rank_scores(model, model.encode(profiles, threads), profiles, k, allowed, output, threads)
    return rank_many(model, profiles, k, allowed, output, threads)


def rank_many(
    model: Model,
    profiles: Profiles,
    k: int,
    allowed: npt.NDArray[np.bool_],
    output: str | None = None,
    threads: int = 1,
) -> Ranking:
    """`rank` in the way that is fast for many people: the same bytes for them in any company, from row to row `BLOCK` apart."""
    items = np.empty((len(profiles), k), np.int32)
    scores = np.empty((len(profiles), k), np.float32)
    for start, stop in blocks(len(profiles), PEOPLE if isinstance(model, HasDots) else BLOCK):
        block = profiles.slice(start, stop)
        part = rank_codes(model, model.encode(block, threads), block, k, allowed, output, threads)
        items[start:stop], scores[start:stop] = part.items, part.scores
    return Ranking(items, scores)


def rank_codes(
    model: Model,
    codes: F32,
    without: Profiles,
    k: int,
    allowed: npt.NDArray[np.bool_],
    output: str | None = None,
    threads: int = 1,
) -> Ranking:
    """`rank` for people of whom the codes are known, f32[B, D], and the entries whose items are left out.

    Most scores of a model that `HasDots` are not computed (`kernels/best_dots.py`).
    """
    output = output or default_output(model)
    if not (isinstance(model, HasDots) and output in model.dot_outputs):
        return _rank_scores(model, codes, without, k, allowed, output, threads)
    left, vectors, constant, level = model.dots(codes, output)
    left = np.ascontiguousarray(left)
    items, scores = best_dots(left, vectors, constant, k, without.indptr, without.item, allowed, threads)
    return Ranking(items, scores + level[:, None])


def default_output(model: Model) -> str:
    """ "rank" where the model has it, else "rating"."""
    return "rank" if "rank" in model.outputs else "rating"


def _rank_scores(
    model: Model,
    codes: F32,
    without: Profiles,
    k: int,
    allowed: npt.NDArray[np.bool_],
    output: str,
    threads: int,
) -> Ranking:
    """`rank_codes` by all scores of the model."""
    items, scores = np.empty((len(codes), k), np.int32), np.empty((len(codes), k), np.float32)
    for start, stop in blocks(len(codes), max(min(BLOCK, SCORES // len(allowed)), 1)):
        left_out, block = without.slice(start, stop), model.score(codes[start:stop], output)
        items[start:stop], scores[start:stop] = topk(block, k, left_out.indptr, left_out.item, allowed, threads)
    return Ranking(items, scores)
