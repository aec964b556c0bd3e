"""What a running service has."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial

from konomi.errors import KonomiError
from konomi.serve.arrivals import Arrivals
from konomi.serve.callers import Callers
from konomi.serve.current import Current
from konomi.serve.metrics import Metrics
from konomi.serve.models import Models
from konomi.serve.pool import Pool
from konomi.serve.store.people_store import PeopleStore

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")

Check = Callable[[], str | None]
"""A check of readiness: what is wrong, None where all is well."""


@dataclass(frozen=True)
class Service:
    """What a running service has.

    hosts: the names that requests may call it by; checks: what `/ready` asks, by name; store: of people, None =
    stateless answers alone; models: of that store, None = the one bundle alone; open: whether programs without a key are
    answered while there is none; https: whether browsers come by TLS, which a proxy has; arrivals: what the store has written.
    """

    current: Current
    pool: Pool = field(default_factory=Pool)
    metrics: Metrics = field(default_factory=Metrics)
    hosts: frozenset[str] = frozenset(LOOPBACK)
    checks: dict[str, Check] = field(default_factory=dict)
    store: PeopleStore | None = None
    models: Models | None = None
    open: bool = True
    https: bool = False
    arrivals: Arrivals = field(default_factory=Arrivals)

    def __post_init__(self) -> None:
        self.checks.setdefault("model", lambda: None)  # without one, nothing is served
        if self.store is not None:
            self.checks.setdefault("store", partial(_checked, self.store))
            self.current.follow(self.store.told_items)
        self.metrics.watch(lambda: self.pool.pending, lambda: self.current.served.id)

    @cached_property
    def callers(self) -> Callers:
        """Who asks, by the keys and sessions of the store."""
        assert self.store is not None
        return Callers(self.store)


def _checked(store: PeopleStore) -> str | None:
    try:
        store.check()
    except KonomiError as error:
        return error.message
    return None
