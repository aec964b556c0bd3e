"""The models of a service: which there are, which answers, and how that is changed without a failed request."""

import logging
from functools import partial
from pathlib import Path
from threading import RLock

from sqlalchemy import Connection

from konomi.bundle.format import load_bundle
from konomi.bundle.store import Store
from konomi.errors import BundleError, KonomiError
from konomi.serve.current import Current, Served, load
from konomi.serve.problems import Unknown
from konomi.serve.store.clock import now
from konomi.serve.store.jobs import end_job
from konomi.serve.store.models import (
    Kept,
    activate_model,
    add_model,
    models,
    remove_model,
    served,
    set_aside,
)
from konomi.serve.store.people_store import PeopleStore
from konomi.serve.training.shelf import Shelf

log = logging.getLogger(__name__)

KEPT = 3  # of the newest models, beside the one that answers and the one before it


class Unservable(KonomiError):
    """A model cannot answer."""

    code = "model"
    status = 409


class Models:
    """The models of a store and its shelf. Any thread may call any method; what changes which model answers goes one by one."""

    def __init__(self, store: PeopleStore, shelf: Shelf, given: Path) -> None:
        """given: the file of a bundle, or a `Store`'s folder. A bundle that was not here before answers from now on; else the
        model does that did. BundleError where none can be served."""
        self.store, self.shelf, self.given = store, shelf, given
        self._changing = RLock()
        self._named = named(given)
        self._given_id = self._adopted(self._named)
        new = all(each.id != self._given_id for each in self.all())
        self.current = Current(self._loaded(self._given_id) if new else self._latest())
        if new:
            self._note(self._given_id)

    def all(self) -> list[Kept]:
        """Every model, the newest first."""
        with self.store.database.read() as connection:
            return models(connection)

    def find(self, id: str) -> Kept:
        """One model; `Unknown` where there is none."""
        found = next((each for each in self.all() if each.id == id), None)
        if found is None:
            raise Unknown(f'"{id}": there is no such model.', "Give the id of one that GET /v1/models has.", "id")
        return found

    def activate(self, id: str) -> None:
        """Let a model answer: it is loaded, checked and tried before. `Unknown` where there is none, `Unservable` where its
        file is not as it was; then nothing has changed."""
        with self._changing:
            self.find(id)
            self._swap(id)
            self._note(id)

    def roll_back(self) -> str:
        """Let the model before the one that answers answer again; its id. `Unknown` where there is none."""
        with self._changing:
            there = self._there()
            if len(there) < 2:
                raise Unknown("No other model has answered before.", "Activate one that GET /v1/models has.", "id")
            now_served, before = there[0].id, there[1].id
            self._swap(before)
            self.store.writer.call(lambda connection: set_aside(connection, now_served)).result()
            return before

    def look(self) -> None:
        """Let the bundle answer that was published in the given folder since, if any was."""
        if self.given.is_dir():
            with self._changing:
                if (path := named(self.given)) != self._named:
                    self._named = path
                    id = self._given_id = self._adopted(path)
                    self.current.swap(self.shelf.bundle(id), id)
                    self._note(id)

    def add(self, bundle: Path, twin: Path, made: Kept, answers: bool) -> str:
        """Take in the files of a training, which is done then; the id of its model. made: all but its id; answers: whether it
        is the one that answers from now on. BundleError where it cannot be served."""
        with self._changing:
            id = self.shelf.take(bundle, twin)
            if answers:
                self.current.swap(self.shelf.bundle(id), id)

            def noted(connection: Connection) -> None:
                add_model(connection, id, made.made, made.job, made.seq, made.report)
                if answers:
                    activate_model(connection, id)
                if made.job is not None:
                    end_job(connection, made.job, "done")

            self.store.writer.call(noted).result()
            return id

    def collect(self) -> None:
        """Remove all models but the newest, the one that answers, the one before it, and the one that was given."""
        with self._changing:
            every = self.all()
            keep = {each.id for each in [*every[:KEPT], *self._there()[:2]]} | {self._given_id}
            for each in every:
                if each.id not in keep:
                    self.store.writer.call(partial(remove_model, id=each.id)).result()
            self.shelf.forget(keep)

    def _there(self) -> list[Kept]:
        """The models that answer or did, the one that does first, as far as their files are there."""
        with self.store.database.read() as connection:
            return [each for each in served(connection) if self.shelf.bundle(each.id).is_file()]

    def _adopted(self, given: Path) -> str:
        """The id of a given bundle, which is on the shelf then. BundleError where it is none."""
        load_bundle(given, check=False)  # what is no bundle at all does not come onto the shelf
        return self.shelf.adopt(given)

    def _latest(self) -> Served:
        """The model that answered last, of those that can be served."""
        failed: BundleError | None = None
        for id in dict.fromkeys([*(each.id for each in self._there()), self._given_id]):
            try:
                return self._loaded(id)
            except BundleError as error:
                log.error("model %s cannot be served: %s", id, error)
                failed = failed or error
        assert failed is not None
        raise failed

    def _swap(self, id: str) -> None:
        try:
            self.current.swap(self.shelf.bundle(id), id)
        except BundleError as error:
            log.error("model %s cannot be served: %s", id, error)
            hint = "Train again, or start the service with its bundle."
            raise Unservable(f"The file of model {id} is missing or damaged.", hint, "id") from error

    def _loaded(self, id: str) -> Served:
        return load(self.shelf.bundle(id), id, self.store.told_items())

    def _note(self, id: str) -> None:
        """Note that a model answers from now on."""

        def noted(connection: Connection) -> None:
            add_model(connection, id, now())
            activate_model(connection, id)

        self.store.writer.call(noted).result()
        log.info("model %s answers from now on", id)


def named(given: Path) -> Path:
    """The file of a given bundle, of a folder the current one."""
    return given / str(Store(given).current()) if given.is_dir() else given
