"""Set on a role what a pooler refuses at the start of a connection."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from todo_project.database_url import SESSION, described


class Command(BaseCommand):
    """One ALTER ROLE for each setting; to repeat it changes nothing."""

    help = (
        "Set the timeouts, the time zone and the cost of a page on the role of DATABASE_URL, for "
        "its database alone. New connections have them. Migrations do without the timeout of "
        "statements."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what may be chosen."""
        parser.add_argument("--yes", action="store_true", help="do it although DEBUG is true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Alter the role, or raise CommandError where it may be the wrong one."""
        if connection.vendor != "postgresql":
            self.stdout.write("SQLite has no roles: there is nothing to configure.")
            return
        role = f"the role {connection.settings_dict['USER']!r} in {described(connection)}"
        if settings.DEBUG and not options["yes"]:
            raise CommandError(f"DEBUG is true. To configure {role}, add --yes.")
        database = connection.ops.quote_name(connection.settings_dict["NAME"])
        with connection.schema_editor() as editor:
            for name, value in SESSION.items():
                # There is no other way to say it: the ORM alters no roles.
                editor.execute(
                    f"ALTER ROLE CURRENT_USER IN DATABASE {database} SET {name} = '{value}'"
                )
        shown = ", ".join(f"{name}={value}" for name, value in SESSION.items())
        self.stdout.write(f"Configured {role}: {shown}.")
