"""The service as a Django app: its commands, templates, static files and system checks."""

from django.apps import AppConfig
from django.conf import settings
from django.utils.module_loading import import_string

from todo_project.environment import exit_with_error, quoted, summary
from todo_project.http.request_id import add_request_id_to_log_records

CLASS_FORM = "name classes as package.module.Class."


class TodoProjectConfig(AppConfig):
    """The app around the API."""

    name = "todo_project"

    def ready(self) -> None:
        """Register the checks, and validate the classes that the environment names."""
        from rest_framework.authentication import BaseAuthentication  # noqa: PLC0415 - needs apps
        from rest_framework.permissions import BasePermission  # noqa: PLC0415

        from todo_project import checks  # noqa: F401, PLC0415 - importing it registers them

        add_request_id_to_log_records()
        validate_classes("API_AUTHENTICATION_CLASSES", BaseAuthentication)
        validate_classes("API_PERMISSION_CLASSES", BasePermission)


def validate_classes(variable: str, base: type) -> None:
    """End the process if a class of the setting cannot be imported or has another base class."""
    for path in getattr(settings, variable):
        try:
            imported = import_string(path)
        except (ImportError, TypeError, ValueError) as error:  # of a relative or incomplete path
            reason = f"{quoted(path)} cannot be imported: {summary(str(error))}"
            exit_with_error(variable, f"{reason}; {CLASS_FORM}")
        if not (isinstance(imported, type) and issubclass(imported, base)):
            reason = f"{quoted(path)} is not a subclass of {base.__name__}"
            exit_with_error(variable, f"{reason}; {CLASS_FORM}")
