"""The admin of failed logins.

django-axes has pages of its own, which are not used (AXES_ENABLE_ADMIN). Two of their three lists
are always empty here, because these logs are disabled. And they tell whether a login is locked by
a single limit, but there are several (LOGIN_FAILURE_LIMITS).
"""

from typing import Any

from axes.models import AccessAttempt
from django.contrib import admin
from django.http import HttpRequest


@admin.register(AccessAttempt)
class LoginAttemptAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """View the failed logins, and delete them, which unlocks the login."""

    list_display = ("attempt_time", "username", "ip_address", "failures_since_start", "user_agent")
    search_fields = ("username", "ip_address")
    search_help_text = "A user name or an IP address, or a part of one."
    fields = (*list_display, "http_accept", "path_info")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: only a login adds an attempt."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: an attempt is a fact."""
        return False
