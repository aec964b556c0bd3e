"""Genre wishes: "Action=9" says how much somebody wants of a genre, on the rating scale, before any title is rated."""

import numpy as np

from konomi.arrays import F32, U8
from konomi.data.scale import Scale


def wish_scores(genres: U8, wishes: F32, scale: Scale) -> F32:
    """How well each item fits the wishes, f32[B, I] in [−1, 1]; genres u8[I, G]; wishes f32[B, G], NaN = no wish.

        fit_i = Σ_{g ∈ G_i ∩ W} v_g / √(|G_i| |W|)        v_g = (w_g − the middle of the scale) / half the scale

    The middle of the scale is neutral: a genre at 9 of 10 is wanted, one at 2 is to be avoided, and one without a wish does not
    count. The fit is the cosine of an item's genres and the wishes, times the wishes' mean strength. `Blend.granted` weighs it.
    """
    v = (wishes - (scale.low + scale.high) / 2) / ((scale.high - scale.low) / 2)
    many = np.maximum((~np.isnan(v)).sum(axis=1, keepdims=True), 1) * np.maximum(genres.sum(axis=1), 1)  # B × I
    fit: F32 = (np.nan_to_num(v) @ genres.T.astype(np.float32) / np.sqrt(many)).astype(np.float32)
    return fit
