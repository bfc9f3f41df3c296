"""Tests of server errors (500 and 503): the cause is logged, and not returned."""

from typing import Any, NoReturn

import pytest
from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpRequest
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tests.support.client import API, TASKS
from tests.support.errors import database_fails, logged_errors
from todo_project.problems import handlers
from todo_project.problems.registry import INTERNAL_ERROR
from todo_project.urls import urlpatterns as service_urlpatterns

pytestmark = pytest.mark.django_db


class BrokenView(APIView):
    """A DRF view with a bug."""

    def get(self, request: Request) -> Response:
        raise RuntimeError("a secret")


def broken_view(request: HttpRequest) -> NoReturn:
    raise RuntimeError("a secret")


class BrokenMiddleware:
    """A middleware with a bug."""

    def __init__(self, get_response: object) -> None:
        pass

    def __call__(self, request: HttpRequest) -> NoReturn:
        raise RuntimeError("a secret")


urlpatterns = [
    path("api/broken", BrokenView.as_view()),
    path("broken", broken_view),
    *service_urlpatterns,
]
handler500 = handlers.internal_error


# A read-only database raises InternalError (SQLSTATE 25006).
@pytest.mark.parametrize("error", [OperationalError, InterfaceError, InternalError])
def test_message_of_database_error_is_logged_but_not_returned(
    api: API, caplog: pytest.LogCaptureFixture, error: type[Exception]
) -> None:
    with database_fails(error):
        response = api.send(503, "GET", TASKS)
    assert response.json()["detail"] == (
        "The database cannot be reached, is too slow, has no connection left, is not migrated, "
        "or denies access."
    )
    [record] = logged_errors(caplog)
    assert record.getMessage() == "database-unavailable: a secret"
    assert record.__dict__["request_id"] == response["X-Request-ID"]


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("url", ["/broken", "/api/broken"])
def test_exception_in_view_is_logged_with_traceback(
    api: API, caplog: pytest.LogCaptureFixture, url: str
) -> None:
    response = api.send(500, "GET", url)
    [record] = logged_errors(caplog)
    assert record.exc_info
    assert isinstance(record.exc_info[1], RuntimeError)
    assert record.__dict__["request_id"] == response["X-Request-ID"]


def test_exception_in_middleware_returns_problem(api: API, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.BrokenMiddleware"]
    response = api.send(500, "GET", TASKS)
    assert response["Content-Type"] == "application/problem+json"
    assert response.json() == INTERNAL_ERROR.example | {"request_id": response["X-Request-ID"]}
