"""What the operators' port tells Prometheus about the doors."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Histogram


class Outcome:
    """How a request ended: `success`, or the name of its refusal; and how long it took."""

    def __init__(self) -> None:
        self.name = "success"
        self.milliseconds = 0.0

    def refused(self, name: str) -> None:
        """The request ended with that refusal."""
        self.name = name


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
        # Finding a child by its labels takes a lock and more time than counting.
        self._counting = cache(self._requests.labels)
        self._timing = cache(self._seconds.labels)

    @contextmanager
    def timed(self, service: str, operation: str) -> Iterator[Outcome]:
        """Count and time a request; strangers' operation names count as `unknown`."""
        outcome = Outcome()
        began = perf_counter()
        try:
            yield outcome
        finally:
            known = operation if service else "unknown"
            seconds = perf_counter() - began
            outcome.milliseconds = round(seconds * 1000, 1)
            self._timing(known).observe(seconds)
            self._counting(service or "unknown", known, outcome.name).inc()
