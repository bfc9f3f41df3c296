"""The app configuration of django-axes, with names for people: in the admin they are headings."""

from axes.apps import AppConfig as AxesConfig


class LoginsConfig(AxesConfig):  # type: ignore[misc] # django-axes has no annotations
    """The app that counts failed logins."""

    verbose_name = "Logins"

    def ready(self) -> None:
        """Rename the model. Migrations compare the options of its class only."""
        super().ready()
        options = self.get_model("AccessAttempt")._meta
        options.verbose_name, options.verbose_name_plural = "login attempt", "login attempts"
