"""How any command of manage.py ends if the database is unavailable: with one line."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management.base import CommandError
from django.db import Error, connections
from django.db.migrations.exceptions import MigrationSchemaMissing

from todo_project.database.errors import is_unavailable


@contextmanager
def unavailability_as_command_error() -> Iterator[None]:
    """Raise CommandError, which names the variable, if a database is unavailable in the block."""
    try:
        yield
    except Error as error:
        if not (isinstance(error, MigrationSchemaMissing) or is_unavailable(error)):
            raise
        # Without the lines that quote the statement, and without libpq's second attempt.
        cause = str(error.__context__ or error).partition("\n")[0]
        raise CommandError(f"{_failed_variable()}: {cause}") from error


def _failed_variable() -> str:
    """Return the name of the variable with the URL of the connection that has failed."""
    failed = [
        each.alias for each in connections.all(initialized_only=True) if each.errors_occurred
    ]
    unpooled = failed == ["unpooled"] and settings.DATABASE_URL_UNPOOLED
    return "DATABASE_URL_UNPOOLED" if unpooled else "DATABASE_URL"
