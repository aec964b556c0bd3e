"""What people are predicted to dislike comes after all else: found out from the top down, as far as a list needs it.

The k best are the k best of what is left when ratings have been predicted for them and for nothing below: who is disliked among
them goes to the end, those who come up are asked about in turn, and nobody else can rise. A rating of every title may take as
long as all the rest of an answer.
"""

import numpy as np

from konomi.arrays import F32, I32, Bools
from konomi.kernels.topk import best_of
from konomi.models.api import Model
from konomi.ranking.blend import DISLIKED, Blend
from konomi.ranking.scores import LATER, Scores

WIDER = 4  # times as many titles are looked at where some were disliked
MOST = 1 / 4  # of all titles: to predict more than that, all are predicted


def best_liked(blend: Blend, scores: Scores, offered: Bools, k: int) -> tuple[I32, F32]:
    """The k best offered titles (bool[B, I]) of each person, as `topk` gives them, from scores `before_dislikes`: i32[B, k] and
    f32[B, k]. What was found to be disliked has been put later in the scores."""
    open_to = np.where(offered, scores.total, np.float32(np.nan))
    found, best = best_of(open_to, k)
    if (rater := blend.rater) is None:
        return found, best
    codes, middle = scores.codes(rater), blend.labelling.scale.middle
    for b in range(len(open_to)):
        row, asked, wide = slice(b, b + 1), np.zeros(open_to.shape[1], np.bool_), k
        items, values = found[row], best[row]
        while not asked[(top := items[items >= 0])[:k]].all():
            fresh = top[~asked[top]]
            asked[fresh] = True
            disliked = fresh[ratings(rater, codes[row], fresh) < middle]
            if not len(disliked):
                break
            scores.put_later((b, disliked), DISLIKED)
            open_to[b, disliked] -= np.float32(LATER * DISLIKED)
            wide = min(WIDER * wide, open_to.shape[1])
            items, values = best_of(open_to[row], max(wide, k))
        found[b], best[b] = items[0, :k], values[0, :k]
    return found, best


def ratings(rater: Model, code: F32, items: I32) -> F32:
    """The predicted ratings of items i32[n] by one code f32[1, D], f32[n]."""
    all_of_them = len(items) > MOST * (len(rater.item_known) - 1)
    found: F32 = rater.score(code, "rating")[0, items] if all_of_them else rater.score(code, "rating", items)[0]
    return found
