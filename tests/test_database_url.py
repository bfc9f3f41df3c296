"""What a database's URL becomes, and what a session on it is set to."""

import os
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

from tests.server import database_url
from tests.test_settings import start
from todo_project.database_url import SESSION, database, is_pooled
from todo_project.environment import BASE_DIR
from todo_project.management.commands import migrate

pytestmark = pytest.mark.once

FORMS = "set it to postgresql://user:password@host/name or sqlite:///file."
REMOTE = "postgresql://u:p@db.example.com/todo"
POOLED = "postgresql://u:p@ep-cool-1-pooler.eu-central-1.aws.neon.tech/todo"
TIMEOUTS = (
    "-c statement_timeout=10s -c lock_timeout=5s "
    "-c idle_in_transaction_session_timeout=30s -c timezone=UTC"
)


def parsed(url: str, *, pooled: bool = False) -> dict[str, Any]:
    return database("DATABASE_URL", url, pooled=pooled, prepare_threshold=None)


def test_a_direct_host_gets_timeouts_keepalives_and_encryption() -> None:
    assert parsed(REMOTE) == {
        "ENGINE": "todo_project.postgresql",
        "NAME": "todo",
        "USER": "u",
        "PASSWORD": "p",
        "HOST": "db.example.com",
        "PORT": "",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": False,
        "OPTIONS": {
            "application_name": "todo-api",
            "connect_timeout": 10,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 2,
            "tcp_user_timeout": 10_000,
            "sslmode": "require",
            "options": TIMEOUTS,
            "server_side_binding": True,
            "prepare_threshold": None,
        },
    }


def test_a_pooler_gets_no_startup_options_and_no_cursors() -> None:
    direct, pooled = parsed(REMOTE), parsed(REMOTE, pooled=True)
    assert pooled["DISABLE_SERVER_SIDE_CURSORS"] is True
    assert set(direct["OPTIONS"]) - set(pooled["OPTIONS"]) == {"options"}


@pytest.mark.parametrize(
    ("url", "mode"),
    [
        (REMOTE, "require"),
        (f"{REMOTE}?sslmode=verify-full", "verify-full"),
        (f"{REMOTE}?sslmode=disable", "disable"),
        (f"{REMOTE}?sslrootcert=system", None),
        ("postgresql://u@localhost/todo", None),
        ("postgresql://u@127.0.0.1:5433/todo", None),
        ("postgresql://u@[::1]/todo", None),
        ("postgresql:///todo?host=/run/postgresql", None),
        ("postgresql://u@%2Frun%2Fpostgresql/todo", None),
        ("postgresql://u@localhost,db.example.com/todo", "require"),
        ("postgresql:///todo?host=db.example.com", "require"),
    ],
)
def test_a_remote_host_must_encrypt_unless_the_url_says_how(url: str, mode: str | None) -> None:
    assert parsed(url)["OPTIONS"].get("sslmode") == mode


def test_libpqs_own_variable_is_not_weakened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    assert "sslmode" not in parsed(REMOTE)["OPTIONS"]


@pytest.mark.parametrize(
    ("hosts", "host", "port"),
    [
        ("a.example:5432,b.example:5433", "a.example,b.example", "5432,5433"),
        ("a.example,b.example:5433", "a.example,b.example", ",5433"),
        ("[2001:db8::1]:5432,b.example", "2001:db8::1,b.example", "5432,"),
    ],
)
def test_several_hosts_are_a_primary_and_its_standbys(hosts: str, host: str, port: str) -> None:
    result = parsed(f"postgresql://u:p%40@{hosts}/todo?target_session_attrs=read-write")
    assert (result["HOST"], result["PORT"]) == (host, port)
    assert (result["USER"], result["PASSWORD"], result["NAME"]) == ("u", "p@", "todo")
    assert result["OPTIONS"]["target_session_attrs"] == "read-write"


def test_what_the_url_says_wins() -> None:
    url = f"{REMOTE}?application_name=blue&connect_timeout=3&options=-c%20statement_timeout%3D1s"
    options = parsed(url)["OPTIONS"]
    assert (options["application_name"], options["connect_timeout"]) == ("blue", 3)
    assert options["options"] == f"{TIMEOUTS} -c statement_timeout=1s"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("nonsense://secret", f"cannot be read (UnknownSchemeError); {FORMS}"),
        ("postgresql://u:secret@h:port/n", f"cannot be read (ParseError); {FORMS}"),
        ("postgresql://u:secret@h:1,g:port/n", f"cannot be read (ValueError); {FORMS}"),
        ("mysql://u:secret@h/n", f"django.db.backends.mysql is not supported; {FORMS}"),
        ("postgresql://u:secret@h/", f"names no database; {FORMS}"),
        ("sqlite://", f"names no file, so nothing would be kept; {FORMS}"),
        ("sqlite://:memory:", f"names no file, so nothing would be kept; {FORMS}"),
        (
            f"{REMOTE}?pgbouncer=true",
            'invalid connection option "pgbouncer"; take it out of the URL.',
        ),
        (f"{REMOTE}?sslmode=on", 'invalid sslmode value: "on"; correct it in the URL.'),
        (
            f"{REMOTE}?target_session_attrs=rw",
            'invalid target_session_attrs value: "rw"; correct it in the URL.',
        ),
    ],
)
def test_a_url_that_cannot_work_is_refused_with_one_line(url: str, reason: str) -> None:
    with pytest.raises(SystemExit) as refusal:
        parsed(url)
    assert str(refusal.value) == f"DATABASE_URL: {reason}"


@pytest.mark.parametrize("url", [REMOTE, "sqlite:///x", "postgresql://a-pooler.b@h/x", ""])
def test_a_pooler_is_known_by_its_name(url: str) -> None:
    assert is_pooled(POOLED)
    assert is_pooled(f"{POOLED}?sslmode=require")
    assert not is_pooled(url)


@pytest.mark.parametrize(
    ("variables", "shown"),
    [
        ({"DATABASE_URL": REMOTE}, "(False, 2, False, None)"),
        ({"DATABASE_URL": REMOTE, "DATABASE_PREPARE": "false"}, "(False, None, False, None)"),
        ({"DATABASE_URL": REMOTE, "DATABASE_POOLED": "true"}, "(True, None, True, None)"),
        ({"DATABASE_URL": POOLED}, "(True, None, True, None)"),
        ({"DATABASE_URL": POOLED, "DATABASE_PREPARE": "true"}, "(True, 2, True, None)"),
        ({"DATABASE_URL": POOLED, "DATABASE_POOLED": "false"}, "(False, 2, False, None)"),
        ({"DATABASE_URL": POOLED, "DATABASE_URL_UNPOOLED": REMOTE}, "(True, None, False, None)"),
    ],
)
def test_poolers_share_neither_cursors_nor_prepared_statements(
    variables: dict[str, str], shown: str
) -> None:
    show = ", ".join(
        f"s.DATABASES[{alias!r}]{key}"
        for alias in ("default", "unpooled")
        for key in ("['DISABLE_SERVER_SIDE_CURSORS']", "['OPTIONS']['prepare_threshold']")
    )
    assert start(show, SECRET_KEY="k", **variables) == (0, shown)


def test_a_wrong_url_for_migrations_is_named() -> None:
    variables = {"DATABASE_URL": REMOTE, "DATABASE_URL_UNPOOLED": "postgresql://h/"}
    assert start(SECRET_KEY="k", **variables) == (
        1,
        f"DATABASE_URL_UNPOOLED: names no database; {FORMS}",
    )


SHOW = """
import django; django.setup()
from django.db import connections
for alias in ("default", "unpooled"):
    with connections[alias].cursor() as cursor:
        for name in {names}:
            cursor.execute("SHOW " + name)
            print(cursor.fetchone()[0])
"""


def python(*arguments: str, **variables: str) -> str:
    """Run Python with these variables added; return its output."""
    finished = subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "todo_project.settings"} | variables,
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.mark.django_db(transaction=True)
def test_a_session_has_the_timeouts_and_a_migration_no_statement_timeout() -> None:
    shown = python("-c", SHOW.format(names=[*SESSION]), DATABASE_URL=database_url())
    assert shown.split() == ["10s", "5s", "30s", "UTC", "0", "5s", "30s", "UTC"]


@pytest.mark.django_db(transaction=True)
def test_migrations_go_past_the_pooler() -> None:
    nowhere = "postgresql://u@127.0.0.1:1/todo"
    urls = {"DATABASE_URL": nowhere, "DATABASE_URL_UNPOOLED": database_url()}
    shown = python("manage.py", "migrate", "--no-input", **urls)
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
        shown = {name: session.execute(f"SHOW {name}").fetchone() for name in SESSION}
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
            "idle_in_transaction_session_timeout=30s, timezone=UTC.\n"
        )
        assert configured() == SESSION


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
    assert configured() == SESSION


def test_sqlite_has_no_role_to_configure(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/todo.sqlite3"
    shown = python("manage.py", "configure_role", DATABASE_URL=url)
    assert shown == "SQLite has no roles: there is nothing to configure.\n"
