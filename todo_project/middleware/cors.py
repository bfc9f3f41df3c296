"""CORS: django-cors-headers, with a shortcut for requests that do not come from a browser."""

from typing import Any

from corsheaders import middleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from todo_project.http.headers import CACHE_CONTROL


class CorsMiddleware(middleware.CorsMiddleware):
    """django-cors-headers for requests with an Origin header."""

    def __call__(self, request: HttpRequest) -> Any:
        """Without Origin, only declare that the response varies by it."""
        if "HTTP_ORIGIN" in request.META:
            return super().__call__(request)
        response: Any = self.get_response(request)
        others = response.get("Vary")
        response["Vary"] = f"{others}, origin" if others else "origin"
        return response

    def check_preflight(self, request: HttpRequest) -> HttpResponseBase | None:
        """Return the response to a preflight, which no shared cache may store."""
        response = super().check_preflight(request)
        if response is not None:
            response["Cache-Control"] = CACHE_CONTROL
        return response
