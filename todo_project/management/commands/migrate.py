"""Django's migrate, on a direct connection without a statement timeout, one process at a time."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate
from django.db import connections

from todo_project.database.catalog import citus_group, encoding_problem
from todo_project.database.migration_lock import migration_lock
from todo_project.database.role import without_timeouts
from todo_project.database.url import describe_database
from todo_project.management.direct_connection import default_to_direct_connection


class Command(migrate.Command):
    """Migrate `DATABASE_URL_UNPOOLED` if it is set, unless `--database` says otherwise."""

    before_first: Callable[[], object] | None = None
    """What is due before the first migration."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Change the default of `--database`."""
        super().add_arguments(parser)
        default_to_direct_connection(parser)

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Migrate; raise CommandError, before the first migration, if the database cannot be."""
        connection = connections[options["database"]]
        group = None
        if connection.vendor == "postgresql":
            if problem := encoding_problem(connection):
                raise CommandError(problem)
            if group := citus_group(connection):
                raise CommandError(
                    f"{describe_database(connection)} is a worker of Citus. Set "
                    "DATABASE_URL_UNPOOLED to the URL of the coordinator."
                )
        with migration_lock(connection, self.stderr.write), ExitStack() as stack:
            if group == 0:
                self.before_first = partial(stack.enter_context, without_timeouts(connection))
            return super().execute(*args, **options)

    def migration_progress_callback(self, action: str, *args: Any, **options: Any) -> None:
        """Report the progress, as Django does."""
        if self.before_first and action in {"apply_start", "unapply_start"}:
            self.before_first()
            self.before_first = None
        super().migration_progress_callback(action, *args, **options)
