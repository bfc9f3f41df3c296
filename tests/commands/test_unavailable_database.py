"""Tests that every command ends with one line, and not a traceback, without its database."""

import os
from urllib.parse import quote

import pytest

from tests.support.processes import python
from tests.support.servers.gunicorn import database_url

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

COMMANDS = [
    ("configure_role",),
    ("migrate",),
    ("createsuperuser", "--no-input", "--username=a", "--email=a@example.com"),
    ("axes_reset",),
    ("seed_tasks", "--yes"),
    ("export_tasks",),
]


def run(*command: str, url: str) -> tuple[int, str, str]:
    """Run a command; return the exit code, standard output, and the message of the error."""
    variables = {"DATABASE_URL": url, "DJANGO_SUPERUSER_PASSWORD": "a strong password"}
    finished = python("manage.py", *command, environ=os.environ | variables)
    prefix, _, message = finished.stderr.rpartition(" failed: ")
    assert prefix.count("\n") == 0
    return finished.returncode, finished.stdout, message or prefix


def with_options(options: str) -> str:
    """Return the URL of the database with these startup options."""
    url = database_url()
    return f"{url}{'&' if '?' in url else '?'}options={quote(options)}"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("-c role=nobody", 'FATAL:  role "nobody" does not exist\n'),
        ("-c host=a", 'FATAL:  unrecognized configuration parameter "host"\n'),
    ],
)
def test_rejected_connection_exits_with_one_line(
    command: tuple[str, ...], options: str, message: str
) -> None:
    assert run(*command, url=with_options(options)) == (1, "", message)


def test_read_only_database_exits_with_one_line() -> None:
    url = with_options("-c default_transaction_read_only=on")
    message = "CommandError: DATABASE_URL: cannot execute ALTER ROLE in a read-only transaction\n"
    assert run("configure_role", url=url) == (1, "", message)


def test_directory_in_which_no_file_can_be_created_exits_with_one_line() -> None:
    advice = "make its directory writable, or set DATABASE_URL"
    message = f"CommandError: DATABASE_URL: the file /proc/db.sqlite3 cannot be opened; {advice}\n"
    for command in ("migrate", "export_tasks"):
        assert run(command, url="sqlite:////proc/db.sqlite3") == (1, "", message)


def test_traceback_is_shown_on_request() -> None:
    url = with_options("-c role=nobody")
    environ = os.environ | {"DATABASE_URL": url}
    finished = python("manage.py", "configure_role", "--traceback", environ=environ)
    assert finished.returncode == 1
    assert finished.stderr.startswith("Traceback")
