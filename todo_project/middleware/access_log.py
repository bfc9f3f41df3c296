"""The access log: one JSON line on stdout for each request."""

import re
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from time import perf_counter_ns
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import resolve

from todo_project.http.headers import (
    CACHE_CONTROL,
    GetResponse,
    is_api_request,
    set_content_length,
)
from todo_project.http.json import dumps
from todo_project.http.request_id import choose_request_id, current_request_id
from todo_project.problems.handlers import unknown_url
from todo_project.shortcuts.thread_connection import thread_connection

TRACEPARENT_PATTERN = re.compile("[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
"""The header of a traced request (https://www.w3.org/TR/trace-context/#traceparent-header)."""


class QueryMeter:
    """Counts the SQL statements of one request and measures their time."""

    def __init__(self) -> None:
        self.statements = 0
        self.elapsed = 0  # nanoseconds

    def __call__(self, execute: Callable[..., Any], *call: Any) -> Any:
        """Execute one statement; see `connection.execute_wrapper` of Django."""
        started = perf_counter_ns()
        try:
            return execute(*call)
        finally:
            self.statements += 1
            self.elapsed += perf_counter_ns() - started


class AccessLogMiddleware:
    """Give each request an id, and log it without any data of the user.

    The log line contains the route template instead of the path, and neither query nor body.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Process the request."""
        started = perf_counter_ns()
        request_id = choose_request_id(request.META.get("HTTP_X_REQUEST_ID", ""))
        request.request_id = request_id  # type: ignore[attr-defined]
        token = current_request_id.set(request_id)
        meter = QueryMeter()
        with thread_connection().execute_wrapper(meter):
            response = self.get_response(request)
        current_request_id.reset(token)
        set_content_length(response)
        response["X-Request-ID"] = request_id
        if is_api_request(request):
            response.headers.setdefault("Cache-Control", CACHE_CONTROL)
        match = request.resolver_match or resolve(request.path_info)
        line = {
            "time": datetime.now(UTC),
            "request_id": request_id,
            "method": request.method,
            "route": None if match.func is unknown_url else route_template(match.route),
            "status": response.status_code,
            "duration_ms": (perf_counter_ns() - started) / 1e6,
            "db_ms": meter.elapsed / 1e6,
            "statements": meter.statements,
        }
        traceparent = request.META.get("HTTP_TRACEPARENT")
        if traceparent and TRACEPARENT_PATTERN.fullmatch(traceparent):
            line["traceparent"] = traceparent
        self.log(line)
        return response

    def log(self, line: Mapping[str, Any]) -> None:
        """Write the line. The metrics extend this (todo_project/metrics/requests.py)."""
        write_line(dumps(line))


def write_line(line: bytes) -> None:
    """Write a line to stdout. A broken pipe must not fail the request."""
    with suppress(OSError):
        sys.stdout.buffer.write(line + b"\n")
        sys.stdout.buffer.flush()


@cache
def route_template(route: str) -> str:
    """Return a Django route in the notation of OpenAPI: `/api/{user_id}/tasks`."""
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route).rstrip("/")
