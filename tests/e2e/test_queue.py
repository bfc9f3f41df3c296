"""Tests of requests that wait for a thread, while the database hangs."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.servers.cluster import Cluster
from tests.support.servers.gunicorn import Instance, run, wait_until
from tests.support.servers.http_client import Client, Response, create_task, statuses

CLIENTS = 30
"""More than there are threads."""

FILES = 64
IDLE = 150


@pytest.fixture
def worker(cluster: Cluster, tmp_path: Path) -> Iterator[Instance]:
    """Return an instance of one worker, with four threads."""
    with run(tmp_path / "log", DATABASE_URL=cluster.url, WEB_CONCURRENCY="1") as instance:
        yield instance


def waiting_statements(cluster: Cluster) -> int:
    with cluster.connect() as connection:
        query = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        return len(connection.execute(query).fetchall())


def test_health_is_answered_and_others_are_refused_while_the_database_hangs(
    cluster: Cluster, worker: Instance
) -> None:
    def read(_number: int) -> Response:
        with closing(Client(worker.port)) as reader:
            return reader.send("GET", "/api/alice/tasks")

    with (
        closing(Client(worker.port)) as client,
        cluster.connect() as other,
        ThreadPoolExecutor(CLIENTS) as pool,
        other.transaction(),
    ):
        other.execute("LOCK TABLE tasks")
        responses = pool.map(read, range(CLIENTS))
        wait_until(lambda: waiting_statements(cluster) == 4)
        assert statuses(client, *["/healthz"] * 5) == [200] * 5
        assert waiting_statements(cluster) == 4  # no thread has been free in between
        problems = {(each.status, each.json()["type"]) for each in responses}
    assert problems <= {(503, "/problems/database-unavailable"), (503, "/problems/overloaded")}
    assert read(0).status == 200


def test_requests_whose_clients_have_left_are_not_executed(
    cluster: Cluster, worker: Instance
) -> None:
    user, body = str(uuid4()), b'{"title": "Buy milk"}'
    request = (
        f"POST /api/{user}/tasks HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
    with (
        closing(Client(worker.port)) as client,
        cluster.connect() as other,
        ExitStack() as stack,
    ):
        with other.transaction():
            other.execute("LOCK TABLE tasks")
            for _ in range(4):
                begun = socket.create_connection(("127.0.0.1", worker.port))
                stack.enter_context(begun).sendall(request)
            wait_until(lambda: waiting_statements(cluster) == 4)
            for _ in range(200):
                with socket.create_connection(("127.0.0.1", worker.port)) as leaving:
                    leaving.sendall(request)
                    leaving.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            assert statuses(client, "/healthz") == [200]
        assert create_task(client, user).status == 201
        lines = [json.loads(line) for line in worker.log.read_text().splitlines()]
    assert [line["method"] for line in lines].count("POST") == 4 + 1


def test_idle_connections_leave_files_for_the_database(cluster: Cluster, tmp_path: Path) -> None:
    limited = ("prlimit", f"--nofile={FILES}")
    with (
        run(tmp_path / "log", limited, DATABASE_URL=cluster.url) as service,
        ExitStack() as stack,
    ):
        for _ in range(IDLE):
            stack.enter_context(socket.create_connection(("127.0.0.1", service.port)))
        for _ in range(10):
            with closing(Client(service.port)) as client:
                assert create_task(client, "alice").status == 201
