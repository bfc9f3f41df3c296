"""The metrics, and the middleware that updates them after each request.

No client can choose the value of a label, so the number of time series is limited. The routes are
those of the access log: templates, without any data of the user.
"""

import threading
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)

from todo_project.middleware.access_log import AccessLogMiddleware
from todo_project.shortcuts.thread_connection import thread_connection

# The library has these time series only if there is a single process.
disable_created_metrics()  # type: ignore[no-untyped-call]

REGISTRY = CollectorRegistry()

# Cached, because the library takes longer to look a time series up than to change it.
REQUESTS = cache(
    Counter(
        "http_requests_total",
        "Requests that the application has responded to.",
        ["route", "method", "status"],
        registry=REGISTRY,
    ).labels
)
DURATION = cache(
    Histogram(
        "http_request_duration_seconds",
        "Time in the application, without waiting for a thread or for the client.",
        ["route", "method"],
        registry=REGISTRY,
        # Seconds. Each wait in the service is shorter than 30 s (docs/operations.md).
        buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    ).labels
)
IN_PROGRESS = Gauge(
    "http_requests_in_progress",
    "Requests that occupy a thread.",
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
QUEUED = Gauge(
    "http_requests_queued",
    "Requests that wait for a thread, as of the last second.",
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
REFUSED = Counter(
    "http_requests_refused_total",
    "Requests that no thread has begun, or whose response did not fit into the memory.",
    registry=REGISTRY,
)
THREADS = Gauge(
    "http_server_threads",
    "Threads for requests, of all live workers.",
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
STATEMENTS = cache(
    Counter(
        "database_statements_total",
        "SQL statements.",
        ["route", "method"],
        registry=REGISTRY,
    ).labels
)
STATEMENT_SECONDS = cache(
    Counter(
        "database_statement_seconds_total",
        "Time in SQL statements, including the way to the database.",
        ["route", "method"],
        registry=REGISTRY,
    ).labels
)
CONNECTIONS = Gauge(
    "database_connections",
    "Database connections that threads keep open, as of the last request of each thread.",
    registry=REGISTRY,
    multiprocess_mode="livesum",
)


class MetricsMiddleware(AccessLogMiddleware):
    """The access log, which also counts what it logs."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Process the request."""
        if request.META.get("gunicorn.refused") == HTTPStatus.SERVICE_UNAVAILABLE:
            REFUSED.inc()
        IN_PROGRESS.inc()
        try:
            return super().__call__(request)
        finally:
            IN_PROGRESS.dec()

    def log(self, line: Mapping[str, Any]) -> None:
        """Write the line, and update the metrics."""
        super().log(line)
        count_request(line)
        _thread.count_connection()


def count_request(line: Mapping[str, Any]) -> None:
    """Update the metrics with a request, given as its line in the access log."""
    route = line["route"] or "unknown"  # an unknown URL, or a static file
    method = line["method"] if line["method"] in settings.CORS_ALLOW_METHODS else "other"
    REQUESTS(route, method, line["status"]).inc()
    DURATION(route, method).observe(line["duration_ms"] / 1000)
    if line["statements"]:
        STATEMENTS(route, method).inc(line["statements"])
        STATEMENT_SECONDS(route, method).inc(line["db_ms"] / 1000)


class _Thread(threading.local):
    """Whether this thread has a database connection."""

    is_connected = False

    def count_connection(self) -> None:
        """Count the connection if the thread has opened or closed it since the last call."""
        is_connected = thread_connection().connection is not None
        if is_connected != self.is_connected:
            CONNECTIONS.inc(is_connected - self.is_connected)
            self.is_connected = is_connected


_thread = _Thread()
