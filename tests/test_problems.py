"""Every failure is a problem (RFC 9457), in production and under DEBUG."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NoReturn

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tasks.models import Task
from tests.conftest import API, TASKS
from todo_project import problems
from todo_project.urls import urlpatterns as own_urlpatterns

pytestmark = pytest.mark.django_db


class BrokenView(APIView):
    """A bug inside DRF."""

    def get(self, request: Request) -> Response:
        raise RuntimeError("a secret")


def broken_view(request: HttpRequest) -> NoReturn:
    raise RuntimeError("a secret")


class BrokenMiddleware:
    """A bug around everything."""

    def __init__(self, get_response: object) -> None:
        pass

    def __call__(self, request: HttpRequest) -> NoReturn:
        raise RuntimeError("a secret")


urlpatterns = [
    path("api/broken", BrokenView.as_view()),
    path("broken", broken_view),
    *own_urlpatterns,
]
handler500 = problems.internal_error


@contextmanager
def database_fails(error: type[Exception]) -> Iterator[None]:
    def execute(*call: object) -> NoReturn:
        raise error("a secret")

    with connection.execute_wrapper(execute):
        yield


Arrange = Callable[[], AbstractContextManager[None]]
PROVOCATIONS: dict[str, tuple[Any, ...]] = {
    "bad-request": ("GET", TASKS, None, {"host": "evil.example"}),
    "malformed-json": ("POST", TASKS, b"{", {}),
    "validation-error": ("POST", TASKS, {}, {}),
    "not-found": ("GET", "/nowhere", None, {}),
    "method-not-allowed": ("PUT", TASKS, None, {}),
    "not-acceptable": ("GET", TASKS, None, {"accept": "text/html"}),
    "content-too-large": ("POST", TASKS, b"x" * 70_000, {}),
    "unsupported-media-type": ("POST", TASKS, b"<a/>", {"content_type": "text/xml"}),
    "internal-error": ("GET", "/api/broken", None, {}),
    "database-unavailable": ("GET", TASKS, None, {}),
}


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("slug", problems.REGISTRY)
@pytest.mark.urls(__name__)
def test_each_type_can_be_provoked(
    api: API, settings: Any, caplog: pytest.LogCaptureFixture, slug: str, *, debug: bool
) -> None:
    settings.DEBUG = debug
    registered = problems.REGISTRY[slug]
    method, url, body, headers = PROVOCATIONS[slug]
    unavailable = slug == "database-unavailable"
    with database_fails(OperationalError) if unavailable else nullcontext():
        response = api.send(registered.status, method, url, body, **headers)
    assert response["Content-Type"] == "application/problem+json"
    assert response["Cache-Control"] == "private, no-cache"
    assert response.get("Retry-After") == ("2" if unavailable else None)
    assert response["Content-Length"] == str(len(response.content))
    problem = response.json()
    expected = ["type", "title", "status", "detail", "request_id"]
    assert list(problem) == expected + ["errors"] * (slug == "validation-error")
    assert problem["type"] == f"/problems/{slug}"
    assert problem["title"] == registered.title
    assert problem["status"] == registered.status
    assert problem["request_id"] == response["X-Request-ID"]
    assert "secret" not in response.content.decode()
    errors = [record for record in caplog.records if record.levelname == "ERROR"]
    assert len(errors) == (registered.status >= 500)


def test_the_registry_and_the_provocations_are_complete() -> None:
    assert list(PROVOCATIONS) == list(problems.REGISTRY)


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("url", ["/", "/docs/", "/api", "/api/", "/api/alice", "/api/a/b/tasks",
                                 f"{TASKS}/1", f"{TASKS}/x/complete", f"{TASKS}//", "/static/x",
                                 f"{TASKS}/12345678-1234-1234-1234-12345678901",
                                 f"{TASKS}/12345678123412341234123456789012",
                                 f"{TASKS}/%7B12345678-1234-1234-1234-123456789012%7D",
                                 f"{TASKS}/12345678-1234-1234-1234-123456789012%0A",
                                 "/admin/nowhere", "/%00", "/api/%00"])  # fmt: skip
def test_an_unknown_url_is_not_found(api: API, settings: Any, url: str, *, debug: bool) -> None:
    settings.DEBUG = debug
    if url == "/":
        assert api.send(302, "GET", url)["Location"] == "/docs"
        return
    if url == "/admin/nowhere":
        assert api.send(302, "GET", url)["Location"] == "/admin/login/?next=/admin/nowhere"
        return
    assert api.refused(404, "GET", url) == {
        "type": "/problems/not-found",
        "title": "Not found",
        "status": 404,
        "detail": "There is no such URL.",
    }


@pytest.mark.parametrize(
    ("end", "allowed"),
    [
        ("", "GET, POST, HEAD, OPTIONS"),
        ("/{id}", "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"),
        ("/{id}/complete", "PATCH, OPTIONS"),
    ],
)
def test_another_method_is_not_allowed(api: API, task: Task, end: str, allowed: str) -> None:
    url = TASKS + end.format(id=task.id)
    for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"} - {
        *allowed.split(", ")
    }:
        response = api.send(405, method, url)
        assert response["Allow"] == allowed
        if method != "HEAD":
            assert response.json()["detail"] == f'Method "{method}" not allowed.'
    assert api.send(204, "OPTIONS", url)["Allow"] == allowed


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_the_cause_of_an_outage_is_logged_but_not_shown(
    api: API, caplog: pytest.LogCaptureFixture, error: type[Exception]
) -> None:
    with database_fails(error):
        response = api.send(503, "GET", TASKS)
    assert response.json()["detail"] == (
        "The database cannot be reached, takes too long, or has no connection left."
    )
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.getMessage() == "database-unavailable: a secret"
    assert record.__dict__["request_id"] == response["X-Request-ID"]


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("url", ["/broken", "/api/broken"])
def test_a_bug_is_logged_with_its_traceback(
    api: API, caplog: pytest.LogCaptureFixture, url: str
) -> None:
    response = api.send(500, "GET", url)
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.exc_info
    assert isinstance(record.exc_info[1], RuntimeError)
    assert record.__dict__["request_id"] == response["X-Request-ID"]


def test_a_bug_in_a_middleware_is_a_problem_too(api: API, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.BrokenMiddleware"]
    response = api.send(500, "GET", TASKS)
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["type"] == "/problems/internal-error"


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
    ],
)
def test_json_must_be_acceptable(api: API, accept: str, status: int) -> None:
    api.send(status, "GET", TASKS, accept=accept)


def test_a_forbidden_page_is_djangos_own(api: API, admin_user: Any) -> None:
    admin_user.is_superuser = False
    admin_user.save()
    api.force_login(admin_user)
    assert api.send(403, "GET", "/admin/tasks/task/")["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    "user_id", ["", "%00", "a%00b", "%0A", "a%7F", "%1F", "x" * 256, "%C3%A4" * 256]
)
@pytest.mark.parametrize("end", ["", "/", "/12345678-1234-1234-1234-123456789012"])
def test_a_bad_user_id_is_named(api: API, user_id: str, end: str) -> None:
    detail = "Must be 1 to 255 characters without slash and control characters."
    assert api.refused(400, "GET", f"/api/{user_id}/tasks{end}") == {
        "type": "/problems/validation-error",
        "title": "The request is not valid",
        "status": 400,
        "detail": f"user_id: {detail}",
        "errors": [{"parameter": "user_id", "code": "invalid", "detail": detail}],
    }


@pytest.mark.parametrize("user_id", ["x" * 255, "%C3%A4" * 255, "%C2%80", ".", "a%25b", "%20"])
def test_any_other_user_id_will_do(api: API, user_id: str) -> None:
    api.send(200, "GET", f"/api/{user_id}/tasks")


@pytest.mark.parametrize(
    ("query", "name", "code"),
    [
        ("completed=True", "completed", "invalid"),
        ("completed=1", "completed", "invalid"),
        ("completed=", "completed", "invalid"),
        ("completed", "completed", "invalid"),
        ("completed=%00", "completed", "invalid"),
        ("completed=%FF", "completed", "invalid"),
        ("completed=true&completed=true", "completed", "repeated"),
        ("Completed=true", "Completed", "unknown"),
        ("a=%00", "a", "unknown"),
        ("%00", "\0", "unknown"),
        ("%FF=1", "?", "unknown"),
        ("format=json", "format", "unknown"),
    ],
)
def test_a_bad_parameter_is_named(api: API, query: str, name: str, code: str) -> None:
    problem = api.refused(400, "GET", f"{TASKS}?{query}")
    assert problem["type"] == "/problems/validation-error"
    assert [(error["parameter"], error["code"]) for error in problem["errors"]] == [(name, code)]
