"""Django's middleware for people who log in, under /admin/ alone.

The API knows neither sessions nor forms: it is spared their cost, and a POST to an unknown URL
is not found instead of lacking a CSRF token.
"""

from collections.abc import Callable
from typing import Any

from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.middleware import csrf


def is_for_admin(request: HttpRequest) -> bool:
    """Tell whether the request is for the admin."""
    return request.path_info.startswith("/admin/")


class AdminOnly:
    """Pass every other request on."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Do what the middleware does, where it is for the admin."""
        if is_for_admin(request):
            response: HttpResponse = super().__call__(request)  # type: ignore[misc]
            return response
        passed_on: HttpResponse = self.get_response(request)
        return passed_on


class SessionMiddleware(AdminOnly, sessions.SessionMiddleware):
    """Who is logged in."""


class CsrfViewMiddleware(AdminOnly, csrf.CsrfViewMiddleware):
    """Whether a form came from here."""

    def process_view(
        self,
        request: HttpRequest,
        callback: Callable[..., Any],
        callback_args: tuple[Any, ...],
        callback_kwargs: dict[str, Any],
    ) -> HttpResponseForbidden | None:
        """Check the token of a form of the admin."""
        if not is_for_admin(request):
            return None
        return super().process_view(request, callback, callback_args, callback_kwargs)


class AuthenticationMiddleware(AdminOnly, auth.AuthenticationMiddleware):
    """`request.user`."""


class MessageMiddleware(AdminOnly, messages.MessageMiddleware):
    """What the admin has to say."""
