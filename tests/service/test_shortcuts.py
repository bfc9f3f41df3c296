"""Tests that responses are the same with and without the shortcuts (SHORTCUTS)."""

from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from uuid import uuid4

import pytest

from tasks.models import Task
from tests.support.client import TASKS, task_url
from tests.support.factories import TaskFactory
from tests.support.servers.gunicorn import serve

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

JSON = {"Content-Type": "application/json"}
ORIGIN = {"Origin": "https://app.example.com"}
PREFLIGHT = ORIGIN | {"Access-Control-Request-Method": "PATCH"}
VARYING = {"Date", "Expires", "Set-Cookie"}


def requests(task: Task) -> list[tuple[str, str, str, dict[str, str]]]:
    """Return requests of every kind: method, path, body and headers."""
    return [
        ("GET", TASKS, "", {}),
        ("GET", f"{TASKS}/?limit=1", "", {"Accept-Encoding": "gzip"}),
        ("HEAD", task_url(task), "", ORIGIN),
        ("GET", task_url(task), "", {"If-None-Match": "*"}),
        ("OPTIONS", task_url(task), "", {}),
        ("OPTIONS", task_url(task), "", PREFLIGHT),
        ("PATCH", task_url(task), '{"title": "a"}', {"If-Match": '"other"', **JSON}),
        ("POST", TASKS, '{"title": ""}', JSON | ORIGIN),
        ("POST", TASKS, "a", {"Content-Type": "text/plain"}),
        ("PUT", TASKS, "", {}),
        ("DELETE", f"{TASKS}/{uuid4()}", "", {}),
        ("GET", TASKS, "", {"Accept": "text/html"}),
        ("GET", TASKS, "", {"Host": "evil.example"}),
        ("GET", "/api/nowhere", "", {}),
        ("GET", "/api/a%2Fb/tasks", "", {}),
        ("POST", "/nowhere", "", {}),
        ("POST", "/", "", {}),
        ("GET", "/docs", "", {}),
        ("GET", "/static/pages.css", "", {}),
        ("GET", "/problems/not-found", "", {"Accept": "application/json"}),
        ("GET", "/openapi.json", "", {"Accept-Encoding": "gzip"}),
        ("GET", "/healthz", "", {"Host": "10.0.0.1"}),
        ("GET", "/admin/", "", {}),
        ("POST", "/admin/login/", "", {}),
        ("GET", "/admin/login/?a__regex=b", "", {}),
    ]


def responses(base_url: str, task: Task) -> list[tuple[int, dict[str, str], bytes]]:
    """Send the requests; return the status, the headers and the body of each response."""
    found = []
    for method, path, body, headers in requests(task):
        for scheme in ("http", "https"):
            sent = {"Host": "localhost", "X-Request-ID": "a", "X-Forwarded-Proto": scheme}
            with closing(HTTPConnection(base_url.removeprefix("http://"), timeout=10)) as client:
                client.request(method, path, body, sent | headers)
                response = client.getresponse()
                kept = {name: response.headers[name] for name in {*response.headers} - VARYING}
                found.append((response.status, kept, response.read()))
    return found


def test_responses_do_not_depend_on_shortcuts(tmp_path: Path) -> None:
    task = TaskFactory.create(user_id="alice", title="Buy milk")
    found = {}
    for shortcuts in ("true", "false"):
        variables = {"SHORTCUTS": shortcuts, "BEHIND_PROXY": "", "LOG_LEVEL": "CRITICAL"}
        with serve(tmp_path / shortcuts, **variables) as base_url:
            found[shortcuts] = responses(base_url, task)
    for (*request, _), with_shortcuts, without in zip(
        [each for each in requests(task) for _ in range(2)],
        found["true"],
        found["false"],
        strict=True,
    ):
        assert with_shortcuts == without, request
