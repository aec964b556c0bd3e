"""What answers consist of: plain records, which import nothing, so that programs that ask a service have them, too."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

By = Literal["both", "factors", "content"]
"""By what titles are alike: what people like both for, what they are, or both."""

How = Literal["exact", "title", "word", "initials", "spelt", "inside", "mistyped"]

Keeps = Literal["unknown", "withdrawn", "seen", "planned", "not planned", "hidden", "filtered", "franchise"]
"""No model knows it; it is withdrawn; they have seen it, plan it, do not plan it (where only plans are asked for) or hide it; a
filter keeps it out; or it is not what comes next of its franchise, or is beside it."""


@dataclass(frozen=True)
class Reason:
    """An entry of the person's that moves a score: its item, title and rating (None = without one), whether it was dropped, and
    its effect: how much of the score it is, or by how much the score is higher with it (below 0: lower)."""

    item_id: int | str
    title: str
    rating: float | None
    effect: float
    dropped: bool = False


@dataclass(frozen=True)
class Row:
    """One title. `score` is what the titles are ordered by.

    rating, probability: predicted, None where no model of the bundle predicts it, and for `similar`; interval: where the rating
    lies with probability `LEVEL`; deviation: the standard deviation of the rating by the model itself, None where it has none;
    up, down: the person's own entries that move the score most; popular: what popularity adds, None where it is a small part;
    tags: what their taste for genres, types and eras adds (models of contents); wishes: what their genre wishes add; planned:
    whether they plan to see it; like: of a title that no model has learnt yet, the titles that it is placed by.
    """

    item_id: int | str
    title: str
    year: int | None
    type: str | None
    genres: tuple[str, ...]
    score: float
    rating: float | None = None
    interval: tuple[float, float] | None = None
    deviation: float | None = None
    probability: float | None = None
    up: tuple[Reason, ...] = ()
    down: tuple[Reason, ...] = ()
    popular: float | None = None
    tags: tuple[tuple[str, float], ...] = ()
    wishes: tuple[tuple[str, float], ...] = ()
    planned: bool = False
    like: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """A part of a franchise. entry: it is where to begin; beside: a special, recap, trailer or music."""

    item_id: int | str
    title: str
    year: int | None
    type: str | None
    entry: bool
    beside: bool


@dataclass(frozen=True)
class TagTaste:
    """A tag, how much more it is liked than by others (below 0: less), in units of the scale, and by how many titles."""

    tag: str
    effect: float
    n: int


@dataclass(frozen=True)
class Apart:
    """A title that the person rates otherwise than others: their rating and the mean of all."""

    item_id: int | str
    title: str
    rating: float
    others: float


@dataclass(frozen=True)
class TasteFigures:
    """entries: on the list, of which `rated`, `seen`, `planned` and `dropped` are what they say; mean: of the ratings, None
    without any; beside: how many of them others have rated, too, and offset: how far they are above those others, in units of
    the scale, None without any; histogram: rating → how many, in ascending order; more, less: tags liked more, and less,
    strongest first; apart: the titles where they differ most from others, offset aside; popular: the share of what they
    have seen that is among the best known titles, which have half of all ratings, None where they have seen nothing."""

    entries: int
    rated: int
    seen: int
    planned: int
    dropped: int
    mean: float | None
    beside: int
    offset: float | None
    histogram: dict[float, int]
    more: tuple[TagTaste, ...]
    less: tuple[TagTaste, ...]
    apart: tuple[Apart, ...]
    popular: float | None

    def to_dict(self) -> dict[str, Any]:
        """All of it, ready for JSON; the histogram as a list of (rating, how many)."""
        return {**asdict(self), "histogram": [list(pair) for pair in self.histogram.items()]}
