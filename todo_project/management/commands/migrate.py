"""Django's migrate, past the pooler and without a limit on the time of a statement."""

from django.conf import settings
from django.core.management.base import CommandParser
from django.core.management.commands import migrate


class Command(migrate.Command):
    """Migrate `DATABASE_URL_UNPOOLED` where it is set; `--database` chooses otherwise."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what may be chosen."""
        super().add_arguments(parser)
        if "unpooled" in settings.DATABASES:
            parser.set_defaults(database="unpooled")
