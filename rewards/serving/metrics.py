"""What `/metrics` says, in Prometheus' format: rates by status, latency, the queue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from rewards.serving.work_queue import WorkQueue

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


class Metrics:
    """The counts of one server.

    Args:
        queue: whose length is shown.
    """

    def __init__(self, queue: WorkQueue) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "rlvr_requests", "Requests answered.", ["endpoint", "code"], registry=self._registry
        )
        self._left = Counter(
            "rlvr_clients_left", "Clients that left before the answer.", registry=self._registry
        )
        self._seconds = Histogram(
            "rlvr_request_seconds",
            "Wall seconds from the first byte to the answer.",
            ["endpoint"],
            registry=self._registry,
            buckets=_SECONDS,
        )
        self._verdicts = Counter(
            "rlvr_verdicts", "Verdicts given.", ["reward", "status"], registry=self._registry
        )
        self._programs = Counter(
            "rlvr_programs", "Programs run for clients.", ["status"], registry=self._registry
        )
        rows = Gauge("rlvr_rows", "Rows that wait or are judged.", registry=self._registry)
        rows.set_function(lambda: queue.rows)
        running = Gauge("rlvr_running", "Pieces of work under way.", registry=self._registry)
        running.set_function(lambda: queue.running)
        workers = Gauge("rlvr_workers", "Pieces of work at a time.", registry=self._registry)
        workers.set(queue.threads)

    def count_request(self, endpoint: str, code: int, seconds: float) -> None:
        """Count an answer."""
        self._requests.labels(endpoint, str(code)).inc()
        self._seconds.labels(endpoint).observe(seconds)

    def count_left(self) -> None:
        """Count a client that left."""
        self._left.inc()

    def count_verdicts(self, reward: str, verdicts: Iterable[Mapping[str, object]]) -> None:
        """Count verdicts by status."""
        for verdict in verdicts:
            self._verdicts.labels(reward, str(verdict["status"])).inc()

    def count_program(self, status: str) -> None:
        """Count a program that was run as it is."""
        self._programs.labels(status).inc()

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self._registry)
