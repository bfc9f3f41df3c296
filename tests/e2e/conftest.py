"""Fixtures: a migrated PostgreSQL cluster, the service on it, and a client of the service."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.servers.cluster import Cluster, primary
from tests.support.servers.gunicorn import Instance, manage, run
from tests.support.servers.http_client import Client


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder; the hook receives those of all folders."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with primary() as cluster:
        manage(cluster.url, "migrate", "-v", "0")
        yield cluster


@pytest.fixture
def service(cluster: Cluster, tmp_path: Path) -> Iterator[Instance]:
    with run(tmp_path / "log", DATABASE_URL=cluster.url) as instance:
        yield instance


@pytest.fixture
def client(service: Instance) -> Iterator[Client]:
    with closing(Client(service.port)) as client:
        yield client
