"""The middleware for people who log in, under /admin/ alone.

The API knows neither sessions nor forms: it is spared their cost, and a POST to an unknown URL
is not found instead of lacking a CSRF token.
"""

from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

from axes.middleware import AxesMiddleware
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware


def is_for_admin(request: HttpRequest) -> bool:
    """Tell whether the request is for the admin."""
    return request.path_info.startswith("/admin/")


def client_address(request: HttpRequest) -> str | None:
    """Return the address that a person comes from; where a router is in front, as it says.

    A router adds the address it sees to the end of what the client may have invented.
    """
    if settings.BEHIND_PROXY:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2]
        with suppress(ValueError):
            return str(ip_address(forwarded.strip()))
    return request.META.get("REMOTE_ADDR") or None


class AdminMiddleware:
    """Who is logged in, whether a form came from here, and what the admin has to say."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        # AxesMiddleware refuses whoever has sent too many wrong passwords.
        people = AuthenticationMiddleware(MessageMiddleware(AxesMiddleware(get_response)))
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
