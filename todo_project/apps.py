"""The service as a Django app: its commands, templates, files and system checks."""

from django.apps import AppConfig
from django.conf import settings
from django.utils.module_loading import import_string

from todo_project.environment import refuse


class TodoProjectConfig(AppConfig):
    """The app around the API."""

    name = "todo_project"

    def ready(self) -> None:
        """Register the checks, and refuse classes that cannot be imported."""
        from todo_project import checks  # noqa: F401, PLC0415 - to import it is to register them

        for variable in ("API_AUTHENTICATION_CLASSES", "API_PERMISSION_CLASSES"):
            for path in getattr(settings, variable):
                try:
                    import_string(path)
                except ImportError as error:
                    refuse(variable, f"{error}; name classes as package.module.Class.")
