"""Tests that the service limits how long it waits for a lock, a response and a connection."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.support.servers.cluster import ROLE, Cluster
from tests.support.servers.gunicorn import Instance, free_port, run
from tests.support.servers.http_client import Client, create_task, statuses
from tests.support.servers.mounts import mounted
from tests.support.servers.unavailability import assert_unavailable, logged_causes

CONNECT_TIMEOUT = "connection timeout expired"
TOOK_LONGER = "connecting took longer than 10 s"


def test_locked_row_returns_503(cluster: Cluster, service: Instance, client: Client) -> None:
    task = create_task(client, "alice").json()
    url = f"/api/alice/tasks/{task['id']}"
    with cluster.connect() as other, other.transaction():
        other.execute("SELECT FROM tasks WHERE id = %s FOR UPDATE", [task["id"]])
        assert_unavailable(client.send("PATCH", url, {"title": "Buy oat milk"}))
        assert statuses(client, "/healthz", url) == [200, 200]
    assert client.send("PATCH", url, {"title": "Buy oat milk"}).status == 200
    assert logged_causes(service) == ["canceling statement due to lock timeout"]


def test_hanging_database_returns_503(cluster: Cluster, tmp_path: Path) -> None:
    one_connection = {"WEB_CONCURRENCY": "1", "GUNICORN_THREADS": "1"}
    with (
        run(tmp_path / "log", DATABASE_URL=cluster.url, **one_connection) as service,
        closing(Client(service.port)) as client,
    ):
        assert create_task(client, "alice").status == 201
        with cluster.frozen():
            assert_unavailable(create_task(client, "alice"))
            assert statuses(client, "/healthz") == [200]
        assert create_task(client, "alice").status == 201
        assert logged_causes(service) == ["wait timeout expired"]


@pytest.fixture
def closed_port() -> int:
    """Return a port that rejects connections."""
    return free_port()


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Return a port that accepts connections, on which no server ever sends a byte."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def dropping_port() -> Iterator[int]:
    """Return a port that answers no packet: its accept queue is full, so Linux drops them."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        address = listener.getsockname()
        stack.enter_context(socket.create_connection(address))
        yield address[1]


@pytest.mark.parametrize(
    ("port_fixture", "cause"),
    [
        ("closed_port", "Connection refused"),
        ("silent_port", CONNECT_TIMEOUT),
        ("dropping_port", CONNECT_TIMEOUT),
    ],
)
def test_unreachable_database_returns_503(
    request: pytest.FixtureRequest, tmp_path: Path, port_fixture: str, cause: str
) -> None:
    port = request.getfixturevalue(port_fixture)
    url = f"postgresql://{ROLE}@127.0.0.1:{port}/postgres?connect_timeout=2"
    with (
        run(tmp_path / "log", DATABASE_URL=url) as service,
        closing(Client(service.port)) as client,
    ):
        assert_unavailable(create_task(client, "alice"))
        assert statuses(client, "/healthz", "/readyz") == [200, 503]
        assert logged_causes(service) == [cause] * 2


def test_addresses_that_do_not_respond_share_the_time_to_connect(
    silent_port: int, tmp_path: Path
) -> None:
    hosts = ",".join([f"127.0.0.1:{silent_port}"] * 12)  # 2 s each, the minimum of libpq
    url = f"postgresql://{ROLE}@{hosts}/postgres"
    with (
        run(tmp_path / "log", DATABASE_URL=url) as service,
        closing(Client(service.port)) as client,
    ):
        assert_unavailable(create_task(client, "alice"))
        assert statuses(client, "/healthz") == [200]
        assert logged_causes(service) == [TOOK_LONGER]


def test_silent_name_server_is_not_waited_for(tmp_path: Path) -> None:
    resolv_conf = tmp_path / "resolv.conf"
    with socket.socket(type=socket.SOCK_DGRAM) as name_server:
        name_server.bind(("127.0.0.153", 53))
        resolv_conf.write_text("nameserver 127.0.0.153\noptions timeout:10 attempts:3\n")
        see, url = mounted(resolv_conf, "/etc/resolv.conf"), "postgresql://u@db.example.com/todo"
        with (
            run(tmp_path / "log", see, DATABASE_URL=url) as service,
            closing(Client(service.port)) as client,
        ):
            assert_unavailable(create_task(client, "alice"))
            assert statuses(client, "/healthz") == [200]
            assert logged_causes(service) == [TOOK_LONGER]
