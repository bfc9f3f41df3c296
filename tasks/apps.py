"""The app, and the function that it brings to SQLite."""

from typing import Any

from django.apps import AppConfig
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from tasks.functions import fold


class TasksConfig(AppConfig):
    """The tasks app."""

    name = "tasks"

    def ready(self) -> None:
        """Give each new connection what its queries call."""
        connection_created.connect(add_fold)


def add_fold(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Teach SQLite to fold case in every script."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("FOLD", 1, fold, deterministic=True)
