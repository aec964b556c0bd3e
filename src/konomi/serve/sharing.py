"""Work that many wait for and that is done once for all of them."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """Runs a piece of work on a thread of its own, one run after the other. Whoever asks while one runs shares the next with
    all others: it begins later than they have asked, so it sees whatever was there by then."""

    def __init__(self, work: Callable[[], T], name: str) -> None:
        self._work, self._asking = work, Lock()
        self._thread = ThreadPoolExecutor(1, name)
        self._waiting: Future[T] | None = None

    def soon(self) -> "Future[T]":
        """The result of a run that begins after this call."""
        with self._asking:
            if self._waiting is None:
                self._waiting = self._thread.submit(self._run)
            return self._waiting

    def _run(self) -> T:
        with self._asking:
            self._waiting = None
        return self._work()
