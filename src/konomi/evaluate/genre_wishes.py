"""The genre wishes that people would state, guessed from their ratings: to measure how much wishes help."""

import numpy as np
import scipy.sparse as sp

from konomi.arrays import F32, F64
from konomi.catalogue.tags import genre_matrix
from konomi.catalogue.taste import TASTE_PRIOR
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.data.split import TrainSet

WANTED, UNWANTED = (8 / 9, 7 / 9, 6 / 9), (1 / 9,)  # places on the scale, 0 to 1, of wishes for genres and against them
LEAST = 3  # ratings of a genre that a wish for it or against it needs


def wishes_of(profiles: Profiles, train: TrainSet) -> F32:
    """The wishes that people would state, f32[B, G] on the scale, NaN = no wish.

    People name genres that they like and watch more than others do: not the genre of their highest mean, which may have three
    titles, nor the genre that everybody watches most. See `apart` and `named`.
    """
    return named(apart(profiles, train), train.scale)


def apart(profiles: Profiles, train: TrainSet) -> F32:
    """How far a genre sets a person apart, f32[B, G]; NaN where they rated fewer than `LEAST` titles of it.

        t_ug = log (k_ug + C s_g) / ((k_u + C) s_g)

    k_u: the number of titles that u rates no lower than their own mean, k_ug: those of genre g among them, s_g: the share of g
    among all training ratings, C = `TASTE_PRIOR`: titles with everybody's mix that are added to k_u.
    """
    scored, everybody, genres = profiles.scored(), train.seen.scored(), genre_matrix(train.items).astype(np.float64)
    mean = np.bincount(scored.user, scored.rating, len(scored)) / np.maximum(scored.counts, 1)
    liked = scored.keep(scored.rating >= mean.astype(np.float32)[scored.user])
    rated, k = (_of_genres(entries, genres) for entries in (scored, liked))  # B × G
    share = np.bincount(everybody.item, minlength=len(genres)) @ genres / max(len(everybody.item), 1)
    usual = np.maximum(share, 1e-9)  # no division by 0 for a genre that nobody rated in training
    taste = np.log((k + TASTE_PRIOR * usual) / ((liked.counts[:, None] + TASTE_PRIOR) * usual))
    return np.where(rated >= LEAST, taste, np.nan).astype(np.float32)


def named(taste: F32, scale: Scale) -> F32:
    """The wishes of people with this taste f32[B, G], f32[B, G]: the three highest tastes above 0 get 9, 8 and 7 on a scale
    from 1 to 10, the lowest below 0 a 2, on another scale the values at the same places; the others are NaN.
    """
    wishes = np.full(taste.shape, np.nan, np.float32)
    for sign, places in ((1, WANTED), (-1, UNWANTED)):
        value = np.where(sign * taste > 0, -sign * taste, np.inf)  # NaN compares False
        place = np.argsort(np.argsort(value, axis=1, kind="stable"), axis=1)
        for at, wish in enumerate(places):
            wishes[(place == at) & (value < np.inf)] = scale.low + wish * (scale.high - scale.low)
    return wishes


def _of_genres(profiles: Profiles, genres: F64) -> F64:
    """How many entries of each genre (genres f64[I, G]) each person has, f64[B, G]."""
    entries = sp.csr_matrix((np.ones(len(profiles.item)), profiles.item, profiles.indptr), (len(profiles), len(genres)))
    many: F64 = entries @ genres
    return many
