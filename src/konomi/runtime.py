"""How work runs: `Run`, cancelling, and the one pool of threads and the one limit of BLAS threads of this process.

Work is cut into short tasks (a few tenths of a second) that write to disjoint outputs. The calling thread works on them and
threads of the pool help, so a task may start tasks of its own without a deadlock. Neither the tasks nor the one BLAS thread in
each depend on the number of threads, so the bytes do not either.
"""

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from threading import Event, Lock
from typing import Any, Literal, NamedTuple, TypeVar

import scipy.linalg.cython_blas  # noqa: F401 - Numba's products and solvers use its library, which is found once it is there
from threadpoolctl import LibController, OpenBLASController, ThreadpoolController

from konomi.errors import Cancelled, ConfigError
from konomi.machine import available_cores, available_memory
from konomi.settings import check_types

log = logging.getLogger(__name__)
logging.getLogger("konomi").addHandler(logging.NullHandler())  # quiet, unless the program that uses it wants to hear

T = TypeVar("T")


class Stage(NamedTuple):
    """How far a stage of the work has come: `done` of `total` units (epochs, people, rows, …)."""

    what: str
    done: float  # whole units, but for a network's epochs
    total: int
    unit: str
    error: str = ""  # the newest validation error, where a model is trained: "valid RMSE 1.1340"


Progress = Callable[[Stage], None]
"""Called from the main thread, whenever some of the work is done."""

Each = Callable[[Callable[[Any], Any], Iterable[Any]], list[Any]]
"""each(call, tasks) → the results in the order of the tasks."""

MOST_THREADS = 1024  # of the pool; it has as many as were ever busy at once
FREE = 0.1  # seconds to wait for one of them where all are busy
PATIENCE = 1.0  # seconds to wait, after Ctrl-C or a signal, for the tasks that run

NEVER = Event()  # is never set
_cancel: ContextVar[Event] = ContextVar("cancel")  # of the work that runs in this context


def no_progress(stage: Stage) -> None:
    """The default of `Run.progress`: does nothing."""


@dataclass(frozen=True)
class Run:
    """How a model is trained. What it learns depends on the seed; its last digits also depend on the device."""

    seed: int = 0  # 0 to 2⁶³ − 1; same seed, same bytes
    threads: int = field(default_factory=lambda: available_cores())
    progress: Progress = no_progress
    device: Literal["cpu", "cuda"] = "cpu"  # where networks are trained; the other models use the CPU
    checkpoint: Path | None = None  # a file that keeps the training of a network after every epoch, to go on from there
    memory: int = field(default_factory=lambda: available_memory() // 4 * 3)  # bytes; work with a higher forecast is refused
    cancel: Event = field(default_factory=Event, repr=False, compare=False)  # when it is set, by any thread, the work ends

    def __post_init__(self) -> None:
        check_types(self, "run")
        if self.seed < 0 or self.threads < 1:
            raise ConfigError(f"seed is {self.seed}, threads is {self.threads}.", "A seed is 0 or more, threads are 1 or more.")
        if self.memory < 1:
            raise ConfigError(f"memory is {self.memory}.", "It is 1 byte or more.")

    @contextmanager
    def workers(self) -> Iterator[Each]:
        """`workers` with the threads of this run. Once `cancel` is set, all work within ends with `Cancelled`."""
        outer = _cancel.set(self.cancel)
        try:
            with workers(self.threads) as each:
                yield each
        finally:
            _cancel.reset(outer)


def check_cancel(cancel: Event | None = None) -> None:
    """Raise `Cancelled` if this event is set; by default the one of the current work. Called before every task and batch."""
    if (cancel or _cancel.get(NEVER)).is_set():
        raise Cancelled("The work was cancelled.", "Nothing is half-written; start it again when it is wanted.")


@contextmanager
def workers(threads: int) -> Iterator[Each]:
    """A function like `map` whose calls run on at most `threads` threads; BLAS uses one thread meanwhile.

    Whatever the number of threads, the tasks are the same, so a caller whose tasks own disjoint outputs gets the same bytes.
    Where a task fails, where Ctrl-C is pressed or the work is cancelled, no further task starts, and it raises once those that
    run have ended. After Ctrl-C or a signal it waits for `PATIENCE` at most: where that came up, a lock of Numba may have
    been taken and never be given back, which a task then waits for without end.
    """
    with one_blas_thread():
        yield partial(_share, threads=threads)


def _share(call: Callable[[Any], T], tasks: Iterable[Any], threads: int) -> list[T]:
    """The caller works, too: a task is often shorter than waking a thread, and no caller has to wait for a free one."""
    tasks = list(tasks)
    results: list[Any] = [None] * len(tasks)
    numbers = iter(range(len(tasks)))  # shared: a free thread takes the next
    ended, helpers = False, list[Future[None]]()
    patience: float | None = None

    def work() -> None:
        nonlocal ended
        try:
            for n in numbers:
                if ended:
                    return
                check_cancel()
                results[n] = call(tasks[n])
        except BaseException:
            ended = True
            raise

    try:
        for _ in range(min(threads, len(tasks)) - 1):
            helpers.append(_pool.submit(copy_context().run, work))
        work()
    except BaseException as error:
        patience = None if isinstance(error, Exception) else PATIENCE
        raise
    finally:
        ended = True
        wait([helper for helper in helpers if not helper.cancel()], patience)
    for helper in helpers:
        if not helper.cancelled():
            helper.result()
    return results


def beside(call: Callable[..., T], *arguments: Any) -> Callable[[], T]:
    """Begin a call on a thread of the pool; returns a function that waits for its result."""
    begun = _pool.submit(copy_context().run, call, *arguments)

    def result() -> T:
        wait([begun], FREE)
        return call(*arguments) if begun.cancel() else begun.result()  # called here if no thread was free

    return result


def interruptible(call: Callable[..., T], *arguments: Any) -> T:
    """call(*arguments) on another thread, so that Ctrl-C works meanwhile, which it does not during a long call of C code.

    After Ctrl-C the call still runs to its end, and its result is lost: give it no data that others change, and no clean-up.
    """
    return beside(call, *arguments)()


def no_limit() -> None:
    """Nothing to restore."""


class SharedLimit:
    """A limit that several threads may hold at once: the first sets it, the last one restores the state before."""

    def __init__(self, impose: Callable[[], Callable[[], None]]) -> None:
        self._impose, self._restore = impose, no_limit  # `impose` sets the limit and returns a function that restores it
        self._holders, self._processes, self._lock = 0, 0, Lock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=self._lock.acquire, after_in_parent=self._lock.release, after_in_child=self._begin_anew)

    @contextmanager
    def __call__(self) -> Iterator[Callable[[], None]]:
        """Hold the limit; gives the function that restores the state before."""
        with self._lock:
            if self._holders == 0:
                self._restore = self._impose()
            self._holders += 1
            process = self._processes
        try:
            yield self._restore
        finally:
            with self._lock:
                if process == self._processes:
                    self._holders -= 1
                    if self._holders == 0:
                        self._restore()

    def _begin_anew(self) -> None:
        """In a child process, which has none of the threads that held the limit."""
        if self._holders:
            self._restore()
        self._holders, self._processes = 0, self._processes + 1
        self._lock.release()


@cache
def _blas() -> list[LibController]:
    """The BLAS libraries of this process; looking for them takes milliseconds, so it is done once."""
    found: list[LibController] = ThreadpoolController().select(user_api="blas").lib_controllers
    return found


def _one_thread_of_blas() -> Callable[[], None]:
    before = [library.num_threads for library in _blas()]
    _set_blas([1] * len(before))
    log.debug("BLAS keeps to one thread, instead of %s", before)
    return partial(_set_blas, before)


def _set_blas(numbers: list[int]) -> None:
    OpenBLASController.clear_controlling_thread(force=True)  # else only the thread that set them last may set them
    for library, number in zip(_blas(), numbers, strict=True):
        library.set_num_threads(number)
    OpenBLASController.clear_controlling_thread(force=True)


one_blas_thread = SharedLimit(_one_thread_of_blas)

_pool = ThreadPoolExecutor(MOST_THREADS, "konomi")  # the threads of this process: started when needed, and kept


def _new_pool() -> None:
    """In a child process, which has none of the parent's threads."""
    global _pool
    _pool = ThreadPoolExecutor(MOST_THREADS, "konomi")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_new_pool)


def blocks(n: int, size: int) -> list[tuple[int, int]]:
    """[0, n) cut into (start, stop) pairs of at most `size`."""
    return [(start, min(start + size, n)) for start in range(0, n, size)]
