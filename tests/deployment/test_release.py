"""Tests of the release phase: migrations without the pooler, role settings and checks."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError
from django.db import connection

from tests.support.commands import run_command
from tests.support.processes import run_python
from tests.support.servers.gunicorn import database_url
from todo_project.database.url import SESSION_SETTINGS
from todo_project.environment import BASE_DIR
from todo_project.management.commands import migrate

pytestmark = pytest.mark.once

# PostgreSQL shows the order of day and month too, which no statement depends on.
ROLE_SETTINGS = SESSION_SETTINGS | {"datestyle": "ISO, MDY"}

SHOW_SETTINGS = """
import django; django.setup()
from django.db import connections
for alias in ("default", "unpooled"):
    with connections[alias].cursor() as cursor:
        for name in {names}:
            cursor.execute("SHOW " + name)
            print(cursor.fetchone()[0])
"""


@pytest.mark.django_db(transaction=True)
def test_session_has_timeouts_and_migration_has_no_statement_timeout() -> None:
    output = run_python(
        "-c", SHOW_SETTINGS.format(names=[*SESSION_SETTINGS]), DATABASE_URL=database_url()
    )
    others = ["5s", "30s", "UTC", "ISO, MDY", "1"]
    assert output.splitlines() == ["10s", *others, "0", *others]


@pytest.mark.django_db(transaction=True)
def test_migrate_uses_unpooled_url() -> None:
    unreachable = "postgresql://u@127.0.0.1:1/todo"
    urls = {"DATABASE_URL": unreachable, "DATABASE_URL_UNPOOLED": database_url()}
    output = run_python("manage.py", "migrate", "--no-input", **urls)
    assert output.endswith("No migrations to apply.\n")


def test_migrate_uses_default_database_without_unpooled_url(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def default_alias() -> str:
        database: str = migrate.Command().create_parser("", "migrate").get_default("database")
        return database

    assert default_alias() == "unpooled"
    monkeypatch.delitem(django_settings.DATABASES, "unpooled")
    assert default_alias() == "default"


@pytest.fixture
def role(transactional_db: None) -> Iterator[None]:
    """Reset the settings of the role after the test."""
    yield
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER ROLE CURRENT_USER IN DATABASE "{database_name()}" RESET ALL')


def database_name() -> str:
    return str(connection.settings_dict["NAME"])


def role_name() -> str:
    return str(connection.settings_dict["USER"])


def role_settings() -> dict[str, str]:
    """Return the settings of a new session without startup options."""
    with psycopg.connect(database_url()) as session:
        rows = {name: session.execute(f"SHOW {name}").fetchone() for name in SESSION_SETTINGS}
    return {name: row[0] for name, row in rows.items() if row}


def test_configure_role_sets_session_settings_and_can_be_repeated(role: None) -> None:
    before = role_settings()
    assert before["statement_timeout"] == "0"
    for _ in range(2):
        host = connection.get_connection_params()["host"]
        assert run_command("configure_role") == (
            f"Configured the role {role_name()!r} in {database_name()} on {host}: "
            "statement_timeout=10s, lock_timeout=5s, "
            "idle_in_transaction_session_timeout=30s, timezone=UTC, datestyle=ISO, "
            "random_page_cost=1.\n"
        )
        assert role_settings() == ROLE_SETTINGS


def test_configure_role_configures_the_role_that_logs_in(role: None) -> None:
    other = f"other_{uuid4().hex}"
    with psycopg.connect(database_url(), autocommit=True) as session:
        session.execute(f"CREATE ROLE {other}")
        try:
            url = f"{database_url()}{'&' if '?' in database_url() else '?'}"
            url += f"options={quote(f'-c role={other}')}"
            run_python("manage.py", "configure_role", DATABASE_URL=url)
        finally:
            session.execute(f"DROP ROLE {other}")
    assert role_settings() == ROLE_SETTINGS


def test_configure_role_requires_yes_with_debug(role: None, settings: Any) -> None:
    settings.DEBUG = True
    before = role_settings()
    host = connection.get_connection_params()["host"]
    with pytest.raises(CommandError) as error:
        run_command("configure_role")
    assert str(error.value) == (
        f"DEBUG is true. To configure the role {role_name()!r} in {database_name()} on {host}, "
        "add --yes."
    )
    assert role_settings() == before
    run_command("configure_role", "--yes")
    assert role_settings() == ROLE_SETTINGS


def test_configure_role_does_nothing_on_sqlite(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/todo.sqlite3"
    output = run_python("manage.py", "configure_role", DATABASE_URL=url)
    assert output == "SQLite has no roles: there is nothing to configure.\n"


STRONG_KEY = "correct horse battery staple, and then some more of it"


def release(**variables: str) -> "subprocess.CompletedProcess[str]":
    """Run the release command of the Procfile with these variables added."""
    [command] = re.findall(r"^release: (.*)$", (BASE_DIR / "Procfile").read_text(), re.MULTILINE)
    return subprocess.run(
        ["sh", "-c", command],
        env=os.environ
        | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "BEHIND_PROXY": "",
            "SECRET_KEY": STRONG_KEY,
            "SILENCED_SYSTEM_CHECKS": "todo.W010",
        }
        | variables,
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )


def test_release_command_of_procfile_succeeds_repeatedly(role: None) -> None:
    for _ in range(2):
        finished = release(DATABASE_URL=database_url())
        assert (finished.returncode, finished.stderr) == (0, "")
        assert "System check identified no issues" in finished.stdout
        assert role_settings() == ROLE_SETTINGS


@pytest.mark.parametrize(
    ("check_id", "variables"),
    [
        ("todo.E001", {"SECRET_KEY": "weak"}),
        ("todo.E002", {"DATABASE_URL": "", "DYNO": "release.1234"}),
    ],
)
def test_release_fails_before_the_first_migration(
    transactional_db: None, check_id: str, variables: dict[str, str]
) -> None:
    finished = release(**{"DATABASE_URL": database_url(), **variables})
    assert finished.returncode == 1
    assert f"({check_id})" in finished.stderr
    assert finished.stdout == ""
