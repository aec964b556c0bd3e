"""The thread that trains: it takes jobs, runs each in a child process, and lets its model answer if it passes the gate."""

import json
import logging
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

from konomi.errors import KonomiError
from konomi.serve.models import Models
from konomi.serve.store.clock import now
from konomi.serve.store.jobs import ATTEMPTS, Job, add_job, claim_job, end_job, give_back_job, jobs, renew_job
from konomi.serve.store.models import Kept
from konomi.serve.training.work import Order, Outcome

log = logging.getLogger(__name__)

LOOK = 1.0  # seconds between two looks for work
RENEW = 2.0  # seconds between two renewals of a lease
LATER = 5.0  # seconds until it looks again after an error
PATIENCE = 3.0  # seconds that a cancelled training has to end
KILLED = "The process was killed, perhaps for want of memory."


@dataclass(frozen=True)
class When:
    """When the service trains by itself. every: seconds since the last training began; after: changes since then; None = not
    for that reason. Where both are given, either will do; nothing is trained while nothing is new."""

    every: float | None = None
    after: int | None = None

    def due(self, since: float, new: int) -> bool:
        """Whether to train, so many seconds and changes after the last training."""
        by_time = self.every is not None and since >= self.every
        return new > 0 and (by_time or (self.after is not None and new >= self.after))


class Trainer:
    """Works until it is closed. In the store, a training that was ended by that waits, and goes on with the next service."""

    def __init__(self, models: Models, erased: Path, place: str, when: When) -> None:
        self.models, self.erased, self.place, self.when = models, erased, place, when
        self._ending = Event()
        self._thread = Thread(target=self._work, name="konomi trainer", daemon=True)

    def start(self) -> None:
        """Begin to look for work."""
        self._thread.start()

    def close(self) -> None:
        """End the training that runs, which waits then, and the thread."""
        self._ending.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._ending.wait(LOOK):
            try:
                self.models.look()
                self._order_if_due()
                if (job := self.models.store.writer.call(claim_job).result()) is not None:
                    self._run(job)
            except Exception as error:  # the disk is full, the database away, the machine has no process left: later again
                log.error("training: %s", error)
                self._ending.wait(LATER)

    def _order_if_due(self) -> None:
        if self.when == When():
            return
        with self.models.store.database.read() as connection:
            known = jobs(connection)
        if any(job.state in ("waiting", "running") for job in known):
            return
        last = max([model.made for model in self.models.all()] + [job.created for job in known])
        learnt = max(model.seq for model in self.models.all())
        if self.when.due((now() - last) / 1e6, self.models.store.seq() - learnt):
            self.models.store.writer.call(lambda connection: add_job(connection, "warm")).result()

    def _run(self, job: Job) -> None:
        """Run a job to its end, or until it is cancelled or the service ends."""
        shelf, served = self.models.shelf, self.models.find(self.models.current.served.id)
        log.info("training %d begins, from what model %s has learnt", job.id, served.id)
        order = Order(job.id, job.how, self.place, str(self.erased), str(shelf.folder), served.id, served.made)
        child = _Child(order)
        renewed = 0.0
        while child.running:
            if self._ending.wait(LOOK / 4):
                child.end()
                self.models.store.writer.call(lambda connection: give_back_job(connection, job.id)).result()
                return
            if time.monotonic() - renewed >= RENEW:
                if not self._renewed(job, child.progress):
                    child.end()
                    shelf.clear(job.id)
                    return
                renewed = time.monotonic()
        self._ended(job, child)

    def _renewed(self, job: Job, progress: dict[str, Any]) -> bool:
        """Whether the job still is to run; where the store cannot be written now, it is."""
        try:
            return self.models.store.writer.call(lambda connection: renew_job(connection, job.id, progress)).result()
        except KonomiError:
            return True

    def _ended(self, job: Job, child: "_Child") -> None:
        """Note what has become of a training."""
        store, error = self.models.store, child.error
        if child.outcome is not None:
            error = self._taken(job, child.outcome)
        elif error is None and job.attempts < ATTEMPTS:
            log.error("training %d: %s It begins again.", job.id, KILLED)
            store.writer.call(lambda connection: give_back_job(connection, job.id, counted=True)).result()
            return
        elif error is None:
            error = KILLED
        if error is not None:
            log.error("training %d has failed: %s", job.id, error)
            store.writer.call(lambda connection: end_job(connection, job.id, "failed", error)).result()
        self.models.shelf.clear(job.id)

    def _taken(self, job: Job, outcome: Outcome) -> str | None:
        """Take a model in, and let it answer if it may; what has gone wrong."""
        made = Kept("", outcome.began, None, job.id, outcome.seq, outcome.report)
        try:
            id = self.models.add(Path(outcome.bundle), Path(outcome.twin), made, outcome.passed)
            log.info("training %d has made model %s: %s", job.id, id, outcome.report["why"])
            self.models.collect()
        except KonomiError as error:
            return f"{error.message} {error.hint}"
        except OSError as error:  # the files are not there any more, or the folder cannot be written
            return f"The model cannot be taken in: {error.strerror}."
        return None


class _Child:
    """The process of one training, and what it has said."""

    def __init__(self, order: Order) -> None:
        command = [sys.executable, "-m", "konomi.serve.training"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )  # a session of its own: Ctrl-C is for the service, which tells it
        assert self._process.stdin is not None
        self.progress: dict[str, Any] = {}
        self.outcome: Outcome | None = None
        self.error: str | None = None
        self._listening = Thread(target=self._listen, daemon=True)
        self._process.stdin.write(json.dumps(asdict(order)) + "\n")
        self._process.stdin.flush()  # and it stays open: when it is closed, the training ends
        self._listening.start()

    @property
    def running(self) -> bool:
        """Whether it has not ended, or not all was heard that it has said."""
        return self._listening.is_alive()

    def _listen(self) -> None:
        with self._process as child:
            for line in child.stdout or ():
                try:
                    said = json.loads(line)
                except ValueError:
                    continue  # of a library
                if "outcome" in said:
                    self.outcome = Outcome(**said["outcome"])
                self.error = said.get("error", self.error)
                self.progress = said.get("progress", self.progress)

    def end(self) -> None:
        """Cancel it, and kill it where that takes long."""
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._listening.join()
