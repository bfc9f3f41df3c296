"""The middleware that returns problems for what the views do not handle."""

import logging
import re

from django.conf import settings
from django.core.exceptions import DisallowedHost, PermissionDenied
from django.http import HttpRequest, HttpResponse

from todo_project.http.headers import GetResponse
from todo_project.http.origins import normalize_host
from todo_project.problems.exceptions import Problem
from todo_project.problems.handlers import problem_response
from todo_project.problems.registry import BAD_REQUEST, CONTENT_TOO_LARGE, OVERLOADED

log = logging.getLogger(__name__)

MAX_ALLOWED_HOSTS = 100
"""The number of hosts that a process remembers as allowed; `*` allows any number."""


REFUSALS = {each.status: each for each in (BAD_REQUEST, CONTENT_TOO_LARGE, OVERLOADED)}
"""The problems of requests that the server does not pass on (todo_project/server)."""


class ProblemMiddleware:
    """Handle exceptions outside DRF, and reject unknown hosts, also with DEBUG."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.allowed_hosts: set[str | None] = set()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Check the host, then process the request. Probes are exempt: platforms use IPs."""
        if refused := request.META.get("gunicorn.refused"):
            return problem_response(Problem(REFUSALS[refused]), request)
        host = request.META.get("HTTP_HOST")
        if host not in self.allowed_hosts and request.path_info not in settings.PROBES:
            try:
                request.get_host()
            except DisallowedHost as exc:
                log.warning(disallowed_host_message(host or ""))
                return problem_response(exc, request)
            if len(self.allowed_hosts) < MAX_ALLOWED_HOSTS:
                self.allowed_hosts.add(host)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exc: Exception) -> HttpResponse | None:
        """Return the response to an exception; for the admin's 403, leave it to Django."""
        return None if isinstance(exc, PermissionDenied) else problem_response(exc, request)


def disallowed_host_message(host: str) -> str:
    """Return the log message for a host that is not in `ALLOWED_HOSTS`.

    It does not include what is not a host: a client can send anything.
    """
    name = re.sub(":[0-9]*$", "", host)
    try:
        # `ascii` escapes other characters with a backslash, which no host has.
        return f"The host {normalize_host(ascii(name)[1:-1])!r} is not in ALLOWED_HOSTS."
    except ValueError:
        return "The request has no valid host."
