"""Test of the service behind Pgpool-II in raw mode, which commits no autocommitted INSERT."""

from contextlib import closing
from pathlib import Path

from tests.support.servers.cluster import Cluster
from tests.support.servers.gunicorn import run
from tests.support.servers.http_client import Client, create_task, statuses
from tests.support.servers.pgpool import pgpool
from tests.support.servers.unavailability import assert_unavailable, logged_causes
from todo_project.database.postgresql.base import NOT_COMMITTED


def test_write_that_is_not_committed_is_not_acknowledged(cluster: Cluster, tmp_path: Path) -> None:
    with (
        pgpool(cluster) as url,
        run(tmp_path / "log", DATABASE_URL=url) as service,
        closing(Client(service.port)) as client,
    ):
        for _ in range(3):
            assert statuses(client, "/api/erin/tasks") == [200]
            assert_unavailable(create_task(client, "erin"))
        assert logged_causes(service) == [NOT_COMMITTED] * 3
    with (
        run(tmp_path / "log", DATABASE_URL=cluster.url) as service,
        closing(Client(service.port)) as client,
    ):
        assert client.send("GET", "/api/erin/tasks").json() == []
