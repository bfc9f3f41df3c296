"""The service as a Django app: its commands, templates, static files and system checks."""

from django.apps import AppConfig
from django.conf import settings
from django.utils.module_loading import import_string

from todo_project.environment import exit_with_error


class TodoProjectConfig(AppConfig):
    """The app around the API."""

    name = "todo_project"

    def ready(self) -> None:
        """Register the checks, and reject authentication classes that cannot be imported."""
        from todo_project import checks  # noqa: F401, PLC0415 - importing it registers them

        for variable in ("API_AUTHENTICATION_CLASSES", "API_PERMISSION_CLASSES"):
            for path in getattr(settings, variable):
                try:
                    import_string(path)
                except ImportError as error:
                    exit_with_error(variable, f"{error}; name classes as package.module.Class.")
