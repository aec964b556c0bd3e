"""Ground: what every answer of a Recommender stands on: the bundle, its catalogue, what ranks and what explains."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from konomi.arguments import as_path, what_it_is, whole
from konomi.arrays import Bools
from konomi.bundle.format import Bundle
from konomi.bundle.origin import dataset_of
from konomi.data.dataset import Dataset
from konomi.errors import RequestError
from konomi.lists.titles import TitleIndex
from konomi.ranking.blend import Blend
from konomi.ranking.dials import Dials
from konomi.ranking.offer import Offer
from konomi.ranking.ranker import Ranker
from konomi.recommend.catalogue import Catalogue
from konomi.recommend.explain import Explainer
from konomi.recommend.filters import Where, allowed, by_ids
from konomi.recommend.ids import among
from konomi.recommend.search import Search
from konomi.settings import shown

EVERYWHERE = Where()


@dataclass(frozen=True, repr=False)
class Ground:
    """A bundle; data: the dataset that it was trained on, if that has moved."""

    bundle: Bundle
    data: Dataset | Path | str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.bundle, Bundle):
            raise RequestError(f"{shown(self.bundle)} is no bundle.", "Give a Bundle, or `Recommender.load` a path.")
        if not isinstance(self.data, Dataset | None):
            as_path(self.data, "a dataset", RequestError)

    @property
    def note(self) -> str:
        """A text that has to be shown with every answer, such as "simulated ratings"."""
        return self.bundle.facts.data.note

    @property
    def titles(self) -> TitleIndex:
        """Every title of the catalogue."""
        return self.catalogue.titles

    @cached_property
    def catalogue(self) -> Catalogue:
        """The items as people ask for them."""
        known = np.any([model.item_known[:-1] > 0 for model in self.bundle.models.values()], axis=0)
        return Catalogue(self.bundle.items, self.bundle.scale, known)

    @cached_property
    def dataset(self) -> Dataset:
        """The dataset that the bundle was trained on; DataError where it is missing or has changed."""
        return dataset_of(self.bundle, self.data, check=False)

    @cached_property
    def ranker(self) -> Ranker:
        """Ranks what people are offered, by the blend of the bundle's models."""
        bundle = self.bundle
        return Ranker(Blend(tuple(bundle.models.values()), bundle.items, bundle.labelling, bundle.lifts, bundle.facts.weights))

    @property
    def ordered_by(self) -> list[str]:
        """The names of the models that the titles are ordered by."""
        names = {id(model): name for name, model in self.bundle.models.items()}
        return list(dict.fromkeys(names[id(term.model)] for term in self.ranker.blend.terms))

    @cached_property
    def explainer(self) -> Explainer:
        """Gives predictions and reasons."""
        return Explainer(self.bundle, self.catalogue, self.ranker.blend)

    @cached_property
    def allowed(self) -> Callable[[Where], Bools]:
        """bool[I]: which items pass the given filters. The last 64 results are kept, but of ids, which may be very many."""
        kept = lru_cache(maxsize=64)(lambda where: allowed(where, self.bundle.items))

        def passing(where: Where) -> Bools:
            every: Bools = kept(where.of_the_catalogue)
            for _, mask in by_ids(where, self.catalogue.item_ids):
                every = every & mask
            return every

        return passing

    @cached_property
    def search(self) -> Search:
        """Finds titles while somebody types: `search("cowb")`, see `Search`."""
        return Search.of(self.bundle.items)

    def mask(self, where: object, dials: object, after: Sequence[int | str] = ()) -> Bools:
        """bool[I]: the items that pass the filters and are not of the pages before, `after`, see `Recommender.recommend`.

        RequestError where `where` is no Where, `dials` no Dials, or `after` is not several ids.
        """
        if not isinstance(where, Where) or not isinstance(dials, Dials):
            wrong = what_it_is(dials if isinstance(where, Where) else where)
            raise RequestError(f"{wrong} says neither where nor how.", "Give where=Where(…) and dials=Dials(…).")
        try:
            hash(where.of_the_catalogue)
            for kind in set(map(type, (*where.only, *where.without))):
                if kind.__hash__ is None:
                    raise TypeError(f"unhashable type: '{kind.__name__}'")
        except TypeError as cause:
            raise RequestError(f"The filters hold what no title has: {cause}.", "Give texts and numbers.") from None
        passing = self.allowed(where)
        if isinstance(after, str | bytes) or not isinstance(after, Sequence):
            raise RequestError(f"{what_it_is(after)} is not several ids.", "Give the item ids that were shown.", "after")
        return passing if not len(after) else passing & ~self._shown(after, where.parts)

    def _shown(self, after: Sequence[int | str], parts: bool) -> Bools:
        """bool[I]: the items with these ids and, unless every part is offered, the other parts of their franchises."""
        shown = among(after, self.catalogue.item_ids)
        franchise, _ = self.ranker.franchise
        return shown if parts else np.isin(franchise, franchise[shown])

    def places(self, k: int) -> int:
        """k, but at most the number of items; RequestError unless it is a whole number above 0."""
        return min(whole("k", k, 1), len(self.bundle.items))


def offer_of(where: Where) -> Offer:
    """The filters over a person's own list and over franchises."""
    return Offer(where.planned, where.again, where.parts, where.sequels)
