"""The handlers that turn exceptions into problem responses.

`exception_handler` covers what DRF views raise, `ProblemMiddleware` everything else. A response
shows nothing internal; what is not the client's mistake is logged.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from django.core.exceptions import (
    DisallowedHost,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import InterfaceError, InternalError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from rest_framework import exceptions
from rest_framework.request import Request

from todo_project.http.headers import CACHE_CONTROL
from todo_project.http.json import PROBLEM_JSON, dumps
from todo_project.problems.exceptions import InvalidHeaders, InvalidParameters, Problem
from todo_project.problems.registry import (
    BAD_REQUEST,
    CONTENT_TOO_LARGE,
    DATABASE_UNAVAILABLE,
    FORBIDDEN,
    INTERNAL_ERROR,
    MALFORMED_JSON,
    METHOD_NOT_ALLOWED,
    NOT_ACCEPTABLE,
    NOT_FOUND,
    RETRY_AFTER,
    UNAUTHORIZED,
    UNSUPPORTED_MEDIA_TYPE,
    VALIDATION_ERROR,
    ProblemType,
)

log = logging.getLogger(__name__)

PROBES = ("/healthz", "/readyz")

FRAGMENT_SAFE = "~!$&'()*+,;=:@?"
"""The reserved characters that a URI fragment may contain (RFC 3986 §3.5), except the slash."""


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """Return the response to an exception of a DRF view (`EXCEPTION_HANDLER`)."""
    return problem_response(exc, context["request"])


class ProblemMiddleware:
    """Handle exceptions outside DRF, and reject unknown hosts, also with DEBUG."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Check the host, then process the request. Probes are exempt: platforms use IPs."""
        try:
            if request.path_info not in PROBES:
                request.get_host()
        except DisallowedHost as exc:
            return problem_response(exc, request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exc: Exception) -> HttpResponse | None:
        """Return the response to an exception; for the admin's 403, leave it to Django."""
        return None if isinstance(exc, PermissionDenied) else problem_response(exc, request)


def unknown_url(request: HttpRequest) -> HttpResponse:
    """Return the 404 for a URL that no other pattern matches."""
    return problem_response(Problem(NOT_FOUND, "There is no such URL."), request)


def internal_error(request: HttpRequest) -> HttpResponse:
    """Return the 500 for an exception of a middleware, which Django has logged."""
    return _render(Problem(INTERNAL_ERROR), request)


def problem_response(exc: Exception, request: HttpRequest | Request) -> HttpResponse:
    """Return the response to an exception, and log it if it is not the client's mistake."""
    problem = _to_problem(exc)
    if problem.type.status >= INTERNAL_ERROR.status:
        log.error(
            "%s: %s",
            problem.type.slug,
            exc,
            exc_info=exc if problem.type is INTERNAL_ERROR else None,
            extra={"request_id": request_id(request)},
        )
    response = _render(problem, request)
    if problem.type is UNAUTHORIZED:
        response["WWW-Authenticate"] = _challenge(exc)
    return response


def request_id(request: HttpRequest | Request) -> str:
    """Return the id with which the request is logged."""
    return str(getattr(request, "request_id", ""))


def _to_problem(exc: Exception) -> Problem:
    if isinstance(exc, Problem):
        return exc
    if isinstance(exc, exceptions.ValidationError):
        return _validation_problem(exc)
    problem_type = next(kind for raised, kind in _PROBLEM_TYPES if isinstance(exc, raised))
    if problem_type is UNAUTHORIZED and not _challenge(exc):
        problem_type = FORBIDDEN  # a 401 must say how to authenticate (RFC 9110 §15.5.2)
    if isinstance(exc, exceptions.APIException):
        return Problem(problem_type, str(exc.detail))
    return Problem(problem_type)


# The first match counts, so a class comes before its base class.
_PROBLEM_TYPES: tuple[tuple[type[Exception], ProblemType], ...] = (
    (exceptions.ParseError, MALFORMED_JSON),
    (exceptions.MethodNotAllowed, METHOD_NOT_ALLOWED),
    (exceptions.NotAcceptable, NOT_ACCEPTABLE),
    (exceptions.UnsupportedMediaType, UNSUPPORTED_MEDIA_TYPE),
    (exceptions.NotAuthenticated, UNAUTHORIZED),
    (exceptions.AuthenticationFailed, UNAUTHORIZED),
    (exceptions.PermissionDenied, FORBIDDEN),
    (PermissionDenied, FORBIDDEN),
    (exceptions.NotFound, NOT_FOUND),
    (Http404, NOT_FOUND),
    (RequestDataTooBig, CONTENT_TOO_LARGE),
    (SuspiciousOperation, BAD_REQUEST),
    (UnreadablePostError, BAD_REQUEST),
    (OperationalError, DATABASE_UNAVAILABLE),
    (InterfaceError, DATABASE_UNAVAILABLE),
    (InternalError, DATABASE_UNAVAILABLE),  # read-only (SQLSTATE 25006) or damaged
    (Exception, INTERNAL_ERROR),
)


def _challenge(exc: Exception) -> str:
    """Return the challenge of the first authentication class, which DRF sets on the exception."""
    return getattr(exc, "auth_header", None) or ""


def _validation_problem(exc: exceptions.ValidationError) -> Problem:
    details: Mapping[str, list[exceptions.ErrorDetail]] = exc.detail  # type: ignore[assignment]
    found = [(_encodable(name), error) for name, errors in details.items() for error in errors]
    return Problem(
        VALIDATION_ERROR,
        "; ".join(f"{name}: {error}" for name, error in found),
        errors=[
            {**_location(exc, name), "code": str(error.code), "detail": str(error)}
            for name, error in found
        ],
    )


def _location(exc: exceptions.ValidationError, name: str) -> dict[str, str]:
    if isinstance(exc, InvalidHeaders):
        return {"header": name}
    if isinstance(exc, InvalidParameters):
        return {"parameter": name}
    # A JSON Pointer as a URI fragment (RFC 6901 §6).
    return {"pointer": "#/" + quote(name.replace("~", "~0").replace("/", "~1"), FRAGMENT_SAFE)}


def _encodable(name: str) -> str:
    """Replace lone surrogates, which cannot be encoded in UTF-8."""
    return name.encode(errors="replace").decode()


def _render(problem: Problem, request: HttpRequest | Request) -> HttpResponse:
    body = {
        "type": problem.type.uri,
        "title": problem.type.title,
        "status": problem.type.status,
        "detail": problem.detail,
        "request_id": request_id(request),
        **({"errors": problem.errors} if problem.errors else {}),
        **problem.members,
    }
    response = HttpResponse(dumps(body), content_type=PROBLEM_JSON, status=problem.type.status)
    response["Cache-Control"] = CACHE_CONTROL
    if problem.type is DATABASE_UNAVAILABLE:
        response["Retry-After"] = str(RETRY_AFTER)
    return response
