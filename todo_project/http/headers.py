"""Response headers that do not depend on the view: caching, length, content security policy."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]

CACHE_CONTROL = "private, no-cache"
"""`Cache-Control` of the API: a browser may keep a response, and revalidates it at each use."""

BODILESS = (204, 304)

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


def content_length_middleware(get_response: GetResponse) -> GetResponse:
    """Set Content-Length, so that the connection can stay open.

    A 204 has none, and in a 304 it would be the length of the body that is not sent
    (RFC 9110 §8.6).
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not response.streaming and response.status_code not in BODILESS:
            response.headers.setdefault("Content-Length", str(len(response.content)))
        return response

    return middleware


def content_security_policy_middleware(get_response: GetResponse) -> GetResponse:
    """Forbid pages to load anything from other origins and to execute inline scripts."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response

    return middleware
