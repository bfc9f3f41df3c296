"""Tests of SIGTERM: an instance that stops completes every request that it has accepted."""

import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.servers.balancer import balancer
from tests.support.servers.cluster import Cluster
from tests.support.servers.gunicorn import GUNICORN, Instance, listens, run, wait_until
from tests.support.servers.http_client import Client, Response, create_task
from tests.support.servers.load import load
from todo_project.environment import BASE_DIR

CLIENTS = 16  # twice the number of threads

SUSPEND_FIRST_WORKER = """
import signal

def {}:
    if worker.age == 1:
        os.kill(worker.pid, signal.SIGSTOP)
"""
"""A hook of gunicorn that suspends the first worker while it starts."""


DELAY_LISTENING = """
import time

class SlowLogger(ProcessLogger):
    def info(self, message, *_):
        if message.startswith("Booting worker"):
            time.sleep(2)

logger_class = SlowLogger
"""
"""A configuration in which a worker needs longer to listen than an idle one to stop."""


@contextmanager
def run_configured(cluster: Cluster, directory: Path, addition: str) -> Iterator[Instance]:
    """Run an instance of one worker, with lines added to the configuration of gunicorn."""
    configuration = directory / "gunicorn.conf.py"
    configuration.write_text((BASE_DIR / configuration.name).read_text() + addition)
    with run(
        directory / "log",
        DATABASE_URL=cluster.url,
        WEB_CONCURRENCY="1",
        GUNICORN_CMD_ARGS=f"--config {configuration}",
    ) as instance:
        wait_until(lambda: len(instance.workers) == 1)
        yield instance


def post_task(port: int, user: str) -> HTTPConnection:
    """Send a request to create a task, without waiting for the response."""
    connection = HTTPConnection("127.0.0.1", port)
    headers = {"Content-Type": "application/json"}
    connection.request("POST", f"/api/{user}/tasks", b'{"title": "Buy milk"}', headers)
    return connection


def count_tasks(cluster: Cluster, user: str) -> int:
    with cluster.connect() as connection:
        query = "SELECT COUNT(*) FROM tasks WHERE user_id = %s"
        [(count,)] = connection.execute(query, [user]).fetchall()
    return int(count)


def is_suspended(pid: int) -> bool:
    return "State:\tT (stopped)" in Path(f"/proc/{pid}/status").read_text()


def waits_for_lock(cluster: Cluster) -> bool:
    with cluster.connect() as connection:
        query = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        return bool(connection.execute(query).fetchall())


def test_requests_on_open_connections_are_completed(cluster: Cluster, service: Instance) -> None:
    user = str(uuid4())

    def create_on_one_connection(client: Client, number: int) -> Response:
        response = create_task(client, user)
        client.disable_reconnect()
        return response

    with load(service.port, CLIENTS, create_on_one_connection) as record:
        record.wait_for(200, 201)
        service.process.terminate()
        assert service.process.wait() == 0
        record.wait_for(CLIENTS, "NotConnected")
    outcomes = record.count()
    assert outcomes.keys() == {201, "NotConnected"}
    assert outcomes[201] == count_tasks(cluster, user)


def test_connections_in_accept_queue_are_served(cluster: Cluster, service: Instance) -> None:
    user = str(uuid4())
    wait_until(lambda: len(service.workers) == 2)
    for worker in service.workers:
        os.kill(worker, signal.SIGSTOP)
    connections = [post_task(service.port, user) for _ in range(CLIENTS)]
    for worker in service.workers:
        os.kill(worker, signal.SIGTERM)
        os.kill(worker, signal.SIGCONT)
    responses = [connection.getresponse() for connection in connections]
    for response in responses:
        response.read()
    assert [response.status for response in responses] == [201] * CLIENTS
    assert count_tasks(cluster, user) == CLIENTS


@pytest.mark.parametrize("hook", ["post_fork(server, worker)", "post_worker_init(worker)"])
def test_starting_worker_serves_its_accept_queue(
    cluster: Cluster, tmp_path: Path, hook: str
) -> None:
    with run_configured(cluster, tmp_path, SUSPEND_FIRST_WORKER.format(hook)) as service:
        [worker] = service.workers
        wait_until(lambda: is_suspended(worker))
        connection = post_task(service.port, str(uuid4()))
        os.kill(worker, signal.SIGTERM)
        os.kill(worker, signal.SIGCONT)
        assert connection.getresponse().status == 201
        wait_until(lambda: worker not in service.workers)
    assert "Exception in worker process" not in service.errors.read_text()


def test_new_connections_are_refused_while_requests_are_completed(
    cluster: Cluster, service: Instance, client: Client
) -> None:
    task = create_task(client, str(uuid4())).json()
    url = f"/api/{task['user_id']}/tasks/{task['id']}"
    with ThreadPoolExecutor() as pool, cluster.connect() as other:
        with other.transaction():
            other.execute("SELECT FROM tasks WHERE id = %s FOR UPDATE", [task["id"]])
            update = pool.submit(client.send, "PATCH", url, {"title": "Buy oat milk"})
            wait_until(lambda: waits_for_lock(cluster))
            service.process.terminate()
            wait_until(lambda: not listens(service.port))
            assert not update.done()
        response = update.result()
    assert (response.status, response.json()["title"]) == (200, "Buy oat milk")
    assert service.process.wait() == 0


def test_rolling_deployment_fails_no_request(
    cluster: Cluster, service: Instance, tmp_path: Path
) -> None:
    user = str(uuid4())
    with (
        run(tmp_path / "new", DATABASE_URL=cluster.url) as new,
        balancer(service.port) as router,
        load(router.port, CLIENTS, lambda client, _: create_task(client, user)) as record,
    ):
        record.wait_for(200, 201)
        router.target = new.port
        service.process.terminate()
        assert service.process.wait() == 0
        record.wait_for(200, 201)
    assert record.count() == {201: count_tasks(cluster, user)}


def test_reload_refuses_no_connection(cluster: Cluster, tmp_path: Path) -> None:
    with run_configured(cluster, tmp_path, DELAY_LISTENING) as service:
        [worker] = service.workers
        service.process.send_signal(signal.SIGHUP)
        listening = set()
        while worker in service.workers:
            listening.add(listens(service.port))
        assert listening == {True}


def test_start_on_port_in_use_exits_with_error(cluster: Cluster, service: Instance) -> None:
    second = subprocess.run(
        GUNICORN,
        cwd=BASE_DIR,
        env=os.environ | {"PORT": str(service.port), "DATABASE_URL": cluster.url},
        check=False,
        capture_output=True,
        text=True,
    )
    assert second.returncode == 1
    lines = [line.partition("[ERROR] ")[2] for line in second.stderr.splitlines()]
    address = ("127.0.0.1", service.port)
    assert (lines[1], lines[-1]) == (
        f"Connection in use: {address}",
        f"Can't connect to {address}",
    )
