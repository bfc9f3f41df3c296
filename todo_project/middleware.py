"""What surrounds every request: its id, its line in the log, its length, and CORS."""

import logging
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from time import perf_counter_ns
from typing import Any
from uuid import uuid4

from corsheaders import middleware
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import resolve
from django.utils.cache import patch_vary_headers

from todo_project.failures import unknown_url
from todo_project.rendering import dump

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
BODILESS = (204, 304)
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",  # the icons in the style sheet of Swagger UI
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
NANOSECONDS_PER_MS = 1_000_000


def write(line: bytes) -> None:
    """Write a line to stdout, in one piece; a log that nobody reads stops nothing."""
    with suppress(OSError):
        sys.stdout.buffer.write(line + b"\n")
        sys.stdout.buffer.flush()


class StatementMeter:
    """Count the SQL statements of one request, and the time they take."""

    def __init__(self) -> None:
        self.statements = 0
        self.elapsed = 0

    def __call__(self, execute: Callable[..., Any], *call: Any) -> Any:
        """Execute one statement; see Django's `connection.execute_wrapper`."""
        started = perf_counter_ns()
        try:
            return execute(*call)
        finally:
            self.statements += 1
            self.elapsed += perf_counter_ns() - started


class RequestLogMiddleware:
    """Give each request an id, and write one JSON line about it to stdout.

    The id is the client's `X-Request-ID` where that is 1 to 128 of `A-Z a-z 0-9 . _ -`. The
    line holds nothing of the user's: the route's template, not the path; no body.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        started = perf_counter_ns()
        sent = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = sent if REQUEST_ID.fullmatch(sent) else uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        meter = StatementMeter()
        with connection.execute_wrapper(meter):
            response = self.get_response(request)
        response["X-Request-ID"] = request_id
        match = request.resolver_match or resolve(request.path_info)
        line = {
            "time": datetime.now(UTC),
            "request_id": request_id,
            "method": request.method,
            "route": None if match.func is unknown_url else template(match.route),
            "status": response.status_code,
            "duration_ms": (perf_counter_ns() - started) / NANOSECONDS_PER_MS,
            "db_ms": meter.elapsed / NANOSECONDS_PER_MS,
            "statements": meter.statements,
        }
        write(dump(line))
        return response


@cache
def template(route: str) -> str:
    """Return a Django route the way the documentation writes it: `/api/{user_id}/tasks`."""
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route).rstrip("/")


def content_length_middleware(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Name the length of each body, so that the connection can stay open.

    A 204 has none, and that of a 304 would be the length of what is not sent (RFC 9110 §8.6).
    """

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not response.streaming and response.status_code not in BODILESS:
            response.headers.setdefault("Content-Length", str(len(response.content)))
        return response

    return answer


class CorsMiddleware(middleware.CorsMiddleware):
    """django-cors-headers, for the requests that come from a web page."""

    def __call__(self, request: HttpRequest) -> Any:
        """Say nothing but that the answer depends on the origin where there is none."""
        if "HTTP_ORIGIN" in request.META:
            return super().__call__(request)
        response: Any = self.get_response(request)
        if "Vary" in response:
            patch_vary_headers(response, ["origin"])
        else:
            response["Vary"] = "origin"
        return response

    def check_preflight(self, request: HttpRequest) -> HttpResponseBase | None:
        """Answer a preflight, which only the browser may keep."""
        response = super().check_preflight(request)
        if response is not None:
            response["Cache-Control"] = "private, no-cache"
        return response


def content_security_policy_middleware(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Let a page load nothing from elsewhere, and execute nothing that stands in it."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response

    return answer


class OnlyFailures(logging.Filter):
    """Pass the records that carry an exception."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether to log the record."""
        return record.exc_info is not None
