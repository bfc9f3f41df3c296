"""Tests of roles with settings of their own, which apply to every session of the role."""

import os
from collections.abc import Callable, Iterator
from signal import SIGTERM
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from tests.support.client import API, TASKS
from tests.support.commands import run_command
from tests.support.servers.gunicorn import database_url

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

# Each value is the one furthest from what drivers and SQL expect.
UNUSUAL = {
    "datestyle": "German, DMY",
    "intervalstyle": "sql_standard",
    "bytea_output": "escape",
    "standard_conforming_strings": "off",
    "timezone": "'Asia/Kathmandu'",
    "extra_float_digits": "'-15'",
    "quote_all_identifiers": "on",
    "transform_null_equals": "on",
    "default_transaction_isolation": "'repeatable read'",
    "client_encoding": "LATIN1",
}


@pytest.fixture
def unusual_role(transactional_db: None) -> Iterator[None]:
    """Give the role unusual settings in the database of the tests, and reset them afterwards."""
    database = connection.ops.quote_name(str(connection.settings_dict["NAME"]))
    with connection.cursor() as cursor:
        for name, value in UNUSUAL.items():
            cursor.execute(f"ALTER ROLE CURRENT_USER IN DATABASE {database} SET {name} = {value}")
    connection.close()
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER ROLE CURRENT_USER IN DATABASE {database} RESET ALL")
    connection.close()


def definitions() -> list[tuple[Any, ...]]:
    """Return the SQL of the constraints and defaults, as PostgreSQL has parsed it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid = 'tasks'::regclass UNION SELECT pg_get_expr(adbin, adrelid)"
            " FROM pg_attrdef WHERE adrelid = 'tasks'::regclass ORDER BY 1"
        )
        return list(cursor.fetchall())


def test_settings_of_the_role_change_no_response(api: API, unusual_role: None) -> None:
    key = {"idempotency_key": "a"}
    body = {"title": "a\\'b \N{GLASS OF MILK}", "description": "\\n"}
    created = api.send(201, "POST", TASKS, body, **key)
    task = created.json()
    assert created["ETag"] == f'"{task["updated_at"]}"'
    assert (task["title"], task["description"]) == (body["title"], body["description"])
    assert api.send(201, "POST", TASKS, body, **key).json() == task
    assert api.send(200, "GET", f"{TASKS}?search=\\'B").json() == [task]
    url = created["Location"]
    for _ in range(3):  # the second execution prepares the statement
        changed = api.send(200, "PATCH", url, {"completed": True}, if_match=created["ETag"])
        assert changed.json() == task | {
            "completed": True,
            "updated_at": changed.json()["updated_at"],
        }
        assert changed.json()["updated_at"] > task["updated_at"]
        created = changed
    api.send(200, "GET", "/readyz")


def test_settings_of_the_role_do_not_change_the_schema(unusual_role: None) -> None:
    connection.ensure_connection()
    before = definitions()
    for target in ("zero", "0004"):
        call_command("migrate", "tasks", target, database="default", verbosity=0)
    assert definitions() == before


def test_configure_role_overrides_the_settings_of_the_role(unusual_role: None) -> None:
    with psycopg.connect(database_url()) as session:
        assert session.execute("SHOW datestyle").fetchone() == ("German, DMY",)
    run_command("configure_role")
    with psycopg.connect(database_url()) as session:
        assert session.execute("SHOW datestyle").fetchone() == ("ISO, MDY",)
        assert session.execute("SHOW timezone").fetchone() == ("UTC",)


@pytest.fixture
def configured_role(transactional_db: None) -> Iterator[None]:
    """Configure the role; afterwards, reset it and apply all migrations."""
    run_command("configure_role")
    yield
    call_command("migrate", "tasks", database="default", verbosity=0)
    database = connection.ops.quote_name(str(connection.settings_dict["NAME"]))
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_dist_local_group")
        cursor.execute(f"ALTER ROLE CURRENT_USER IN DATABASE {database} RESET ALL")


def timeouts() -> list[str]:
    """Return the timeouts of another session of the role, as Citus opens on its workers."""
    names = ("statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout")
    with psycopg.connect(database_url()) as session:
        return [
            value
            for name in names
            for (value,) in session.execute(f"SHOW {name}".encode()).fetchall()
        ]


def terminate() -> None:
    os.kill(os.getpid(), SIGTERM)


def timeouts_during_migrations(
    *target: str, event: Callable[[], object] | None = None
) -> set[str]:
    """Migrate; return the timeouts of other sessions during each statement on tasks."""
    found = set()

    def observe(execute: Callable[..., Any], sql: str, *call: Any) -> Any:
        if 'TABLE "tasks"' in sql or 'UPDATE "tasks"' in sql:
            found.add(" ".join(timeouts()))
            if event:
                event()
        return execute(sql, *call)

    with connection.execute_wrapper(observe):
        call_command("migrate", "tasks", *target, database="default", verbosity=0)
    return found


@pytest.mark.undistributed(reason="it imitates the catalog of Citus")
@pytest.mark.usefixtures("configured_role")
def test_migrations_on_citus_meet_no_statement_timeout_in_other_sessions() -> None:
    configured, disabled = ["10s", "30s", "5s"], "0 0 5s"
    assert timeouts_during_migrations("0001") == {" ".join(configured)}
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE pg_dist_local_group AS SELECT 0 AS groupid")
    for error, event in ((KeyboardInterrupt, terminate), (ZeroDivisionError, lambda: 1 / 0)):
        with pytest.raises(error):
            timeouts_during_migrations(event=event)
        assert timeouts() == configured
    assert timeouts_during_migrations() == {disabled}
    assert timeouts() == configured
    assert timeouts_during_migrations("0001") == {disabled}


@pytest.mark.undistributed(reason="it imitates the catalog of Citus")
@pytest.mark.usefixtures("configured_role")
def test_role_has_its_own_timeouts_again_after_migrations_on_citus() -> None:
    database = connection.ops.quote_name(str(connection.settings_dict["NAME"]))
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE pg_dist_local_group AS SELECT 0 AS groupid")
        cursor.execute(f"ALTER ROLE CURRENT_USER IN DATABASE {database} RESET ALL")
        cursor.execute(
            f"ALTER ROLE CURRENT_USER IN DATABASE {database} SET statement_timeout = '7 min'"
        )
    assert timeouts_during_migrations("0001") == {"0 0 0"}
    assert timeouts() == ["7min", "0", "0"]
