"""Shortcuts past the middleware that a request does not need."""

import re
from typing import Any

from corsheaders.middleware import CorsMiddleware
from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.http.response import ResponseHeaders
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils.module_loading import import_string

from todo_project.http.headers import CACHE_CONTROL, GetResponse, is_api_request


class CorsShortcut(CorsMiddleware):
    """django-cors-headers; a request without `Origin` only makes the response vary by it."""

    applies_to = staticmethod(re.compile(settings.CORS_URLS_REGEX).match)

    def __call__(self, request: HttpRequest) -> Any:
        """Process the request."""
        if "HTTP_ORIGIN" in request.META or not self.applies_to(request.path_info):
            return super().__call__(request)
        response: Any = self.get_response(request)
        headers = response.headers._store
        vary = f"{headers['vary'][1]}, origin" if "vary" in headers else "origin"
        headers["vary"] = ("Vary", vary)
        return response


class PageShortcut:
    """Run the middleware of pages, `PAGE_MIDDLEWARE`, for pages only.

    To a response of the API it only adds headers, and they depend on nothing but the scheme of
    the request. They are made once, and with `Cache-Control`, which the access log would add,
    they are copied without being validated again.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response: Any = get_response
        self.get_page: Any = get_response
        self.layers: list[Any] = []
        for path in reversed(settings.PAGE_MIDDLEWARE):
            self.layers.insert(0, import_string(path)(self.get_page))
            self.get_page = convert_exception_to_response(self.layers[0])
        self.headers: dict[bool, ResponseHeaders] = {}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Process the request."""
        if not is_api_request(request):
            page: HttpResponse = self.get_page(request)
            return page
        response: HttpResponse = self.get_response(request)
        is_secure = request.is_secure()
        if is_secure not in self.headers:
            self.headers[is_secure] = security_headers(request, self.get_response)
        response.headers._store.update(self.headers[is_secure]._store)
        return response

    def process_view(self, request: HttpRequest, *view: Any) -> Any:
        """Process the view of a page, from the outermost middleware to the innermost."""
        return self._process("process_view", self.layers, request, *view)

    def process_exception(self, request: HttpRequest, exc: Exception) -> Any:
        """Process an exception of a page, from the innermost middleware to the outermost."""
        return self._process("process_exception", self.layers[::-1], request, exc)

    def _process(self, hook: str, layers: list[Any], request: Any, *args: Any) -> Any:
        if is_api_request(request):
            return None
        hooks = (getattr(layer, hook, None) for layer in layers)
        return next(filter(None, (call(request, *args) for call in hooks if call)), None)


def security_headers(request: HttpRequest, get_response: GetResponse) -> ResponseHeaders:
    """Return the headers that are the same on all responses of the API with this scheme."""
    response = HttpResponse(headers={"Cache-Control": CACHE_CONTROL})
    del response["Content-Type"]
    for middleware in (XFrameOptionsMiddleware, SecurityMiddleware):
        layer: Any = middleware(get_response)
        response = layer.process_response(request, response)
    return response.headers
