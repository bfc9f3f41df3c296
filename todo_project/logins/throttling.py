"""The limits of failed logins to the admin, and the IP address that they apply to.

django-axes counts the failures in the database, so the limits hold across all processes.
"""

from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest

IPV6_PREFIX = 64
"""The length of the prefix that a single subscriber has at least (RFC 6177 §2)."""


class LoginHandler(AxesDatabaseHandler):  # type: ignore[misc] # django-axes has no annotations
    """Counts the failed logins of each combination in AXES_LOCKOUT_PARAMETERS (`AXES_HANDLER`).

    django-axes has one limit for all combinations. Here each has a limit of its own, the entry
    of LOGIN_FAILURE_LIMITS at the same position.
    """

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Return AXES_FAILURE_LIMIT or more if a combination has reached its limit.

        Each count is scaled to AXES_FAILURE_LIMIT, and the largest is returned.
        """
        attempts = self.get_user_attempts(request, credentials)
        return max(
            (each.aggregate(total=Sum("failures_since_start"))["total"] or 0)
            * settings.AXES_FAILURE_LIMIT
            // limit
            for each, limit in zip(attempts, settings.LOGIN_FAILURE_LIMITS, strict=True)
        )

    def reset_user_attempts(
        self, request: HttpRequest, credentials: dict[str, Any] | None = None
    ) -> int:
        """Delete the failures of the first combination only, after a successful login.

        Otherwise a user could guess the passwords of others without a limit, by logging in
        between the guesses.
        """
        count: int = self.filter_user_attempts(request, credentials)[0].delete()[0]
        return count


def client_ip(request: HttpRequest) -> str | None:
    """Return the client's IP address, or None for a Unix socket (`AXES_CLIENT_IP_CALLABLE`).

    Behind proxies it is an entry of X-Forwarded-For. Each proxy appends the address that it
    receives the request from, so only the last PROXIES entries are not the client's own. A
    header with fewer entries did not come through all proxies, and is ignored.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    trusted = settings.BEHIND_PROXY and len(forwarded) >= settings.PROXIES
    peer = request.META.get("REMOTE_ADDR", "")
    for address in (forwarded[-settings.PROXIES] if trusted else "", peer):
        with suppress(ValueError):
            return _subscriber(ip_address(address.strip()))
    return None


def _subscriber(address: IPv4Address | IPv6Address) -> str:
    """Return the address, without what a subscriber of an IPv6 network can choose."""
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), IPV6_PREFIX), strict=False).network_address)
