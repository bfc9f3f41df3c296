"""The app configuration of django-axes, whose name is a heading in the admin."""

from axes.apps import AppConfig as AxesConfig


class LoginsConfig(AxesConfig):  # type: ignore[misc] # django-axes has no annotations
    """The app that counts failed logins."""

    verbose_name = "Logins"

    def ready(self) -> None:
        """Register the admin of failed logins."""
        super().ready()
        from todo_project.logins import admin  # noqa: F401, PLC0415 - needs apps
