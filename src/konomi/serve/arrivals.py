"""Results of the writer, awaited on the event loop: all that a commit has made are told at once."""

import asyncio
from concurrent.futures import Future
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")


class Arrivals:
    """Awaits futures of other threads. What arrives before the loop has looked is one call of the loop, where
    `asyncio.wrap_future` makes one for each, and chains two futures."""

    def __init__(self) -> None:
        self._arrived, self._lock = list[tuple[asyncio.Future[Any], Future[Any]]](), Lock()

    async def result(self, future: Future[T]) -> T:
        """The result of a future, or what it raises. The work goes on when nobody waits for it any more."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[T] = loop.create_future()
        future.add_done_callback(lambda done: self._arrive(loop, waiter, done))
        return await waiter

    def _arrive(self, loop: asyncio.AbstractEventLoop, waiter: asyncio.Future[T], done: Future[T]) -> None:
        if loop.is_closed():
            return  # nobody waits any more
        with self._lock:
            self._arrived.append((waiter, done))
            first = len(self._arrived) == 1
        if first:
            loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        with self._lock:
            arrived, self._arrived = self._arrived, []
        for waiter, done in arrived:
            if waiter.done():  # its client has gone
                continue
            if (error := done.exception()) is not None:
                waiter.set_exception(error)
            else:
                waiter.set_result(done.result())
