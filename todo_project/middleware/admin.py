"""The middleware that only the admin needs: sessions, CSRF, messages, login, error pages.

The API has neither sessions nor forms. Without this middleware its requests are faster, and a
POST to an unknown URL is a 404 instead of a CSRF failure.
"""

from collections.abc import Callable
from posixpath import normpath
from traceback import walk_tb
from typing import Any
from urllib.parse import unquote, urlsplit

from axes.middleware import AxesMiddleware
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import (
    BadRequest,
    FieldDoesNotExist,
    SuspiciousOperation,
    ValidationError,
)
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render

from todo_project.http.headers import GetResponse

ADMIN = "/admin/"
LOGIN = "/admin/login/"

INVALID_VALUE = (DataError, FieldDoesNotExist, OverflowError, ValidationError, ValueError)
"""What the ORM raises for a value that a field or the database cannot represent."""

BELOW_ADMIN = ("django.", "psycopg", "todo_project.")
"""Prefixes of the modules through which an app, such as django.contrib.admin, makes a query."""


def is_admin_request(request: HttpRequest) -> bool:
    """Return whether the request is for a page of the admin."""
    return request.path_info.startswith(ADMIN)


def leads_to_admin(location: str) -> bool:
    """Return whether a browser that follows the redirect stays in the admin.

    A browser removes `..` from a path, and `%2e%2e` as well (https://url.spec.whatwg.org/).
    """
    path = normpath(unquote(urlsplit(location).path))
    return location.startswith(ADMIN) and f"{path}/".startswith(ADMIN)


def is_invalid_input(exc: Exception) -> bool:
    """Return whether the exception is due to a value in the URL or form of a page of the admin.

    Django's admin passes some of these values to the ORM unchecked. The same exception in a
    query of our own is a bug, so the innermost app on the call stack decides.
    """
    apps = [
        name
        for name in (frame.f_globals["__name__"] for frame, _ in walk_tb(exc.__traceback__))
        if name.startswith("django.contrib.") or not name.startswith(BELOW_ADMIN)
    ]
    is_of_django = bool(apps) and apps[-1].startswith("django.contrib.")
    return isinstance(exc, INVALID_VALUE) and is_of_django


class AdminMiddleware:
    """Run Django's middleware for sessions and forms for requests of the admin only."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        authenticated = AuthenticationMiddleware(MessageMiddleware(AxesMiddleware(get_response)))
        self.csrf = CsrfViewMiddleware(authenticated)
        self.admin: Any = SessionMiddleware(self.csrf)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Process the request. After the login, `next` must be a page of the admin."""
        if not is_admin_request(request):
            return self.get_response(request)
        response: HttpResponse = self.admin(request)
        location = response.get("Location", ADMIN)
        if request.path_info == LOGIN and not leads_to_admin(location):
            response["Location"] = ADMIN
        return response

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., Any],
        arguments: tuple[Any, ...],
        options: dict[str, Any],
    ) -> HttpResponse | None:
        """Check the CSRF token of a form of the admin, and reject lookups by regular expression.

        No page of the admin has such a lookup. A database may take any time to match a regular
        expression, and SQLite reports an invalid one like a failure of the database.
        """
        if not is_admin_request(request):
            return None
        if any(name.endswith("regex") for name in request.GET):
            return error_page(request, 400)
        return self.csrf.process_view(request, view, arguments, options)

    def process_exception(self, request: HttpRequest, exc: Exception) -> HttpResponse | None:
        """Return a page for invalid input and missing objects; leave the rest to the problems."""
        if not is_admin_request(request):
            return None
        if isinstance(exc, (BadRequest, SuspiciousOperation)) or is_invalid_input(exc):
            return error_page(request, 400)
        is_known_url = request.resolver_match and request.resolver_match.url_name
        if isinstance(exc, Http404) and is_known_url:
            return error_page(request, 404)
        return None


def error_page(request: HttpRequest, status: int) -> HttpResponse:
    """Return a page of the admin that says what is wrong with the request."""
    return render(request, "admin/error.html", {"status": status}, status=status)
