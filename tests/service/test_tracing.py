"""Tests of the parts of tracing: what is exported of a span, probes, and the start.

tests/e2e/test_tracing.py has the tests of whole traces.
"""

import json
import os
import subprocess
import sys
from contextlib import suppress

import pytest
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.support.client import OWNER, TASKS
from tests.support.servers.gunicorn import SECONDS
from todo_project.environment import BASE_DIR
from todo_project.tracing import FilteringSpanProcessor, any_host_middleware

pytestmark = pytest.mark.once


def test_span_is_exported_without_user_data() -> None:
    complete, filtered = InMemorySpanExporter(), InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(complete))
    provider.add_span_processor(FilteringSpanProcessor(filtered))
    tracer = provider.get_tracer(__name__)
    attributes = {"http.route": "api", "url.path": TASKS}
    with (
        suppress(ValueError),
        tracer.start_as_current_span("GET"),
        tracer.start_as_current_span("SELECT", attributes=attributes),
    ):
        raise ValueError(OWNER)
    provider.shutdown()
    exported = [json.loads(span.to_json()) for span in filtered.get_finished_spans()]
    expected = [json.loads(span.to_json()) for span in complete.get_finished_spans()]
    expected[0]["attributes"] = {"http.route": "api"}
    for span in expected:
        span["events"][0]["attributes"] = {"exception.type": "ValueError"}
        span["status"] = {"status_code": "ERROR"}
    assert exported == expected


def absolute_uri(request: HttpRequest) -> HttpResponse:
    """Respond with what the instrumentation builds for each request."""
    return HttpResponse(request.build_absolute_uri("?"))


def test_probe_may_have_any_host() -> None:
    probe = RequestFactory().get("/healthz", HTTP_HOST="10.0.0.1")
    assert any_host_middleware(absolute_uri)(probe).content == b"http://unknown/healthz"


def test_other_request_may_not_have_any_host() -> None:
    request = RequestFactory().get(TASKS, HTTP_HOST="10.0.0.1")
    with pytest.raises(DisallowedHost):
        any_host_middleware(absolute_uri)(request)


def test_invalid_setting_stops_the_start_with_one_line() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "todo_project.tracing"],
        cwd=BASE_DIR,
        env=os.environ | {"PORT": "99999"},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    error = "PORT: '99999' is out of range; set it to an integer from 1 to 65535.\n"
    assert (finished.returncode, finished.stdout, finished.stderr) == (1, "", error)
