"""Tests on a cluster that Patroni fails over: nothing acknowledged is lost or stored twice."""

import os
import signal
from pathlib import Path

from tests.support.servers.gunicorn import manage, run, wait_until
from tests.support.servers.ledger import Ledger
from tests.support.servers.load import load
from tests.support.servers.patroni import patroni_cluster

CLIENTS = 8


def test_failovers_lose_and_double_no_acknowledged_task(tmp_path: Path) -> None:
    ledger = Ledger()
    with patroni_cluster() as cluster:
        manage(cluster.url, "migrate", "-v", "0")
        with run(tmp_path / "log", DATABASE_URL=cluster.url) as service:
            with load(service.port, CLIENTS, ledger.write) as record:
                record.wait_for(100, 201)
                first = cluster.leader()
                first.post("switchover", leader=first.name)
                cluster.wait_for_leader(other_than=first)
                record.wait_for(100, 201)
                second = cluster.leader()
                os.kill(second.postmaster, signal.SIGKILL)
                cluster.wait_for_leader(other_than=second)
                record.wait_for(100, 201)
                third = cluster.leader()
                with third.frozen():
                    cluster.wait_for_leader(other_than=third)
                    record.wait_for(100, 201)
                wait_until(lambda: not third.answers("primary"))
                record.wait_for(100, 201)
            ledger.finish(service)
        with cluster.leader().connect() as connection:
            ledger.assert_stored(connection)
    assert record.count().keys() == {200, 201, 503}
