"""Tests of `/metrics`, which METRICS turns on, and of what the requests add to it."""

import fcntl
import gzip
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connections
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries

from tasks.models import Task
from tests.support.client import API, OWNER, TASKS, task_url
from tests.support.errors import database_fails
from tests.support.metrics import (
    OPENMETRICS,
    PROMETHEUS_ACCEPT,
    TEXT,
    Samples,
    changes,
    samples,
    selected,
)
from tests.support.openapi import DOCUMENT
from tests.support.processes import run_python
from tests.support.servers.gunicorn import run
from todo_project.metrics.processes import remove_unused
from todo_project.metrics.requests import MetricsMiddleware, count_request

pytestmark = pytest.mark.django_db

METRICS = "/metrics"
NOT_FOUND = {
    "type": "/problems/not-found",
    "title": "Not found",
    "status": 404,
    "detail": "There is no such URL.",
}

IMPORTED = """
import sys, todo_project.wsgi
print("prometheus_client" in sys.modules, "todo_project.metrics" in sys.modules)
"""


@pytest.fixture
def metered(api: API, settings: Any) -> API:
    """Return a client of the service with the middleware and the URL of METRICS=true."""
    middleware = f"{MetricsMiddleware.__module__}.{MetricsMiddleware.__name__}"
    settings.MIDDLEWARE = [middleware, *settings.MIDDLEWARE[1:]]
    settings.ROOT_URLCONF = "tests.support.metrics_urls"
    return api


def scrape(api: API) -> Samples:
    response = api.send(200, "GET", METRICS)
    return samples(response["Content-Type"], response.content)


def count(method: str, route: str, status: int) -> str:
    return f'http_requests_total{{method="{method}",route="{route}",status="{status}"}}'


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_metrics_are_an_unknown_url_by_default(api: API, method: str) -> None:
    assert api.problem(404, method, METRICS) == NOT_FOUND
    api.send(400, method, METRICS, host="10.0.0.11:8000")


@pytest.mark.once
@pytest.mark.parametrize(("metrics", "imported"), [("false", False), ("true", True)])
def test_library_is_imported_only_with_metrics(metrics: str, *, imported: bool) -> None:
    printed = run_python("-c", IMPORTED, METRICS=metrics)
    assert printed == f"{imported} {imported}\n"


@pytest.mark.once
def test_openapi_document_does_not_depend_on_metrics() -> None:
    command = ("manage.py", "spectacular", "--format", "openapi-json")
    assert json.loads(run_python(*command, METRICS="true")) == DOCUMENT


def test_requests_are_counted_by_route_method_and_status(metered: API, task: Task) -> None:
    before = scrape(metered)
    metered.send(200, "GET", f"{TASKS}?search=milk")
    metered.send(200, "GET", f"{TASKS}/")
    metered.send(200, "GET", task_url(task))
    metered.send(200, "PATCH", f"{task_url(task)}/complete")
    metered.send(400, "POST", TASKS, {"title": ""})
    metered.send(405, "TRACE", TASKS)
    metered.send(405, "BREW", TASKS)
    metered.send(404, "BREW", f"/{OWNER}")
    metered.send(404, "GET", f"/{OWNER}/1")
    metered.send(404, "GET", f"/{OWNER}/2")
    metered.send(200, "GET", "/static/pages.css").close()
    metered.send(400, "GET", TASKS, host="evil.example")
    after = scrape(metered)
    tasks, item = "/api/{user_id}/tasks", "/api/{user_id}/tasks/{task_id}"
    assert selected("http_requests_total", changes(before, after)) == {
        count("GET", METRICS, 200): 1,
        count("GET", tasks, 200): 2,
        count("GET", item, 200): 1,
        count("PATCH", f"{item}/complete", 200): 1,
        count("POST", tasks, 400): 1,
        count("other", tasks, 405): 2,
        count("other", "unknown", 404): 1,
        count("GET", "unknown", 404): 2,
        count("GET", "unknown", 200): 1,
        count("GET", tasks, 400): 1,
    }
    for personal in (OWNER, str(task.id), "milk", "evil", "BREW"):
        assert [name for name in after if personal in name] == []


def test_statements_and_their_time_are_counted_by_route_and_method(
    metered: API, task: Task
) -> None:
    before = scrape(metered)
    metered.send(200, "GET", TASKS)
    metered.send(412, "PATCH", task_url(task), {"title": "a"}, if_match='"other"')
    metered.send(400, "POST", TASKS, {"title": ""})
    metered.send(200, "GET", "/healthz")
    changed = changes(before, scrape(metered))
    listed = '{method="GET",route="/api/{user_id}/tasks"}'
    updated = '{method="PATCH",route="/api/{user_id}/tasks/{task_id}"}'
    assert selected("database_statements_total", changed) == {
        f"database_statements_total{listed}": 1,
        f"database_statements_total{updated}": 2,
    }
    seconds = selected("database_statement_seconds_total", changed)
    assert seconds.keys() == {
        f"database_statement_seconds_total{labels}" for labels in (listed, updated)
    }
    durations = selected("http_request_duration_seconds_sum", changed)
    for labels in (listed, updated):
        time_in_statements = seconds[f"database_statement_seconds_total{labels}"]
        assert 0 < time_in_statements < durations[f"http_request_duration_seconds_sum{labels}"] < 9


@pytest.mark.parametrize(
    ("duration_ms", "bounds"),
    [
        (0.1, 15),
        (1, 15),
        (1.1, 14),
        (30_000, 2),
        (30_001, 1),
    ],
)
def test_duration_is_counted_in_each_bucket_with_a_higher_bound(
    metered: API, duration_ms: float, bounds: int
) -> None:
    before = scrape(metered)
    line = {"route": "/test", "method": "GET", "status": 200, "duration_ms": duration_ms}
    count_request({**line, "db_ms": 0, "statements": 0})
    changed = changes(before, scrape(metered))
    of_route = {name: value for name, value in changed.items() if 'route="/test"' in name}
    buckets = selected("http_request_duration_seconds_bucket", of_route)
    assert list(buckets.values()) == [1] * bounds
    labels = '{method="GET",route="/test"}'
    assert of_route[f"http_request_duration_seconds_count{labels}"] == 1
    total = of_route[f"http_request_duration_seconds_sum{labels}"]
    assert total == pytest.approx(duration_ms / 1000)


@pytest.mark.parametrize(("refused", "counted"), [(503, 1), (413, 0)])
def test_requests_that_no_thread_has_begun_are_counted(
    metered: API, refused: int, counted: int
) -> None:
    before = scrape(metered)["http_requests_refused_total"]
    environ: dict[str, Any] = metered.defaults
    environ["gunicorn.refused"] = refused
    metered.send(refused, "GET", TASKS)
    del environ["gunicorn.refused"]
    assert scrape(metered)["http_requests_refused_total"] - before == counted


def test_request_is_in_progress_until_its_response(metered: API) -> None:
    def get_response(request: HttpRequest) -> HttpResponse:
        counted.append(scrape(metered)["http_requests_in_progress"])
        return HttpResponse()

    counted: list[float] = []
    MetricsMiddleware(get_response)(RequestFactory().get("/healthz"))
    metered.send(404, "GET", "/nowhere")
    counted.append(scrape(metered)["http_requests_in_progress"])
    assert counted == [2, 1]


@pytest.mark.django_db(transaction=True)
def test_connections_of_threads_are_counted_until_they_are_closed(metered: API) -> None:
    def request(path: str) -> None:
        API().send(200, "GET", path)

    scrape(metered)  # counts the connection of the thread of the test
    before = scrape(metered)["database_connections"]
    counted = []
    with ThreadPoolExecutor(1) as pool:
        for path in ("/healthz", TASKS, TASKS, "/healthz"):
            pool.submit(request, path).result()
            counted.append(scrape(metered)["database_connections"] - before)
        pool.submit(connections.close_all).result()
        pool.submit(request, "/healthz").result()
        counted.append(scrape(metered)["database_connections"] - before)
    assert counted == [0, 1, 1, 1, 0]


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (PROMETHEUS_ACCEPT, OPENMETRICS),
        (
            "application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5",
            OPENMETRICS,
        ),
        ("application/openmetrics-text; version=x", OPENMETRICS),
        ("text/plain;version=0.0.4;q=0.5,application/openmetrics-text;q=0.4", TEXT),
        ("application/openmetrics-text;q=0, */*", TEXT),
        ("*/*", TEXT),
        ("", TEXT),
        ("text/html", TEXT),
        ("image/png;q=0", TEXT),
        ("nonsense", TEXT),
    ],
)
def test_metrics_are_openmetrics_if_the_client_prefers_it_and_text_otherwise(
    metered: API, accept: str, content_type: str
) -> None:
    metered.send(200, "GET", TASKS)
    response = metered.send(200, "GET", METRICS, accept=accept)
    assert response["Content-Type"] == content_type
    assert response["Cache-Control"] == "private, no-cache"
    assert response["Vary"] == "Accept, Accept-Encoding, origin"
    parsed = samples(content_type, response.content)
    assert parsed[count("GET", "/api/{user_id}/tasks", 200)] >= 1


def test_both_formats_have_the_same_metrics(metered: API) -> None:
    metered.send(200, "GET", TASKS)
    metered.send(200, "GET", METRICS)
    text = metered.send(200, "GET", METRICS).content
    openmetrics = metered.send(200, "GET", METRICS, accept=PROMETHEUS_ACCEPT).content
    assert samples(TEXT, text).keys() == samples(OPENMETRICS, openmetrics).keys()


def test_metrics_are_compressed(metered: API) -> None:
    metered.send(200, "GET", TASKS)
    response = metered.send(200, "GET", METRICS, accept_encoding="gzip")
    assert response["Content-Encoding"] == "gzip"
    assert samples(TEXT, gzip.decompress(response.content))["http_requests_in_progress"] == 1


def test_metrics_have_no_body_for_head_and_allow_only_reading(metered: API) -> None:
    response = metered.send(200, "HEAD", METRICS)
    assert (response["Content-Type"], response.content) == (TEXT, b"")
    response = metered.send(204, "OPTIONS", METRICS)
    assert response["Allow"] == "GET, HEAD, OPTIONS"
    assert metered.send(405, "POST", METRICS)["Allow"] == "GET, HEAD, OPTIONS"


def test_metrics_do_not_use_the_database(
    metered: API, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with database_fails(OperationalError), django_assert_num_queries(0):
        metered.send(200, "GET", METRICS)


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_metrics_are_not_found_through_the_proxy(
    metered: API, settings: Any, method: str, scheme: str
) -> None:
    settings.BEHIND_PROXY = True
    assert metered.problem(404, method, METRICS, x_forwarded_proto=scheme) == NOT_FOUND
    settings.BEHIND_PROXY = False
    metered.send(200, "GET", METRICS, x_forwarded_proto=scheme)


@pytest.mark.once
def test_directory_of_a_killed_instance_is_removed(tmp_path: Path) -> None:
    killed, running, other = (tmp_path / f"todo-api-metrics-{name}" for name in "abc")
    for directory in (killed, running):
        directory.mkdir()
        (directory / "counter_1.db").touch()
    other.touch()
    lock = os.open(running, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_SH)
    remove_unused(str(tmp_path))
    os.close(lock)
    assert sorted(tmp_path.iterdir()) == [running, other]
    assert [*running.iterdir()] == [running / "counter_1.db"]


@pytest.fixture
def port(tmp_path: Path, transactional_db: None) -> Iterator[int]:
    """Run the service with metrics, and with the default of BEHIND_PROXY: true."""
    with run(tmp_path / "log", METRICS="true", BEHIND_PROXY="") as instance:
        yield instance.port


def get(port: int, path: str, **headers: str) -> tuple[int, HTTPMessage, bytes]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as client:
        client.request("GET", path, headers=named)
        response = client.getresponse()
        return response.status, response.headers, response.read()


def test_metrics_are_served_over_plain_http_for_any_host(port: int) -> None:
    assert get(port, TASKS)[0] == 403
    assert get(port, TASKS, X_Forwarded_Proto="https")[0] == 200
    assert get(port, METRICS, X_Forwarded_Proto="https")[0] == 404
    status, headers, content = get(port, METRICS, host="10.1.2.3:8000", accept=PROMETHEUS_ACCEPT)
    assert (status, headers["Content-Type"]) == (200, OPENMETRICS)
    assert selected("http_requests_total", samples(OPENMETRICS, content)) == {
        count("GET", "/api/{user_id}/tasks", 403): 1,
        count("GET", "/api/{user_id}/tasks", 200): 1,
        count("GET", METRICS, 404): 1,
    }
