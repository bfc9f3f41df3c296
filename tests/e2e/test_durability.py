"""Tests that every acknowledged write is stored exactly once, even if the database fails."""

from pathlib import Path

from tests.support.servers.cluster import ROLE, primary, standby
from tests.support.servers.gunicorn import manage, run
from tests.support.servers.ledger import Ledger
from tests.support.servers.load import load

CLIENTS = 8


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
        with cluster.connect() as connection:
            ledger.assert_stored(connection)
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
        with second.connect() as connection:
            ledger.assert_stored(connection)
    assert record.count().keys() == {200, 201, 503}
