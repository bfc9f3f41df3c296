"""The middleware of the admin: where a login leads to, and pages for invalid requests."""

import logging
from posixpath import normpath
from traceback import extract_tb, format_tb
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import (
    BadRequest,
    FieldDoesNotExist,
    SuspiciousOperation,
    ValidationError,
)
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from todo_project.http.headers import GetResponse

log = logging.getLogger(__name__)

ADMIN = "/admin/"


class AdminMiddleware:
    """Return pages, not problems, for requests that the admin cannot process."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Process the request. After the login, `next` must be a page of the admin."""
        response = self.get_response(request)
        location = response.get("Location", ADMIN)
        if request.path_info == "/admin/login/" and not stays_in_admin(location):
            response["Location"] = ADMIN
        return response

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        """Reject lookups by regular expression, which no page of the admin has.

        A database may take any time to match one, and SQLite reports an invalid one like a
        failure of the database.
        """
        if is_admin_request(request) and any(name.endswith("regex") for name in request.GET):
            return error_page(request, 400)
        return None

    def process_exception(self, request: HttpRequest, exc: Exception) -> HttpResponse | None:
        """Return a page for invalid input and missing objects; leave the rest to the problems."""
        if not is_admin_request(request):
            return None
        if isinstance(exc, (BadRequest, SuspiciousOperation)):
            return error_page(request, 400)
        # The message of an error may contain the value, which is data of a user.
        stack = "".join(format_tb(exc.__traceback__))
        if is_invalid_value(exc):
            log.warning("The admin rejected a value: %s\n%s", type(exc).__name__, stack)
            return error_page(request, 400)
        if isinstance(exc, DataError):
            code = getattr(exc.__cause__, "sqlstate", None)
            log.error("A value in the database is not valid: SQLSTATE %s\n%s", code, stack)
            return error_page(request, 500)
        if isinstance(exc, Http404) and request.resolver_match and request.resolver_match.url_name:
            return error_page(request, 404)
        return None


def is_admin_request(request: HttpRequest) -> bool:
    """Return whether the request is for a page of the admin."""
    return request.path_info.startswith(ADMIN)


def stays_in_admin(location: str) -> bool:
    """Return whether a browser that follows the redirect stays in the admin.

    A browser removes `..` from a path, and `%2e%2e` as well (https://url.spec.whatwg.org/).
    """
    path = normpath(unquote(urlsplit(location).path))
    return location.startswith(ADMIN) and f"{path}/".startswith(ADMIN)


def is_invalid_value(exc: Exception) -> bool:
    """Return whether a value cannot be represented by the ORM or by the database driver.

    Django's admin passes some values of URLs and forms to the ORM unchecked. A DataError with a
    code comes from the database itself, which has got a value that could be represented; one
    while rows are fetched is about a value that is stored.
    """
    if isinstance(exc, DataError):
        codes = (getattr(exc.__cause__, name, None) for name in ("sqlstate", "sqlite_errorcode"))
        fetched = any(frame.name.startswith("fetch") for frame in extract_tb(exc.__traceback__))
        return not any(codes) and not fetched
    return isinstance(exc, (FieldDoesNotExist, OverflowError, ValidationError, ValueError))


def error_page(request: HttpRequest, status: int) -> HttpResponse:
    """Return a page of the admin that says what is wrong with the request."""
    return render(request, "admin/error.html", {"status": status}, status=status)
