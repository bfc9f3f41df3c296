"""Tests of databases that cannot serve the API: not migrated, without rights, damaged."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from pytest_django import DjangoAssertNumQueries

from tasks.models import Task
from tests.support.client import API, TASKS
from tests.support.commands import MIGRATIONS
from tests.support.errors import logged_errors
from tests.support.servers import unavailability as servers
from tests.support.servers.gunicorn import run
from tests.support.servers.http_client import Client, statuses
from todo_project.urls import urlpatterns as service_urlpatterns

pytestmark = pytest.mark.django_db(transaction=True)

TITLE = {"title": "Buy milk"}


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@csrf_exempt
def view(request: HttpRequest) -> HttpResponse:
    """Execute the SQL in the body."""
    execute(request.body.decode())
    return HttpResponse()


urlpatterns = [path("api/execute", view), *service_urlpatterns]


@pytest.fixture
def role(transactional_db: None) -> Iterator[str]:
    """Create a role without any rights; reset the role of the session after the test."""
    name = f"guest_{uuid4().hex}"
    execute(f"CREATE ROLE {name}")
    execute(f"GRANT {name} TO CURRENT_USER")  # for SET ROLE; a superuser needs no membership
    yield name
    execute("RESET ROLE")
    execute(f"DROP OWNED BY {name}")
    execute(f"DROP ROLE {name}")


def assert_unavailable(
    api: API, caplog: pytest.LogCaptureFixture, cause: str, *requests: tuple[Any, ...]
) -> None:
    """Assert that each request gets a 503 that hides the cause, and that the cause is logged."""
    caplog.clear()
    for request in requests:
        response = api.send(503, *request)
        assert response["Content-Type"] == "application/problem+json"
        assert response["Retry-After"] == "2"
        assert response.json()["type"] == "/problems/database-unavailable"
    causes = [record.getMessage().partition("\n")[0] for record in logged_errors(caplog)]
    assert causes == [f"database-unavailable: {cause}"] * len(requests)


READ, CREATE = ("GET", TASKS), ("POST", TASKS, TITLE)
READY = ("GET", "/readyz")


def test_missing_tables_return_503(api: API, caplog: pytest.LogCaptureFixture) -> None:
    call_command("migrate", "tasks", "zero", database="default", verbosity=0)
    missing = {
        "postgresql": 'relation "tasks" does not exist',
        "sqlite": "no such table: tasks",
    }[connection.vendor]
    not_migrated = f"{len(MIGRATIONS)} migrations are not applied; run `python manage.py migrate`."
    try:
        assert_unavailable(api, caplog, missing, READ, CREATE)
        assert_unavailable(api, caplog, not_migrated, READY)
    finally:
        call_command("migrate", "tasks", database="default", verbosity=0)
    api.send(200, *READY)
    api.send(201, *CREATE)


@pytest.mark.parametrize(
    ("change", "undo", "postgresql", "sqlite"),
    [
        (
            "ALTER TABLE tasks RENAME TO renamed",
            "ALTER TABLE renamed RENAME TO tasks",
            'relation "tasks" does not exist',
            "no such table: tasks",
        ),
        (
            "ALTER TABLE tasks RENAME COLUMN description TO renamed",
            "ALTER TABLE tasks RENAME COLUMN renamed TO description",
            "column tasks.description does not exist",
            "no such column: tasks.description",
        ),
    ],
)
def test_schema_changed_by_hand_returns_503(
    api: API,
    caplog: pytest.LogCaptureFixture,
    change: str,
    undo: str,
    postgresql: str,
    sqlite: str,
) -> None:
    cause = {"postgresql": postgresql, "sqlite": sqlite}[connection.vendor]
    api.send(200, *READY)  # SQLite keeps its statements
    execute(change)
    try:
        assert_unavailable(api, caplog, cause, READ, READY)
    finally:
        execute(undo)
    api.send(200, *READY)


@pytest.mark.once
def test_role_without_rights_gets_503(
    api: API, caplog: pytest.LogCaptureFixture, role: str
) -> None:
    execute(f"SET ROLE {role}")
    assert_unavailable(api, caplog, "permission denied for table tasks", READ, CREATE)
    assert_unavailable(api, caplog, "permission denied for table django_migrations", READY)


@pytest.mark.once
@pytest.mark.parametrize(
    ("granted", "missing", "failing"),
    [
        ("SELECT, UPDATE, DELETE", "INSERT", CREATE),
        ("INSERT, UPDATE, DELETE", "SELECT", READ),
        ("SELECT, INSERT, DELETE", "UPDATE", ("PATCH", "{url}", TITLE)),
        ("SELECT, INSERT, UPDATE", "DELETE", ("DELETE", "{url}")),
    ],
)
def test_role_that_lacks_one_right_is_not_ready(
    api: API,
    caplog: pytest.LogCaptureFixture,
    task: Task,
    role: str,
    granted: str,
    missing: str,
    failing: tuple[Any, ...],
) -> None:
    execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
    execute(f"SET ROLE {role}")
    api.send(200, *READY)
    execute("RESET ROLE")
    execute(f"REVOKE ALL ON tasks FROM {role}; GRANT {granted} ON tasks TO {role}")
    execute(f"SET ROLE {role}")
    method, url, *body = failing
    request = (method, url.format(url=f"{TASKS}/{task.id}"), *body)
    assert_unavailable(api, caplog, "permission denied for table tasks", request)
    cause = "permission denied for table tasks"
    cause += "" if missing == "SELECT" else f": {missing}"
    assert_unavailable(api, caplog, cause, READY)


@pytest.mark.once
def test_wrong_search_path_returns_503(api: API, caplog: pytest.LogCaptureFixture) -> None:
    execute("SET search_path = nowhere")
    try:
        assert_unavailable(api, caplog, 'relation "tasks" does not exist', READ, CREATE)
        count = len([*connection.introspection.table_names()])
        assert count == 0
        response = api.send(503, *READY)
        assert response.json()["type"] == "/problems/database-unavailable"
    finally:
        execute("RESET search_path")


@pytest.mark.once
@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    ("sql", "status"),
    [
        ("SELECT * FROM nowhere", 503),
        ("SELECT nowhere FROM tasks", 503),
        ("SELECT nowhere()", 503),
        ("CREATE TABLE nowhere.nothing ()", 503),
        ("SET ROLE nobody_at_all", 500),
        ("SELECT", 200),
        ("SELEC", 500),
        ("SELECT 1 / 0", 500),
        ("INSERT INTO tasks (title) VALUES ('a')", 500),
    ],
)
def test_status_of_a_database_error_depends_on_its_sqlstate(
    api: API, sql: str, status: int
) -> None:
    api.send(status, "POST", "/api/execute", sql.encode(), content_type="text/plain")


@pytest.mark.once
@pytest.mark.parametrize("content", [b"This is not a database. " * 100, b"SQLite format 3"])
def test_file_that_is_no_sqlite_database_returns_503(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "db.sqlite3"
    file.write_bytes(content)
    with (
        run(tmp_path / "log", DATABASE_URL=f"sqlite:///{file}") as service,
        closing(Client(service.port)) as client,
    ):
        for request in (READ, CREATE, READY):
            servers.assert_unavailable(client.send(*request))
        assert statuses(client, "/healthz") == [200]
        assert servers.logged_causes(service) == ["file is not a database"] * 3


def test_read_only_file_is_not_ready(api: API, caplog: pytest.LogCaptureFixture) -> None:
    if connection.vendor == "sqlite":
        execute("PRAGMA query_only = on")
        try:
            assert_unavailable(api, caplog, "attempt to write a readonly database", CREATE, READY)
        finally:
            execute("PRAGMA query_only = off")
    api.send(200, *READY)


def test_readiness_executes_a_fixed_number_of_statements(
    api: API, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    api.send(200, *READY)
    with django_assert_num_queries(4):
        api.send(200, *READY)


@pytest.mark.once
@pytest.mark.parametrize(
    ("change", "undo", "cause"),
    [
        (
            "SET default_transaction_read_only = on",
            "RESET default_transaction_read_only",
            "the session is read-only",
        ),
        (
            "ALTER TABLE tasks ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE tasks DISABLE ROW LEVEL SECURITY",
            "row-level security of the table tasks applies to the role",
        ),
    ],
)
def test_database_in_which_a_write_would_not_work_is_not_ready(
    api: API, caplog: pytest.LogCaptureFixture, role: str, change: str, undo: str, cause: str
) -> None:
    execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
    execute(change)
    execute(f"SET ROLE {role}")
    try:
        assert_unavailable(api, caplog, cause, READY)
    finally:
        execute("RESET ROLE")
        execute(undo)
    execute(f"SET ROLE {role}")
    api.send(200, *READY)
