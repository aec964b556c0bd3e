"""What genres people would ask for, guessed from their ratings: to measure what wishes are worth."""

import numpy as np
import scipy.sparse as sp

from konomi.arrays import F32, F64
from konomi.catalogue.tags import genre_matrix
from konomi.catalogue.taste import TASTE_PRIOR
from konomi.data.profiles import Profiles
from konomi.data.scale import Scale
from konomi.data.split import TrainSet

WANTED, UNWANTED = (8 / 9, 7 / 9, 6 / 9), (1 / 9,)  # where on the scale the wishes for genres lie, and those against
LEAST = 3  # ratings of a genre that let somebody speak of it


def wishes_of(profiles: Profiles, train: TrainSet) -> F32:
    """What people would ask for, f32[B, G] on the scale, NaN = no wish.

    Asked what they want, people name what they watch more of than others do, and like: not the genre of their highest mean, of
    which they may have met three titles, nor the one that everybody has most of. So see `named` and `apart`.
    """
    return named(apart(profiles, train), train.scale)


def apart(profiles: Profiles, train: TrainSet) -> F32:
    """How far a genre sets a person apart, f32[B, G]; NaN where they rated fewer than `LEAST` titles of it.

        t_ug = log (k_ug + C s_g) / ((k_u + C) s_g)

    k_u: the titles that u rates no lower than their own mean, k_ug: those of genre g among them, s_g: the share of g among all
    training ratings, C = `TASTE_PRIOR`: titles of everybody's mix that one starts from.
    """
    scored, everybody, genres = profiles.scored(), train.seen.scored(), genre_matrix(train.items).astype(np.float64)
    own = np.bincount(scored.user, scored.rating, len(scored)) / np.maximum(scored.counts, 1)
    liked = scored.keep(scored.rating >= own.astype(np.float32)[scored.user])
    rated, k = (_of_genres(entries, genres) for entries in (scored, liked))  # B × G
    share = np.bincount(everybody.item, minlength=len(genres)) @ genres / max(len(everybody.item), 1)
    usual = np.maximum(share, 1e-9)  # of a genre that nobody rated in training
    taste = np.log((k + TASTE_PRIOR * usual) / ((liked.counts[:, None] + TASTE_PRIOR) * usual))
    return np.where(rated >= LEAST, taste, np.nan).astype(np.float32)


def named(taste: F32, scale: Scale) -> F32:
    """The genres that somebody of this taste f32[B, G] would name, f32[B, G]: the three highest above 0 get 9, 8 and 7 of a
    scale to 10, the lowest below 0 a 2, on another scale what lies where these do; the others are NaN.
    """
    wishes = np.full(taste.shape, np.nan, np.float32)
    for sign, told in ((1, WANTED), (-1, UNWANTED)):
        value = np.where(sign * taste > 0, -sign * taste, np.inf)  # NaN compares False
        place = np.argsort(np.argsort(value, axis=1, kind="stable"), axis=1)
        for at, wish in enumerate(told):
            wishes[(place == at) & (value < np.inf)] = scale.low + wish * (scale.high - scale.low)
    return wishes


def _of_genres(profiles: Profiles, genres: F64) -> F64:
    """How many entries of each genre (genres f64[I, G]) each person has, f64[B, G]."""
    entries = sp.csr_matrix((np.ones(len(profiles.item)), profiles.item, profiles.indptr), (len(profiles), len(genres)))
    many: F64 = entries @ genres
    return many
