"""Security beside Django's own middleware: HTTPS for the API, and what a page may load."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from todo_project.http.headers import GetResponse, is_api_request
from todo_project.problems.exceptions import Problem
from todo_project.problems.handlers import problem_response
from todo_project.problems.registry import HTTPS_REQUIRED

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",  # the icons in Swagger UI's style sheet
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


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


def content_security_policy_middleware(get_response: GetResponse) -> GetResponse:
    """Limit what a page may load, and where its forms may lead."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response

    return middleware
