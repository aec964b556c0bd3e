"""What a running service has."""

from collections.abc import Callable
from dataclasses import dataclass, field

from konomi.serve.current import Current
from konomi.serve.metrics import Metrics
from konomi.serve.pool import Pool

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")

Check = Callable[[], str | None]
"""A check of readiness: what is wrong, None where all is well."""


@dataclass(frozen=True)
class Service:
    """What a running service has. hosts: the names that requests may call it by; checks: what `/ready` asks, by name."""

    current: Current
    pool: Pool = field(default_factory=Pool)
    metrics: Metrics = field(default_factory=Metrics)
    hosts: frozenset[str] = frozenset(LOOPBACK)
    checks: dict[str, Check] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.checks.setdefault("model", lambda: None)  # without one, nothing is served
        self.metrics.watch(lambda: self.pool.pending, lambda: self.current.served.id)
