"""The limits of failed logins to the admin, and the IP address that they apply to.

django-axes counts the failures in the database, so the limits hold across all processes.
"""

from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest


class LoginHandler(AxesDatabaseHandler):  # type: ignore[misc] # django-axes has no annotations
    """Gives each combination in LOGIN_FAILURE_LIMITS a limit of its own (`AXES_HANDLER`).

    django-axes has one limit for all combinations.
    """

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Return the number of limits that are reached: with one, the login is locked."""
        client = _client(request, credentials)
        recent = AccessAttempt.objects.filter(attempt_time__gte=get_cool_off_threshold(request))
        reached = 0
        for names, limit in settings.LOGIN_FAILURE_LIMITS.items():
            attempts = recent.filter(**{name: client[name] for name in names})
            failures = attempts.aggregate(total=Sum("failures_since_start", default=0))["total"]
            reached += failures >= limit
        return reached

    def reset_user_attempts(
        self, request: HttpRequest, credentials: dict[str, Any] | None = None
    ) -> int:
        """Delete the failures of this user name from this IP address, after a successful login.

        If it deleted those of the address or of the name alone, a user could guess the passwords
        of others without a limit, by logging in between the guesses.
        """
        attempts = AccessAttempt.objects.filter(**_client(request, credentials))
        count: int = attempts.delete()[0]
        return count


def _client(request: Any, credentials: dict[str, Any] | None) -> dict[str, str | None]:
    """Return the user name and the IP address of a login."""
    username = get_client_username(request, credentials)
    return {"username": username, "ip_address": request.axes_ip_address}


def client_ip(request: HttpRequest) -> str | None:
    """Return the client's IP address, or None for a Unix socket (`AXES_CLIENT_IP_CALLABLE`).

    Behind proxies it is an entry of X-Forwarded-For. Each proxy appends the address that it
    receives the request from, so only the last PROXIES entries are not the client's own. A
    header with fewer entries did not come through all proxies, and is ignored. Some proxies append
    the port too: 192.0.2.1:51234 or [2001:db8::1]:51234.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    trusted = settings.BEHIND_PROXY and len(forwarded) >= settings.PROXIES
    peer = request.META.get("REMOTE_ADDR", "")
    for entry in (forwarded[-settings.PROXIES] if trusted else "", peer):
        for address in (entry, entry.rpartition(":")[0]):
            with suppress(ValueError):
                return _subscriber(ip_address(address.strip().strip("[]")))
    return None


def _subscriber(address: IPv4Address | IPv6Address) -> str:
    """Return the address, without what a subscriber of an IPv6 network can choose.

    A subscriber has at least a prefix of 64 bits (RFC 6177 §2).
    """
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), 64), strict=False).network_address)
