"""Tests of clients that send or read slowly: they hold no thread, and others are served."""

import os
import socket
import statistics
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import cycle
from time import monotonic
from uuid import uuid4

import pytest

from tests.support.servers.gunicorn import Instance, wait_until
from tests.support.servers.http_client import Client, create_task, statuses
from tests.support.servers.slow_clients import HEAD, STARTS, slow_clients

SLOW_CLIENTS = 128
"""Connections of each kind; 2 workers of 4 threads serve."""

SECONDS = float(os.environ.get("SLOW_CLIENTS_SECONDS", "25"))
"""The duration of the test with slow clients, longer than the timeout of a request."""

IDLE = 2_100
"""More connections than the workers keep: 1,000 each."""


def test_other_clients_are_served_beside_slow_ones(service: Instance) -> None:
    user, times = str(uuid4()), []
    requests = cycle([("POST", 201), ("GET", 200), ("healthz", 200)])
    with slow_clients(service.port, SLOW_CLIENTS), closing(Client(service.port)) as client:
        end = monotonic() + SECONDS
        while (start := monotonic()) < end:
            kind, status = next(requests)
            if kind == "POST":
                client.close()  # a new connection
                assert create_task(client, user).status == status
            else:
                path = "/healthz" if kind == "healthz" else f"/api/{user}/tasks?limit=10"
                assert statuses(client, path) == [status]
            times.append(monotonic() - start)
    p50, *_, p99 = (1000 * statistics.quantiles(times, n=100)[each] for each in (49, 98))
    print(f"{len(times)} requests: p50 {p50:.1f}, p99 {p99:.1f}, max {1000 * max(times):.1f} ms")


@contextmanager
def connect(service: Instance, data: bytes) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", service.port), timeout=60) as connection:
        connection.sendall(data)
        yield connection


def read_all(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


def test_slow_request_is_answered_408_and_dropped(service: Instance) -> None:
    with ExitStack() as stack:
        connections = {
            kind: stack.enter_context(connect(service, start)) for kind, start in STARTS.items()
        }
        responses = {kind: read_all(connection)[:12] for kind, connection in connections.items()}
    assert responses == dict.fromkeys(STARTS, b"HTTP/1.1 408") | {"silent": b""}


def test_client_that_does_not_read_holds_no_thread(service: Instance) -> None:
    user = str(uuid4())
    with closing(Client(service.port)) as client:
        for _ in range(60):
            big = {"title": "x" * 200, "description": "🥛" * 1000}
            assert client.send("POST", f"/api/{user}/tasks", big).status == 201
        request = f"GET /api/{user}/tasks HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        unread = [socket.socket() for _ in range(32)]
        for connection in unread:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", service.port))
            connection.sendall(request * 20)
        for _ in range(20):
            assert statuses(client, f"/api/{user}/tasks", "/healthz") == [200, 200]
        for connection in unread:
            connection.close()


def test_idle_connections_give_way_to_new_ones(service: Instance) -> None:
    idle = []
    try:
        for _ in range(IDLE):
            connection = socket.create_connection(("127.0.0.1", service.port), timeout=60)
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(4096).startswith(b"HTTP/1.1 200 OK")
            idle.append(connection)
        with closing(Client(service.port)) as client:
            assert statuses(client, "/healthz") == [200]
    finally:
        for connection in idle:
            connection.close()


def test_headers_over_32_kb_are_answered_431(service: Instance) -> None:
    head = HEAD + b"".join(b"X-%d: %s\r\n" % (number, b"x" * 5000) for number in range(100))
    with connect(service, head) as connection:
        assert read_all(connection).startswith(b"HTTP/1.1 431 ")
    wait_until(lambda: len(service.reports()) == 1)
    [report] = service.reports()
    assert report["message"] == "rejected: LimitRequestHeaders"
    assert len(report["request_id"]) == 32


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET /api/alice/tasks?search=milk\n\n", b"400"),
        (b"GET /api/alice/tasks?search=milk HTTP/9.9\r\n\r\n", b"400"),
        (b"GET /api/alice/tasks HTTP/1.1\r\nalice secret\r\n\r\n", b"400"),
        (b"get /api/alice/tasks HTTP/1.1\r\n\r\n", b"400"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nsecret\r\n\r\n", b"400"),
        (HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", b"400"),
        (HEAD + b"Transfer-Encoding: alice\r\n\r\n0\r\n\r\n", b"501"),
    ],
)
def test_invalid_http_is_rejected_and_logged_without_its_content(
    service: Instance, data: bytes, status: bytes
) -> None:
    with connect(service, data) as connection:
        assert read_all(connection).split(b" ")[1] == status
    assert "alice" not in service.errors.read_text()
    assert "secret" not in service.errors.read_text()
