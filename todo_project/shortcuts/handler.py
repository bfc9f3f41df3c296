"""Shortcuts through Django's WSGI handler."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.cache import close_caches
from django.core.handlers.base import reset_urlconf
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, reset_queries
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import ResolverMatch, URLPattern, URLResolver, get_resolver

from todo_project.http import handler
from todo_project.shortcuts.thread_connection import thread_connection

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse


class Handler(handler.Handler):
    """The WSGI handler without what the service does not need.

    It is at the root of its host, has one URLconf, sends files as any response, and has an access
    log. There is one database, and no cache with connections.
    """

    _middleware_chain: Any

    def __init__(self) -> None:
        """Disconnect what Django does by signals at the start and at the end of each request."""
        super().__init__()
        request_started.disconnect(close_old_connections)
        for receiver in (close_old_connections, close_caches, reset_urlconf):
            request_finished.disconnect(receiver)
        if not settings.DEBUG:  # which records queries
            request_started.disconnect(reset_queries)

    def respond(
        self, environ: dict[str, Any], start_response: "StartResponse"
    ) -> HttpResponseBase:
        """Process a request whose environment is normalized."""
        # `close_old_connections` does this for the connections to all databases.
        thread_connection().close_if_unusable_or_obsolete()
        request_started.send(sender=type(self), environ=environ)
        response = self.get_response(self.request_class(environ))
        cookies = [("Set-Cookie", each.OutputString()) for each in response.cookies.values()]
        status = f"{response.status_code} {response.reason_phrase}"
        # `items()` looks each header up by its name.
        headers: Any = response.headers
        start_response(status, [*headers._store.values(), *cookies])
        return response

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        """Return the response."""
        response: Any = self._middleware_chain(request)
        response._resource_closers.append(request.close)
        result: HttpResponseBase = response
        return result

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        """Find the view. Django's resolvers match each `include`, and copy the match."""
        for pattern in self.included_patterns:
            if match := pattern.resolve(request.path_info.removeprefix("/")):
                request.resolver_match = match
                return match
        return super().resolve_request(request)

    @cached_property
    def included_patterns(self) -> list[URLPattern]:
        """The URL patterns that are included without a prefix: those of the API."""
        return [
            pattern
            for resolver in get_resolver().url_patterns
            if isinstance(resolver, URLResolver) and not str(resolver.pattern)
            for pattern in resolver.url_patterns
            if isinstance(pattern, URLPattern)
        ]
