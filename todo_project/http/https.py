"""HTTPS for the API. SecurityMiddleware redirects the pages, which people open in a browser."""

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

from todo_project.http.headers import GetResponse
from todo_project.problems.exceptions import Problem
from todo_project.problems.handlers import problem_response
from todo_project.problems.registry import HTTPS_REQUIRED


def https_middleware(get_response: GetResponse) -> GetResponse:
    """Reject requests to the API over plain HTTP if there is a proxy that terminates TLS.

    A redirect would come too late: the client has sent the body and its credentials. And after a
    301 many clients send a GET instead of a POST (RFC 9110 §15.4.2).
    """
    if not settings.BEHIND_PROXY:
        raise MiddlewareNotUsed

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/api/") and not request.is_secure():
            return problem_response(Problem(HTTPS_REQUIRED), request)
        return get_response(request)

    return middleware
