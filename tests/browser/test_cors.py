"""Tests of CORS in a browser: what a page on an allowed or another origin can read and do."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error, Page

from tests.support.browser import FAILED_REQUEST, PageLog
from tests.support.client import TASKS, stored_rows, task_url
from tests.support.factories import TaskFactory
from tests.support.servers.gunicorn import serve

pytestmark = pytest.mark.django_db(transaction=True)

FETCH = """async ([url, init]) => {
    const response = await fetch(url, init);
    return [response.status, Object.fromEntries(response.headers), await response.text()];
}"""
HEADERS = {
    "Authorization": "Bearer token",
    "Content-Type": "application/json",
    "Idempotency-Key": "milk",
    "If-Match": "*",
    "If-None-Match": '"another"',
    "X-Request-ID": "from-another-origin",
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "tracestate": "vendor=value",
}
SAFELISTED = {"cache-control", "content-length", "content-type"}
"""The response headers that every page may read (Fetch, CORS-safelisted response-header name)."""

MILK = '{"title": "Milk"}'
RESPONSES = [
    ("POST", TASKS, MILK, 201, {"etag", "location"}),
    ("POST", TASKS, MILK, 201, {"etag", "location", "idempotent-replayed"}),
    ("GET", f"{TASKS}?limit=1", None, 200, {"etag", "link"}),
    ("HEAD", TASKS, None, 200, {"etag"}),
    ("GET", "{task}", None, 200, {"etag"}),
    ("HEAD", "{task}", None, 200, {"etag"}),
    ("PUT", "{task}", "{}", 200, set()),
    ("PATCH", "{task}", "{}", 200, {"etag"}),
    ("PATCH", "{task}/complete", None, 200, {"etag"}),
    ("DELETE", "{task}", None, 204, set()),
    ("OPTIONS", TASKS, None, 204, set()),
]
"""Method, path and body; status, and the headers that the page can read beside X-Request-ID."""


def fetch(page: Page, url: str, method: str, body: str | None = None) -> Any:
    """Fetch from within the page, with every request header that the API supports."""
    init = {"method": method, "headers": HEADERS} | ({} if body is None else {"body": body})
    return page.evaluate(FETCH, [url, init])


def exposed(page: Page, url: str, method: str, body: str | None = None) -> tuple[int, set[str]]:
    """Fetch; return the status, and the headers that the page can read because of CORS."""
    status, headers, _ = fetch(page, url, method, body)
    return status, headers.keys() - SAFELISTED


def test_allowed_origin_can_send_every_request_and_read_every_header(
    tmp_path: Path, page: Page, other_origin: str
) -> None:
    task = task_url(TaskFactory.create(title="Bread"))
    with serve(tmp_path / "log", CORS_ALLOWED_ORIGINS=other_origin) as base_url:
        page.goto(other_origin)
        for method, path, body, status, headers in RESPONSES:
            response = exposed(page, base_url + path.format(task=task), method, body)
            assert response == (status, {"x-request-id"} | headers), (method, path)
    assert [row["title"] for row in stored_rows()] == ["Milk"]


def test_pages_can_send_headers_and_cookies_that_settings_allow(
    tmp_path: Path, page: Page, page_log: PageLog, other_origin: str
) -> None:
    init = {"headers": {"sentry-trace": "1-2-3", "Baggage": "a=b"}, "credentials": "include"}
    allowed = {
        "CORS_ALLOWED_ORIGINS": other_origin.upper(),
        "CORS_ALLOW_HEADERS": "sentry-trace,baggage",
        "CORS_ALLOW_CREDENTIALS": "true",
    }
    page.goto(other_origin)
    with serve(tmp_path / "log", **allowed) as base_url:
        assert page.evaluate(FETCH, [base_url + TASKS, init])[0] == 200
    for name in ("CORS_ALLOW_HEADERS", "CORS_ALLOW_CREDENTIALS"):
        with (
            serve(tmp_path / name, **allowed | {name: ""}) as base_url,
            pytest.raises(Error, match="TypeError: Failed to fetch"),
        ):
            page.evaluate(FETCH, [base_url + TASKS, init])
        assert "has been blocked by CORS policy" in page_log.pop_errors()[0]


def test_allowed_origin_can_read_retry_after(
    tmp_path: Path, page: Page, page_log: PageLog, other_origin: str
) -> None:
    unreachable = "postgresql://nobody@127.0.0.1:1/nothing"
    log = tmp_path / "log"
    with serve(log, CORS_ALLOWED_ORIGINS=other_origin, DATABASE_URL=unreachable) as base_url:
        page.goto(other_origin)
        assert exposed(page, base_url + TASKS, "GET") == (503, {"retry-after", "x-request-id"})
    assert page_log.pop_errors() == [FAILED_REQUEST.format("503 (Service Unavailable)")]


def test_other_origin_cannot_read_or_change_anything(
    base_url: str, page: Page, page_log: PageLog, other_origin: str
) -> None:
    task = task_url(TaskFactory.create(title="Bread"))
    before = stored_rows()
    page.goto(other_origin)
    for method, path, body in (
        ("GET", TASKS, None),
        ("HEAD", TASKS, None),
        ("POST", TASKS, MILK),
        ("DELETE", f"{TASKS}?completed=false", None),
        ("PUT", task, '{"title": "Stale bread"}'),
        ("PATCH", task, '{"title": "Stale bread"}'),
        ("PATCH", f"{task}/complete", None),
        ("DELETE", task, None),
    ):
        with pytest.raises(Error, match="TypeError: Failed to fetch"):
            fetch(page, base_url + path, method, body)
        blocked, failed = page_log.pop_errors()
        assert blocked.startswith(
            f"Access to fetch at '{base_url}{path}' from origin '{other_origin}'"
        )
        assert failed == "Failed to load resource: net::ERR_FAILED"
    assert stored_rows() == before


def test_simple_requests_of_other_origin_cannot_read_or_change_anything(
    base_url: str, page: Page, page_log: PageLog, other_origin: str
) -> None:
    """A browser sends no preflight for requests that a form could send (Fetch standard)."""
    TaskFactory.create(title="Bread")
    before = stored_rows()
    page.goto(other_origin)
    for init in ({}, {"method": "POST", "body": MILK}):
        assert page.evaluate(FETCH, [base_url + TASKS, init | {"mode": "no-cors"}]) == [0, {}, ""]
    status = "415 (Unsupported Media Type)"
    assert page_log.pop_errors() == [FAILED_REQUEST.format(status)]
    assert stored_rows() == before
