"""How much two titles are like parts of one work, whatever they are called: by genres, years, types, and who has them."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from math import log

from konomi.catalogue.title_facts import Facts

MORE = 1000  # items added to the counts of genres, a tenth of them with each genre, for small catalogues
TELLING = 4.0  # log share; genres less rare than this together count less: 'Drama' alone tells little

SAME_GENRES, GENRES_UNKNOWN, PER_YEAR, MOST_YEARS, ONE_IS_MUSIC = 5.0, 0.3, -0.04, 50, -2.0
"""Weights, chosen with those of `same_work.py`."""
DENIED = 0.5  # of the log odds of having both where they are negative: what comes thirty years later has other people

ALIKE, UNALIKE = 2.0, -0.5  # for similar and different names in other scripts


@dataclass(frozen=True)
class Likeness:
    """telling: of a genre, the logarithm of the share of items that have it; together(a, b): the log odds of having both,
    beyond what tastes explain (`SeenTogether.log_odds`)."""

    rows: Facts
    telling: dict[str, float]
    together: Callable[[int, int], float]

    @classmethod
    def of(cls, rows: Facts, together: Callable[[int, int], float]) -> "Likeness":
        count = Counter(genre for genres in rows.genres for genre in genres)
        telling = {genre: log((len(rows.genres) + MORE) / (n + MORE / 10)) for genre, n in count.items()}
        return cls(rows, telling, together)

    def __call__(self, a: int, b: int) -> float:
        """The evidence that two items are parts of one work."""
        year, kind = self.rows.year, self.rows.type
        score = SAME_GENRES * self._common(self.rows.genres[a], self.rows.genres[b])
        score += PER_YEAR * min(abs((year[a] or year[b] or 0) - (year[b] or year[a] or 0)), MOST_YEARS)
        score += ONE_IS_MUSIC * ((kind[a] == "Music") != (kind[b] == "Music"))
        odds = self.together(a, b)
        return score + (odds if odds > 0 else DENIED * odds)

    def _common(self, a: frozenset[str], b: frozenset[str]) -> float:
        """The weighted share of common genres (Jaccard), rare genres weighing more; less where all of them are common."""
        if not a or not b:
            return GENRES_UNKNOWN
        both, either = (sum(self.telling[genre] for genre in sorted(some)) for some in (a & b, a | b))
        return both / max(either, TELLING)

    def of_names(self, a: int, b: int) -> float:
        """`ALIKE` where names in other scripts begin alike or one has the other, else `UNALIKE`; 0 where an item has none."""
        if not self.rows.eastern[a] or not self.rows.eastern[b]:
            return 0.0
        for x in self.rows.eastern[a]:
            for y in self.rows.eastern[b]:
                shorter = min(len(x), len(y))
                begins = next((k for k in range(shorter) if x[k] != y[k]), shorter)
                if begins >= 4 or (begins >= 2 and begins == shorter) or (shorter >= 4 and (x in y or y in x)):
                    return ALIKE
        return UNALIKE
