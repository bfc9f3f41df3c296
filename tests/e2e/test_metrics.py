"""Tests of the metrics of several workers: their sum, and what is left of a worker that ends."""

import os
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.metrics import OPENMETRICS, PROMETHEUS_ACCEPT, Samples, samples, selected
from tests.support.servers.cluster import Cluster
from tests.support.servers.gunicorn import Instance, run, wait_until
from tests.support.servers.http_client import CONNECTION_ERRORS, Client, create_task, statuses

TASKS = "/api/{user_id}/tasks"


@pytest.fixture
def service(cluster: Cluster, tmp_path: Path) -> Iterator[Instance]:
    """Run the service with metrics, two workers and eight threads."""
    with run(tmp_path / "log", DATABASE_URL=cluster.url, METRICS="true") as instance:
        yield instance


class Clients:
    """A client of each worker, and the number of requests that it took to find them."""

    def __init__(self, service: Instance) -> None:
        self.requests = 0
        self.by_worker: dict[int, Client] = {}
        while len(self.by_worker) < len(service.workers):
            client = Client(service.port)
            assert client.send("GET", "/healthz").status == 200
            self.requests += 1
            worker = worker_of(client, service)
            if worker in self.by_worker:
                client.close()
            else:
                self.by_worker[worker] = client

    def close(self) -> None:
        for client in self.by_worker.values():
            client.close()


def worker_of(client: Client, service: Instance) -> int:
    """Return the process at the other end of the connection. Requires Linux."""
    ends = [f"0100007F:{port:04X}" for port in (service.port, client.local_port)]
    rows = map(str.split, Path("/proc/net/tcp").read_text().splitlines())
    [inode] = [row[9] for row in rows if row[1:3] == ends]
    [worker] = [pid for pid in service.workers if f"socket:[{inode}]" in open_files(pid)]
    return worker


def open_files(pid: int) -> set[str]:
    names = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            names.add(str(descriptor.readlink()))
    return names


@pytest.fixture
def clients(service: Instance) -> Iterator[Clients]:
    wait_until(lambda: len(service.workers) == 2)
    clients = Clients(service)
    yield clients
    clients.close()


def scrape(client: Client) -> Samples:
    """Request the metrics as Prometheus does."""
    response = client.send("GET", "/metrics", Accept=PROMETHEUS_ACCEPT)
    assert (response.status, response.headers["Content-Type"]) == (200, OPENMETRICS)
    return samples(OPENMETRICS, response.body)


def counted(values: Samples) -> Samples:
    """Return the values that are numbers of requests or statements."""
    return {
        **selected("http_requests_total", values),
        **selected("http_request_duration_seconds_count", values),
        **selected("database_statements_total", values),
    }


def expected(method: str, route: str, number: int, statements: int, status: int) -> Samples:
    labels = f'method="{method}",route="{route}"'
    values = {
        f'http_requests_total{{{labels},status="{status}"}}': number,
        f"http_request_duration_seconds_count{{{labels}}}": number,
        f"database_statements_total{{{labels}}}": statements,
    }
    return {name: value for name, value in values.items() if value}


def without_scrapes(values: Samples) -> Samples:
    return {name: value for name, value in values.items() if "/metrics" not in name}


def connections(cluster: Cluster) -> int:
    """Return the number of connections of the service, according to the database."""
    with cluster.connect() as connection:
        query = "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'todo-api'"
        [(number,)] = connection.execute(query).fetchall()
    return int(number)


def directory(service: Instance) -> Path:
    """Return the directory of the files with the values."""
    maps = Path(f"/proc/{service.workers[0]}/maps").read_text()
    [path] = {Path(file).parent for file in re.findall(r"/\S+/gauge_livesum_\d\.db", maps)}
    return path


def wait_for_workers(service: Instance, ended: set[int]) -> None:
    """Return when two workers run that are none of these."""
    wait_until(lambda: len(service.workers) == 2 and not ended & {*service.workers})


def test_every_worker_returns_the_sum_of_all(
    cluster: Cluster, service: Instance, clients: Clients
) -> None:
    user = str(uuid4())
    for client in clients.by_worker.values():
        for _ in range(3):
            assert create_task(client, user).status == 201
        paths = [f"/api/{user}/tasks"] * 2 + [f"/{user}"]
        assert statuses(client, *paths) == [200, 200, 404]
    sent = {
        **expected("GET", "/healthz", clients.requests, 0, 200),
        **expected("POST", TASKS, 6, 6, 201),
        **expected("GET", TASKS, 4, 4, 200),
        **expected("GET", "unknown", 2, 0, 404),
    }
    for scrapes, client in enumerate(clients.by_worker.values()):
        values = scrape(client)
        assert counted(values) == {**sent, **expected("GET", "/metrics", scrapes, 0, 200)}
        assert values["http_requests_in_progress"] == 1
        assert values["http_server_threads"] == 8
        assert values["database_connections"] == connections(cluster)
        assert [name for name in values if user in name] == []


def test_killed_worker_leaves_its_counts_but_not_its_gauges(
    cluster: Cluster, service: Instance, clients: Clients
) -> None:
    user = str(uuid4())
    for client in clients.by_worker.values():
        assert create_task(client, user).status == 201
        scrape(client)
    files = sorted(directory(service).glob("*_[12].db"))
    (killed, client_of_killed), (_, client) = clients.by_worker.items()
    with cluster.connect() as other, ThreadPoolExecutor(1) as pool, other.transaction():
        other.execute("LOCK TABLE tasks")
        create = pool.submit(create_task, client_of_killed, user)
        wait_until(lambda: scrape(client)["http_requests_in_progress"] == 2)
        os.kill(killed, signal.SIGKILL)
        assert isinstance(create.exception(), CONNECTION_ERRORS)
    wait_for_workers(service, {killed})
    wait_until(lambda: scrape(client)["http_server_threads"] == 8)
    after = Clients(service)
    for each in after.by_worker.values():
        assert create_task(each, user).status == 201
    wait_until(lambda: scrape(client)["database_connections"] == connections(cluster))
    for each in after.by_worker.values():
        values = scrape(each)
        healthz = clients.requests + after.requests
        assert without_scrapes(counted(values)) == {
            **expected("GET", "/healthz", healthz, 0, 200),
            **expected("POST", TASKS, 4, 4, 201),
        }
        assert values["http_requests_in_progress"] == 1
    after.close()
    assert sorted(directory(service).glob("*_[12].db")) == files


def test_reload_keeps_the_counts(service: Instance, clients: Clients) -> None:
    for client in clients.by_worker.values():
        assert create_task(client, str(uuid4())).status == 201
    service.process.send_signal(signal.SIGHUP)
    wait_for_workers(service, {*clients.by_worker})
    after = Clients(service)
    for scrapes, client in enumerate(after.by_worker.values()):
        values = scrape(client)
        assert counted(values) == {
            **expected("GET", "/healthz", clients.requests + after.requests, 0, 200),
            **expected("POST", TASKS, 2, 2, 201),
            **expected("GET", "/metrics", scrapes, 0, 200),
        }
        assert values["http_server_threads"] == 8
    after.close()


def test_stopped_service_leaves_no_files(service: Instance, clients: Clients) -> None:
    path = directory(service)
    assert path.exists()
    service.process.terminate()
    assert service.process.wait() == 0
    assert not path.exists()
