"""What surrounds every response: ids, the log line, CORS, health, static files."""

import json
import os
import re
import sys
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from pytest_django import DjangoAssertNumQueries

from tasks.models import Task
from tests.support.client import API, OWNER, TASKS, task_url
from tests.support.errors import database_fails

pytestmark = pytest.mark.django_db

ORIGIN = "https://app.example.com"


def lines(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return what was written to stdout since the last look."""
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


@pytest.mark.parametrize("sent", ["a", "A-Z_0.9", "x" * 128])
def test_a_request_keeps_its_id(api: API, capfd: pytest.CaptureFixture[str], sent: str) -> None:
    response = api.send(404, "GET", "/nowhere", x_request_id=sent)
    assert response["X-Request-ID"] == sent
    assert response.json()["request_id"] == sent
    assert lines(capfd)[0]["request_id"] == sent


@pytest.mark.parametrize("sent", ["", "a b", "x" * 129, "ä", "a,b", "a\n", "{}"])
def test_another_id_is_replaced(api: API, sent: str) -> None:
    response = api.send(200, "GET", TASKS, x_request_id=sent)
    assert re.fullmatch("[0-9a-f]{32}", response["X-Request-ID"])
    assert response["X-Request-ID"] != api.send(200, "GET", TASKS)["X-Request-ID"]


def test_each_request_writes_one_line_without_the_users_data(
    api: API,
    task: Task,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    api.send(200, "GET", f"{TASKS}?completed=false")
    api.send(200, "PATCH", f"{task_url(task)}/complete/", {"completed": True})
    api.send(400, "POST", TASKS, {"title": ""})
    api.send(404, "GET", f"/{OWNER}")
    api.send(302, "GET", "/")
    api.send(400, "GET", TASKS, host="evil.example")
    preflight = {"origin": ORIGIN, "access_control_request_method": "PATCH"}
    api.send(200, "OPTIONS", task_url(task), **preflight)
    expected = [
        ("GET", "/api/{user_id}/tasks", 200, 1),
        ("PATCH", "/api/{user_id}/tasks/{task_id}/complete", 200, 1),
        ("POST", "/api/{user_id}/tasks", 400, 0),
        ("GET", None, 404, 0),
        ("GET", "/", 302, 0),
        ("GET", "/api/{user_id}/tasks", 400, 0),
        ("OPTIONS", "/api/{user_id}/tasks/{task_id}", 200, 0),
    ]
    names = ("method", "route", "status", "statements")
    written = lines(capfd)
    assert [tuple(line[name] for name in names) for line in written] == expected
    for line in written:
        assert list(line) == [
            "time", "request_id", "method", "route", "status",
            "duration_ms", "db_ms", "statements",
        ]  # fmt: skip
        assert line["time"].endswith("Z")
        assert (line["db_ms"] > 0) == (line["statements"] > 0)
        assert line["duration_ms"] > line["db_ms"]
        assert OWNER not in json.dumps(line)
    assert not caplog.records


def test_a_closed_stdout_does_not_fail_a_request(
    api: API, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, write = os.pipe()
    os.close(read)
    nobody_reads = os.fdopen(write, "w")
    monkeypatch.setattr(sys, "stdout", nobody_reads)
    api.send(200, "GET", TASKS)
    with pytest.raises(BrokenPipeError):
        nobody_reads.close()


def test_a_preflight_allows_every_verb_and_header(api: API) -> None:
    response = api.send(
        200,
        "OPTIONS",
        TASKS,
        origin=ORIGIN,
        access_control_request_method="PATCH",
        access_control_request_headers="if-match",
    )
    assert response["Access-Control-Allow-Origin"] == ORIGIN
    assert (
        response["Access-Control-Allow-Methods"] == "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
    )
    assert response["Access-Control-Allow-Headers"] == (
        "content-type, idempotency-key, if-match, if-none-match, x-request-id"
    )
    assert response["X-Request-ID"]
    assert response["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("path", [TASKS, "/nowhere"])
def test_an_allowed_origin_reads_every_answer(api: API, path: str) -> None:
    response = api.send(200 if path == TASKS else 404, "GET", path, origin=ORIGIN)
    assert response["Access-Control-Allow-Origin"] == ORIGIN
    assert response["Access-Control-Expose-Headers"] == (
        "ETag, Link, Location, Idempotent-Replayed, Retry-After, X-Request-ID"
    )
    assert "origin" in response["Vary"]


def test_an_allowed_origin_reads_even_a_bad_host(api: API) -> None:
    response = api.send(400, "GET", TASKS, origin=ORIGIN, host="evil.example")
    assert response["Access-Control-Allow-Origin"] == ORIGIN


def test_another_origin_reads_nothing(api: API) -> None:
    response = api.send(200, "GET", TASKS, origin="https://evil.example")
    assert "Access-Control-Allow-Origin" not in response


def test_liveness_does_not_touch_the_database(
    api: API, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with database_fails(OperationalError), django_assert_num_queries(0):
        assert api.send(200, "GET", "/healthz").json() == {"status": "ok"}


def test_readiness_needs_the_database(api: API) -> None:
    assert api.send(200, "GET", "/readyz").json() == {"status": "ok"}
    with database_fails(OperationalError):
        problem = api.send(503, "GET", "/readyz").json()
    assert problem["type"] == "/problems/database-unavailable"


def test_readiness_needs_the_migrations(api: API, caplog: pytest.LogCaptureFixture) -> None:
    MigrationRecorder(connection).record_unapplied("tasks", "0001_initial")
    response = api.send(503, "GET", "/readyz")
    assert response["Retry-After"] == "2"
    detail = "1 migrations are not applied; run `python manage.py migrate`."
    assert response.json()["detail"] == detail
    assert caplog.messages == [f"database-unavailable: {detail}"]


@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/docs", "/problems/", "/problems/not-found"]
)
def test_what_is_read_only_says_so(api: API, path: str) -> None:
    assert api.send(405, "POST", path)["Allow"] == "GET, HEAD, OPTIONS"
    response = api.send(204, "OPTIONS", path)
    assert response["Allow"] == "GET, HEAD, OPTIONS"
    assert "Content-Type" not in response


def test_static_files_are_served_from_here(api: API) -> None:
    path = "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui.css"
    response = api.send(200, "GET", path)
    assert response["Content-Type"] == 'text/css; charset="utf-8"'
    response.close()


def test_the_admin_needs_no_slash_and_a_login(api: API) -> None:
    assert api.send(302, "GET", "/admin")["Location"] == "/admin/"
    assert api.send(302, "GET", "/admin/")["Location"] == "/admin/login/?next=/admin/"
