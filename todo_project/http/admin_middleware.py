"""The middleware that only the admin needs: sessions, CSRF, messages, login throttling.

The API has neither sessions nor forms. Without this middleware its requests are faster, and a
POST to an unknown URL is a 404 instead of a CSRF failure.
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

from todo_project.http.headers import GetResponse


def is_admin_request(request: HttpRequest) -> bool:
    """Return whether the request is for a page of the admin."""
    return request.path_info.startswith("/admin/")


def client_ip(request: HttpRequest) -> str | None:
    """Return the client's IP address, or None for a Unix socket (`AXES_CLIENT_IP_CALLABLE`).

    Behind a proxy it is the last entry of X-Forwarded-For: the one that the proxy appended to
    whatever the client sent.
    """
    if settings.BEHIND_PROXY:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2]
        with suppress(ValueError):
            return str(ip_address(forwarded.strip()))
    return request.META.get("REMOTE_ADDR") or None


class AdminMiddleware:
    """Run Django's middleware for sessions and forms for requests of the admin only."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        authenticated = AuthenticationMiddleware(MessageMiddleware(AxesMiddleware(get_response)))
        self.csrf = CsrfViewMiddleware(authenticated)
        self.admin: Any = SessionMiddleware(self.csrf)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Process the request."""
        if is_admin_request(request):
            response: HttpResponse = self.admin(request)
            return response
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., Any],
        arguments: tuple[Any, ...],
        options: dict[str, Any],
    ) -> HttpResponse | None:
        """Check the CSRF token of a form of the admin."""
        if is_admin_request(request):
            return self.csrf.process_view(request, view, arguments, options)
        return None
