"""What the service has acknowledged is there, once, whatever the database went through."""

from contextlib import closing
from pathlib import Path
from uuid import uuid4

from tests.support.servers.cluster import ROLE, Cluster, primary, standby
from tests.support.servers.gunicorn import Instance, manage, run
from tests.support.servers.load import Answer, Client, load

CLIENTS = 8


class Ledger:
    """The tasks that were acknowledged, and for each client the one that is not yet."""

    def __init__(self) -> None:
        self.acknowledged: list[tuple[str, str]] = []
        self.pending: dict[int, str] = {}

    def create(self, client: Client, number: int) -> Answer:
        """Ask for a task, under one key until it is acknowledged."""
        key = self.pending.setdefault(number, str(uuid4()))
        answer = client.ask("POST", "/api/alice/tasks", {"title": key}, Idempotency_Key=key)
        if answer.status == 201:
            self.acknowledged.append((answer.json()["id"], answer.json()["title"]))
            del self.pending[number]
        return answer

    def settle(self, service: Instance) -> None:
        """Have the rest acknowledged, too."""
        with closing(Client(service.port)) as client:
            for number in list(self.pending):
                assert self.create(client, number).status == 201


def stored(cluster: Cluster) -> list[tuple[str, str]]:
    with cluster.connect() as connection:
        query = "SELECT id::TEXT, title FROM tasks"
        return [(task_id, title) for task_id, title in connection.execute(query)]


def test_five_deaths_of_the_database(tmp_path: Path) -> None:
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
            ledger.settle(service)
        assert sorted(stored(cluster)) == sorted(ledger.acknowledged)
    assert record.count().keys() == {201, 503}


def test_the_death_of_the_primary_and_the_promotion_of_its_standby(tmp_path: Path) -> None:
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
            ledger.settle(service)
        assert sorted(stored(second)) == sorted(ledger.acknowledged)
    assert record.count().keys() == {201, 503}
