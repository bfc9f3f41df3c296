"""Django's migrate, on a direct connection without a statement timeout, one process at a time."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate
from django.db import connections

from todo_project.database.catalog import encoding_problem
from todo_project.database.migration_lock import migration_lock
from todo_project.management.direct_connection import default_to_direct_connection


class Command(migrate.Command):
    """Migrate `DATABASE_URL_UNPOOLED` if it is set, unless `--database` says otherwise."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Change the default of `--database`."""
        super().add_arguments(parser)
        default_to_direct_connection(parser)

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Migrate; raise CommandError, before the first migration, unless it is UTF-8."""
        connection = connections[options["database"]]
        if connection.vendor == "postgresql" and (problem := encoding_problem(connection)):
            raise CommandError(problem)
        with migration_lock(connection, self.stderr.write):
            return super().execute(*args, **options)
