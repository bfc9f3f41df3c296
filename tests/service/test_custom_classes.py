"""Tests of the exceptions that custom authentication, permission and throttle classes raise."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.throttling import BaseThrottle

from tasks.api.views import TaskViewSet
from tests.support.client import API, TASKS
from tests.support.errors import logged_errors
from tests.support.writes import WRITES

pytestmark = pytest.mark.django_db

SIMPLE_JWT_DETAIL: Any = {
    "detail": "Given token not valid for any token type",
    "code": "token_not_valid",
    "messages": [
        {"token_class": "AccessToken", "token_type": "access", "message": "Token is expired"}
    ],
}
"""The detail of the exception `InvalidToken` of djangorestframework-simplejwt."""


def custom_exception(status: int, detail: Any = None, **attributes: Any) -> Exception:
    """Return an exception of a class that DRF does not have."""
    custom_class = type("CustomError", (exceptions.APIException,), {"status_code": status})
    exception: Exception = custom_class(detail)
    for name, value in attributes.items():
        setattr(exception, name, value)
    return exception


def raise_in_authentication(
    monkeypatch: pytest.MonkeyPatch, exception: Exception, challenge: str = "Bearer"
) -> None:
    class Authentication(BaseAuthentication):
        def authenticate(self, request: Any) -> None:
            raise exception

        def authenticate_header(self, request: Any) -> str:
            return challenge

    monkeypatch.setattr(TaskViewSet, "authentication_classes", [Authentication])


def raise_in_permission(monkeypatch: pytest.MonkeyPatch, exception: Exception) -> None:
    class Permission(BasePermission):
        def has_permission(self, request: Any, view: Any) -> bool:
            raise exception

    monkeypatch.setattr(TaskViewSet, "permission_classes", [Permission])


def raise_in_throttle(monkeypatch: pytest.MonkeyPatch, exception: Exception) -> None:
    class Throttle(BaseThrottle):
        def allow_request(self, request: Any, view: Any) -> bool:
            raise exception

    monkeypatch.setattr(TaskViewSet, "throttle_classes", [Throttle])


EACH_CLASS = [raise_in_authentication, raise_in_permission, raise_in_throttle]


@pytest.mark.parametrize("raise_in_class", EACH_CLASS)
@pytest.mark.parametrize(
    ("exception", "slug"),
    [
        (exceptions.PermissionDenied("A reason."), "forbidden"),
        (custom_exception(403, "A reason."), "forbidden"),
        (exceptions.Throttled(detail="A reason."), "too-many-requests"),
        (custom_exception(429, "A reason."), "too-many-requests"),
        (exceptions.NotFound("A reason."), "not-found"),
        (exceptions.ParseError("A reason."), "malformed-json"),
        (exceptions.ValidationError("A reason."), "validation-error"),
    ],
)
def test_exception_returns_registered_problem(
    api: API, monkeypatch: pytest.MonkeyPatch, raise_in_class: Any, exception: Any, slug: str
) -> None:
    raise_in_class(monkeypatch, exception)
    response = api.send(exception.status_code, "GET", TASKS)
    assert response.json()["type"] == f"/problems/{slug}"
    assert response.json()["detail"] == "A reason."
    assert "errors" not in response.json()
    assert "WWW-Authenticate" not in response
    assert "Retry-After" not in response


@pytest.mark.parametrize("raise_in_class", EACH_CLASS)
@pytest.mark.parametrize(
    ("status", "title"),
    [
        (400, "Bad Request"),
        (402, "Payment Required"),
        (404, "Not Found"),
        (409, "Conflict"),
        (418, "I'm a Teapot"),
        (451, "Unavailable For Legal Reasons"),
        (499, "Bad Request"),  # a client treats an unknown 4xx as a 400 (RFC 9110 §15)
    ],
)
def test_other_status_returns_about_blank(
    api: API, monkeypatch: pytest.MonkeyPatch, raise_in_class: Any, status: int, title: str
) -> None:
    raise_in_class(monkeypatch, custom_exception(status, "A reason."))
    expected = {"type": "about:blank", "title": title, "status": status, "detail": "A reason."}
    assert api.problem(status, "GET", TASKS) == expected


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("POST", {"title": "a"})])
def test_status_of_a_subclass_is_kept(
    api: API, monkeypatch: pytest.MonkeyPatch, method: str, body: object
) -> None:
    for base in (exceptions.ValidationError, exceptions.NotFound, exceptions.Throttled):
        exception_class: Any = type("Custom", (base,), {"status_code": 409})
        raise_in_permission(monkeypatch, exception_class(detail="A reason."))
        problem = api.problem(409, method, TASKS, body)
        assert (problem["type"], problem["detail"]) == ("about:blank", "A reason.")


@pytest.mark.parametrize(("method", "end", "body"), WRITES)
def test_exception_of_a_write_changes_nothing(
    api: API, task: Any, monkeypatch: pytest.MonkeyPatch, method: str, end: str, body: object
) -> None:
    raise_in_permission(monkeypatch, custom_exception(402))
    problem = api.problem(402, method, f"{TASKS}/{task.id}{end}", body)
    assert problem["detail"] == "A server error occurred."


@pytest.mark.parametrize("raise_in_class", EACH_CLASS)
@pytest.mark.parametrize("status", [500, 503, 599, 302])
def test_server_error_is_logged_but_not_returned(
    api: API,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    raise_in_class: Any,
    status: int,
) -> None:
    exception = custom_exception(status, {"detail": ["a secret"]}, wait=5, auth_header="a secret")
    raise_in_class(monkeypatch, exception)
    response = api.send(500, "GET", TASKS)
    assert response.json() == {
        "type": "/problems/internal-error",
        "title": "Internal error",
        "status": 500,
        "detail": "The service failed because of a bug, which has been logged.",
        "request_id": response["X-Request-ID"],
    }
    assert "secret" not in str(response.headers)
    assert "Retry-After" not in response
    [record] = logged_errors(caplog)
    assert record.exc_info
    assert record.exc_info[1] is exception


def test_permission_denied_of_django_returns_403(
    api: API, monkeypatch: pytest.MonkeyPatch
) -> None:
    raise_in_permission(monkeypatch, DjangoPermissionDenied("a secret"))
    problem = api.problem(403, "GET", TASKS)
    assert problem["type"] == "/problems/forbidden"
    assert problem["detail"] == "The credentials are valid, but do not permit this request."


class TestUnauthorized:
    """A 401 has a challenge, so a 401 without one is a 403 (RFC 9110 §15.5.2)."""

    @pytest.mark.parametrize(
        "exception",
        [
            exceptions.AuthenticationFailed(SIMPLE_JWT_DETAIL),
            exceptions.NotAuthenticated(SIMPLE_JWT_DETAIL),
            custom_exception(401, SIMPLE_JWT_DETAIL),
        ],
    )
    def test_challenge_is_that_of_the_authentication_class(
        self, api: API, monkeypatch: pytest.MonkeyPatch, exception: Exception
    ) -> None:
        raise_in_authentication(monkeypatch, exception)
        response = api.send(401, "GET", TASKS)
        assert response.json()["type"] == "/problems/unauthorized"
        assert response.json()["detail"] == "Given token not valid for any token type"
        assert response["WWW-Authenticate"] == "Bearer"

    @pytest.mark.parametrize(
        "exception",
        [
            exceptions.AuthenticationFailed("A reason."),
            exceptions.NotAuthenticated("A reason."),
            custom_exception(401, "A reason."),
        ],
    )
    def test_without_challenge_the_status_is_403(
        self, api: API, monkeypatch: pytest.MonkeyPatch, exception: Exception
    ) -> None:
        raise_in_authentication(monkeypatch, exception, challenge="")
        response = api.send(403, "GET", TASKS)
        assert response.json()["type"] == "/problems/forbidden"
        assert response.json()["detail"] == "A reason."
        assert "WWW-Authenticate" not in response

    def test_challenge_of_the_exception_takes_precedence(
        self, api: API, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        exception = custom_exception(401, auth_header='Bearer error="invalid_token"')
        raise_in_permission(monkeypatch, exception)
        assert api.send(401, "GET", TASKS)["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize(
    ("wait", "retry_after"),
    [(None, None), (0, "0"), (0.1, "1"), (1, "1"), (59.5, "60"), (-3, "0")],
)
@pytest.mark.parametrize("exception_class", [exceptions.Throttled, "custom"])
def test_retry_after_is_the_wait_rounded_up(
    api: API,
    monkeypatch: pytest.MonkeyPatch,
    exception_class: Any,
    wait: float | None,
    retry_after: str | None,
) -> None:
    exception = (
        custom_exception(429, wait=wait)
        if exception_class == "custom"
        else exception_class(wait=wait)
    )
    raise_in_throttle(monkeypatch, exception)
    assert api.send(429, "GET", TASKS).get("Retry-After") == retry_after


@pytest.mark.parametrize(
    ("detail", "text"),
    [
        ("A reason.", "A reason."),
        (["One.", "Two."], "One. Two."),
        (("One.", ["Two."]), "One. Two."),
        ({"detail": "A reason.", "code": "code"}, "A reason."),
        ({"detail": ["One.", "Two."]}, "One. Two."),
        ({"detail": {"detail": "A reason."}}, "A reason."),
        ({"plan": ["Too small."], "quota": "Used up."}, "plan: Too small.; quota: Used up."),
        ({"limits": {"plan": ["Too small."]}}, "limits: plan: Too small."),
        ([{"message": "One."}, "Two."], "message: One. Two."),
        (SIMPLE_JWT_DETAIL, "Given token not valid for any token type"),
        ("a\ud800", "a?"),
        ("x" * 501, "x" * 500 + "…"),
        (["x" * 499] * 11, ("x" * 499 + " ") * 10),
        (7, "7"),
        ("", "Payment Required"),
        ([], "Payment Required"),
        ({}, "Payment Required"),
    ],
)
def test_nested_detail_becomes_one_text(
    api: API, monkeypatch: pytest.MonkeyPatch, detail: object, text: str
) -> None:
    raise_in_permission(monkeypatch, custom_exception(402, detail))
    assert api.problem(402, "GET", TASKS)["detail"] == text


@pytest.mark.parametrize(
    ("detail", "text", "errors"),
    [
        ("One.", "One.", []),
        (["One.", "Two."], "One.; Two.", []),
        ({"plan": "One."}, "plan: One.", [("#/plan", "invalid", "One.")]),
        (
            {"plan": {"a/b": ["One.", exceptions.ErrorDetail("Two.", "two")]}},
            "plan.a/b: One.; plan.a/b: Two.",
            [("#/plan/a~1b", "invalid", "One."), ("#/plan/a~1b", "two", "Two.")],
        ),
        ([{"plan": ["One."]}, "Two."], "plan: One.; Two.", [("#/plan", "invalid", "One.")]),
        ({1: exceptions.ErrorDetail("One.")}, "1: One.", [("#/1", "invalid", "One.")]),
        ({}, "A field of the body, a parameter or a header is not valid.", []),
    ],
)
def test_nested_validation_error_returns_400(
    api: API,
    monkeypatch: pytest.MonkeyPatch,
    detail: Any,
    text: str,
    errors: list[tuple[str, str, str]],
) -> None:
    raise_in_permission(monkeypatch, exceptions.ValidationError(detail))
    problem = api.problem(400, "GET", TASKS)
    assert problem["type"] == "/problems/validation-error"
    assert problem["detail"] == text
    assert problem.get("errors", []) == [
        dict(zip(("pointer", "code", "detail"), error, strict=True)) for error in errors
    ]
