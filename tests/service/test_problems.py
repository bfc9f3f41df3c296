"""Tests that every failure is a problem (RFC 9457), in production and with DEBUG."""

from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any

import pytest
from django.db import OperationalError
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from tasks.api.views import TaskViewSet
from tests.support.client import API, TASKS, stored_rows
from tests.support.errors import database_fails, logged_errors
from tests.support.factories import TaskFactory
from todo_project.problems.registry import EXAMPLES, registered_types

pytestmark = pytest.mark.django_db


RETRY_AFTER = {"database-unavailable": "2", "overloaded": "2", "too-many-requests": "30"}


class BearerAuthentication(BaseAuthentication):
    """An authentication class with a challenge. It accepts any credentials."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        credentials = request.headers.get("Authorization")
        return (credentials, None) if credentials else None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class AuthenticationWithoutChallenge(BearerAuthentication):
    """The same, without a challenge."""

    def authenticate_header(self, request: Request) -> str:
        return ""


class ThrottleEveryRequest(BaseThrottle):
    """A throttle class that permits no request."""

    def allow_request(self, request: Request, view: Any) -> bool:
        return False

    def wait(self) -> float:
        return 29.2


class IsUserInPath(BasePermission):
    """A permission class: the token must be the user id in the path."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(str(request.user) == f"Bearer {view.kwargs['user_id']}")


def require_authentication(
    monkeypatch: pytest.MonkeyPatch, authentication_class: type[BaseAuthentication]
) -> None:
    monkeypatch.setattr(TaskViewSet, "authentication_classes", [authentication_class])
    monkeypatch.setattr(TaskViewSet, "permission_classes", [IsUserInPath])


def create_tasks_of_example(slug: str) -> None:
    """Create the task that the example request of the problem type refers to."""
    example = EXAMPLES[slug]
    if slug == "precondition-failed":
        TaskFactory.create(
            **{
                name: datetime.fromisoformat(value) if name.endswith("_at") else value
                for name, value in example.members["current"].items()
            }
        )
    if slug == "idempotency-key-reused":
        key = example.request.headers["Idempotency-Key"]
        API().send(201, "POST", example.request.path, {"title": "Milk"}, idempotency_key=key)


def send_example(api: API, slug: str) -> Any:
    """Send the example request of the problem type, and assert the status."""
    request = EXAMPLES[slug].request
    body = request.body.encode()
    headers = {name.replace("-", "_").lower(): value for name, value in request.headers.items()}
    if "content_length" in headers:
        body = body.ljust(int(headers.pop("content_length")))
    status = registered_types()[slug].status
    return api.send(status, request.method, request.path, body or None, **headers)


def database_of_example(slug: str) -> AbstractContextManager[None]:
    """Let the database fail if the problem type is about that."""
    errors = {"internal-error": RuntimeError, "database-unavailable": OperationalError}
    return database_fails(errors[slug]) if slug in errors else nullcontext()


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("slug", registered_types())
def test_example_request_returns_its_problem(
    api: API,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    slug: str,
    *,
    debug: bool,
) -> None:
    settings.DEBUG = debug
    if slug in {"unauthorized", "forbidden"}:
        require_authentication(monkeypatch, BearerAuthentication)
    if slug == "too-many-requests":
        monkeypatch.setattr(TaskViewSet, "throttle_classes", [ThrottleEveryRequest])
    create_tasks_of_example(slug)
    before = stored_rows()
    settings.BEHIND_PROXY = slug == "https-required"
    if slug == "overloaded":
        environ: dict[str, Any] = api.defaults
        environ["gunicorn.refused"] = 503
    with database_of_example(slug):
        response = send_example(api, slug)
    assert stored_rows() == before
    assert response["Content-Type"] == "application/problem+json"
    assert response["Content-Length"] == str(len(response.content))
    assert response["Cache-Control"] == "private, no-cache"
    assert response.get("WWW-Authenticate") == ("Bearer" if slug == "unauthorized" else None)
    assert response.get("Retry-After") == RETRY_AFTER.get(slug)
    problem_type = registered_types()[slug]
    expected = problem_type.example | {"request_id": response["X-Request-ID"]}
    assert list(response.json().items()) == list(expected.items())
    # A bug is logged with its traceback; for an unavailable database the message is enough.
    assert [bool(record.exc_info) for record in logged_errors(caplog)] == (
        [slug == "internal-error"] if problem_type.status >= 500 else []
    )


def test_missing_credentials_return_403_if_there_is_no_challenge(
    api: API, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A 401 must contain a challenge (RFC 9110 §15.5.2)."""
    require_authentication(monkeypatch, AuthenticationWithoutChallenge)
    problem = api.problem(403, "GET", TASKS)
    assert problem["type"] == "/problems/forbidden"
    assert problem["detail"] == "Authentication credentials were not provided."
