"""One round trip to PostgreSQL for each request, and never a dead connection."""

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
    "create with a key": lambda api, task: api.send(
        201, "POST", TASKS, BODY, idempotency_key=str(task.id)
    ),
    "read": lambda api, task: api.send(200, "GET", task_url(task)),
    "put": lambda api, task: api.send(200, "PUT", task_url(task), BODY),
    "patch under a condition": lambda api, task: api.send(
        200, "PATCH", task_url(task), BODY, if_match="*"
    ),
    "toggle": lambda api, task: api.send(200, "PATCH", f"{task_url(task)}/complete"),
    "delete": lambda api, task: api.send(204, "DELETE", task_url(task)),
    "delete by filter": lambda api, task: api.send(200, "DELETE", f"{TASKS}?completed=true"),
}


def round_trips(act: Callable[[], Any], trace: Path) -> int:
    """Return how often the server was asked and answered that it is ready for more."""
    close_old_connections()  # as at the start of a request: the test client does not
    with trace.open("w") as output:
        connection.connection.pgconn.trace(output.fileno())
        act()
        connection.connection.pgconn.untrace()
    return len(re.findall(r"\tReadyForQuery\b", trace.read_text()))


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_is_one_round_trip(api: API, tmp_path: Path, name: str) -> None:
    assert connection.vendor == "postgresql"
    for _ in range(4):  # a statement is prepared on its way, which costs one more, once
        REQUESTS[name](api, TaskFactory.create())
    task = TaskFactory.create()
    assert round_trips(lambda: REQUESTS[name](api, task), tmp_path / "trace") == 1


def test_a_connection_that_was_long_idle_is_asked_whether_it_lives(
    api: API, task: Task, tmp_path: Path
) -> None:
    def read() -> None:
        api.send(200, "GET", task_url(task))

    for _ in range(4):
        read()
    connection.used_at -= TRUSTED_IDLE_TIME  # type: ignore[attr-defined]
    assert round_trips(read, tmp_path / "idle") == 2
    assert round_trips(read, tmp_path / "busy") == 1


def test_a_connection_that_the_server_closed_is_replaced(api: API, task: Task) -> None:
    for _ in range(3):
        api.send(200, "GET", task_url(task))
        closed = connection.connection.info.backend_pid
        with psycopg.connect(database_url()) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [closed])
        wait_until_gone(closed)
        close_old_connections()
        api.send(200, "GET", task_url(task))
        assert connection.connection.info.backend_pid != closed


def test_a_connection_that_this_side_closed_is_replaced(api: API, task: Task) -> None:
    api.send(200, "GET", task_url(task))
    connection.connection.close()
    close_old_connections()
    api.send(200, "GET", task_url(task))


def wait_until_gone(pid: int) -> None:
    """Wait until the server has ended a process of its own."""
    with psycopg.connect(database_url(), autocommit=True) as other:
        alive = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
        for _ in range(1000):
            [(count,)] = other.execute(alive, [pid]).fetchall()
            if not count:
                return
    raise AssertionError(f"{pid} is still there")


def test_rows_come_in_batches_from_a_cursor_on_the_server(task: Task) -> None:
    TaskFactory.create_batch(4)
    rows = [each.created_at.tzname() for each in Task.objects.iterator(chunk_size=2)]
    assert rows == ["UTC"] * 5
