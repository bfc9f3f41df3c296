"""The service as a Django app: its commands, templates, static files and system checks."""

from django.apps import AppConfig

from todo_project.logs import add_request_id_to_log_records


class TodoProjectConfig(AppConfig):
    """The app around the API."""

    name = "todo_project"

    def ready(self) -> None:
        """Register the system checks, and give the log records of a request its id."""
        from todo_project import checks  # noqa: F401, PLC0415 - importing it registers them

        add_request_id_to_log_records()
