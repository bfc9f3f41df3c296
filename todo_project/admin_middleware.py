"""Django's middleware for people who log in, under /admin/ alone.

The API knows neither sessions nor forms: it is spared their cost, and a POST to an unknown URL
is not found instead of lacking a CSRF token.
"""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware


def is_for_admin(request: HttpRequest) -> bool:
    """Tell whether the request is for the admin."""
    return request.path_info.startswith("/admin/")


class AdminMiddleware:
    """Who is logged in, whether a form came from here, and what the admin has to say."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        people = AuthenticationMiddleware(MessageMiddleware(get_response))
        self.csrf = CsrfViewMiddleware(people)
        self.for_admin: Any = SessionMiddleware(self.csrf)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        if is_for_admin(request):
            response: HttpResponse = self.for_admin(request)
            return response
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., Any],
        arguments: tuple[Any, ...],
        options: dict[str, Any],
    ) -> HttpResponse | None:
        """Check the token of a form of the admin."""
        if is_for_admin(request):
            return self.csrf.process_view(request, view, arguments, options)
        return None
