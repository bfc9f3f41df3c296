"""Tests of unknown URLs, redirects, and methods that a URL does not support."""

from typing import Any

import pytest

from tasks.models import Task
from tests.support.client import API, TASKS
from todo_project.middleware import problems

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    "url",
    [
        "/docs/",
        "/api",
        "/api/",
        "/api/alice",
        "/api/a/b/tasks",
        "/static/x",
        "/%00",
        "/api/%00",
        f"{TASKS}//",
        f"{TASKS}/1",
        f"{TASKS}/x/complete",
        f"{TASKS}/12345678-1234-1234-1234-12345678901",
        f"{TASKS}/12345678123412341234123456789012",
        f"{TASKS}/%7B12345678-1234-1234-1234-123456789012%7D",
        f"{TASKS}/12345678-1234-1234-1234-123456789012%0A",
    ],
)
def test_unknown_url_returns_404(api: API, settings: Any, url: str, *, debug: bool) -> None:
    settings.DEBUG = debug
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"):
        assert api.problem(404, method, url) == {
            "type": "/problems/not-found",
            "title": "Not found",
            "status": 404,
            "detail": "There is no such URL.",
        }


@pytest.mark.parametrize("debug", [False, True])
def test_root_redirects_to_docs(api: API, settings: Any, *, debug: bool) -> None:
    settings.DEBUG = debug
    assert api.send(302, "GET", "/")["Location"] == "/docs"


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("", "GET, POST, DELETE, HEAD, OPTIONS"),
        ("/{id}", "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"),
        ("/{id}/complete", "PATCH, OPTIONS"),
    ],
)
def test_unsupported_method_on_tasks_returns_405(
    api: API, task: Task, path: str, allow: str
) -> None:
    url = TASKS + path.format(id=task.id)
    methods = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"}
    for method in methods.difference(allow.split(", ")):
        response = api.send(405, method, url)
        assert response["Allow"] == allow
        if method != "HEAD":
            assert response.json()["detail"] == f'Method "{method}" not allowed.'
    options = api.send(204, "OPTIONS", url)
    assert options["Allow"] == allow
    accepted = "application/json" if "PATCH" in allow else None
    assert options.get("Accept-Patch") == accepted  # RFC 5789 §3.1


@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/docs", "/docs/clients", "/problems/", "/problems/not-found"]
)
def test_post_to_read_only_url_returns_405(api: API, path: str) -> None:
    assert api.send(405, "POST", path)["Allow"] == "GET, HEAD, OPTIONS"
    response = api.send(204, "OPTIONS", path)
    assert response["Allow"] == "GET, HEAD, OPTIONS"
    assert "Content-Type" not in response


def test_any_number_of_allowed_hosts_is_served(
    api: API, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ALLOWED_HOSTS = [".example.com"]
    monkeypatch.setattr(problems, "MAX_ALLOWED_HOSTS", 1)
    for host in ("a.example.com", "b.example.com", "b.example.com"):
        api.send(200, "GET", "/healthz", host=host)
        api.send(200, "GET", "/docs", host=host)
    api.send(400, "GET", "/docs", host="example.org")
