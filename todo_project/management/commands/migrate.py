"""Django's migrate, on a direct connection without a statement timeout."""

from django.conf import settings
from django.core.management.base import CommandParser
from django.core.management.commands import migrate


class Command(migrate.Command):
    """Migrate `DATABASE_URL_UNPOOLED` if it is set, unless `--database` says otherwise."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Change the default of `--database`."""
        super().add_arguments(parser)
        if "unpooled" in settings.DATABASES:
            parser.set_defaults(database="unpooled")
