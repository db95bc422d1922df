"""What the operators' port tells Prometheus about the doors and the webhooks.

The service `oauth` counts what has a path: by path, at the token endpoint by grant type.
"""

from collections.abc import Callable
from functools import cache, partial
from time import perf_counter
from types import TracebackType
from typing import Self

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Outcome:
    """How a request ended: `success`, or the name of its refusal; and how long it took, while it was entered."""

    def __init__(self, metrics: "Metrics", service: str, operation: str) -> None:
        self.name = "success"
        self.milliseconds = 0.0
        self._metrics = metrics
        self._service = service
        self._operation = operation

    def refused(self, name: str) -> None:
        """The request ended with that refusal."""
        self.name = name

    def answered(self, status: int, counted_as: str | None) -> None:
        """The request got that HTTP status; `counted_as` is more to the point than the endpoint, where it is told."""
        self.name = "success" if status < 400 else str(status)
        self._operation = counted_as or self._operation

    def __enter__(self) -> Self:
        self._began = perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, trouble: BaseException | None, trace: TracebackType | None
    ) -> None:
        seconds = perf_counter() - self._began
        self.milliseconds = round(seconds * 1000, 1)
        if kind is not None:
            self.name = "500"
        self._metrics.count(self._service, self._operation, self.name, seconds)


class Metrics:
    """Counters of one process. Labels are bounded: operations of the model, refusals of the house."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "lido_requests", "API requests.", ("service", "operation", "outcome"), registry=self.registry
        )
        self._seconds = Histogram(
            "lido_request_seconds", "Time to answer API requests.", ("operation",), registry=self.registry
        )
        self._deliveries = Counter(
            "lido_webhook_tries", "Tries to deliver events to webhooks.", ("outcome",), registry=self.registry
        )
        self._throttled = Counter(
            "lido_throttled",
            "Requests beyond the rate of their pool, by category.",
            ("category",),
            registry=self.registry,
        )
        # Finding a child by its labels takes a lock and more time than counting.
        self._counting = cache(self._requests.labels)
        self._timing = cache(self._seconds.labels)

    def timed(self, service: str, operation: str) -> Outcome:
        """Enter it to count and time a request; strangers' operation names count as `unknown`."""
        return Outcome(self, service or "unknown", operation if service else "unknown")

    def count(self, service: str, operation: str, outcome: str, seconds: float) -> None:
        """One request, and how long it took."""
        self._timing(operation).observe(seconds)
        self._counting(service, operation, outcome).inc()

    def count_delivery(self, outcome: str) -> None:
        """One try to deliver an event: `delivered`, `failed` or `dead`."""
        self._deliveries.labels(outcome).inc()

    def count_throttled(self, category: str) -> None:
        """One request beyond the rate of its pool."""
        self._throttled.labels(category).inc()

    def watch_deliveries(self, count: Callable[[str], float]) -> None:
        """Tell how many deliveries there are in each state; `count` is asked when somebody looks."""
        gauge = Gauge(
            "lido_webhook_deliveries", "Deliveries in the database, by state.", ("state",), registry=self.registry
        )
        for state in ("waiting", "dead"):
            gauge.labels(state).set_function(partial(count, state))
