"""Problem details (RFC 9457): the registry of types, and every failure's way to a response.

A view raises; `exception_handler` (inside DRF) and `ProblemMiddleware` (around everything
else) answer. Nothing internal is shown: what is not a client's mistake goes to the log.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.core.exceptions import (
    DisallowedHost,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from rest_framework import exceptions
from rest_framework.request import Request

from todo_project.rendering import dump

log = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"
FRAGMENT = "~!$&'()*+,;=:@?"
"""What a URI fragment holds as it is (RFC 3986 §3.5), but for the slash."""
RETRY_AFTER = 2
"""Seconds after which a client may try again when the database was unavailable."""


@dataclass(frozen=True)
class ProblemType:
    """A kind of failure: its address is `/problems/{slug}`."""

    slug: str
    status: int
    title: str
    meaning: str
    remedy: str
    example_detail: str = ""
    example_errors: tuple[Mapping[str, str], ...] = ()

    @property
    def example(self) -> dict[str, Any]:
        """What such a problem looks like, without its `request_id`."""
        return {
            "type": self.uri,
            "title": self.title,
            "status": self.status,
            "detail": self.example_detail or self.meaning,
            **({"errors": [*self.example_errors]} if self.example_errors else {}),
        }

    @property
    def uri(self) -> str:
        """The value of `type` in a problem: a reference relative to this service."""
        return f"/problems/{self.slug}"


BAD_REQUEST = ProblemType(
    "bad-request",
    400,
    "The request cannot be served",
    "HTTP or this deployment's configuration forbids the request.",
    "Compare the Host header with the address you were given, and send the whole body.",
)
MALFORMED_JSON = ProblemType(
    "malformed-json",
    400,
    "The body is not a JSON object",
    "The body is not JSON, not UTF-8, nested too deep, or not an object.",
    "Send one JSON object in UTF-8; an empty one is written {}.",
)
VALIDATION_ERROR = ProblemType(
    "validation-error",
    400,
    "The request is not valid",
    "A member of the body, a parameter or a header breaks a rule.",
    "Read `errors`: each entry says where, by pointer, parameter or header, and what is allowed.",
    "title: This field may not be blank.",
    ({"pointer": "#/title", "code": "blank", "detail": "This field may not be blank."},),
)
NOT_FOUND = ProblemType(
    "not-found",
    404,
    "Not found",
    "There is no such task for this user, or no such URL.",
    "Check the address; a task of another user looks the same as none.",
    "There is no such task.",
)
METHOD_NOT_ALLOWED = ProblemType(
    "method-not-allowed",
    405,
    "The method is not allowed here",
    "The resource exists, but does not do this.",
    "Use one of the methods in the Allow header.",
)
NOT_ACCEPTABLE = ProblemType(
    "not-acceptable",
    406,
    "No acceptable representation",
    "The Accept header rules out JSON, the only thing this API speaks.",
    "Accept application/json, or leave the header out.",
)
CONTENT_TOO_LARGE = ProblemType(
    "content-too-large",
    413,
    "The body is too large",
    "The body has more than 64 KiB.",
    "Send less; a task with the longest title and description fits easily.",
)
UNSUPPORTED_MEDIA_TYPE = ProblemType(
    "unsupported-media-type",
    415,
    "The body's media type is not supported",
    "The body's Content-Type is missing or is not application/json.",
    "Send Content-Type: application/json.",
)
INTERNAL_ERROR = ProblemType(
    "internal-error",
    500,
    "Something went wrong here",
    "A fault of the service, not of the request. It has been logged.",
    "Report the request_id to the people who run the service.",
)
DATABASE_UNAVAILABLE = ProblemType(
    "database-unavailable",
    503,
    "The database is unavailable",
    "The database cannot be reached, takes too long, or has no connection left.",
    "Repeat the request after as many seconds as the Retry-After header says.",
)
REGISTRY = {
    problem_type.slug: problem_type
    for problem_type in (
        BAD_REQUEST,
        MALFORMED_JSON,
        VALIDATION_ERROR,
        NOT_FOUND,
        METHOD_NOT_ALLOWED,
        NOT_ACCEPTABLE,
        CONTENT_TOO_LARGE,
        UNSUPPORTED_MEDIA_TYPE,
        INTERNAL_ERROR,
        DATABASE_UNAVAILABLE,
    )
}


class Problem(Exception):
    """A failure as the client shall see it.

    `errors` are the entries of `errors[]`; `members` are further members of the problem.
    """

    def __init__(
        self,
        problem_type: ProblemType,
        detail: str,
        *,
        errors: Iterable[Mapping[str, str]] = (),
        **members: object,
    ) -> None:
        super().__init__(detail)
        self.type = problem_type
        self.detail = detail
        self.errors = list(errors)
        self.members = members


class InvalidParameters(exceptions.ValidationError):
    """Parameters of the path or of the query that break a rule, by name."""


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """Answer what a DRF view raised."""
    return response_to(exc, context["request"])


class ProblemMiddleware:
    """Answer what anything else raised, and refuse a Host that is not ours, also under DEBUG."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Check the host, then answer the request."""
        try:
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
    return _render(Problem(INTERNAL_ERROR, INTERNAL_ERROR.meaning), request)


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
    return _render(problem, request)


def request_id(request: HttpRequest | Request) -> str:
    """Return the id under which the request is logged."""
    return str(getattr(request, "request_id", ""))


def _problem(exc: Exception) -> Problem:
    if isinstance(exc, Problem):
        return exc
    if isinstance(exc, exceptions.ValidationError):
        return _validation_problem(exc)
    problem_type = next(kind for raised, kind in _KINDS if isinstance(exc, raised))
    if isinstance(exc, exceptions.APIException):
        return Problem(problem_type, str(exc.detail))
    return Problem(problem_type, problem_type.meaning)


# The first that fits, so a class stands before its base.
_KINDS: tuple[tuple[type[Exception], ProblemType], ...] = (
    (exceptions.ParseError, MALFORMED_JSON),
    (exceptions.MethodNotAllowed, METHOD_NOT_ALLOWED),
    (exceptions.NotAcceptable, NOT_ACCEPTABLE),
    (exceptions.UnsupportedMediaType, UNSUPPORTED_MEDIA_TYPE),
    (exceptions.NotFound, NOT_FOUND),
    (Http404, NOT_FOUND),
    (RequestDataTooBig, CONTENT_TOO_LARGE),
    (SuspiciousOperation, BAD_REQUEST),
    (UnreadablePostError, BAD_REQUEST),
    (OperationalError, DATABASE_UNAVAILABLE),
    (InterfaceError, DATABASE_UNAVAILABLE),
    (Exception, INTERNAL_ERROR),
)


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
    response["Content-Length"] = str(len(response.content))
    response["Cache-Control"] = "private, no-cache"
    if problem.type is DATABASE_UNAVAILABLE:
        response["Retry-After"] = str(RETRY_AFTER)
    return response
