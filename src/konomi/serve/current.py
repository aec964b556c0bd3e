"""The bundle that answers, with what clients say of items: loaded, checked and tried before it is served, and changed by one
reference."""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock

from konomi.bundle.format import Bundle, load_bundle
from konomi.errors import BundleError
from konomi.files import hash_file
from konomi.recommend.interview import Questions, next_question, questions_of, start
from konomi.recommend.recommender import Recommender
from konomi.serve.catalogue import kinds_of, told_bundle
from konomi.serve.sharing import Shared
from konomi.serve.store.items import Told

NAMED = 12  # hexadecimal digits of a file's SHA-256 in a model's id
TRIED = 5  # of the best known titles, which the profile of the trial has


@dataclass(frozen=True)
class Served:
    """A bundle as a service has it. id: of the model, in answers and logs; bundle: as it was saved; told: what clients say of
    items, which is in the recommender's."""

    id: str
    recommender: Recommender
    questions: Questions
    bundle: Bundle
    told: tuple[Told, ...] = ()

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """Item id as text → item row."""
        return {str(one): row for row, one in enumerate(self.recommender.catalogue.ids)}

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The genres and types of its items."""
        return kinds_of(self.recommender.bundle.items)


class Current:
    """The one bundle that is served now. Who has taken `served` keeps it to the end of an answer, whatever is served next."""

    def __init__(self, served: Served) -> None:
        self._served, self._swapping = served, Lock()
        self._told: Callable[[], Sequence[Told]] = tuple
        self._refreshing = Shared(self._refreshed, "konomi catalogue")

    @property
    def served(self) -> Served:
        """The bundle to answer with: take it once for each request."""
        return self._served

    def swap(self, path: Path, id: str | None = None) -> Served:
        """Load, check and try another bundle, then serve it; one swap at a time. BundleError where it cannot be served: then
        nothing has changed."""
        with self._swapping:
            self._served = served = load(path, id, self._told())
            return served

    def follow(self, told: Callable[[], Sequence[Told]]) -> None:
        """Serve from now on with what clients say of items, which `told` gives at any time."""
        self._told = told
        self._refreshed()

    def refresh(self) -> "Future[Served]":
        """Serve with what clients say now; who asks while that is made shares the next."""
        return self._refreshing.soon()

    def _refreshed(self) -> Served:
        with self._swapping:
            now = self._served
            if (told := tuple(self._told())) != now.told:
                self._served = served_with(now.id, now.bundle, told)
            return self._served


def load(path: Path, id: str | None = None, told: Sequence[Told] = ()) -> Served:
    """The bundle in a file, ready to answer. id: of the model, where it is known; told: what clients say of items. BundleError
    where there is none."""
    return served_with(id or model_id(path), load_bundle(path), told)


def served_with(id: str, bundle: Bundle, told: Sequence[Told]) -> Served:
    """A bundle with what clients say of items, ready to answer."""
    with collected_later():
        grown = told_bundle(bundle, told)
        served = Served(id, Recommender(grown), questions_of(grown), bundle, tuple(told))
        try_out(served)
    return served


def model_id(path: Path) -> str:
    """The id of the model in a file: the first digits of its SHA-256. BundleError where it cannot be read."""
    try:
        return hash_file(path).removeprefix("sha256:")[:NAMED]
    except OSError as cause:
        what = "no such file" if isinstance(cause, FileNotFoundError) else f"cannot be read: {cause.strerror}"
        raise BundleError(f"{path}: {what}.", "Give the file of a bundle that `konomi train` wrote.") from cause


@contextmanager
def collected_later() -> Iterator[None]:
    """Look for no garbage meanwhile: that goes over every object of the process, while all threads wait, and whoever makes
    indexes of very many objects would bring it about again and again."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def try_out(served: Served) -> None:
    """Answer once in each way, so that no request waits until kernels are compiled and indexes are made."""
    recommender, ids = served.recommender, served.recommender.catalogue.ids
    known = recommender.bundle.items["ratings"].arg_sort(descending=True)[:TRIED].to_list()
    rating = recommender.bundle.scale.high
    recommender.search("a")
    assert len(served.rows) == len(ids) and len(recommender.titles.ids) == len(ids)
    recommender.recommend(None)
    recommender.recommend({ids[row]: rating for row in known})
    next_question(start(served.questions))
    if recommender.bundle.giving("rating") is not None:
        recommender.predict([({ids[known[0]]: rating}, ids[known[-1]])])
    recommender.similar(ids[known[0]])
