"""The release phase: migrations past the pooler, the timeouts on the role, and the checks."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connection

from tests.support.processes import run_python
from tests.support.servers.gunicorn import database_url
from todo_project.database.url import SESSION_SETTINGS
from todo_project.environment import BASE_DIR
from todo_project.management.commands import migrate

pytestmark = pytest.mark.once

SHOW = """
import django; django.setup()
from django.db import connections
for alias in ("default", "unpooled"):
    with connections[alias].cursor() as cursor:
        for name in {names}:
            cursor.execute("SHOW " + name)
            print(cursor.fetchone()[0])
"""


@pytest.mark.django_db(transaction=True)
def test_a_session_has_the_timeouts_and_a_migration_no_statement_timeout() -> None:
    shown = run_python("-c", SHOW.format(names=[*SESSION_SETTINGS]), DATABASE_URL=database_url())
    assert shown.split() == ["10s", "5s", "30s", "UTC", "1", "0", "5s", "30s", "UTC", "1"]


@pytest.mark.django_db(transaction=True)
def test_migrations_go_past_the_pooler() -> None:
    nowhere = "postgresql://u@127.0.0.1:1/todo"
    urls = {"DATABASE_URL": nowhere, "DATABASE_URL_UNPOOLED": database_url()}
    shown = run_python("manage.py", "migrate", "--no-input", **urls)
    assert shown.endswith("No migrations to apply.\n")


def test_migrations_of_sqlite_need_no_other_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def chosen() -> str:
        database: str = migrate.Command().create_parser("", "migrate").get_default("database")
        return database

    assert chosen() == "unpooled"
    monkeypatch.delitem(django_settings.DATABASES, "unpooled")
    assert chosen() == "default"


@pytest.fixture
def role(transactional_db: None) -> Iterator[None]:
    """Leave the role as it was."""
    yield
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER ROLE CURRENT_USER IN DATABASE "{database_name()}" RESET ALL')


def database_name() -> str:
    return str(connection.settings_dict["NAME"])


def role_name() -> str:
    return str(connection.settings_dict["USER"])


def configured() -> dict[str, str]:
    """Return what a new session without startup options is set to."""
    with psycopg.connect(database_url()) as session:
        shown = {name: session.execute(f"SHOW {name}").fetchone() for name in SESSION_SETTINGS}
    return {name: row[0] for name, row in shown.items() if row}


def test_configure_role_sets_the_timeouts_once_and_for_all(role: None) -> None:
    before = configured()
    assert before["statement_timeout"] == "0"
    for _ in range(2):
        output = StringIO()
        call_command("configure_role", stdout=output)
        host = connection.get_connection_params()["host"]
        assert output.getvalue() == (
            f"Configured the role {role_name()!r} in {database_name()} on {host}: "
            "statement_timeout=10s, lock_timeout=5s, "
            "idle_in_transaction_session_timeout=30s, timezone=UTC, random_page_cost=1.\n"
        )
        assert configured() == SESSION_SETTINGS


def test_configure_role_asks_before_it_touches_anything_from_a_developers_machine(
    role: None, settings: Any
) -> None:
    settings.DEBUG = True
    before = configured()
    host = connection.get_connection_params()["host"]
    with pytest.raises(CommandError) as refusal:
        call_command("configure_role")
    assert str(refusal.value) == (
        f"DEBUG is true. To configure the role {role_name()!r} in {database_name()} on {host}, "
        "add --yes."
    )
    assert configured() == before
    call_command("configure_role", "--yes", stdout=StringIO())
    assert configured() == SESSION_SETTINGS


def test_sqlite_has_no_role_to_configure(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/todo.sqlite3"
    shown = run_python("manage.py", "configure_role", DATABASE_URL=url)
    assert shown == "SQLite has no roles: there is nothing to configure.\n"


def test_the_procfile_releases_what_it_then_serves(role: None) -> None:
    [release] = re.findall(r"^release: (.*)$", (BASE_DIR / "Procfile").read_text(), re.MULTILINE)
    finished = subprocess.run(
        ["sh", "-c", release],
        env=os.environ
        | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "BEHIND_PROXY": "",
            "SECRET_KEY": "correct horse battery staple, and then some more of it",
            "DATABASE_URL": database_url(),
            "API_GATEWAY": "the gateway",
        },
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    assert "System check identified no issues" in finished.stdout
    assert configured() == SESSION_SETTINGS
