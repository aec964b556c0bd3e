"""What a service counts, as Prometheus reads it. Every service has a registry of its own."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Requests by route template, method and status, and how long they took."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter("konomi_requests", "Requests that were answered.", labels, registry=self.registry)
        self._seconds = Histogram(
            "konomi_request_seconds",
            "From a request's headers to its answer.",
            ("route",),
            registry=self.registry,
            buckets=SECONDS,
        )

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(route).observe(seconds)

    def watch(self, pending: Callable[[], int], model: Callable[[], str]) -> None:
        """Tell also, whenever asked, how many answers are pending and which model is served."""
        self.registry.register(_State(pending, model))

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self.registry)


class _State(Collector):
    """What is so at the moment."""

    def __init__(self, pending: Callable[[], int], model: Callable[[], str]) -> None:
        self._pending, self._model = pending, model

    def collect(self) -> Iterator[Metric]:
        """A gauge and an info."""
        yield GaugeMetricFamily("konomi_answers_pending", "Answers that are computed or wait.", self._pending())
        yield InfoMetricFamily("konomi_model", "The model that is served.", {"id": self._model()})
