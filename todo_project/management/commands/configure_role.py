"""Configure the role of the database, because a pooler ignores the settings of a session."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from todo_project.database.role import alter_role
from todo_project.database.url import SESSION_SETTINGS, describe_database


class Command(BaseCommand):
    """Execute one ALTER ROLE for each setting. Repeating the command has no effect."""

    help = (
        "Set the timeouts, the time zone, datestyle and random_page_cost on the role of "
        "DATABASE_URL, for its database only. New connections use them. Migrations disable "
        "statement_timeout."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("--yes", action="store_true", help="run although DEBUG is true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Alter the role; raise CommandError with DEBUG unless confirmed."""
        if connection.vendor != "postgresql":
            self.stdout.write("SQLite has no roles: there is nothing to configure.")
            return
        role = f"the role {connection.settings_dict['USER']!r} in {describe_database(connection)}"
        if settings.DEBUG and not options["yes"]:
            raise CommandError(f"DEBUG is true. To configure {role}, add --yes.")
        alter_role(connection, SESSION_SETTINGS)
        shown = ", ".join(f"{name}={value}" for name, value in SESSION_SETTINGS.items())
        self.stdout.write(f"Configured {role}: {shown}.")
