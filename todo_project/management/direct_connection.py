"""What the commands have in common that use the direct connection to the database."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import DEFAULT_DB_ALIAS, connections


def default_to_direct_connection(parser: CommandParser) -> None:
    """Set the default of `--database`: `DATABASE_URL_UNPOOLED`, if it is set."""
    alias = "unpooled" if "unpooled" in settings.DATABASES else DEFAULT_DB_ALIAS
    parser.set_defaults(database=alias)


class DirectConnectionCommand(BaseCommand):
    """A command with the option `--database`, whose default is the direct connection."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the option."""
        name = "alias of the database (%(default)s)"
        parser.add_argument("--database", choices=tuple(connections), help=name)
        default_to_direct_connection(parser)
