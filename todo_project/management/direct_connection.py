"""What the commands have in common that use the direct connection to the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.migrations.exceptions import MigrationSchemaMissing

from todo_project.database.errors import is_unavailable


def default_to_direct_connection(parser: CommandParser) -> None:
    """Set the default of `--database`: `DATABASE_URL_UNPOOLED`, if it is set."""
    alias = "unpooled" if "unpooled" in settings.DATABASES else DEFAULT_DB_ALIAS
    parser.set_defaults(database=alias)


@contextmanager
def unavailability_as_command_error(alias: str) -> Iterator[None]:
    """Raise CommandError, without a traceback, if the database is unavailable in the block."""
    try:
        yield
    except Error as error:
        if not (isinstance(error, MigrationSchemaMissing) or is_unavailable(error)):
            raise
        unpooled = alias == "unpooled" and settings.DATABASE_URL_UNPOOLED
        variable = "DATABASE_URL_UNPOOLED" if unpooled else "DATABASE_URL"
        cause = str(error.__context__ or error).partition("\n")[0]
        raise CommandError(f"{variable}: {cause}") from error


class DirectConnectionCommand(BaseCommand):
    """A command with the option `--database`, whose default is the direct connection."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the option."""
        name = "alias of the database (%(default)s)"
        parser.add_argument("--database", choices=tuple(connections), help=name)
        default_to_direct_connection(parser)

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run; raise CommandError, without a traceback, if the database is unavailable."""
        with unavailability_as_command_error(options["database"]):
            return super().execute(*args, **options)
