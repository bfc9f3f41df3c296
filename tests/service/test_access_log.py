"""Tests of the request id, and of the access log on stdout."""

import json
import logging
import os
import re
import sys
from typing import Any, NoReturn

import pytest
from django.db import OperationalError
from django.http import HttpRequest

from tasks.models import Task
from tests.support.client import API, OWNER, TASKS, task_url
from tests.support.errors import TIME, database_fails, logged_errors, written

pytestmark = pytest.mark.django_db

MEMBERS = [
    "time",
    "request_id",
    "method",
    "route",
    "status",
    "duration_ms",
    "db_ms",
    "statements",
]


def logged_requests(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return the lines of the access log since the last call."""
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


@pytest.mark.parametrize("sent", ["a", "A-Z_0.9", "x" * 128])
def test_valid_request_id_is_kept(api: API, capfd: pytest.CaptureFixture[str], sent: str) -> None:
    response = api.send(404, "GET", "/nowhere", x_request_id=sent)
    assert response["X-Request-ID"] == sent
    assert response.json()["request_id"] == sent
    assert [line["request_id"] for line in logged_requests(capfd)] == [sent]


@pytest.mark.parametrize("sent", ["", "a b", "x" * 129, "ä", "a,b", "a\n", "{}"])
def test_invalid_request_id_is_replaced(api: API, sent: str) -> None:
    response = api.send(200, "GET", TASKS, x_request_id=sent)
    assert re.fullmatch("[0-9a-f]{32}", response["X-Request-ID"])
    assert response["X-Request-ID"] != api.send(200, "GET", TASKS)["X-Request-ID"]


def send_requests(api: API, task: Task) -> list[tuple[str, str | None, int, int]]:
    """Send requests; return the method, route, status and number of statements of each."""
    api.send(200, "GET", f"{TASKS}?completed=false")
    api.send(200, "PATCH", f"{task_url(task)}/complete/", {"completed": True})
    api.send(400, "POST", TASKS, {"title": ""})
    api.send(404, "GET", f"/{OWNER}")
    api.send(302, "GET", "/")
    api.send(400, "GET", TASKS, host="evil.example")
    preflight = {"origin": "https://app.example.com", "access_control_request_method": "PATCH"}
    api.send(200, "OPTIONS", task_url(task), **preflight)
    return [
        ("GET", "/api/{user_id}/tasks", 200, 1),
        ("PATCH", "/api/{user_id}/tasks/{task_id}/complete", 200, 1),
        ("POST", "/api/{user_id}/tasks", 400, 0),
        ("GET", None, 404, 0),
        ("GET", "/", 302, 0),
        ("GET", "/api/{user_id}/tasks", 400, 0),
        ("OPTIONS", "/api/{user_id}/tasks/{task_id}", 200, 0),
    ]


def test_each_request_is_logged_in_one_line_without_user_data(
    api: API,
    task: Task,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    expected = send_requests(api, task)
    names = ("method", "route", "status", "statements")
    lines = logged_requests(capfd)
    assert [tuple(line[name] for name in names) for line in lines] == expected
    for line in lines:
        assert list(line) == MEMBERS
        assert TIME.fullmatch(line["time"])
        assert (line["db_ms"] > 0) == (line["statements"] > 0)
        assert line["duration_ms"] > line["db_ms"]
        assert OWNER not in json.dumps(line)
    assert caplog.messages == ["The host 'evil.example' is not in ALLOWED_HOSTS."]


@pytest.mark.parametrize(
    ("traceparent", "logged"),
    [
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", True),
        ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", False),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", False),
        ("alice", False),
    ],
)
def test_valid_traceparent_is_logged(
    api: API, capfd: pytest.CaptureFixture[str], traceparent: str, *, logged: bool
) -> None:
    api.send(200, "GET", TASKS, traceparent=traceparent)
    [line] = logged_requests(capfd)
    assert line.get("traceparent") == (traceparent if logged else None)


def test_closed_stdout_does_not_fail_request(api: API, monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.close(read)
    broken_pipe = os.fdopen(write, "w")
    monkeypatch.setattr(sys, "stdout", broken_pipe)
    api.send(200, "GET", TASKS)
    with pytest.raises(BrokenPipeError):
        broken_pipe.close()


class BrokenMiddleware:
    """A middleware with a bug."""

    def __init__(self, get_response: object) -> None:
        pass

    def __call__(self, request: HttpRequest) -> NoReturn:
        raise RuntimeError("a secret")


def test_exception_outside_a_view_is_logged_without_the_path(
    api: API, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.BrokenMiddleware"]
    response = api.send(500, "GET", f"{TASKS}?search=milk")
    [line] = written(caplog)
    assert TIME.fullmatch(line["time"])
    assert line["message"] == "Exception outside a view"
    assert line["request_id"] == response["X-Request-ID"]
    assert "a secret" in line["exc_info"]
    assert not re.search(f"{OWNER}|milk", json.dumps(line))


def test_every_log_record_of_a_request_has_its_id(
    api: API, caplog: pytest.LogCaptureFixture
) -> None:
    with database_fails(OperationalError):
        responses = [api.send(503, "GET", TASKS) for _ in range(2)]
    logging.getLogger("elsewhere").error("outside a request")
    ids = [getattr(record, "request_id", None) for record in logged_errors(caplog)]
    assert ids == [*(response["X-Request-ID"] for response in responses), None]
