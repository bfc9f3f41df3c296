"""Every failure's way to a response.

A view raises; `exception_handler` (inside DRF) and `ProblemMiddleware` (around everything
else) answer. Nothing internal is shown: what is not a client's mistake goes to the log.
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

from todo_project.problems import (
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
    InvalidHeaders,
    InvalidParameters,
    Problem,
    ProblemType,
)
from todo_project.rendering import PROBLEM_JSON, dump

log = logging.getLogger(__name__)

PROBES = ("/healthz", "/readyz")

FRAGMENT = "~!$&'()*+,;=:@?"
"""What a URI fragment holds as it is (RFC 3986 §3.5), but for the slash."""


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """Answer what a DRF view raised."""
    return response_to(exc, context["request"])


class ProblemMiddleware:
    """Answer what anything else raised, and refuse a Host that is not ours, also under DEBUG."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Check the host, then answer the request; a platform's probe knows no name of ours."""
        try:
            if request.path_info not in PROBES:
                request.get_host()
        except DisallowedHost as exc:
            return response_to(exc, request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exc: Exception) -> HttpResponse | None:
        """Answer what a view raised; a person without permission gets Django's page."""
        return None if isinstance(exc, PermissionDenied) else response_to(exc, request)


def unknown_url(request: HttpRequest) -> HttpResponse:
    """Answer a URL that nothing else matches."""
    return response_to(Problem(NOT_FOUND, "There is no such URL."), request)


def internal_error(request: HttpRequest) -> HttpResponse:
    """Answer what a middleware raised; Django has logged it."""
    return _render(Problem(INTERNAL_ERROR), request)


def response_to(exc: Exception, request: HttpRequest | Request) -> HttpResponse:
    """Return the response to an exception, and log those that are not the client's doing."""
    problem = _problem(exc)
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
    """Return the id under which the request is logged."""
    return str(getattr(request, "request_id", ""))


def _problem(exc: Exception) -> Problem:
    if isinstance(exc, Problem):
        return exc
    if isinstance(exc, exceptions.ValidationError):
        return _validation_problem(exc)
    problem_type = next(kind for raised, kind in _KINDS if isinstance(exc, raised))
    if problem_type is UNAUTHORIZED and not _challenge(exc):
        problem_type = FORBIDDEN  # a 401 must say how to authenticate (RFC 9110 §15.5.2)
    if isinstance(exc, exceptions.APIException):
        return Problem(problem_type, str(exc.detail))
    return Problem(problem_type)


# The first that fits, so a class stands before its base.
_KINDS: tuple[tuple[type[Exception], ProblemType], ...] = (
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
    (InternalError, DATABASE_UNAVAILABLE),  # it only reads, or is damaged
    (Exception, INTERNAL_ERROR),
)


def _challenge(exc: Exception) -> str:
    """Return what the first authentication class asks for; DRF leaves it on the exception."""
    return getattr(exc, "auth_header", None) or ""


def _validation_problem(exc: exceptions.ValidationError) -> Problem:
    details: Mapping[str, list[exceptions.ErrorDetail]] = exc.detail  # type: ignore[assignment]
    found = [(_printable(name), error) for name, errors in details.items() for error in errors]
    return Problem(
        VALIDATION_ERROR,
        "; ".join(f"{name}: {error}" for name, error in found),
        errors=[
            {**_place(exc, name), "code": str(error.code), "detail": str(error)}
            for name, error in found
        ],
    )


def _place(exc: exceptions.ValidationError, name: str) -> dict[str, str]:
    if isinstance(exc, InvalidHeaders):
        return {"header": name}
    if isinstance(exc, InvalidParameters):
        return {"parameter": name}
    # A JSON Pointer to the member, as a URI fragment (RFC 6901 §6).
    return {"pointer": "#/" + quote(name.replace("~", "~0").replace("/", "~1"), FRAGMENT)}


def _printable(name: str) -> str:
    """Return a name without lone surrogates, which no JSON text in UTF-8 can hold."""
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
    response = HttpResponse(dump(body), content_type=PROBLEM_JSON, status=problem.type.status)
    response["Cache-Control"] = "private, no-cache"
    if problem.type is DATABASE_UNAVAILABLE:
        response["Retry-After"] = str(RETRY_AFTER)
    return response
