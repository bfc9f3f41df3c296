"""A page on another origin: what it may do where it is named, and else."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error, Page

from tests.support.browser import FAILED_REQUEST, PageLog
from tests.support.client import TASKS, stored_rows
from tests.support.client import task_url as path_of
from tests.support.factories import TaskFactory
from tests.support.servers.gunicorn import serve

pytestmark = pytest.mark.django_db(transaction=True)

FETCH = """async ([url, init]) => {
    const answer = await fetch(url, init);
    return [answer.status, Object.fromEntries(answer.headers), await answer.text()];
}"""
HEADERS = {
    "Content-Type": "application/json",
    "Idempotency-Key": "milk",
    "If-Match": "*",
    "If-None-Match": '"another"',
    "X-Request-ID": "from-elsewhere",
}
SAFELISTED = {"cache-control", "content-length", "content-type"}


def fetch(page: Page, url: str, method: str, body: str | None = None) -> Any:
    """Fetch from within the page, with every header that the API knows."""
    init = {"method": method, "headers": HEADERS} | ({} if body is None else {"body": body})
    return page.evaluate(FETCH, [url, init])


def readable(page: Page, url: str, method: str, body: str | None = None) -> tuple[int, set[str]]:
    """Fetch; return the status, and the headers that the page may read by special leave."""
    status, headers, _ = fetch(page, url, method, body)
    return status, headers.keys() - SAFELISTED


def test_a_page_of_a_named_origin_does_and_reads_everything(
    tmp_path: Path, page: Page, elsewhere: str
) -> None:
    bread = path_of(TaskFactory.create(title="Bread"))
    milk = '{"title": "Milk"}'
    with serve(tmp_path / "log", CORS_ALLOWED_ORIGINS=elsewhere) as service:
        page.goto(elsewhere)
        answers = [
            (method, *readable(page, service + path, method, body))
            for method, path, body in (
                ("POST", TASKS, milk),
                ("POST", TASKS, milk),
                ("GET", f"{TASKS}?limit=1", None),
                ("HEAD", TASKS, None),
                ("GET", bread, None),
                ("HEAD", bread, None),
                ("PUT", bread, "{}"),
                ("PATCH", bread, "{}"),
                ("PATCH", f"{bread}/complete", None),
                ("DELETE", bread, None),
                ("OPTIONS", TASKS, None),
            )
        ]
    every = {"x-request-id"}
    assert answers == [
        ("POST", 201, every | {"etag", "location"}),
        ("POST", 201, every | {"etag", "location", "idempotent-replayed"}),
        ("GET", 200, every | {"etag", "link"}),
        ("HEAD", 200, every | {"etag"}),
        ("GET", 200, every | {"etag"}),
        ("HEAD", 200, every | {"etag"}),
        ("PUT", 200, every),
        ("PATCH", 200, every | {"etag"}),
        ("PATCH", 200, every | {"etag"}),
        ("DELETE", 204, every),
        ("OPTIONS", 204, every),
    ]
    assert [task["title"] for task in stored_rows()] == ["Milk"]


def test_a_page_of_a_named_origin_reads_when_to_try_again(
    tmp_path: Path, page: Page, page_log: PageLog, elsewhere: str
) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    log = tmp_path / "log"
    with serve(log, CORS_ALLOWED_ORIGINS=elsewhere, DATABASE_URL=nowhere) as service:
        page.goto(elsewhere)
        assert readable(page, service + TASKS, "GET") == (503, {"retry-after", "x-request-id"})
    assert page_log.pop_errors() == [FAILED_REQUEST.format("503 (Service Unavailable)")]


def test_a_page_of_another_origin_reads_and_changes_nothing(
    address: str, page: Page, page_log: PageLog, elsewhere: str
) -> None:
    bread = path_of(TaskFactory.create(title="Bread"))
    before = stored_rows()
    page.goto(elsewhere)
    for method, path, body in (
        ("GET", TASKS, None),
        ("HEAD", TASKS, None),
        ("POST", TASKS, '{"title": "Milk"}'),
        ("DELETE", f"{TASKS}?completed=false", None),
        ("PUT", bread, '{"title": "Stale bread"}'),
        ("PATCH", bread, '{"title": "Stale bread"}'),
        ("PATCH", f"{bread}/complete", None),
        ("DELETE", bread, None),
    ):
        with pytest.raises(Error, match="TypeError: Failed to fetch"):
            fetch(page, address + path, method, body)
        blocked, failed = page_log.pop_errors()
        assert blocked.startswith(
            f"Access to fetch at '{address}{path}' from origin '{elsewhere}'"
        )
        assert failed == "Failed to load resource: net::ERR_FAILED_REQUEST"
    assert stored_rows() == before


def test_what_needs_no_leave_reads_and_changes_nothing_either(
    address: str, page: Page, page_log: PageLog, elsewhere: str
) -> None:
    """A browser asks for no leave for what a form could send (Fetch, simple requests)."""
    TaskFactory.create(title="Bread")
    before = stored_rows()
    page.goto(elsewhere)
    for init in ({}, {"method": "POST", "body": '{"title": "Milk"}'}):
        assert page.evaluate(FETCH, [address + TASKS, init | {"mode": "no-cors"}]) == [0, {}, ""]
    refused = "415 (Unsupported Media Type)"
    assert page_log.pop_errors() == [FAILED_REQUEST.format(refused)]
    assert stored_rows() == before
