"""Tests of the round trips to PostgreSQL for each request, and of broken connections."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import close_old_connections, connection

from tasks.models import Task
from tests.support.client import API, TASKS, task_url
from tests.support.factories import TaskFactory
from tests.support.servers.gunicorn import database_url
from todo_project.database.postgresql.base import TRUSTED_IDLE_TIME

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

BODY = {"title": "New"}
REQUESTS: dict[str, Callable[[API, Task], Any]] = {
    "list": lambda api, task: api.send(200, "GET", f"{TASKS}?completed=false&search=a&limit=5"),
    "create": lambda api, task: api.send(201, "POST", TASKS, BODY),
    "create with Idempotency-Key": lambda api, task: api.send(
        201, "POST", TASKS, BODY, idempotency_key=str(task.id)
    ),
    "read": lambda api, task: api.send(200, "GET", task_url(task)),
    "put": lambda api, task: api.send(200, "PUT", task_url(task), BODY),
    "patch with If-Match": lambda api, task: api.send(
        200, "PATCH", task_url(task), BODY, if_match="*"
    ),
    "toggle": lambda api, task: api.send(200, "PATCH", f"{task_url(task)}/complete"),
    "delete": lambda api, task: api.send(204, "DELETE", task_url(task)),
    "delete by filter": lambda api, task: api.send(200, "DELETE", f"{TASKS}?completed=true"),
}


def count_round_trips(act: Callable[[], Any], trace: Path) -> int:
    """Return how often the server reported that it is ready for the next query."""
    close_old_connections()  # as at the start of a request; the test client does not do it
    with trace.open("w") as output:
        connection.connection.pgconn.trace(output.fileno())
        act()
        connection.connection.pgconn.untrace()
    messages = trace.read_text()
    print(messages)  # shown if the test fails
    return len(re.findall(r"\tReadyForQuery\b", messages))


def wait_until_gone(pid: int) -> None:
    """Return when the server process has ended."""
    with psycopg.connect(database_url(), autocommit=True) as other:
        query = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
        for _ in range(1000):
            [(count,)] = other.execute(query, [pid]).fetchall()
            if not count:
                return
    raise AssertionError(f"The process {pid} is still running.")


@pytest.mark.parametrize("name", REQUESTS)
def test_request_takes_one_round_trip(api: API, tmp_path: Path, name: str) -> None:
    assert connection.vendor == "postgresql"
    close_old_connections()  # an error in a test before this one would be followed by a ping
    for _ in range(4):  # until the statement is prepared, which takes one more round trip
        REQUESTS[name](api, TaskFactory.create())
    task = TaskFactory.create()
    assert count_round_trips(lambda: REQUESTS[name](api, task), tmp_path / "trace") == 1


def test_long_idle_connection_is_pinged(api: API, task: Task, tmp_path: Path) -> None:
    def read() -> None:
        api.send(200, "GET", task_url(task))

    for _ in range(4):
        read()
    connection.used_at -= TRUSTED_IDLE_TIME  # type: ignore[attr-defined]
    assert count_round_trips(read, tmp_path / "idle") == 2
    assert count_round_trips(read, tmp_path / "busy") == 1


def test_connection_closed_by_server_is_replaced(api: API, task: Task) -> None:
    for _ in range(3):
        api.send(200, "GET", task_url(task))
        closed = connection.connection.info.backend_pid
        with psycopg.connect(database_url()) as other:
            other.execute("SELECT pg_terminate_backend(%s::int)", [closed])
        wait_until_gone(closed)
        close_old_connections()
        api.send(200, "GET", task_url(task))
        assert connection.connection.info.backend_pid != closed


def test_connection_closed_by_client_is_replaced(api: API, task: Task) -> None:
    api.send(200, "GET", task_url(task))
    connection.connection.close()
    close_old_connections()
    api.send(200, "GET", task_url(task))


def test_connection_keeps_its_cursor_but_no_result(api: API, task: Task) -> None:
    api.send(200, "GET", TASKS)
    wrapper: Any = connection
    kept = wrapper._kept_cursor
    api.send(200, "GET", task_url(task))
    assert wrapper._kept_cursor is kept
    assert kept.cursor.pgresult is None
    assert kept.cursor._tx.pgresult is None


def test_iterator_reads_batches_from_server_side_cursor(task: Task) -> None:
    TaskFactory.create_batch(4)
    rows = [each.created_at.tzname() for each in Task.objects.iterator(chunk_size=2)]
    assert rows == ["UTC"] * 5
