"""A cluster with the service's tables, and the service on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.servers.cluster import Cluster, primary
from tests.support.servers.gunicorn import Instance, manage, run


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is here, since this hook also sees the tests of other folders."""
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
