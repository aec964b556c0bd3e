"""What ratings tell of two titles that names do not: whether people who have the one have the other, too.

Who has the second part of a work has the first. Of n_a people who have the less known title a, c have b as well. If titles were
had by taste alone, they would be

    e = n_b max_g A_ag / A_g

A_g being all entries of titles with the genre g (or with any), A_ag those of a's people, g any genre of b: the audience of a
niche has much of it. The evidence is the difference of the log odds (Haldane 1956 for the ½):

    log (c + ½) / (n_a − c + ½)  −  log (e + ½) / (n_a − e + ½)
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from math import ceil, log

import numpy as np
import scipy.sparse as sp

from konomi.arrays import F64, I32, I64
from konomi.catalogue.title_facts import Facts
from konomi.data.profiles import Profiles
from konomi.data.statistics import RATERS
from konomi.kernels.both import people_with_both

ENTRIES = 5_000_000  # that are looked at, at most: beyond, those of every second person, every third, …
SURE = 0.97  # of the people of a title, at most, are expected to have another
FEW = 5  # people, at least, of titles that are compared for what their names have inside
MOST = 40  # of several titles, the best known
NO_COHESION = 8  # pairs of titles without any connection, added to those there are


@dataclass(frozen=True)
class SeenTogether:
    """indptr i64[I+1] and user i32[N]: the people of every item, ascending; audience f64[I, G]: A_ag / A_g; genres: the columns
    of every item in it; place: of the items, in an order that does not depend on the order of the rows."""

    indptr: I64
    user: I32
    audience: F64
    genres: list[I64]
    place: list[int]

    @classmethod
    def of(cls, rows: Facts, seen: Profiles) -> "SeenTogether":
        had = seen.keep(seen.consumed)
        had = had.take(np.arange(0, len(had), ceil(len(had.item) / ENTRIES) or 1))
        n_items = len(rows.genres)
        column = {genre: k for k, genre in enumerate(sorted(set().union(*rows.genres)), 1)}  # column 0: any genre
        genres = [np.array([0, *sorted(column[genre] for genre in some)]) for some in rows.genres]
        indptr = np.cumsum([0, *map(len, genres)], dtype=np.int64)
        has = sp.csr_matrix(
            (np.ones(indptr[-1]), np.concatenate([*genres, np.empty(0, np.int64)]), indptr), (n_items, len(column) + 1)
        )
        people = sp.csr_matrix((np.ones(len(had.item)), had.item, had.indptr), (len(had), n_items))
        entries = (people @ has).toarray()  # [B, G]: of every person, by genre
        of_item = people.tocsc()
        audience = (of_item.T @ entries) / np.maximum(entries.sum(0), 1)
        return cls(of_item.indptr.astype(np.int64), of_item.indices.astype(np.int32), audience, genres, rows.place)

    def people(self, item: int) -> int:
        """How many people have an item."""
        return int(self.indptr[item + 1] - self.indptr[item])

    def log_odds(self, a: int, b: int) -> float:
        """The evidence, in natural logarithms; 0 where fewer than `RATERS` people have one of the two."""
        if (self.people(b), self.place[b]) < (self.people(a), self.place[a]):
            a, b = b, a
        many = self.people(a)
        if many < RATERS:
            return 0.0
        both = int(people_with_both(self.indptr, self.user, a, b))
        expected = min(self.people(b) * float(self.audience[a, self.genres[b]].max()), SURE * many)
        return log((both + 0.5) / (many - both + 0.5)) - log((expected + 0.5) / (many - expected + 0.5))

    def cohesion(self, items: Iterable[int]) -> float:
        """The mean evidence of all pairs of the best known of several items, less where there are few."""
        known = sorted((n for n in items if self.people(n) >= FEW), key=lambda n: (-self.people(n), self.place[n]))[:MOST]
        odds = [self.log_odds(a, b) for a, b in combinations(known, 2)]
        return sum(odds) / (len(odds) + NO_COHESION)
