"""Tests of the service behind gunicorn: restart, access log, keep-alive, large bodies."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from http.client import HTTPConnection
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest

from tests.support.client import OWNER, STRANGER, TASKS, stored_rows, task_url
from tests.support.factories import TaskFactory
from tests.support.servers.gunicorn import Instance, run, serve
from tests.support.servers.http_client import Client

pytestmark = pytest.mark.django_db(transaction=True)

JSON = {"Content-Type": "application/json"}


def fetch(
    base_url: str, path: str, body: bytes | Iterator[bytes] | None = None, **headers: str
) -> Any:
    """POST the body, or GET without one; return the JSON of the response."""
    client = HTTPConnection(base_url.removeprefix("http://"), timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with closing(client):
        # The server may respond and close before it has received the whole body.
        with suppress(BrokenPipeError, ConnectionResetError):
            client.request("GET" if body is None else "POST", path, body, JSON | named)
        return json.loads(client.getresponse().read())


def test_tasks_survive_a_restart(tmp_path: Path) -> None:
    with serve(tmp_path / "log") as base_url:
        created = fetch(base_url, TASKS, b'{"title": "Buy milk"}')
    with serve(tmp_path / "log") as base_url:
        assert fetch(base_url, TASKS) == [created]
        assert fetch(base_url, f"/api/{STRANGER}/tasks") == []


def test_each_request_writes_one_line_to_stdout(tmp_path: Path) -> None:
    with serve(tmp_path / "log") as base_url:
        fetch(base_url, TASKS, x_request_id="first")
        fetch(base_url, "/nowhere", x_request_id="second")
    lines = map(json.loads, (tmp_path / "log").read_text().splitlines())
    assert [(line["request_id"], line["status"]) for line in lines] == [
        ("first", 200),
        ("second", 404),
    ]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_connection_stays_open_for_further_requests(instance: Instance, method: str) -> None:
    with closing(HTTPConnection("127.0.0.1", instance.port, timeout=10)) as client:
        for path, status in (
            ("/api/a/tasks", 200),
            ("/nowhere", 404),
            ("/docs", 200),
            ("/static/pages.css", 200),
            ("/api/a/tasks", 200),
        ):
            client.request(method, path)
            response = client.getresponse()
            assert (response.status, response.will_close) == (status, False)
            length = int(response.headers["Content-Length"])
            assert len(response.read()) == (length if method == "GET" else 0)


@pytest.mark.parametrize("shortcuts", ["true", "false"])
def test_path_is_split_before_it_is_decoded(tmp_path: Path, shortcuts: str) -> None:
    """RFC 3986 §2.2: an encoded slash is a character of a segment."""
    task = TaskFactory.create(user_id=OWNER)
    log, url = tmp_path / "log", task_url(task)
    before = stored_rows()
    expected = {
        ("GET", "/api/auth%2Fx/tasks"): (400, "/api/{user_id}/tasks"),
        ("POST", "/api/auth%2fx/tasks/"): (400, "/api/{user_id}/tasks"),
        ("GET", "/api/a/tasks%2Fb/tasks"): (404, None),
        ("GET", "/api/https:%2F%2Fid.example%2f7/tasks?search=%2F"): (400, "/api/{user_id}/tasks"),
        ("GET", "http://localhost/api/%2F/tasks"): (400, "/api/{user_id}/tasks"),
        ("GET", f"/api/%2F{url[4:]}"): (404, None),
        ("GET", "/api/a%252Fb/tasks"): (200, "/api/{user_id}/tasks"),
        ("GET", "/api/a%5Cb/tasks#/x%2Fy"): (200, "/api/{user_id}/tasks"),
        ("GET", "/api/alice/tasks?search=a%2Fb"): (200, "/api/{user_id}/tasks"),
        ("GET", "/api/alice%2Ftasks"): (404, None),
        ("GET", "/api/alice/tasks%2F"): (404, None),
        ("GET", "/api%2Falice/tasks"): (404, None),
        ("PATCH", f"{url}%2Fcomplete"): (404, None),
        ("PATCH", f"{url}%2fcomplete/"): (404, None),
        ("PATCH", f"{url}/complete%2F"): (404, None),
        ("DELETE", f"{url}%2F"): (404, None),
        ("DELETE", f"http://localhost{url}%2F?a%2Fb"): (404, None),
        ("GET", "/problems/x%2Fy"): (404, None),
        ("GET", "/problems%2Fnot-found"): (404, None),
        ("GET", "/healthz%2F"): (404, None),
        ("GET", "/docs%2F"): (404, None),
        ("GET", "/static%2Fpages.css"): (404, None),
        ("GET", "/static/x%2Fy"): (404, None),
        ("GET", "/admin%2F"): (404, None),
    }
    with run(log, SHORTCUTS=shortcuts) as instance, closing(Client(instance.port)) as client:
        for method, target in expected:
            client.send(method, target, Host="localhost")
    lines = map(json.loads, log.read_text().splitlines())
    sent = dict(zip(expected, ((line["status"], line["route"]) for line in lines), strict=True))
    assert sent == expected
    assert stored_rows() == before


def test_first_requests_for_the_document_may_come_together(tmp_path: Path) -> None:
    paths = ["/openapi.json", "/openapi.yaml", "/docs", TASKS] * 6
    variables = {"WEB_CONCURRENCY": "1", "GUNICORN_THREADS": str(len(paths))}
    with (
        run(tmp_path / "log", **variables) as instance,
        ThreadPoolExecutor(len(paths)) as pool,
    ):
        clients = [Client(instance.port) for _ in paths]
        responses = list(pool.map(Client.send, clients, repeat("GET"), paths))
        for client in clients:
            client.close()
    assert [response.status for response in responses] == [200] * len(paths)
    assert len({response.body for response in responses}) == 4


def test_body_of_3_mb_returns_413(instance: Instance) -> None:
    body = b"x" * 3_000_000
    for problem in (
        fetch(instance.address, TASKS, body),
        fetch(instance.address, TASKS, body, connection="close"),
        fetch(instance.address, TASKS, iter([body])),  # without Content-Length: chunked
    ):
        assert (problem["type"], problem["status"]) == ("/problems/content-too-large", 413)
