"""Why an item is recommended: what each of a person's own entries adds to its score, and what their taste for each tag adds.

The effect of an entry is the score less the score without that entry, everything computed anew: without the entry, the score
changes by exactly the effect. Effects need not add up to the score, since entries may tell the same about a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from konomi.arrays import F32, I32
from konomi.catalogue.tags import tag_names
from konomi.data.profiles import Profiles
from konomi.models.api import HasFeatures, HasWithout, Model
from konomi.ranking.blend import UNKNOWN_ITEM, Blend, ScoredTerm, Scores, above
from konomi.runtime import blocks

ENTRIES = 1 << 20  # in all shortened profiles that are encoded together: about 20 MiB
NEAR, SCORES = 64, 1 << 14  # candidates for the best item without an entry: at least for one entry; scores for all entries
NEGLIGIBLE = 0.05  # share of an item's largest effect; smaller effects are no reasons


@dataclass(frozen=True)
class Reason:
    """An entry of the person's that moves a score: its item, title and rating (None = without one), whether it was dropped, and
    its effect: by how much the score is higher with it (below 0: lower)."""

    item_id: int | str
    title: str
    rating: float | None
    effect: float
    dropped: bool = False


def without(model: Model, profiles: Profiles, items: I32, output: str, threads: int = 1) -> F32:
    """The effect of each entry of one person on the scores of items i32[k]: score − score without the entry, f32[n, k].

    By the model's own shortcut where it has one, else by encoding the n shortened profiles, some at a time. RequestError where
    the model has no such output.
    """
    if isinstance(model, HasWithout) and (found := model.without(profiles, items, output)) is not None:
        return found
    # no model uses an entry that has neither a rating nor a status
    used = ~np.isnan(profiles.rating) | (False if profiles.status is None else profiles.status > 0)
    entries, shorter = np.flatnonzero(used), profiles.keep(used)
    n = len(entries)
    code = model.encode(profiles)  # 1 × D
    score = model.score(code, output, items)  # 1 × k
    effects = np.zeros((len(used), len(items)), np.float32)
    for start, stop in blocks(n, max(ENTRIES // max(n, 1), 1)):
        codes = model.encode(_shortened(shorter, start, stop), threads)
        moved = (codes != code).any(axis=1, keepdims=True)  # with equal codes, a difference of scores is rounding
        effects[entries[start:stop]] = (score - model.score(codes, output, items)) * moved
    return effects


def _shortened(one: Profiles, start: int, stop: int) -> Profiles:
    """A person's profile without entry j, for each j from start to stop − 1."""
    n = len(one.item)
    entry = np.arange(n - 1) + (np.arange(n - 1) >= np.arange(start, stop)[:, None])  # stop−start × n−1
    indptr = np.arange(stop - start + 1, dtype=np.int64) * (n - 1)
    entry = entry.ravel()
    return Profiles(indptr, one.item[entry], one.rating[entry], None if one.status is None else one.status[entry])


def blended(blend: Blend, scores: Scores, profiles: Profiles, items: I32) -> F32:
    """The effect of each entry of one person on the blended scores of items i32[k], f32[n, k].

    Without an entry a term has another level and another span as well. Its best unseen item is then looked for among the items
    near the best now and the item of the entry. Without their only seen entry the person is silent.
    """
    n, k = len(profiles.item), len(items)
    effects = np.zeros((n, k), np.float32)
    if profiles.silent[0]:
        return effects
    for scored in scores.terms:
        now = scored.normal[0, items]
        near = _near_the_best(blend, scored, profiles, max(SCORES // n, NEAR))
        rows = np.concatenate([items, near, profiles.item, UNKNOWN_ITEM])
        term = scored.term
        moved = without(term.model, profiles, rows, term.output)  # n × k + near + n + 1
        if term.trust is not None:
            moved = moved[:, -1:] + (moved - moved[:, -1:]) * term.trust[rows]
        then = term.score(scores.codes(term.model), rows) - moved
        itself = np.where(blend.known[profiles.item], np.diagonal(then[:, k + len(near) : -1]), -np.inf)
        best = np.maximum(then[:, k : k + len(near)].max(axis=1, initial=-np.inf), itself)
        level = then[:, -1]
        effects += scored.weight[0] * (now - (then[:, :k] - level[:, None]) / above(best, level)[:, None])
    seen = ~profiles.planned
    if seen.sum() == 1:
        with_it = sum(scored.weight[0] * scored.normal[0, items] for scored in scores.terms)
        effects[seen] = with_it - blend.silent_scores[items]
    return effects * scores.left[items]


def _near_the_best(blend: Blend, scored: ScoredTerm, profiles: Profiles, many: int) -> I32:
    """The `many` known items outside the profile with the highest scores."""
    score = np.where(blend.known, scored.score[0], -np.inf)
    score[profiles.item] = -np.inf
    many = min(many, int((score > -np.inf).sum()))
    return np.argpartition(-score, many - 1)[:many].astype(np.int32) if many else np.empty(0, np.int32)


def features(scores: Scores, catalogue: pl.DataFrame, profiles: Profiles, items: I32) -> tuple[list[str], F32]:
    """What one person's taste for each tag adds to the scores of items i32[k]: the names of the tags, and effects f32[T, k].

    Only terms whose models have features count; the spans of the terms stay as they are. No names and f32[0, k] without such a
    term, or without a rating. `catalogue`: the one that the models were trained with.
    """
    by_features = [scored for scored in scores.terms if isinstance(scored.term.model, HasFeatures)]
    if not by_features or not profiles.scored().counts[0]:
        return [], np.zeros((0, len(items)), np.float32)
    names = tag_names(catalogue)
    effects = np.zeros((len(names), len(items)), np.float32)
    for scored in by_features:
        term = scored.term
        assert isinstance(term.model, HasFeatures)
        moved = term.model.features(profiles, np.append(items, UNKNOWN_ITEM), term.output)  # F × k+1
        if term.trust is not None:
            moved = moved[:, -1:] + (moved - moved[:, -1:]) * term.trust[np.append(items, UNKNOWN_ITEM)]
        effects[: len(moved)] += scored.weight[0] / scored.span[0] * (moved[:, :-1] - moved[:, -1:])
    return names, effects * scores.left[items]


def strongest(effects: F32, each: int = 3) -> list[tuple[list[int], list[int]]]:
    """For each of k items (up, down): the rows of `effects` f32[n, k] that raise its score most and those that lower it most.

    The strongest first, at most `each` of either, without effects below `NEGLIGIBLE` times the item's largest.
    """
    least = NEGLIGIBLE * np.abs(effects).max(axis=0, initial=0)  # k
    ascending = np.argsort(effects, axis=0, kind="stable")
    descending = np.argsort(-effects, axis=0, kind="stable")
    return [
        (
            [int(j) for j in descending[:each, k] if effects[j, k] > 0 and effects[j, k] >= least[k]],
            [int(j) for j in ascending[:each, k] if effects[j, k] < 0 and -effects[j, k] >= least[k]],
        )
        for k in range(effects.shape[1])
    ]


def reasons(
    effects: F32, profiles: Profiles, ids: Sequence[int | str], titles: Sequence[str], each: int = 3
) -> list[tuple[tuple[Reason, ...], tuple[Reason, ...]]]:
    """For each of k items (up, down), see `strongest`: entries of one person as reasons. effects f32[n, k]: of the person's
    entries; ids, titles: of the item rows."""

    def reason(j: int, k: int) -> Reason:
        row, rating = int(profiles.item[j]), float(profiles.rating[j])
        given = None if np.isnan(rating) else round(rating, 2)
        return Reason(ids[row], titles[row], given, round(float(effects[j, k]), 4), bool(profiles.dropped[j]))

    return [
        (tuple(reason(j, k) for j in up), tuple(reason(j, k) for j in down))
        for k, (up, down) in enumerate(strongest(effects, each))
    ]


def moving(names: Sequence[str], effects: F32, each: int = 3) -> list[tuple[tuple[str, float], ...]]:
    """For each of k items the (name, effect) pairs that are `strongest`, first up, then down. names: of the n rows of effects
    f32[n, k]."""
    return [
        tuple((names[j], round(float(effects[j, k]), 4)) for j in (*up, *down))
        for k, (up, down) in enumerate(strongest(effects, each))
    ]
