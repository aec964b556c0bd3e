"""The bundle that answers: loaded, checked and tried before it is served, and changed by one reference."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock

from konomi.bundle.format import load_bundle
from konomi.errors import BundleError
from konomi.files import hash_file
from konomi.recommend.interview import Questions, next_question, questions_of, start
from konomi.recommend.recommender import Recommender

NAMED = 12  # hexadecimal digits of a file's SHA-256 in a model's id
TRIED = 5  # of the best known titles, which the profile of the trial has


@dataclass(frozen=True)
class Served:
    """A bundle as a service has it. id: of the model, in answers and logs."""

    id: str
    recommender: Recommender
    questions: Questions

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """Item id as text → item row."""
        return {str(one): row for row, one in enumerate(self.recommender.catalogue.ids)}


class Current:
    """The one bundle that is served now. Who has taken `served` keeps it to the end of an answer, whatever is served next."""

    def __init__(self, served: Served) -> None:
        self._served, self._swapping = served, Lock()

    @property
    def served(self) -> Served:
        """The bundle to answer with: take it once for each request."""
        return self._served

    def swap(self, path: Path, id: str | None = None) -> Served:
        """Load, check and try another bundle, then serve it; one swap at a time. BundleError where it cannot be served: then
        nothing has changed."""
        with self._swapping:
            self._served = served = load(path, id)
            return served


def load(path: Path, id: str | None = None) -> Served:
    """The bundle in a file, ready to answer. id: of the model, where it is known. BundleError where there is none."""
    bundle = load_bundle(path)
    served = Served(id or model_id(path), Recommender(bundle), questions_of(bundle))
    try_out(served)
    return served


def model_id(path: Path) -> str:
    """The id of the model in a file: the first digits of its SHA-256. BundleError where it cannot be read."""
    try:
        return hash_file(path).removeprefix("sha256:")[:NAMED]
    except OSError as cause:
        what = "no such file" if isinstance(cause, FileNotFoundError) else f"cannot be read: {cause.strerror}"
        raise BundleError(f"{path}: {what}.", "Give the file of a bundle that `konomi train` wrote.") from cause


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
