"""Tests of content negotiation by `Accept` (RFC 9110 §12.5.1)."""

import pytest

from tasks.models import Task
from tests.support.client import API, TASKS, task_url

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("*/*", 200),
        ("", 200),
        ("application/json", 200),
        ("application/*;q=0.1", 200),
        ("text/html, application/json; charset=utf-8", 200),
        ("APPLICATION/JSON", 200),
        ("text/html", 406),
        ("application/xml, text/*", 406),
        ("application/json;q=0, */*", 406),
        ("*/*;q=0", 406),
        ("nonsense", 406),
        ("a/b; x*=nonsense''c", 406),
        ("application/problem+json", 200),
        ("Application/Problem+JSON; charset=utf-8; q=0.001", 200),
        ("application/problem+json, application/*;q=0, */*;q=0", 200),
        ("application/problem+json;q=0, application/json", 200),
        ("application/problem+json;q=0, */*;q=0.1", 200),
        ("application/problem+json;q=0", 406),
        ("application/problem+json, application/json;q=0", 406),
        ("application/problem+xml", 406),
    ],
)
def test_api_returns_406_unless_json_is_acceptable(api: API, accept: str, status: int) -> None:
    api.send(status, "GET", TASKS, accept=accept)


def test_problems_alone_are_acceptable_to_every_operation(api: API, task: Task) -> None:
    """As clients of openapi-generator send it with a DELETE, whose 204 has no media type."""
    accept = "application/problem+json"
    for status, method, path, body in [
        *(
            (200, method, path, None)
            for method in ("GET", "HEAD")
            for path in (TASKS, task_url(task))
        ),
        (201, "POST", TASKS, {"title": "a"}),
        (200, "PUT", task_url(task), {}),
        (200, "PATCH", f"{task_url(task)}/complete", None),
        (200, "DELETE", f"{TASKS}?completed=false", None),
    ]:
        response = api.send(status, method, path, body, accept=accept)
        assert response["Content-Type"] == "application/json"
    api.send(204, "DELETE", task_url(task), accept=accept)
    api.problem(404, "DELETE", task_url(task), accept=accept)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "text/html; charset=utf-8"),
        ("*/*", "text/html; charset=utf-8"),
        ("application/json, text/plain, */*", "application/json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"),
        ("application/json;q=0.9, text/html;q=0.1", "application/json"),
        ("application/json, text/html", "text/html; charset=utf-8"),
        ("application/*;q=0.5, text/*;q=0.4", "application/json"),
        ("text/html;q=0, */*", "application/json"),
        ("application/json;q=0, */*;q=0.1", "text/html; charset=utf-8"),
        ("application/problem+json", "application/json"),
        ("application/problem+json;q=0.1, text/html;q=0.5, */*", "application/json"),
        ("application/problem+json, text/html", "text/html; charset=utf-8"),
    ],
)
def test_page_has_preferred_media_type_or_html(api: API, accept: str, media_type: str) -> None:
    page = api.send(200, "GET", "/problems/not-found", accept=accept)
    assert page["Content-Type"] == media_type


@pytest.mark.parametrize("accept", ["application/json;q=0", "*/*;q=0", "image/png"])
def test_page_returns_406_if_neither_html_nor_json_is_acceptable(api: API, accept: str) -> None:
    problem = api.problem(406, "GET", "/problems/not-found", accept=accept)
    assert problem["detail"] == "This URL serves text/html or application/json only."


@pytest.mark.parametrize(("items", "status"), [(10, 200), (63, 200), (64, 406)])
def test_only_64_items_of_a_long_header_are_considered(api: API, items: int, status: int) -> None:
    accept = ", ".join([*(f"text/x-{number};q=0.1" for number in range(items)), "*/*"])
    api.send(status, "GET", TASKS, accept=accept)
