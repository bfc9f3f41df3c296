"""Tests that every acknowledged create is stored exactly once, even if the database fails."""

from contextlib import closing
from pathlib import Path
from uuid import uuid4

from tests.support.servers.cluster import ROLE, Cluster, primary, standby
from tests.support.servers.gunicorn import Instance, manage, run
from tests.support.servers.http_client import Client, Response
from tests.support.servers.load import load

CLIENTS = 8


class Ledger:
    """The acknowledged tasks, and for each client the idempotency key of its pending request."""

    def __init__(self) -> None:
        self.acknowledged: list[tuple[str, str]] = []
        self.pending: dict[int, str] = {}

    def create(self, client: Client, number: int) -> Response:
        """Create a task, with the same idempotency key until the request succeeds."""
        key = self.pending.setdefault(number, str(uuid4()))
        response = client.send("POST", "/api/alice/tasks", {"title": key}, Idempotency_Key=key)
        if response.status == 201:
            self.acknowledged.append((response.json()["id"], response.json()["title"]))
            del self.pending[number]
        return response

    def finish(self, service: Instance) -> None:
        """Repeat the pending requests."""
        with closing(Client(service.port)) as client:
            for number in list(self.pending):
                assert self.create(client, number).status == 201


def stored_tasks(cluster: Cluster) -> list[tuple[str, str]]:
    with cluster.connect() as connection:
        query = "SELECT id::TEXT, title FROM tasks"
        return [(task_id, title) for task_id, title in connection.execute(query)]


def test_killed_database_loses_no_acknowledged_task(tmp_path: Path) -> None:
    ledger = Ledger()
    with primary() as cluster:
        manage(cluster.url, "migrate", "-v", "0")
        with run(tmp_path / "log", DATABASE_URL=cluster.url) as service:
            with load(service.port, CLIENTS, ledger.create) as record:
                for _ in range(5):
                    record.wait_for(100, 201)
                    cluster.kill()
                    record.wait_for(CLIENTS, 503)
                    cluster.start()
                record.wait_for(100, 201)
            ledger.finish(service)
        assert sorted(stored_tasks(cluster)) == sorted(ledger.acknowledged)
    assert record.count().keys() == {201, 503}


def test_failover_to_standby_loses_no_acknowledged_task(tmp_path: Path) -> None:
    ledger = Ledger()
    with primary() as first, standby(first) as second:
        manage(first.url, "migrate", "-v", "0")
        hosts = f"127.0.0.1:{first.port},127.0.0.1:{second.port}"
        url = f"postgresql://{ROLE}@{hosts}/postgres?target_session_attrs=read-write"
        with run(tmp_path / "log", DATABASE_URL=url) as service:
            with load(service.port, CLIENTS, ledger.create) as record:
                record.wait_for(100, 201)
                first.kill()
                record.wait_for(CLIENTS, 503)
                second.promote()
                record.wait_for(100, 201)
            ledger.finish(service)
        assert sorted(stored_tasks(second)) == sorted(ledger.acknowledged)
    assert record.count().keys() == {201, 503}
