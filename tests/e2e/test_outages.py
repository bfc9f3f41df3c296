"""Tests of an unavailable database: requests get a 503, and the service recovers by itself."""

from contextlib import ExitStack, closing, suppress
from pathlib import Path
from time import monotonic

import psycopg

from tests.support.servers.cluster import ROLE, Cluster, primary, standby
from tests.support.servers.gunicorn import Instance, manage, run, wait_until
from tests.support.servers.http_client import Client, Response, create_task, statuses
from tests.support.servers.load import load
from tests.support.servers.unavailability import assert_unavailable, logged_causes

CLIENTS = 16  # twice the number of threads
TOO_MANY = "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute"

RECOVERY_TIME = 2.0
"""Seconds after an outage within which every request must succeed again."""


def create(client: Client, number: int) -> Response:
    return create_task(client, f"user-{number}")


def create_or_assert_unavailable(client: Client, number: int) -> Response:
    response = create(client, number)
    if response.status != 201:
        assert_unavailable(response)
    return response


def test_restart_between_requests_fails_no_request(cluster: Cluster, service: Instance) -> None:
    with load(service.port, CLIENTS, create) as record:
        record.wait_for(200, 201)
    for _ in range(3):
        cluster.restart()
        with load(service.port, CLIENTS, create) as record:
            record.wait_for(100, 201)
        assert record.count().keys() == {201}


def test_service_recovers_within_two_seconds_after_database_is_killed_under_load(
    cluster: Cluster, service: Instance, client: Client
) -> None:
    wait_until(lambda: len(service.workers) == 2)
    workers = service.workers
    with load(service.port, CLIENTS, create_or_assert_unavailable) as record:
        for _ in range(3):
            record.wait_for(100, 201)
            cluster.kill()
            record.wait_for(50, 503)
            assert statuses(client, "/healthz", "/readyz") == [200, 503]
            cluster.start()
            record.stopped.wait(RECOVERY_TIME)
            recovered = monotonic()
            record.wait_for(100, 201)
            assert statuses(client, "/healthz", "/readyz") == [200, 200]
            assert record.count(recovered).keys() == {201}
    assert record.count().keys() == {201, 503}
    assert service.workers == workers


def test_read_only_database_returns_503_for_writes_only(
    cluster: Cluster, service: Instance, client: Client
) -> None:
    task = create(client, 0).json()
    url = f"/api/user-0/tasks/{task['id']}"
    with cluster.read_only():
        wait_until(lambda: create(client, 0).status != 201)
        assert_unavailable(client.send("PATCH", url, {"title": "Buy oat milk"}))
        assert statuses(client, "/readyz", url) == [503, 200]
    wait_until(lambda: create(client, 0).status == 201)
    assert statuses(client, "/readyz") == [200]
    assert set(logged_causes(service)) == {
        "cannot execute INSERT in a read-only transaction",
        "cannot execute UPDATE in a read-only transaction",
        "the session is read-only",
    }


def test_standby_is_not_ready_until_it_is_promoted(tmp_path: Path) -> None:
    with primary() as first:
        manage(first.url, "migrate", "-v", "0")
        with (
            standby(first) as second,
            run(tmp_path / "log", DATABASE_URL=second.url) as service,
            closing(Client(service.port)) as client,
        ):
            assert statuses(client, "/readyz", "/api/alice/tasks") == [503, 200]
            second.promote()
            wait_until(lambda: statuses(client, "/readyz") == [200])
            assert create(client, 0).status == 201
            assert set(logged_causes(service)) == {"the session is read-only"}


def test_exhausted_connections_return_503_until_one_is_free(tmp_path: Path) -> None:
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
        # The server frees a connection some time after the client has closed it.
        wait_until(lambda: create(client, 0).status == 201)
        assert statuses(client, "/healthz", "/readyz") == [200, 200]
        assert logged_causes(service) == [TOO_MANY] * 2
