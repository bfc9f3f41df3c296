"""The logins to the admin: django-axes counts the failed ones; their limits, and their pages."""

from axes.apps import AppConfig


class LoginsConfig(AppConfig):  # type: ignore[misc] # django-axes has no annotations
    """django-axes, under a name that is a heading in the admin."""

    verbose_name = "Logins"

    def ready(self) -> None:
        """Register the admin of failed logins."""
        super().ready()
        from todo_project.logins import admin  # noqa: F401, PLC0415 - needs apps
