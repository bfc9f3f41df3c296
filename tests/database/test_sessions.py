"""Tests that nothing needs a restart: a session that has outlived a change is replaced."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import psycopg
import pytest
from django.db import (
    NotSupportedError,
    OperationalError,
    close_old_connections,
    connection,
    transaction,
)

from tasks.models import Task
from tests.support.api_requests import ONE_TASK, REQUESTS
from tests.support.client import API, TASKS, stored_rows
from tests.support.errors import logged_errors
from tests.support.factories import TaskFactory
from tests.support.servers.gunicorn import database_url
from todo_project.database.url import MAX_AGE

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

CREATE = ("POST", TASKS, {"title": "Buy milk"})
READY = ("GET", "/readyz")
OPERATIONS = [
    *ONE_TASK,
    "patch with stale If-Match",
    "create",
    "create with Idempotency-Key",
    "repeat with Idempotency-Key",
    "list limit=100",
    "list completed=false&search=task&limit=100&cursor",
    "delete by filter",
]
FAILING_FUNCTION = """
CREATE SEQUENCE executions;
CREATE FUNCTION fail() RETURNS void LANGUAGE plpgsql AS $$
BEGIN PERFORM nextval('executions'); RAISE SQLSTATE '0A000'; END $$
"""


@pytest.fixture
def other() -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url(), autocommit=True) as other:
        yield other


@contextmanager
def longer_titles(other: psycopg.Connection) -> Iterator[None]:
    """Change the type of a column in another session, as a migration does."""
    other.execute("ALTER TABLE tasks ALTER title TYPE varchar(400)")
    try:
        yield
    finally:
        other.execute("ALTER TABLE tasks ALTER title TYPE varchar(200)")


@pytest.mark.parametrize("name", OPERATIONS)
def test_statement_is_repeated_after_a_column_has_got_another_type(
    api: API, other: psycopg.Connection, name: str
) -> None:
    for _ in range(3):  # until its statements are prepared
        REQUESTS[name].send(api)
    with longer_titles(other):
        REQUESTS[name].send(api)
    REQUESTS[name].send(api)


def test_statement_in_a_transaction_is_not_repeated(other: psycopg.Connection) -> None:
    TaskFactory.create(title="Buy milk")
    titles = Task.objects.values_list("title", flat=True)
    for _ in range(3):
        assert [*titles.all()] == ["Buy milk"]
    with longer_titles(other):
        with pytest.raises(NotSupportedError, match="cached plan"), transaction.atomic():
            [*titles.all()]
        assert [*titles.all()] == ["Buy milk"]


@pytest.mark.parametrize(("prepare_threshold", "executions"), [(2, 2), (None, 1)])
def test_statement_that_fails_again_is_not_repeated_again(
    other: psycopg.Connection, prepare_threshold: int | None, executions: int
) -> None:
    other.execute(FAILING_FUNCTION)
    try:
        connection.ensure_connection()
        connection.connection.prepare_threshold = prepare_threshold
        with pytest.raises(NotSupportedError), connection.cursor() as cursor:
            cursor.execute("SELECT fail()")
        assert other.execute("SELECT last_value FROM executions").fetchall() == [(executions,)]
    finally:
        other.execute("DROP FUNCTION fail; DROP SEQUENCE executions")
        connection.close()


def takes_role() -> bool:
    """Return whether a new session has taken a role by default; none is open after that."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW role")
        [(role,)] = cursor.fetchall()
    connection.close()
    return bool(role != "none")


@pytest.mark.parametrize(
    ("change", "undo", "causes"),
    [
        (
            "ALTER DATABASE {database} SET default_transaction_read_only = on",
            "ALTER DATABASE {database} RESET default_transaction_read_only",
            ["cannot execute INSERT in a read-only transaction", "the session is read-only"],
        ),
        (
            "ALTER DATABASE {database} SET search_path = nowhere",
            "ALTER DATABASE {database} RESET search_path",
            [
                'relation "tasks" does not exist',
                "32 migrations are not applied; run `python manage.py migrate`.",
            ],
        ),
        (
            "ALTER ROLE CURRENT_USER IN DATABASE {database} SET role = pg_monitor",
            "ALTER ROLE CURRENT_USER IN DATABASE {database} RESET role",
            ["permission denied for table tasks", "permission denied for table django_migrations"],
        ),
    ],
    ids=["25006", "42P01", "42501"],
)
@pytest.mark.parametrize("request_number", [0, 1], ids=["POST", "readyz"])
def test_session_with_former_defaults_is_replaced_after_its_error(
    api: API,
    caplog: pytest.LogCaptureFixture,
    other: psycopg.Connection,
    change: str,
    undo: str,
    causes: list[str],
    request_number: int,
) -> None:
    database = connection.ops.quote_name(str(connection.settings_dict["NAME"]))
    request = (CREATE, READY)[request_number]
    other.execute(change.format(database=database))
    try:
        connection.close()
        if "SET role" in change and not takes_role():
            pytest.skip("The role of the tests may not become pg_monitor.")
        api.send(503, *request)
    finally:
        other.execute(undo.format(database=database))
    close_old_connections()  # as at the start of a request; the test client does not do it
    api.send((201, 200)[request_number], *request)
    messages = [record.getMessage().partition("\n")[0] for record in logged_errors(caplog)]
    assert messages == [f"database-unavailable: {causes[request_number]}"]


def test_connection_left_in_a_transaction_is_closed() -> None:
    with (
        pytest.raises(OperationalError, match="not committed; is Pgpool-II"),
        connection.cursor() as cursor,
    ):
        cursor.execute("BEGIN")
    assert connection.connection.closed
    close_old_connections()
    with connection.cursor() as cursor:
        cursor.execute("SELECT")


def test_connection_is_replaced_at_an_age_of_its_own(api: API) -> None:
    ages = set()
    for _ in range(10):
        connection.close()
        before = monotonic()
        connection.ensure_connection()
        assert connection.close_at is not None
        assert before + MAX_AGE / 2 <= connection.close_at <= monotonic() + MAX_AGE
        ages.add(round(connection.close_at - monotonic()))
    assert len(ages) > 1
    pid = connection.connection.info.backend_pid
    close_old_connections()
    api.send(200, *READY)
    assert connection.connection.info.backend_pid == pid
    connection.close_at = monotonic()
    close_old_connections()
    api.send(200, *READY)
    assert connection.connection.info.backend_pid != pid


def test_request_does_not_use_the_database_after_its_deadline(
    api: API, caplog: pytest.LogCaptureFixture
) -> None:
    wrapper: Any = connection
    before = stored_rows()
    wrapper.deadline = monotonic()
    api.send(503, *CREATE)
    wrapper.deadline = monotonic() + 0.1
    with pytest.raises(OperationalError, match="wait timeout"), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(2)")
    close_old_connections()
    assert stored_rows() == before
    assert [record.getMessage() for record in logged_errors(caplog)] == [
        "database-unavailable: the request has used the database for 18 s"
    ]
