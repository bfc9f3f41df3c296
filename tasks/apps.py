"""The app configuration of tasks."""

from typing import Any

from django.apps import AppConfig
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from tasks.functions import casefold


class TasksConfig(AppConfig):
    """The tasks app."""

    name = "tasks"

    def ready(self) -> None:
        """Register the problem types of the API, and the SQL function that SQLite lacks."""
        from tasks.api import problems  # noqa: F401, PLC0415 - importing it registers them

        connection_created.connect(create_casefold_function)


def create_casefold_function(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Create the SQL function `CASEFOLD` on a new SQLite connection."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("CASEFOLD", 1, casefold, deterministic=True)
