"""The threads that answer: as few as answer most, with a bound on how much waits for them."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from konomi.errors import KonomiError

T = TypeVar("T")

THREADS = 2  # one holds the interpreter while the other is in a kernel; more would answer hardly more
WAITING = 64  # answers; more are refused at once instead of being late


class Busy(KonomiError):
    """More is asked than can be answered soon."""

    code = "busy"
    status = 503
    retry_after = 1  # seconds


class Pool:
    """Runs answers off the event loop. `run` is called on the loop alone, so its count needs no lock."""

    def __init__(self, threads: int = THREADS, waiting: int = WAITING) -> None:
        self.most = threads + waiting
        self.pending = 0  # answers that are computed or wait
        self._executor = ThreadPoolExecutor(threads, "answer")

    async def run(self, work: Callable[[], T]) -> T:
        """The result of a call on a thread; `Busy` where too many wait. A call goes on when nobody waits for it any more."""
        if self.pending >= self.most:
            raise Busy("There are more requests than can be answered now.", "Ask again in a second.")
        self.pending += 1
        future = asyncio.get_running_loop().run_in_executor(self._executor, work)
        future.add_done_callback(self._done)
        return await asyncio.shield(future)

    def _done(self, future: "asyncio.Future[T]") -> None:
        self.pending -= 1
        if not future.cancelled():
            future.exception()  # is told to whoever waits, if anybody does

    def close(self) -> None:
        """Start no more of what waits."""
        self._executor.shutdown(wait=False, cancel_futures=True)
