"""Tests of HTTPS behind a proxy that terminates TLS: plain HTTP, HSTS and secure cookies."""

import json
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path

import pytest

from tasks.models import Task
from tests.support.client import OWNER, TASKS, stored_rows, task_url
from tests.support.servers.gunicorn import serve
from tests.support.writes import WRITES
from todo_project.problems.registry import HTTPS_REQUIRED, plain

pytestmark = pytest.mark.django_db(transaction=True)

ORIGIN = "https://app.example.com"


@pytest.fixture(scope="module")
def base_url(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run the service with the default of BEHIND_PROXY: true, unless DEBUG is on."""
    log = tmp_path_factory.mktemp("service") / "log"
    with serve(log, BEHIND_PROXY="", CORS_ALLOWED_ORIGINS=ORIGIN) as base_url:
        yield base_url


def send(
    base_url: str, method: str, path: str, body: object = None, **headers: str
) -> tuple[int, HTTPMessage, bytes]:
    """Send a request; return the status, the headers and the body of the response."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        sent["Content-Type"] = "application/json"
    with closing(HTTPConnection(base_url.removeprefix("http://"), timeout=10)) as client:
        client.request(method, path, None if body is None else json.dumps(body), sent)
        response = client.getresponse()
        return response.status, response.headers, response.read()


def test_api_request_over_plain_http_returns_403_and_changes_nothing(
    base_url: str, task: Task
) -> None:
    before = stored_rows()
    for method, path, body in [
        ("GET", TASKS, None),
        ("POST", TASKS, {"title": "a"}),
        ("DELETE", f"{TASKS}?completed=false", None),
        ("OPTIONS", TASKS, None),
        ("GET", task_url(task), None),
        ("GET", "/api/nowhere", None),
        ("GET", f"/api/{OWNER}%0A/tasks", None),
        *((method, task_url(task) + end, body) for method, end, body in WRITES),
    ]:
        status, headers, content = send(base_url, method, path, body)
        assert status == 403, (method, path)
        assert "Location" not in headers
        assert "Strict-Transport-Security" not in headers
        assert headers["Content-Type"] == "application/problem+json"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "private, no-cache"
        assert json.loads(content) == {
            "type": "/problems/https-required",
            "title": "HTTPS is required",
            "status": 403,
            "detail": plain(HTTPS_REQUIRED.meaning),
            "request_id": headers["X-Request-ID"],
        }
    assert stored_rows() == before


def test_head_over_plain_http_returns_403(base_url: str) -> None:
    assert send(base_url, "HEAD", TASKS)[::2] == (403, b"")


def test_allowed_origin_can_read_the_problem(base_url: str) -> None:
    status, headers, _ = send(base_url, "GET", TASKS, origin=ORIGIN)
    assert (status, headers["Access-Control-Allow-Origin"]) == (403, ORIGIN)
    assert "X-Request-ID" in headers["Access-Control-Expose-Headers"]


def test_preflight_over_plain_http_is_answered(base_url: str) -> None:
    preflight = {"origin": ORIGIN, "access_control_request_method": "PATCH"}
    for path in (TASKS, "/docs"):
        status, headers, _ = send(base_url, "OPTIONS", path, **preflight)
        assert (status, headers["Access-Control-Allow-Origin"]) == (200, ORIGIN)


def test_page_over_plain_http_is_redirected_to_https(base_url: str) -> None:
    for path in (
        "/",
        "/docs",
        "/openapi.json",
        "/openapi.yaml",
        "/problems/",
        "/problems/not-found",
        "/admin/",
        "/admin/login/?next=/admin/",
        "/nowhere",
    ):
        status, headers, _ = send(base_url, "GET", path, host="localhost")
        assert (status, headers["Location"]) == (301, f"https://localhost{path}")
        assert "Strict-Transport-Security" not in headers


def test_request_over_https_is_served_with_hsts_and_secure_cookies(base_url: str) -> None:
    status, headers, _ = send(base_url, "GET", TASKS, x_forwarded_proto="https")
    assert status == 200
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    _, headers, _ = send(base_url, "GET", "/admin/login/", x_forwarded_proto="https")
    assert headers["Set-Cookie"].endswith("Path=/; SameSite=Lax; Secure")


def test_probe_over_plain_http_is_served(base_url: str) -> None:
    for probe in ("/healthz", "/readyz"):
        assert send(base_url, "GET", probe, host="10.1.2.3:8000")[0] == 200


def test_x_forwarded_proto_is_ignored_without_proxy(tmp_path: Path) -> None:
    with serve(tmp_path / "log", BEHIND_PROXY="false") as base_url:
        status, headers, _ = send(base_url, "GET", TASKS, x_forwarded_proto="https")
    assert status == 200
    assert "Strict-Transport-Security" not in headers


def test_script_name_header_is_ignored(base_url: str) -> None:
    """Of the proxy, gunicorn by default accepts a prefix of the path, which hides a route."""
    headers = {"SCRIPT_NAME": "/prefix", "X-Forwarded-Proto": "https", "Host": "localhost"}
    with closing(HTTPConnection(base_url.removeprefix("http://"), timeout=10)) as client:
        client.request("GET", "/prefix/healthz", headers=headers)
        assert client.getresponse().status == 404
