"""The files of a service's models, in a folder beside its store.

    STORE.models/
    ├── konomi-models          says that the folder is a service's
    ├── 0123456789ab           a bundle, named by the first digits of its SHA-256
    ├── 0123456789ab.twin      the same models as trained without the frozen test
    ├── data/                  the dataset of the last training
    ├── seen.json              how far the store was read for a dataset
    └── job-7/                 what a training that runs has done so far

A bundle that is given is copied into it, so it stays whatever becomes of its file.
"""

import json
import re
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec

from konomi.errors import StoreError
from konomi.files.whole import sync, whole_file
from konomi.serve.current import NAMED, model_id

MARK, TITLE = "konomi-models", "konomi models 1\n"
MODEL = re.compile(rf"([0-9a-f]{{{NAMED}}})(\.twin)?")


class Seen(NamedTuple):
    """How far the store was read for a dataset. seq: the last change; base: its first users are those of the dataset that the
    service began with, so many; erased: when entries of somebody who was erased were last taken out of it, microseconds since
    1970."""

    seq: int
    base: int
    erased: int


@dataclass(frozen=True)
class Shelf:
    """The folder. Only the service that has the store writes to it, and the one training that it runs."""

    folder: Path

    @classmethod
    def open(cls, folder: Path) -> "Shelf":
        """Open, or make, the folder; StoreError where another one is at its place, or it cannot be made."""
        mark = folder / MARK
        try:
            if folder.exists() and not (mark.is_file() and mark.read_text(encoding="ascii", errors="replace") == TITLE):
                if not folder.is_dir() or any(folder.iterdir()):
                    raise StoreError(f"{folder}: is no folder of models.", "Move it away: a service keeps its models there.")
            folder.mkdir(parents=True, exist_ok=True)
            if not mark.exists():
                mark.write_text(TITLE, encoding="ascii")
                sync(mark)
        except OSError as cause:
            hint = "Give the store another place, where this user may write."
            raise StoreError(f"{folder}: cannot be written: {cause.strerror}.", hint, "store") from cause
        return cls(folder)

    def bundle(self, id: str) -> Path:
        """The file of a model."""
        return self.folder / id

    def twin(self, id: str) -> Path:
        """The file of the same models as trained without the frozen test; given bundles have none."""
        return self.folder / f"{id}.twin"

    @property
    def data(self) -> Path:
        """The folder of the dataset."""
        return self.folder / "data"

    def work(self, job: int) -> Path:
        """The folder of a training that runs."""
        return self.folder / f"job-{job}"

    def adopt(self, given: Path) -> str:
        """Copy a bundle's file in, which others may change; its id. What has been damaged here is whole again. BundleError
        where it is not there."""
        id = model_id(given)
        if not self._holds(id):
            with whole_file(self.bundle(id), StoreError, "store") as partial:
                shutil.copyfile(given, partial)
        return id

    def _holds(self, id: str) -> bool:
        return self.bundle(id).exists() and model_id(self.bundle(id)) == id

    def take(self, bundle: Path, twin: Path) -> str:
        """Take in the files of a training, which nobody changes; the id of its model."""
        id = model_id(bundle)
        for made, place in ((twin, self.twin(id)), (bundle, self.bundle(id))):
            if not place.exists():
                made.replace(place)
        sync(self.folder)
        return id

    def forget(self, keep: Collection[str]) -> None:
        """Remove the files of all models but those to keep, and what trainings left."""
        for file in self.folder.iterdir():
            found = MODEL.fullmatch(file.name)
            if found and found[1] not in keep and file.is_file():
                file.unlink(missing_ok=True)

    def clear(self, job: int) -> None:
        """Remove what a training has done."""
        shutil.rmtree(self.work(job), ignore_errors=True)

    def seen(self, dataset: str) -> Seen | None:
        """How far the store was read for the dataset of this hash; None where that is not known."""
        return self._seen().get(dataset)

    def note(self, dataset: str, seen: Seen, before: str | None) -> None:
        """Note how far it was read for a dataset, before that is written; what is known of the one before stays."""
        kept = {name: value for name, value in self._seen().items() if name == before}
        with whole_file(self.folder / "seen.json", StoreError, "store") as partial:
            partial.write_text(json.dumps({**kept, dataset: seen}), encoding="ascii")

    def _seen(self) -> dict[str, Seen]:
        try:
            return msgspec.json.decode((self.folder / "seen.json").read_bytes(), type=dict[str, Seen])
        except (OSError, msgspec.DecodeError):
            return {}
