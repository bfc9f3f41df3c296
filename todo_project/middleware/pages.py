"""The middleware for pages: HTTPS, security headers, static files.

The API has no pages. Its responses get the same headers, without the way through all classes.
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import ResponseHeaders
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware
from whitenoise.middleware import WhiteNoiseMiddleware

from todo_project.http.headers import CACHE_CONTROL, GetResponse, set_headers
from todo_project.problems.exceptions import Problem
from todo_project.problems.handlers import problem_response
from todo_project.problems.registry import HTTPS_REQUIRED

API = "/api/"

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


class PageMiddleware:
    """Run Django's middleware for browsers on requests for pages only.

    If there is a proxy that terminates TLS, a page is redirected to HTTPS, but a request to the
    API over plain HTTP is rejected. A redirect would come too late: the client has sent the body
    and its credentials. And after a 301 many clients send a GET instead of a POST
    (RFC 9110 §15.4.2).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.framing: Any = XFrameOptionsMiddleware(get_response)
        static_files: Any = WhiteNoiseMiddleware
        self.security: Any = SecurityMiddleware(static_files(self.framing))
        self.api_headers: dict[bool, ResponseHeaders] = {}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Process the request."""
        if not request.path_info.startswith(API):
            return self.get_page(request)
        is_secure = request.is_secure()
        if settings.BEHIND_PROXY and not is_secure:
            response = problem_response(Problem(HTTPS_REQUIRED), request)
        else:
            response = self.get_response(request)
        if is_secure not in self.api_headers:
            self.api_headers[is_secure] = self.headers_of_api(request)
        set_headers(response, self.api_headers[is_secure])
        return response

    def get_page(self, request: HttpRequest) -> HttpResponse:
        """Redirect to HTTPS, serve a static file, or return the page; limit what it may load."""
        response: HttpResponse = self.security(request)
        if response.get("Content-Type", "").startswith("text/html"):
            response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response

    def headers_of_api(self, request: HttpRequest) -> ResponseHeaders:
        """Return the headers that depend only on whether the request is secure.

        They are those of a page, and `Cache-Control`.
        """
        response = HttpResponse(headers={"Cache-Control": CACHE_CONTROL})
        del response["Content-Type"]
        for middleware in (self.framing, self.security):
            response = middleware.process_response(request, response)
        return response.headers
