"""Response headers that do not depend on the view: caching and length."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]

CACHE_CONTROL = "private, no-cache"
"""`Cache-Control` of the API: a browser may keep a response, and revalidates it at each use."""

BODILESS = (204, 304)


def is_api_request(request: HttpRequest) -> bool:
    """Return whether the request is for the API, and not for a page."""
    return request.path_info.startswith("/api/")


def set_content_length(response: HttpResponse) -> None:
    """Set Content-Length, so that the connection can stay open.

    A 204 has none, and in a 304 it would be the length of the body that is not sent
    (RFC 9110 §8.6).
    """
    if not response.streaming and response.status_code not in BODILESS:
        response.headers.setdefault("Content-Length", str(sum(map(len, response))))
