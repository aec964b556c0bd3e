"""Why an item is recommended: what each of a person's own entries, their taste for tags, and popularity add to its score.

By default these are parts of the score as it is: entries, popularity and wishes add up to it, and whatever they are divided by
stays as it is. A model whose scores are no sum over the entries (`HasParts`) shows what leaving an entry out changes instead.
`leaving_out` shows this of the whole score, everything computed anew; such effects need not add up, since entries may tell the
same about a person.
"""

from collections.abc import Iterable, Sequence
from typing import cast

import numpy as np
import polars as pl

from konomi.arrays import F32, I32
from konomi.catalogue.tags import tag_names
from konomi.data.profiles import Profiles
from konomi.models.api import HasParts, Model
from konomi.ranking.blend import Blend
from konomi.ranking.dials import Dials
from konomi.ranking.scores import LATER, UNKNOWN_ITEM, ScoredTerm, Scores, Term
from konomi.recommend.records import Reason as Reason
from konomi.runtime import blocks

ENTRIES = 1 << 20  # in all shortened profiles that are encoded together: about 20 MiB
PEOPLE = 64  # shortened profiles whose scores are computed together
NEGLIGIBLE = 0.05  # share of an item's largest effect; smaller effects are no reasons


def without(model: Model, profiles: Profiles, items: I32, output: str) -> F32:
    """The effect of each entry of one person on the scores of items i32[k]: score − score without the entry, f32[n, k].

    The n shortened profiles are encoded, some at a time. RequestError where the model has no such output.
    """
    # no model uses an entry that has neither a rating nor a status
    used = ~np.isnan(profiles.rating) | (False if profiles.status is None else profiles.status > 0)
    entries, shorter = np.flatnonzero(used), profiles.keep(used)
    n = len(entries)
    code = model.encode(profiles)  # 1 × D
    score = model.score(code, output, items)  # 1 × k
    effects = np.zeros((len(used), len(items)), np.float32)
    for start, stop in blocks(n, max(ENTRIES // max(n, 1), 1)):
        codes = model.encode(_shortened(shorter, start, stop))
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


def parts(blend: Blend, scores: Scores, profiles: Profiles, items: I32) -> tuple[F32, F32]:
    """The parts of the scores of items i32[k] of one person: of each entry, f32[n, k], and of what is the same for everybody,
    f32[k], which is popularity and what a model says of a title to somebody unknown. Wishes have the rest.

    They add up, but for models that are not `HasParts`.
    """
    entries, rest = blend.circle.parts(profiles, scores.circled, items)
    entries, rest = entries * scores.weight[0], rest * scores.weight[0]
    for scored in scores.terms:
        moved = _above_unknown(scored, _of_model(scored.term, profiles, items), items)
        entries += moved
        rest += scored.weight[0] * scored.normal[0, items] - moved.sum(axis=0)
    if profiles.silent[0]:
        return np.zeros_like(entries), blend.silent_scores[items] * scores.left[items]
    return entries * scores.left[items], rest * scores.left[items]


def _of_model(term: Term, profiles: Profiles, items: I32) -> F32:
    """What each entry adds to the scores of items i32[k] and of an unknown item, f32[n, k+1]."""
    rows, model = np.append(items, UNKNOWN_ITEM), term.model
    found = cast(HasParts, model).parts(profiles, rows, term.output) if term.adds_up else None
    return without(model, profiles, rows, term.output) if found is None else found


def _above_unknown(scored: ScoredTerm, moved: F32, items: I32) -> F32:
    """What is added to a blended score, f32[n, k], by what is added to a term's scores of items i32[k] and an unknown item."""
    above = moved[:, :-1] - moved[:, -1:]
    if scored.term.trust is not None:
        above *= scored.term.trust[items]
    weighed: F32 = above * (scored.weight[0] / scored.span[0])
    return weighed


def adds_up(scores: Scores) -> bool:
    """Whether the `parts` of these scores are parts: no model has to leave entries out."""
    return all(scored.term.adds_up for scored in scores.terms)


def leaving_out(blend: Blend, scores: Scores, profiles: Profiles, items: I32, dials: Dials, wishes: F32 | None) -> F32:
    """The effect of each entry of one person on the scores of items i32[k]: what they are less what they would be without it,
    f32[n, k]."""
    effects = np.zeros((len(profiles.item), len(items)), np.float32)
    now = _in_place(scores, items)
    for start, stop in blocks(len(effects), PEOPLE):
        each = None if wishes is None else np.repeat(wishes, stop - start, axis=0)
        effects[start:stop] = now - _in_place(blend.weigh(_shortened(profiles, start, stop), dials, each), items)
    return effects


def _in_place(scores: Scores, items: I32) -> F32:
    """The scores of items i32[k], f32[B, k], as if none of them came later."""
    placed: F32 = scores.total[:, items] + np.float32(LATER) * scores.later[:, items]
    return placed


def features(scores: Scores, catalogue: pl.DataFrame, profiles: Profiles, items: I32) -> tuple[list[str], F32]:
    """What one person's taste for each tag adds to the scores of items i32[k]: the names of the tags, and effects f32[T, k].

    Only terms whose models have features count; the spans of the terms stay as they are. No names and f32[0, k] without such a
    term, or without a rating. `catalogue`: the one that the models were trained with.
    """
    by_features = [(scored, model) for scored in scores.terms if (model := scored.term.contents) is not None]
    if not by_features or not profiles.scored().counts[0]:
        return [], np.zeros((0, len(items)), np.float32)
    names = tag_names(catalogue)
    effects = np.zeros((len(names), len(items)), np.float32)
    for scored, model in by_features:
        moved = model.features(profiles, np.append(items, UNKNOWN_ITEM), scored.term.output)  # F × k+1
        effects[: len(moved)] += _above_unknown(scored, moved, items)
    return names, effects * scores.left[items]


def strongest(effects: F32, each: int = 3, least: float = NEGLIGIBLE) -> list[tuple[list[int], list[int]]]:
    """For each of k items (up, down): the rows of `effects` f32[n, k] that raise its score most and those that lower it most.

    The strongest first, at most `each` of either, without effects below `least` times the item's largest.
    """
    bound = least * np.abs(effects).max(axis=0, initial=0)  # k
    by_item = np.ascontiguousarray(effects.T)  # k × n
    ascending, descending = (np.argsort(sign * by_item, axis=1, kind="stable")[:, :each].tolist() for sign in (1, -1))
    return [
        (
            [j for j in descending[k] if own[j] > 0 and own[j] >= bound[k]],
            [j for j in ascending[k] if own[j] < 0 and -own[j] >= bound[k]],
        )
        for k, own in enumerate(by_item)
    ]


def told_once(sides: Sequence[Iterable[int]]) -> list[int]:
    """The entries that speak for more than half of k items, and for three at least, those of the most items first."""
    times: dict[int, int] = {}
    for up in sides:
        for j in up:
            times[j] = times.get(j, 0) + 1
    many = [j for j, found in times.items() if found > max(len(sides) / 2, 2)]
    return sorted(many, key=lambda j: (-times[j], j))


def reason(profiles: Profiles, entry: int, effect: float, ids: Sequence[int | str], titles: Sequence[str]) -> Reason:
    """An entry of one person as a reason; ids, titles: of the item rows."""
    row, rating = int(profiles.item[entry]), float(profiles.rating[entry])
    given = None if np.isnan(rating) else round(rating, 2)
    return Reason(ids[row], titles[row], given, round(effect, 4), bool(profiles.dropped[entry]))


def moving(names: Sequence[str], effects: F32, each: int = 3) -> list[tuple[tuple[str, float], ...]]:
    """For each of k items the (name, effect) pairs that are `strongest`, first up, then down. names: of the n rows of effects
    f32[n, k]."""
    if not names:
        return [()] * effects.shape[1]
    return [
        tuple((names[j], round(float(effects[j, k]), 4)) for j in (*up, *down))
        for k, (up, down) in enumerate(strongest(effects, each))
    ]
