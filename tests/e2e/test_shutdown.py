"""An instance that is told to stop loses nothing that it was asked."""

import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from uuid import uuid4

from tests.support.servers.balancer import balancer
from tests.support.servers.cluster import Cluster
from tests.support.servers.gunicorn import GUNICORN, Instance, listens, run, wait_until
from tests.support.servers.load import Answer, Client, load
from todo_project.environment import BASE_DIR

JSON = {"Content-Type": "application/json"}
CLIENTS = 16  # twice as many as there are threads


def create(client: Client, user: str) -> Answer:
    return client.ask("POST", f"/api/{user}/tasks", {"title": "Buy milk"})


def rows(cluster: Cluster, user: str) -> int:
    with cluster.connect() as connection:
        query = "SELECT COUNT(*) FROM tasks WHERE user_id = %s"
        [(count,)] = connection.execute(query, [user]).fetchall()
    return int(count)


def test_every_request_on_an_open_connection_is_answered(
    cluster: Cluster, service: Instance
) -> None:
    user = str(uuid4())

    def create_on_one_connection(client: Client, number: int) -> Answer:
        answer = create(client, user)
        client.stay_closed()
        return answer

    with load(service.port, CLIENTS, create_on_one_connection) as record:
        record.wait_for(200, 201)
        service.process.terminate()
        assert service.process.wait() == 0
        record.wait_for(CLIENTS, "NotConnected")
    outcomes = record.count()
    assert outcomes.keys() == {201, "NotConnected"}
    assert outcomes[201] == rows(cluster, user)


def test_connections_that_wait_to_be_accepted_are_served(
    cluster: Cluster, service: Instance
) -> None:
    user, another = str(uuid4()), str(uuid4())
    wait_until(lambda: len(service.workers) == 2)
    # Until gunicorn has set a new worker's signal handlers, SIGTERM is lost on it.
    with load(service.port, CLIENTS, lambda client, _: create(client, another)) as record:
        record.wait_for(200, 201)
    for worker in service.workers:
        os.kill(worker, signal.SIGSTOP)
    waiting = [HTTPConnection("127.0.0.1", service.port) for _ in range(CLIENTS)]
    for connection in waiting:
        connection.request("POST", f"/api/{user}/tasks", b'{"title": "Buy milk"}', JSON)
    for worker in service.workers:
        os.kill(worker, signal.SIGTERM)
        os.kill(worker, signal.SIGCONT)
    answers = [connection.getresponse() for connection in waiting]
    for answer in answers:
        answer.read()
    assert [answer.status for answer in answers] == [201] * CLIENTS
    assert rows(cluster, user) == CLIENTS


STOPS_AS_IT_STARTS = """
import signal

def post_worker_init(worker):
    if worker.age == 1:
        os.kill(worker.pid, signal.SIGSTOP)
"""


def test_a_worker_that_is_only_just_starting_serves_what_waits(
    cluster: Cluster, tmp_path: Path
) -> None:
    settings = tmp_path / "gunicorn.conf.py"
    settings.write_text((BASE_DIR / settings.name).read_text() + STOPS_AS_IT_STARTS)
    with run(
        tmp_path / "log",
        DATABASE_URL=cluster.url,
        WEB_CONCURRENCY="1",
        GUNICORN_CMD_ARGS=f"--config {settings}",
    ) as service:
        [worker] = service.workers
        wait_until(lambda: is_stopped(worker))
        waiting = HTTPConnection("127.0.0.1", service.port)
        waiting.request("POST", f"/api/{uuid4()}/tasks", b'{"title": "Buy milk"}', JSON)
        os.kill(worker, signal.SIGTERM)
        os.kill(worker, signal.SIGCONT)
        assert waiting.getresponse().status == 201
        wait_until(lambda: worker not in service.workers)
    assert "Exception in worker process" not in service.errors.read_text()


def is_stopped(pid: int) -> bool:
    return "State:\tT (stopped)" in Path(f"/proc/{pid}/status").read_text()


def test_new_connections_are_refused_while_old_requests_are_finished(
    cluster: Cluster, service: Instance
) -> None:
    with (
        closing(Client(service.port)) as client,
        ThreadPoolExecutor() as pool,
        cluster.connect() as other,
    ):
        task = create(client, str(uuid4())).json()
        with other.transaction():
            other.execute("SELECT FROM tasks WHERE id = %s FOR UPDATE", [task["id"]])
            address = f"/api/{task['user_id']}/tasks/{task['id']}"
            edit = pool.submit(client.ask, "PATCH", address, {"title": "Buy oat milk"})
            wait_until(lambda: waits_for_a_lock(cluster))
            service.process.terminate()
            wait_until(lambda: not listens(service.port))
            assert not edit.done()
        answer = edit.result()
    assert (answer.status, answer.json()["title"]) == (200, "Buy oat milk")
    assert service.process.wait() == 0


def waits_for_a_lock(cluster: Cluster) -> bool:
    with cluster.connect() as connection:
        query = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        return bool(connection.execute(query).fetchall())


def test_a_deploy_with_overlap_serves_every_request(
    cluster: Cluster, service: Instance, tmp_path: Path
) -> None:
    user = str(uuid4())
    with (
        run(tmp_path / "new", DATABASE_URL=cluster.url) as new,
        balancer(service.port) as router,
        load(router.port, CLIENTS, lambda client, number: create(client, user)) as record,
    ):
        record.wait_for(200, 201)
        router.target = new.port
        service.process.terminate()
        assert service.process.wait() == 0
        record.wait_for(200, 201)
    assert record.count() == {201: rows(cluster, user)}


def test_a_second_server_on_the_port_is_refused_with_one_line(
    cluster: Cluster, service: Instance
) -> None:
    second = subprocess.run(
        [GUNICORN],
        cwd=BASE_DIR,
        env=os.environ | {"PORT": str(service.port), "DATABASE_URL": cluster.url},
        check=False,
        capture_output=True,
        text=True,
    )
    assert second.returncode == 1
    address = f"127.0.0.1:{service.port}"
    assert second.stderr.splitlines()[1:] == [
        f"PORT: {address}: Address already in use; stop what listens there or set another."
    ]
