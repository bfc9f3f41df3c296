"""The form of the login to the admin, and the admin of failed logins.

django-axes has pages of its own, which are not used (AXES_ENABLE_ADMIN). Two of their three lists
are always empty here, because these logs are disabled. And they tell whether a login is locked by
a single limit, but there are several (LOGIN_FAILURE_LIMITS).
"""

from typing import Any

from axes.models import AccessAttempt
from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import authenticate
from django.http import HttpRequest


class LoginForm(AdminAuthenticationForm):
    """Counts a login with a name that no user can have, and hashes no password for it.

    Such a name may be too long to be stored with the failure, also if the browser sent a short
    one: its normalization makes up to 18 characters of one.
    """

    def clean(self) -> dict[str, Any]:
        """Authenticate the user."""
        name = self.cleaned_data.get("username", "")
        max_length: Any = self.username_field.max_length
        if len(name) > max_length:
            # A failure that is counted. Without a password, the backend of users does nothing.
            authenticate(self.request, username=name[: max_length + 1])
            raise self.get_invalid_login_error()
        return super().clean()


admin.site.login_form = LoginForm


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
