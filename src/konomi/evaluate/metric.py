"""What a metric is: one record each, of predicted entries or of lists of recommendations."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

from konomi.arrays import F64
from konomi.evaluate.records import Predictions, RankedLists

RANKING = "ranking"  # the kind of ListMetric, beside the tasks "rating" and "interaction": of a model's own order
SERVED = "served"  # the same metrics of the lists that people get

Better = Literal["higher", "lower", "neither"]


@dataclass(frozen=True)
class EntryMean:
    """How a metric follows from a mean over entries: `of_mean`(mean of `of_entry`(true f64[N], predicted f64[N]) f64[N])."""

    of_entry: Callable[[F64, F64], F64]
    of_mean: Callable[[F64], F64] = lambda mean: mean


@dataclass(frozen=True)
class EntryMetric:
    """A metric of predictions.

    key: its name in JSON; name: its name for people; kind: of ratings or of interactions; function: its value, NaN = undefined;
    better: which values are better; mean: how it follows from a mean over entries, if it does; it then gets an interval;
    meaning: what it says, in a sentence or two for somebody who meets it first.
    """

    key: str
    name: str
    kind: Literal["rating", "interaction"]
    function: Callable[[Predictions], float] = field(repr=False)
    better: Better
    mean: EntryMean | None = field(default=None, repr=False)
    meaning: str = field(default="", repr=False)

    @property
    def has_interval(self) -> bool:
        """Whether the bootstrap gives it an interval."""
        return self.mean is not None


@dataclass(frozen=True)
class ListMetric:
    """A metric of recommendations, which looks at the first k places of lists.

    key: its name in JSON, such as "ndcg@10"; name: its name for people; k: the number of places; function: from lists and k to
    a value for each person, f64[P], NaN where undefined, of which the metric is the mean, or to one float for all lists
    together, NaN = undefined; better: which values are better; has_interval: whether the bootstrap gives it an interval, if
    everybody has a value; of_people: whether it is also a column of the comparison on people held out; meaning: what it
    says, in a sentence or two for somebody who meets it first.
    """

    key: str
    name: str
    k: int
    function: Callable[[RankedLists, int], F64 | float] = field(repr=False)
    better: Better
    has_interval: bool = False
    of_people: bool = False
    meaning: str = field(default="", repr=False)
    kind: ClassVar[str] = RANKING

    def at(self, k: int) -> "ListMetric":
        """The same metric over the first k places, as in "ndcg@5"."""
        if k == self.k:
            return self
        key, name = (text.partition("@")[0] for text in (self.key, self.name))
        return replace(self, key=f"{key}@{k}", name=f"{name}@{k}", k=k)
