"""Every failure is a problem (RFC 9457), in production and under DEBUG."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from html import escape
from typing import Any, NoReturn
from unittest.mock import patch

import pytest
from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpRequest
from django.urls import path
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tasks.api.views import TaskViewSet
from tasks.models import Task
from tests.support.client import API, TASKS
from tests.support.errors import database_fails
from tests.support.factories import TaskFactory
from todo_project.problems import handlers
from todo_project.problems.registry import (
    EXAMPLES,
    INTERNAL_ERROR,
    ExampleRequest,
    registered_types,
)
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


class Bearer(BaseAuthentication):
    """Whoever calls says who it is."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        credentials = request.headers.get("Authorization")
        return (credentials, None) if credentials else None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class Silent(Bearer):
    """The same, but it does not say what it wants."""

    def authenticate_header(self, request: Request) -> str:
        return ""


class OwnPath(BasePermission):
    """The path must name whoever calls."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(str(request.user) == f"Bearer {view.kwargs['user_id']}")


urlpatterns = [
    path("api/broken", BrokenView.as_view()),
    path("broken", broken_view),
    *own_urlpatterns,
]
handler500 = handlers.internal_error


@contextmanager
def arranged(slug: str) -> Iterator[None]:
    """Bring about what an example request needs in order to meet its problem."""
    if slug in {"unauthorized", "forbidden"}:
        with (
            patch.object(TaskViewSet, "authentication_classes", [Bearer]),
            patch.object(TaskViewSet, "permission_classes", [OwnPath]),
        ):
            yield
        return
    if slug == "precondition-failed":
        row = EXAMPLES[slug].members["current"]
        TaskFactory.create(**{name: parse(name, value) for name, value in row.items()})
    if slug == "idempotency-key-reused":
        request = EXAMPLES[slug].request
        key = request.headers["Idempotency-Key"]
        API().send(201, "POST", request.path, {"title": "Milk"}, idempotency_key=key)
    errors = {"internal-error": RuntimeError, "database-unavailable": OperationalError}
    with database_fails(errors[slug]) if slug in errors else nullcontext():
        yield


def parse(name: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if name.endswith("_at") else value


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("slug", registered_types())
def test_each_example_request_meets_its_problem(
    api: API, settings: Any, caplog: pytest.LogCaptureFixture, slug: str, *, debug: bool
) -> None:
    settings.DEBUG = debug
    registered = registered_types()[slug]
    request = EXAMPLES[slug].request
    body = request.body.encode()
    headers = {name.replace("-", "_").lower(): value for name, value in request.headers.items()}
    if "content_length" in headers:
        body = body.ljust(int(headers.pop("content_length")))
    with arranged(slug):
        before = Task.objects.count() if registered.status < 500 else 0
        response = api.send(
            registered.status, request.method, request.path, body or None, **headers
        )
        assert registered.status >= 500 or Task.objects.count() == before
    assert response["Content-Type"] == "application/problem+json"
    assert response["Content-Length"] == str(len(response.content))
    assert response["Cache-Control"] == "private, no-cache"
    assert response.get("WWW-Authenticate") == ("Bearer" if slug == "unauthorized" else None)
    assert response.get("Retry-After") == ("2" if slug == "database-unavailable" else None)
    expected = registered.example | {"request_id": response["X-Request-ID"]}
    assert list(response.json().items()) == list(expected.items())
    errors = [record for record in caplog.records if record.levelname == "ERROR"]
    assert len(errors) == (registered.status >= 500)
    # A bug is logged with its traceback; of an outage the cause is enough.
    assert [bool(record.exc_info) for record in errors] == [slug == "internal-error"] * len(errors)


def test_without_a_challenge_there_is_nothing_to_try_again_with(
    api: API, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A 401 must say how to authenticate (RFC 9110 §15.5.2)."""
    monkeypatch.setattr(TaskViewSet, "authentication_classes", [Silent])
    monkeypatch.setattr(TaskViewSet, "permission_classes", [OwnPath])
    problem = api.problem(403, "GET", TASKS)
    assert problem["type"] == "/problems/forbidden"
    assert problem["detail"] == "Authentication credentials were not provided."


@pytest.mark.parametrize("slug", registered_types())
def test_the_type_leads_to_a_page_for_people_and_for_tools(api: API, slug: str) -> None:
    registered = registered_types()[slug]
    page = api.send(200, "GET", registered.uri, accept="text/html")
    assert page["Content-Type"] == "text/html; charset=utf-8"
    for text in (registered.title, registered.meaning, registered.remedy):
        assert escape(text) in page.content.decode()
    data = api.send(200, "GET", registered.uri, accept="application/json").json()
    assert data == {
        "type": registered.uri,
        "title": registered.title,
        "status": registered.status,
        "meaning": registered.meaning,
        "remedy": registered.remedy,
        "example": {"request": str(EXAMPLES[slug].request), "response": registered.example},
    }


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
        ("application/json;q=0", None),
        ("*/*;q=0", None),
        ("image/png", None),
    ],
)
def test_the_page_is_what_the_client_likes_best(
    api: API, accept: str, media_type: str | None
) -> None:
    """RFC 9110 §12.5.1; and HTML where it has no preference."""
    if media_type:
        page = api.send(200, "GET", "/problems/not-found", accept=accept)
        assert page["Content-Type"] == media_type
    else:
        problem = api.problem(406, "GET", "/problems/not-found", accept=accept)
        assert problem["detail"] == ("This URL serves text/html or application/json only.")


def test_an_example_is_written_as_http_does() -> None:
    request = ExampleRequest("PATCH", "/a", {"If-Match": "*", "Accept": "b/c"}, "{}")
    assert str(request) == "PATCH /a\nIf-Match: *\nAccept: b/c\n\n{}"
    assert str(ExampleRequest("GET", "/a")) == "GET /a"


def test_the_index_lists_every_type(api: API) -> None:
    page = api.send(200, "GET", "/problems/", accept="text/html,*/*;q=0.8").content.decode()
    listed = api.send(200, "GET", "/problems/", accept="application/json").json()["problems"]
    assert [each["type"] for each in listed] == [each.uri for each in registered_types().values()]
    assert re.findall(r'<dt><a href="([^"]+)"', page) == [each["type"] for each in listed]


def test_an_unknown_type_has_no_page(api: API) -> None:
    problem = api.problem(404, "GET", "/problems/nonsense", accept="text/html")
    assert problem["detail"] == "There is no such problem type."


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
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"):
        assert api.problem(404, method, url) == {
            "type": "/problems/not-found",
            "title": "Not found",
            "status": 404,
            "detail": "There is no such URL.",
        }


@pytest.mark.parametrize(
    ("end", "allowed"),
    [
        ("", "GET, POST, DELETE, HEAD, OPTIONS"),
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


# InternalError is also what a database raises that only reads (SQLSTATE 25006).
@pytest.mark.parametrize("error", [OperationalError, InterfaceError, InternalError])
def test_the_cause_of_an_outage_is_logged_but_not_shown(
    api: API, caplog: pytest.LogCaptureFixture, error: type[Exception]
) -> None:
    with database_fails(error):
        response = api.send(503, "GET", TASKS)
    assert response.json()["detail"] == (
        "The database cannot be reached, is too slow, or has no connection left."
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
    assert response.json() == INTERNAL_ERROR.example | {"request_id": response["X-Request-ID"]}


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
    assert api.problem(400, "GET", f"/api/{user_id}/tasks{end}") == {
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
        ("search=", "search", "blank"),
        ("search=%00", "search", "null_characters_not_allowed"),
        ("search=%FF", "search", "surrogate_characters_not_allowed"),
        (f"search={'x' * 201}", "search", "max_length"),
        ("search=a&search=a", "search", "repeated"),
        ("limit=0", "limit", "invalid"),
        ("limit=10001", "limit", "invalid"),
        ("limit=-1", "limit", "invalid"),
        ("limit=1.0", "limit", "invalid"),
        ("limit=%2B1", "limit", "invalid"),
        ("limit=01", "limit", "invalid"),
        ("limit=1%0A", "limit", "invalid"),
        ("limit=%D9%A1", "limit", "invalid"),
        ("limit=", "limit", "invalid"),
        ("limit=1;cursor=a", "limit", "invalid"),
        ("cursor=", "cursor", "blank"),
        ("offset=1", "offset", "unknown"),
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
    problem = api.problem(400, "GET", f"{TASKS}?{query}")
    assert problem["type"] == "/problems/validation-error"
    assert [(error["parameter"], error["code"]) for error in problem["errors"]] == [(name, code)]


def test_a_repeated_parameter_is_refused_in_words(api: API) -> None:
    problem = api.problem(400, "GET", f"{TASKS}?limit=1&limit=1")
    assert problem["detail"] == "limit: May be given only once."
