"""While the database is away the service says so, and nothing of it has to be restarted."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from time import monotonic

import psycopg
import pytest

from tests.support.servers.cluster import ROLE, Cluster, primary
from tests.support.servers.gunicorn import Instance, free_port, manage, run, wait_until
from tests.support.servers.load import Answer, Client, load

CLIENTS = 16  # twice as many as there are threads
FULL = "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute"
EXPIRED = "connection timeout expired"
RECOVERY = 2.0
"""Seconds after which nothing may remind of an outage."""


def create(client: Client, number: int) -> Answer:
    return client.ask("POST", f"/api/user-{number}/tasks", {"title": "Buy milk"})


def statuses(client: Client, *paths: str) -> list[int]:
    return [client.ask("GET", path).status for path in paths]


def causes(service: Instance) -> list[str]:
    """Return why the database was unavailable, as the log says in the first line of each."""
    lines = [report["message"].partition("\n")[0] for report in service.reports()]
    return [
        line.removeprefix("database-unavailable: ").rpartition(" failed: ")[2] for line in lines
    ]


def assert_unavailable(answer: Answer) -> None:
    assert answer.status == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Retry-After"] == "2"
    assert answer.json()["type"] == "/problems/database-unavailable"


@pytest.fixture
def client(service: Instance) -> Iterator[Client]:
    with closing(Client(service.port)) as client:
        yield client


def test_a_restart_between_requests_fails_none(cluster: Cluster, service: Instance) -> None:
    with load(service.port, CLIENTS, create) as record:
        record.wait_for(200, 201)
    for _ in range(3):
        cluster.restart()
        with load(service.port, CLIENTS, create) as record:
            record.wait_for(100, 201)
        assert record.count().keys() == {201}


def test_a_database_killed_under_load_is_back_within_two_seconds(
    cluster: Cluster, service: Instance, client: Client
) -> None:
    def create_or_see(client: Client, number: int) -> Answer:
        answer = create(client, number)
        if answer.status != 201:
            assert_unavailable(answer)
        return answer

    wait_until(lambda: len(service.workers) == 2)
    workers = service.workers
    with load(service.port, CLIENTS, create_or_see) as record:
        for _ in range(3):
            record.wait_for(100, 201)
            cluster.kill()
            record.wait_for(50, 503)
            assert statuses(client, "/healthz", "/readyz") == [200, 503]
            cluster.start()
            back = monotonic()
            wait_until(lambda back=back: monotonic() > back + RECOVERY)  # type: ignore[misc]
            recovered = monotonic()
            record.wait_for(100, 201)
            assert statuses(client, "/healthz", "/readyz") == [200, 200]
            assert record.count(recovered).keys() == {201}
    assert record.count().keys() == {201, 503}
    assert service.workers == workers


def test_a_row_that_another_session_locks_is_waited_for_no_longer_than_allowed(
    cluster: Cluster, service: Instance, client: Client
) -> None:
    task = create(client, 0).json()
    address = f"/api/user-0/tasks/{task['id']}"
    with cluster.connect() as other, other.transaction():
        other.execute("SELECT FROM tasks WHERE id = %s FOR UPDATE", [task["id"]])
        assert_unavailable(client.ask("PATCH", address, {"title": "Buy oat milk"}))
        assert statuses(client, "/healthz", address) == [200, 200]
    assert client.ask("PATCH", address, {"title": "Buy oat milk"}).status == 200
    assert causes(service) == ["canceling statement due to lock timeout"]


def test_a_database_that_only_reads_is_read(
    cluster: Cluster, service: Instance, client: Client
) -> None:
    task = create(client, 0).json()
    address = f"/api/user-0/tasks/{task['id']}"
    with cluster.only_reading():
        wait_until(lambda: create(client, 0).status != 201)
        assert_unavailable(client.ask("PATCH", address, {"title": "Buy oat milk"}))
        assert statuses(client, "/readyz", address) == [200, 200]
    wait_until(lambda: create(client, 0).status == 201)
    assert set(causes(service)) == {
        f"cannot execute {verb} in a read-only transaction" for verb in ("INSERT", "UPDATE")
    }


def test_a_database_that_hangs_is_not_waited_for_long(cluster: Cluster, tmp_path: Path) -> None:
    one_connection = {"WEB_CONCURRENCY": "1", "GUNICORN_THREADS": "1"}
    with (
        run(tmp_path / "log", DATABASE_URL=cluster.url, **one_connection) as service,
        closing(Client(service.port)) as client,
    ):
        assert create(client, 0).status == 201
        with cluster.frozen():
            assert_unavailable(create(client, 0))
            assert statuses(client, "/healthz") == [200]
        assert create(client, 0).status == 201
        assert causes(service) == ["wait timeout expired"]


def test_when_connections_run_out_the_service_waits_for_its_turn(tmp_path: Path) -> None:
    with (
        primary(max_connections=12) as cluster,
        run(tmp_path / "log", DATABASE_URL=cluster.url) as service,
        closing(Client(service.port)) as client,
    ):
        manage(cluster.url, "migrate", "-v", "0")
        with ExitStack() as others:
            with suppress(psycopg.OperationalError):
                while True:
                    others.enter_context(cluster.connect(ROLE))
            assert_unavailable(create(client, 0))
            assert statuses(client, "/healthz", "/readyz") == [200, 503]
        assert create(client, 0).status == 201
        assert statuses(client, "/healthz", "/readyz") == [200, 200]
        assert causes(service) == [FULL] * 2


@pytest.fixture
def closed() -> int:
    """Return a port on which nobody listens."""
    return free_port()


@pytest.fixture
def silent() -> Iterator[int]:
    """Return a port where the kernel accepts, and nobody says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def dropping() -> Iterator[int]:
    """Return a port that answers no packet: Linux drops what a full queue has no room for."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        address = listener.getsockname()
        stack.enter_context(socket.create_connection(address))
        yield address[1]


REFUSED = (
    'connection failed: connection to server at "127.0.0.1", port {} failed: Connection refused'
)
EXPIRED = "connection timeout expired"


@pytest.mark.parametrize(
    ("place", "cause"),
    [("closed", "Connection refused"), ("silent", EXPIRED), ("dropping", EXPIRED)],
)
def test_a_database_that_cannot_be_reached_is_not_waited_for_long(
    request: pytest.FixtureRequest, tmp_path: Path, place: str, cause: str
) -> None:
    port = request.getfixturevalue(place)
    url = f"postgresql://{ROLE}@127.0.0.1:{port}/postgres?connect_timeout=2"
    with (
        run(tmp_path / "log", DATABASE_URL=url) as service,
        closing(Client(service.port)) as client,
    ):
        assert_unavailable(create(client, 0))
        assert statuses(client, "/healthz", "/readyz") == [200, 503]
        assert causes(service) == [cause] * 2
