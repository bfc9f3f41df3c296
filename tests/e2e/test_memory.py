"""Tests of the memory of a worker while clients read long lists. Requires Linux."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tasks.models import DESCRIPTION_LENGTH, TITLE_LENGTH
from tests.support.servers.cluster import Cluster
from tests.support.servers.gunicorn import Instance, run, wait_until
from tests.support.servers.http_client import Client

MB = 1_000_000
MAX_PEAK = 250
"""Megabytes of a worker, at any time."""

MAX_AFTER = 100
"""Megabytes of a worker when the responses have been read."""

INSERT = """
INSERT INTO tasks (id, user_id, title, description, completed)
SELECT gen_random_uuid(), %s, %s, %s, false FROM generate_series(1, 10000)
"""


def resident(worker: int, name: str) -> float:
    """Return a size of the process in megabytes: VmRSS, or VmHWM for its maximum so far."""
    status = Path(f"/proc/{worker}/status").read_text()
    [kilobytes] = re.findall(rf"{name}:\s+(\d+) kB", status)
    return int(kilobytes) * 1024 / MB


def read_pages(port: int, user: str, accept_encoding: str) -> int:
    """Read all pages of the list of a user; return their number."""
    url, pages = f"/api/{user}/tasks", 0
    with closing(Client(port)) as client:
        while url:
            response = client.send("GET", url, accept_encoding=accept_encoding)
            assert response.status == 200
            url, pages = response.headers.get("Link", "")[1:].partition(">")[0], pages + 1
    return pages


@pytest.mark.parametrize("accept_encoding", ["identity", "gzip"])
@pytest.mark.parametrize(("character", "pages"), [("\x01", 16), ("\U0001f95b", 12)])
def test_longest_lists_take_little_memory(
    cluster: Cluster, tmp_path: Path, character: str, pages: int, accept_encoding: str
) -> None:
    user = f"{ord(character)}-{accept_encoding}"
    fill(cluster, user, character * TITLE_LENGTH, character * DESCRIPTION_LENGTH)
    with run(tmp_path / "log", DATABASE_URL=cluster.url, WEB_CONCURRENCY="1") as service:
        with ThreadPoolExecutor(8) as pool:
            read = [pool.submit(read_pages, service.port, user, accept_encoding) for _ in range(8)]
        assert [each.result() for each in read] == [pages] * 8
        assert_memory(service)


def test_lists_of_10000_tasks_by_16_clients_take_little_memory(
    cluster: Cluster, tmp_path: Path
) -> None:
    user = "16-clients"
    fill(cluster, user, "Buy milk", "Two bottles, the blue ones")
    with run(tmp_path / "log", DATABASE_URL=cluster.url, WEB_CONCURRENCY="1") as service:
        with ThreadPoolExecutor(16) as pool:
            read = [pool.submit(read_pages, service.port, user, "identity") for _ in range(64)]
        assert [each.result() for each in read] == [1] * 64
        assert_memory(service)


def fill(cluster: Cluster, user: str, title: str, description: str) -> None:
    """Create 10,000 tasks of the user."""
    with psycopg.connect(cluster.url, autocommit=True) as connection:
        connection.execute(INSERT, [user, title, description])


def assert_memory(service: Instance) -> None:
    [worker] = service.workers
    peak = resident(worker, "VmHWM")
    wait_until(lambda: resident(worker, "VmRSS") < MAX_AFTER)
    print(f"peak {peak:.0f} MB, then {resident(worker, 'VmRSS'):.0f} MB")
    assert peak < MAX_PEAK
