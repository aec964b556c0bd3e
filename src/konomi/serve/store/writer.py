"""The one writer: a thread that puts all that waits into one transaction, commits it, and only then tells that it is stored.

A commit waits for the disk. While it does, more arrives, and goes into the next one together: so a rating costs a share of an
fsync, and none is acknowledged that is not on the disk. After a transaction for several, those who were answered are about to
ask again, so the next one waits for them, half as long as the last one took; whoever writes alone is not kept waiting.
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import groupby
from queue import Empty, Full, Queue
from threading import Thread
from time import monotonic, sleep
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError

from konomi.errors import KonomiError, StoreError
from konomi.serve.store.database import AGAIN, Database
from konomi.serve.store.entries import Change, Ledger, Verdict

log = logging.getLogger(__name__)
T = TypeVar("T")

MOST_WAITING = 2_000  # pieces of work; more are refused, and sent again
TOGETHER = 20_000  # changes of one transaction, about
LONGEST_PAUSE = 0.0  # seconds


@dataclass(frozen=True)
class Work:
    """Changes, or a call within the transaction; what became of it."""

    changes: Sequence[Change] = ()
    call: Callable[[Connection], Any] | None = None
    result: Future[Any] = field(default_factory=Future)


class Writer:
    """Writes to a database, on a thread of its own."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database, self._ledger = database, ledger
        self._waiting = Queue[Work | None](MOST_WAITING)
        self._ended = False
        self._thread = Thread(target=self._work, name="konomi writer", daemon=True)
        self._thread.start()

    def put(self, changes: Sequence[Change]) -> Future[list[Verdict]]:
        """Merge changes; the verdicts, once they are on the disk.

        StoreError (in the result) where nothing was changed, or where it is not known whether it was: send them again.
        """
        return self._begin(Work(changes=changes))

    def call(self, function: Callable[[Connection], T]) -> Future[T]:
        """Call within a transaction; its result, once that is on the disk. Where it raises, nothing that it did is kept."""
        return self._begin(Work(call=function))

    def close(self) -> None:
        """Write what waits, then end."""
        self._ended = True
        self._waiting.put(None)
        self._thread.join()

    def _begin(self, work: Work) -> Future[Any]:
        if self._ended:
            raise StoreError("The service is ending.", AGAIN)
        try:
            self._waiting.put_nowait(work)
        except Full:
            raise StoreError("More is waiting to be written than the disk can take.", AGAIN) from None
        return work.result

    def _work(self) -> None:
        pause = 0.0
        while (first := self._waiting.get()) is not None:
            sleep(pause)
            works, size = [first], len(first.changes)
            while size < TOGETHER:
                try:
                    work = self._waiting.get_nowait()
                except Empty:
                    break
                if work is None:
                    self._waiting.put(None)  # for the next turn
                    break
                works.append(work)
                size += len(work.changes)
            start = monotonic()
            self._commit(works)
            pause = min((monotonic() - start) / 2, LONGEST_PAUSE) if len(works) > 1 else 0.0

    def _commit(self, works: list[Work]) -> None:
        """One transaction for all. Where one of them is to blame that it fails, one for each."""
        try:
            with self._database.write() as connection:
                results = [
                    each
                    for put, some in groupby(works, lambda work: work.call is None)
                    for each in self._done(connection, put, list(some))
                ]
        except Exception as error:
            self._ledger.forget()
            of_one = not isinstance(error, StoreError) or isinstance(
                error.__cause__, DataError | IntegrityError | ProgrammingError
            )
            if of_one and len(works) > 1:
                for work in works:
                    self._commit([work])
                return
            log.error("not written: %s", error)
            results = [error] * len(works)
        for work, result in zip(works, results, strict=True):
            if isinstance(result, Exception):
                work.result.set_exception(result)
            else:
                work.result.set_result(result)

    def _done(self, connection: Connection, put: bool, works: list[Work]) -> list[Any]:
        """The results of works of one kind, which follow each other; an exception where a call was refused."""
        if put:
            verdicts = iter(self._ledger.apply(connection, [change for work in works for change in work.changes]))
            return [[next(verdicts) for _ in work.changes] for work in works]
        return [self._called(connection, work) for work in works]

    def _called(self, connection: Connection, work: Work) -> Any:
        assert work.call is not None
        try:
            with connection.begin_nested():
                return work.call(connection)
        except KonomiError as error:
            self._ledger.forget()
            return error
