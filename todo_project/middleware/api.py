"""The middleware of the API: reject plain HTTP where HTTPS is expected."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from todo_project.http.headers import GetResponse, is_api_request
from todo_project.problems.exceptions import Problem
from todo_project.problems.handlers import problem_response
from todo_project.problems.registry import HTTPS_REQUIRED


def https_middleware(get_response: GetResponse) -> GetResponse:
    """Reject requests to the API over plain HTTP if a proxy terminates TLS.

    Pages are redirected to HTTPS. For the API a redirect would come too late: the client has sent
    the body and its credentials. And after a 301 many clients send a GET instead of a POST
    (RFC 9110 §15.4.2).
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if settings.BEHIND_PROXY and is_api_request(request) and not request.is_secure():
            return problem_response(Problem(HTTPS_REQUIRED), request)
        return get_response(request)

    return middleware
