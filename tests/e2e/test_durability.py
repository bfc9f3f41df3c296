"""Tests that every acknowledged write is stored exactly once, even if the database fails."""

from contextlib import closing
from pathlib import Path
from uuid import uuid4

from tests.support.servers.cluster import ROLE, Cluster, primary, standby
from tests.support.servers.gunicorn import Instance, manage, run
from tests.support.servers.http_client import Client, Response
from tests.support.servers.load import load

CLIENTS = 8


class Ledger:
    """The title of each task as it was acknowledged, and the pending request of each client."""

    def __init__(self) -> None:
        self.acknowledged: dict[str, str] = {}
        self.pending: dict[int, tuple[str, str, str]] = {}

    def write(self, client: Client, number: int) -> Response:
        """Create a task or edit the one just created; repeat the request until it succeeds."""
        key = str(uuid4())
        method, url, key = self.pending.setdefault(number, ("POST", "/api/alice/tasks", key))
        response = client.send(method, url, {"title": key}, Idempotency_Key=key)
        if response.status in {200, 201}:
            self.acknowledged[response.json()["id"]] = response.json()["title"]
            del self.pending[number]
        if response.status == 201:
            self.pending[number] = ("PATCH", response.headers["Location"], f"{key}, edited")
        return response

    def finish(self, service: Instance) -> None:
        """Repeat the pending requests."""
        with closing(Client(service.port)) as client:
            for number in list(self.pending):
                assert self.write(client, number).status in {200, 201}


def stored_tasks(cluster: Cluster) -> list[tuple[str, str]]:
    with cluster.connect() as connection:
        query = "SELECT id::TEXT, title FROM tasks"
        return [(task_id, title) for task_id, title in connection.execute(query)]


def test_killed_database_loses_no_acknowledged_write(tmp_path: Path) -> None:
    ledger = Ledger()
    with primary() as cluster:
        manage(cluster.url, "migrate", "-v", "0")
        with run(tmp_path / "log", DATABASE_URL=cluster.url) as service:
            with load(service.port, CLIENTS, ledger.write) as record:
                for _ in range(5):
                    record.wait_for(100, 201)
                    cluster.kill()
                    record.wait_for(CLIENTS, 503)
                    cluster.start()
                record.wait_for(100, 201)
            ledger.finish(service)
        assert sorted(stored_tasks(cluster)) == sorted(ledger.acknowledged.items())
    assert record.count().keys() == {200, 201, 503}


def test_failover_to_standby_loses_no_acknowledged_write(tmp_path: Path) -> None:
    ledger = Ledger()
    with primary() as first, standby(first) as second:
        manage(first.url, "migrate", "-v", "0")
        hosts = f"127.0.0.1:{first.port},127.0.0.1:{second.port}"
        url = f"postgresql://{ROLE}@{hosts}/postgres?target_session_attrs=read-write"
        with run(tmp_path / "log", DATABASE_URL=url) as service:
            with load(service.port, CLIENTS, ledger.write) as record:
                record.wait_for(100, 201)
                first.kill()
                record.wait_for(CLIENTS, 503)
                second.promote()
                record.wait_for(100, 201)
            ledger.finish(service)
        assert sorted(stored_tasks(second)) == sorted(ledger.acknowledged.items())
    assert record.count().keys() == {200, 201, 503}
