"""Tests of a table that is distributed by user: hash partitions on one server, and on three."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.processes import run_python
from tests.support.servers.cluster import Cluster
from tests.support.servers.foreign_partitions import foreign_partitions
from tests.support.servers.gunicorn import run
from tests.support.servers.http_client import Client, create_task
from todo_project.environment import BASE_DIR

USERS = [f"user-{number}" for number in range(12)]

PREPARED = 12
"""Repetitions after which a statement is prepared, and PostgreSQL may use its generic plan."""


def test_api_tests_pass_on_hash_partitions() -> None:
    subprocess.run(
        [sys.executable, "-m", "pytest", "-n2", "-m", "not e2e", "tests/api"],
        cwd=BASE_DIR,
        env=os.environ | {"TEST_PARTITIONS": "true"},
        check=True,
    )


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Cluster, list[Cluster]]]:
    with foreign_partitions() as servers:
        yield servers


@pytest.fixture
def client(servers: tuple[Cluster, list[Cluster]], tmp_path: Path) -> Iterator[Client]:
    coordinator, workers = servers
    with (
        run(tmp_path / "log", DATABASE_URL=coordinator.url, WEB_CONCURRENCY="1") as service,
        closing(Client(service.port)) as client,
    ):
        yield client
    for worker in workers:
        with worker.connect() as session:
            session.execute("DELETE FROM tasks")


def users_of(server: Cluster) -> set[str]:
    """Return the users whose tasks are on the server."""
    with server.connect() as session:
        return {user for (user,) in session.execute("SELECT DISTINCT user_id FROM tasks")}


def pages(client: Client, url: str) -> list[list[str]]:
    """Follow the links from this page; return the titles on each page."""
    titles = []
    while url:
        response = client.send("GET", url)
        titles.append([task["title"] for task in response.json()])
        url = "".join(re.findall("<(.*)>", response.headers.get("Link", "")))
    return titles


def exercise(client: Client, user_id: str) -> list[int]:
    """Send a request of every kind for a user who has one task; return their statuses."""
    tasks = f"/api/{user_id}/tasks"
    key = {"idempotency_key": "again"}
    created = client.send("POST", tasks, {"title": "New"}, **key)
    if created.status != 201:
        return [created.status]
    task = f"{tasks}/{created.json()['id']}"
    responses = [
        created,
        client.send("POST", tasks, {"title": "New"}, **key),
        client.send("GET", tasks),
        client.send("GET", f"{tasks}?search=MILK&completed=false"),
        client.send("GET", task),
        client.send("PUT", task, {"title": "Changed", "completed": True}),
        client.send("PATCH", f"{task}/complete"),
        client.send("PATCH", task, {"title": "Lost"}, if_match=created.headers["ETag"]),
        client.send("DELETE", task),
    ]
    return [response.status for response in responses]


SUCCESS = [201, 201, 200, 200, 200, 200, 200, 412, 204]


def test_each_user_has_all_tasks_on_one_of_three_servers(
    servers: tuple[Cluster, list[Cluster]], client: Client
) -> None:
    _, workers = servers
    for user_id in USERS:
        titles = [f"Task {number}" for number in range(5)]
        for title in titles:
            client.send("POST", f"/api/{user_id}/tasks", {"title": title})
        newest_first = titles[::-1]
        assert pages(client, f"/api/{user_id}/tasks?limit=2") == [
            newest_first[:2],
            newest_first[2:4],
            newest_first[4:],
        ]
    users = list(map(users_of, workers))
    assert all(users)
    assert sorted(user for each in users for user in each) == sorted(USERS)


def test_requests_of_every_kind_succeed_on_three_servers(client: Client) -> None:
    for user_id in USERS:
        assert exercise(client, user_id) == SUCCESS


def test_edits_and_toggles_return_the_row_as_stored(client: Client) -> None:
    for user_id in USERS:
        task = create_task(client, user_id).json()
        url = f"/api/{user_id}/tasks/{task['id']}"
        edited = client.send("PATCH", url, {"title": "Buy oat milk"}).json()
        toggled = client.send("PATCH", f"{url}/complete").json()
        assert edited == task | {"title": "Buy oat milk", "updated_at": edited["updated_at"]}
        assert toggled == edited | {"completed": True, "updated_at": toggled["updated_at"]}
        assert task["updated_at"] < edited["updated_at"] < toggled["updated_at"]
        assert client.send("GET", url).json() == toggled


def test_export_reads_each_task_once_from_three_servers(
    servers: tuple[Cluster, list[Cluster]], client: Client
) -> None:
    coordinator, _ = servers
    for user_id in USERS * 2:
        create_task(client, user_id)
    lists = [client.send("GET", f"/api/{user_id}/tasks").json() for user_id in sorted(USERS)]
    exported = run_python("manage.py", "export_tasks", DATABASE_URL=coordinator.url)
    assert list(map(json.loads, exported.splitlines())) == [
        task for each in lists for task in each
    ]


def test_server_that_is_down_is_a_503_for_its_users_only(
    servers: tuple[Cluster, list[Cluster]], client: Client
) -> None:
    _, (down, *others) = servers
    for user_id in USERS:
        create_task(client, user_id)
    affected, unaffected = users_of(down), set().union(*map(users_of, others))
    for _ in range(PREPARED):
        assert exercise(client, min(affected)) == SUCCESS
    down.kill()
    try:
        for user_id in affected:
            assert exercise(client, user_id) == [503]
            assert client.send("GET", f"/api/{user_id}/tasks").status == 503
        for user_id in unaffected:
            assert exercise(client, user_id) == SUCCESS
        assert client.send("GET", "/readyz").status == 200
    finally:
        down.start()
    for user_id in USERS:
        assert exercise(client, user_id) == SUCCESS
