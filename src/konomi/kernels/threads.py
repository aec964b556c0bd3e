"""Plain Python threads over kernels that release the GIL."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

Each = Callable[[Callable[[Any], Any], Iterable[Any]], list[Any]]
"""each(call, tasks) → the results in the order of the tasks."""


@cache
def _blas() -> Any:
    """The BLAS libraries of this process; looking for them takes milliseconds, so it is done once."""
    return ThreadpoolController()


@contextmanager
def workers(threads: int) -> Iterator[Each]:
    """A function like `map` whose calls run on `threads` threads; BLAS keeps to one thread meanwhile.

    Whatever the number of threads, the tasks are the same, so a caller whose tasks own disjoint outputs gets the same bytes.
    """
    with _blas().limit(limits=1):
        if threads == 1:
            yield lambda call, tasks: [call(task) for task in tasks]
        else:
            with ThreadPoolExecutor(threads) as pool:
                yield lambda call, tasks: list(pool.map(call, tasks))


def blocks(n: int, size: int) -> list[tuple[int, int]]:
    """[0, n) cut into (start, stop) pairs of at most `size`."""
    return [(start, min(start + size, n)) for start in range(0, n, size)]
