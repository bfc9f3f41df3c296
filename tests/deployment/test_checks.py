"""Tests of the system checks: each reports its misconfiguration, and nothing else."""

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.core.checks import CheckMessage
from django.core.checks.registry import registry
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import override_settings
from psycopg import pq

from tasks.models import Task
from tests.support.citus_catalog import citus_catalog
from tests.support.errors import database_fails
from tests.support.processes import python, run_python
from tests.support.servers.gunicorn import database_url
from todo_project.checks import PLATFORM_VARIABLES, POOLER_PORTS
from todo_project.database.url import describe_database

pytestmark = pytest.mark.django_db

STRONG_KEY = "correct horse battery staple, and then some more of it"


def run_checks() -> list[CheckMessage]:
    """Return the messages of this project's checks; assert that each has a hint."""
    messages = [
        message
        for check in registry.get_checks(include_deployment_checks=True)
        if check.__module__ == "todo_project.checks"  # that of drf-spectacular takes long
        for message in check(app_configs=None, databases=None)
        if not message.is_silenced()
    ]
    assert all(message.hint for message in messages)
    return messages


def reported() -> list[tuple[str | None, str]]:
    """Return the ids and texts of the messages."""
    return [(each.id, each.msg) for each in run_checks()]


def execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql)


DEPLOYMENT = {
    "SECRET_KEY": STRONG_KEY,
    "ALLOWED_HOSTS": "api.example.com",
    "BEHIND_PROXY": "true",
    "PORT": "8000",
    "SILENCED_SYSTEM_CHECKS": "todo.W010",
}


def check(url: str, **variables: str) -> tuple[int, list[str], str]:
    """Run `check --deploy`; return the exit code, the ids of the messages, and the messages."""
    environ = os.environ | DEPLOYMENT | {"DATABASE_URL": url} | variables
    finished = python("manage.py", "check", "--deploy", environ=environ)
    return finished.returncode, re.findall(r"\((\w+\.[EW]\d+)\)", finished.stderr), finished.stderr


@pytest.fixture(autouse=True)
def documented_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set what the documentation requires for a deployment."""
    for name in PLATFORM_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    classes = {"API_AUTHENTICATION_CLASSES": ["a.Token"], "API_PERMISSION_CLASSES": ["a.OwnPath"]}
    with override_settings(SECRET_KEY=STRONG_KEY, **classes):
        yield


@contextmanager
def without_index() -> Iterator[None]:
    """Drop the index of the list for the duration of the block."""
    [index] = Task._meta.indexes
    with connection.schema_editor() as editor:
        editor.remove_index(Task, index)
    try:
        yield
    finally:
        with connection.schema_editor() as editor:
            editor.add_index(Task, index)


WEAK_KEY = "SECRET_KEY is weak: an attacker who guesses it can log in to the admin as any user."
WEAK_FALLBACK = WEAK_KEY.replace("SECRET_KEY", "SECRET_KEY_FALLBACKS")
COLLISION = (
    "Prepared statements of two clients collide, which means data loss: the pooler of "
    "DATABASE_URL lets one execute those of the other."
)
TOO_MANY_THREADS = "98 threads need a connection each; Neon's smallest compute has 97."
NO_AUTHENTICATION = "The API has no authentication: anybody who can reach it may name any user."

INVALID_CONFIGURATIONS: list[tuple[str, str, dict[str, Any]]] = [
    ("todo.E001", WEAK_KEY, {"SECRET_KEY": STRONG_KEY[:49]}),
    ("todo.E001", WEAK_KEY, {"SECRET_KEY": "abcd" * 20}),
    ("todo.E001", WEAK_KEY, {"SECRET_KEY": f"only-for-debugging-{STRONG_KEY}"}),
    ("todo.E001", WEAK_KEY, {"SECRET_KEY": f"django-insecure-{STRONG_KEY}"}),
    ("todo.E001", WEAK_FALLBACK, {"SECRET_KEY_FALLBACKS": [STRONG_KEY, STRONG_KEY[:49]]}),
    ("todo.W005", TOO_MANY_THREADS, {"WEB_CONCURRENCY": 49, "GUNICORN_THREADS": 2}),
    ("todo.W010", NO_AUTHENTICATION, {"API_AUTHENTICATION_CLASSES": []}),
    ("todo.W010", NO_AUTHENTICATION, {"API_PERMISSION_CLASSES": []}),
]
VALID_CONFIGURATIONS: list[dict[str, Any]] = [
    {},
    {"SECRET_KEY_FALLBACKS": [STRONG_KEY[::-1]]},
    {"WEB_CONCURRENCY": 97, "GUNICORN_THREADS": 1},
    {"DATABASE_POOLED": True, "DATABASE_PREPARE": False, "WEB_CONCURRENCY": 64},
    {"DATABASE_POOLED": True, "DATABASE_PREPARE": True},  # the tests have no pooler
    {"API_PERMISSION_CLASSES": [], "SILENCED_SYSTEM_CHECKS": ["todo.W010"]},
]


@pytest.mark.parametrize(("check_id", "message", "changes"), INVALID_CONFIGURATIONS)
def test_misconfiguration_is_reported(
    check_id: str, message: str, changes: dict[str, Any]
) -> None:
    with override_settings(**changes):
        assert [(each.id, each.msg) for each in run_checks()] == [(check_id, message)]


@pytest.mark.parametrize("changes", VALID_CONFIGURATIONS)
def test_valid_configuration_is_not_reported(changes: dict[str, Any]) -> None:
    with override_settings(**changes):
        assert run_checks() == []


@pytest.mark.parametrize("name", sorted(PLATFORM_VARIABLES))
@pytest.mark.parametrize(
    ("url", "check_id"), [("sqlite:///a", "todo.W002"), ("", "todo.E002"), (None, "todo.E002")]
)
def test_sqlite_on_platform_is_reported(
    monkeypatch: pytest.MonkeyPatch, name: str, url: str | None, check_id: str
) -> None:
    monkeypatch.setenv(name, "8000")
    if url is None:
        monkeypatch.delenv("DATABASE_URL")
    else:
        monkeypatch.setenv("DATABASE_URL", url)
    message = "The database is a file, and a platform discards its disk at each deployment."
    expected = [(check_id, message)] if connection.vendor == "sqlite" else []
    assert [(each.id, each.msg) for each in run_checks()] == expected


@pytest.mark.parametrize(("port", "pooler"), POOLER_PORTS.items())
def test_port_of_a_pooler_is_reported_unless_declared(
    monkeypatch: pytest.MonkeyPatch, port: str, pooler: str
) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "PORT", port)
    assert [(each.id, each.msg) for each in run_checks()] == [
        ("todo.W011", f"The port {port} of DATABASE_URL is that of {pooler}.")
    ]
    with override_settings(DATABASE_POOLED=True, DATABASE_PREPARE=False):
        assert run_checks() == []


class Lent:
    """A libpq connection; a pooler lends it the sessions for its prepared statements."""

    def __init__(self, pgconn: pq.abc.PGconn, sessions: Iterator[psycopg.Connection]) -> None:
        self.pgconn = pgconn
        self.sessions = sessions

    def __getattr__(self, name: str) -> Any:
        return getattr(self.pgconn, name)

    def prepare(self, name: bytes, command: bytes) -> Any:
        return next(self.sessions).pgconn.prepare(name, command)

    def exec_prepared(self, name: bytes, values: None) -> Any:
        return next(self.sessions).pgconn.exec_prepared(name, values)


@pytest.mark.once
@pytest.mark.parametrize(
    ("sessions", "error"),
    [
        ("ab" + "ab" * 3, None),
        ("ab" + "aba" + "c", 'ERROR:  prepared statement "todo_check" does not exist'),
        ("ab" + "ababb", "one client executed the statement of the other"),
        ("aa", 'ERROR:  prepared statement "todo_check" already exists'),
    ],
)
def test_prepared_statements_that_collide_are_reported(
    monkeypatch: pytest.MonkeyPatch, sessions: str, error: str | None
) -> None:
    with ExitStack() as stack:
        connect = psycopg.connect
        server = {
            name: stack.enter_context(connect(database_url(), autocommit=True)) for name in "abc"
        }
        lent = iter([server[name] for name in sessions])

        def connect_to_pooler(**params: Any) -> Any:
            client = connect(**params)
            client.pgconn = Lent(client.pgconn, lent)  # type: ignore[assignment]
            return client

        monkeypatch.setattr(psycopg, "connect", connect_to_pooler)
        messages = run_checks()
        assert [*lent] == []
    expected = [("todo.E004", f"{COLLISION} {error}")] if error else []
    assert [(each.id, each.msg) for each in messages] == expected
    with override_settings(DATABASE_PREPARE=False):
        assert run_checks() == []


def test_migrations_through_pooler_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    unpooled: dict[str, Any] = {"POOLED": True}
    monkeypatch.setitem(settings.DATABASES, "unpooled", unpooled)
    assert [(each.id, each.msg) for each in run_checks()] == [
        ("todo.W003", "Migrations go through a pooler.")
    ]
    unpooled["POOLED"] = False
    assert run_checks() == []


@pytest.mark.django_db(transaction=True)
def test_missing_index_is_reported() -> None:
    with without_index():
        assert reported() == [("todo.E008", "The table tasks lacks tasks_newest_first.")]
    assert run_checks() == []


@pytest.mark.django_db(transaction=True)
def test_missing_migrations_are_reported_and_not_what_follows_from_them() -> None:
    call_command("migrate", "tasks", "0001", database="default", verbosity=0)
    try:
        message = f"3 migrations are not applied to {describe_database(connection)}."
        assert reported() == [("todo.E015", message)]
    finally:
        call_command("migrate", database="default", verbosity=0)
    assert run_checks() == []


@pytest.mark.once
def test_invalid_index_and_constraint_are_reported(db: None) -> None:
    invalidate = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = {}::regclass"
    execute(invalidate.format("'tasks_newest_first'"), "ALTER TABLE tasks ADD other INTEGER")
    execute("CREATE INDEX other ON tasks (other)", invalidate.format("'other'"))  # not declared
    execute(
        "ALTER TABLE tasks DROP CONSTRAINT tasks_title_length",
        "ALTER TABLE tasks ADD CONSTRAINT tasks_title_length CHECK (title <> '') NOT VALID",
    )
    message = "The table tasks has tasks_newest_first, tasks_title_length, which is not valid."
    assert reported() == [("todo.E016", message)]


@pytest.mark.once
def test_table_that_the_role_may_not_change_is_reported(db: None) -> None:
    execute("ALTER TABLE tasks ENABLE ROW LEVEL SECURITY", "CREATE ROLE guest_of_checks")
    assert run_checks() == []  # not to the owner of the table
    execute(
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO guest_of_checks",
        "REVOKE INSERT, DELETE ON auth_user FROM guest_of_checks",
        "SET LOCAL ROLE guest_of_checks",
    )
    errors = [
        "row-level security of the table tasks applies to the role",
        "permission denied for table auth_user: INSERT, DELETE",
    ]
    assert reported() == [("todo.E017", f"A write would fail: {error}.") for error in errors]


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_missing_session_settings_are_reported() -> None:
    """With DATABASE_POOLED the service sends no settings, and this role has none."""
    url = database_url()
    separator = "&" if "?" in url else "?"
    custom = f"{url}{separator}options={quote('-c statement_timeout=20s -c random_page_cost=2')}"
    pooled = check(url, DATABASE_POOLED="true", DATABASE_URL_UNPOOLED=url)
    assert pooled[:2] == (0, ["todo.W013"])
    missing = "idle_in_transaction_session_timeout=0, lock_timeout=0"
    message = "The sessions of DATABASE_URL have {}: a pooler ignores the settings of the service."
    assert message.format(f"{missing}, random_page_cost=4, statement_timeout=0") in pooled[2]
    assert message.format(missing) in check(custom, DATABASE_POOLED="true")[2]
    assert check(custom)[:2] == (0, [])


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_two_databases_are_reported() -> None:
    url = database_url()
    other = urlsplit(url)._replace(path="/postgres").geturl()
    assert check(url, DATABASE_URL_UNPOOLED=url)[:2] == (0, [])
    assert check(url, DATABASE_URL_UNPOOLED=other)[:2] == (1, ["todo.E014"])
    assert check(other, DATABASE_URL_UNPOOLED=url)[:2] == (1, ["todo.E014", "todo.E015"])


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
@pytest.mark.undistributed(reason="they imitate the catalog of Citus")
def test_only_the_coordinator_of_a_citus_can_be_migrated() -> None:
    url = database_url()
    with citus_catalog(url) as (coordinator, worker), citus_catalog(url, "other") as (_, other):
        for pooled, direct, ids in (
            (worker, coordinator, []),
            (coordinator, coordinator, []),
            (coordinator, "", []),
            (worker, "", ["todo.E018"]),
            (worker, worker, ["todo.E018"]),
            (coordinator, worker, ["todo.E018"]),  # here they are one database
            (other, coordinator, ["todo.E014"]),
        ):
            found = check(pooled, DATABASE_URL_UNPOOLED=direct)
            assert found[:2] == (bool(ids), ids), found


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_other_encoding_than_utf8_is_reported() -> None:
    name = f"ascii_{uuid4().hex}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} ENCODING SQL_ASCII LOCALE 'C' TEMPLATE template0")
    try:
        url = urlsplit(database_url())._replace(path=f"/{name}").geturl()
        assert check(url)[:2] == (1, ["todo.E012", "todo.E015"])
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name}")


def test_unavailable_database_is_reported() -> None:
    message = f"The schema of {describe_database(connection)} cannot be read: a secret"
    with database_fails(OperationalError):
        assert reported() == [("todo.W009", message)]


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_documented_deployment_passes_all_checks() -> None:
    url = database_url()
    variables = {"DATABASE_URL": url, "DATABASE_URL_UNPOOLED": url, "DATABASE_POOLED": "true"}
    run_python("manage.py", "configure_role", **variables)
    try:
        command = ("manage.py", "check", "--deploy", "--fail-level", "INFO")
        output = run_python(*command, SHORTCUTS="true", **DEPLOYMENT, **variables)
    finally:
        name = connection.ops.quote_name(str(connection.settings_dict["NAME"]))
        execute(f"ALTER ROLE CURRENT_USER IN DATABASE {name} RESET ALL")
    assert output == "System check identified no issues (8 silenced).\n"
