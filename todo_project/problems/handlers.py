"""The handlers that turn exceptions into problem responses.

`exception_handler` covers what DRF views raise, the middleware everything else. A response
shows nothing internal; what is not the client's mistake is logged.
"""

import logging
import math
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.status import is_client_error

from todo_project.database.errors import is_unavailable
from todo_project.http.headers import CACHE_CONTROL
from todo_project.http.json import JSON, PROBLEM_JSON, UnsupportedContentCoding, dumps
from todo_project.problems.details import detail_text, validation_problem
from todo_project.problems.exceptions import Problem
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
    OVERLOADED,
    RETRY_AFTER,
    TOO_MANY_REQUESTS,
    UNAUTHORIZED,
    UNSUPPORTED_MEDIA_TYPE,
    VALIDATION_ERROR,
    ProblemType,
    about_blank,
)

log = logging.getLogger(__name__)


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """Return the response to an exception of a DRF view (`EXCEPTION_HANDLER`)."""
    request = context["request"]
    if getattr(exc, "status_code", None) == UNAUTHORIZED.status and not _challenge(exc):
        # DRF sets the challenge on its own exceptions only.
        exc.auth_header = context["view"].get_authenticate_header(request)  # type: ignore[attr-defined]
    return problem_response(exc, request)


@csrf_exempt
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
        exc_info = exc if problem.type is INTERNAL_ERROR else None
        log.error("%s: %s", problem.type.slug, exc, exc_info=exc_info)
    response = _render(problem, request)
    if problem.type is UNSUPPORTED_MEDIA_TYPE and request.method == "PATCH":
        response["Accept-Patch"] = JSON  # RFC 5789 §2.2
    if isinstance(exc, UnsupportedContentCoding):
        response["Accept-Encoding"] = "identity"  # RFC 9110 §15.5.16
    if problem.type is UNAUTHORIZED:
        response["WWW-Authenticate"] = _challenge(exc)
    if problem.type is TOO_MANY_REQUESTS and (wait := getattr(exc, "wait", None)) is not None:
        response["Retry-After"] = str(max(math.ceil(wait), 0))
    return response


def _to_problem(exc: Exception) -> Problem:
    if isinstance(exc, Problem):
        return exc
    if isinstance(exc, exceptions.APIException):
        return _api_problem(exc)
    if is_unavailable(exc):
        return Problem(DATABASE_UNAVAILABLE)
    return Problem(next(kind for raised, kind in _PROBLEM_TYPES if isinstance(exc, raised)))


def _api_problem(exc: exceptions.APIException) -> Problem:
    """Return the problem with the status of an exception, which custom classes may choose."""
    status = exc.status_code
    if status == UNAUTHORIZED.status and not _challenge(exc):
        status = FORBIDDEN.status  # a 401 must say how to authenticate (RFC 9110 §15.5.2)
    if not is_client_error(status):
        return Problem(INTERNAL_ERROR)
    if isinstance(exc, exceptions.ValidationError) and status == VALIDATION_ERROR.status:
        return validation_problem(exc)
    types = (kind for raised, kind in _API_PROBLEM_TYPES if isinstance(exc, raised))
    problem_type = next((kind for kind in types if kind.status == status), about_blank(status))
    return Problem(problem_type, detail_text(exc.detail))


# The first match counts, so a class comes before its base class.
_PROBLEM_TYPES: tuple[tuple[type[Exception], ProblemType], ...] = (
    (PermissionDenied, FORBIDDEN),
    (Http404, NOT_FOUND),
    (RequestDataTooBig, CONTENT_TOO_LARGE),
    (SuspiciousOperation, BAD_REQUEST),
    (UnreadablePostError, BAD_REQUEST),
    (Exception, INTERNAL_ERROR),
)
_API_PROBLEM_TYPES: tuple[tuple[type[exceptions.APIException], ProblemType], ...] = (
    (exceptions.ParseError, MALFORMED_JSON),
    (exceptions.NotFound, NOT_FOUND),
    (exceptions.MethodNotAllowed, METHOD_NOT_ALLOWED),
    (exceptions.NotAcceptable, NOT_ACCEPTABLE),
    (exceptions.UnsupportedMediaType, UNSUPPORTED_MEDIA_TYPE),
    *((exceptions.APIException, kind) for kind in (UNAUTHORIZED, FORBIDDEN, TOO_MANY_REQUESTS)),
)


def _challenge(exc: Exception) -> str:
    """Return the challenge of the first authentication class, which DRF sets on the exception."""
    return getattr(exc, "auth_header", None) or ""


def _render(problem: Problem, request: HttpRequest | Request) -> HttpResponse:
    body = {
        "type": problem.type.uri,
        "title": problem.type.title,
        "status": problem.type.status,
        "detail": problem.detail,
        "request_id": getattr(request, "request_id", ""),  # of the access log
        **({"errors": problem.errors} if problem.errors else {}),
        **problem.members,
    }
    response = HttpResponse(dumps(body), content_type=PROBLEM_JSON, status=problem.type.status)
    response["Cache-Control"] = CACHE_CONTROL
    if problem.type in {DATABASE_UNAVAILABLE, OVERLOADED}:
        response["Retry-After"] = str(RETRY_AFTER)
    return response
