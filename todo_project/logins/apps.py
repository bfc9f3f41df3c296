"""The app configuration of django-axes, with names for people: in the admin they are headings."""

from typing import Any

from axes.apps import AppConfig as AxesConfig
from django.utils.formats import date_format


class LoginsConfig(AxesConfig):  # type: ignore[misc] # django-axes has no annotations
    """The app that counts failed logins."""

    verbose_name = "Logins"

    def ready(self) -> None:
        """Rename the model and its rows. Migrations compare the options of its class only."""
        super().ready()
        from todo_project.logins import admin  # noqa: F401, PLC0415 - importing it registers it

        model = self.get_model("AccessAttempt")
        model.__str__, options = format_attempt, model._meta
        options.verbose_name, options.verbose_name_plural = "login attempt", "login attempts"


def format_attempt(attempt: Any) -> str:
    """Return the time of the attempt, as its list displays it."""
    return date_format(attempt.attempt_time, "DATETIME_FORMAT")
