"""The whole API through a pooler in transaction mode, as at Neon."""

import os
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg

from tests.support.servers.cluster import Cluster
from tests.support.servers.gunicorn import manage, run
from tests.support.servers.load import Client
from tests.support.servers.pooler import pooler
from todo_project.environment import BASE_DIR

# But those that run `once`, which look at a connection of their own, those of the checks, which
# look at the settings, and those of the pages in a browser. The databases stay: a pooler keeps
# connections to them, so that they cannot be dropped.
LEFT_OUT = "--ignore=tests/deployment/test_checks.py", "--ignore=tests/browser"
OPTIONS = "-n2", "-m", "not once and not e2e", "--reuse-db", *LEFT_OUT


def test_connections_share_those_of_the_server(cluster: Cluster) -> None:
    with pooler(cluster, size=2) as url, ExitStack() as stack:
        clients = [stack.enter_context(psycopg.connect(url, autocommit=True)) for _ in range(5)]
        query = "SELECT pg_backend_pid()"
        assert len({client.execute(query).fetchall()[0] for client in clients}) == 1


def test_the_timeouts_hold_behind_it(cluster: Cluster, tmp_path: Path) -> None:
    one_connection = {"WEB_CONCURRENCY": "1", "GUNICORN_THREADS": "1"}
    manage(cluster.url, "configure_role")  # those that the pooler opens from now on obey
    with (
        pooler(cluster, size=1) as url,
        run(
            tmp_path / "log", DATABASE_URL=url, DATABASE_POOLED="true", **one_connection
        ) as service,
        closing(Client(service.port)) as client,
        cluster.connect() as other,
        psycopg.connect(url, autocommit=True) as hog,
    ):
        task = client.ask("POST", "/api/alice/tasks", {"title": "Buy milk"}).json()
        address = f"/api/alice/tasks/{task['id']}"
        with other.transaction():
            other.execute("SELECT FROM tasks WHERE id = %s FOR UPDATE", [task["id"]])
            assert client.ask("PATCH", address, {"title": "Buy oat milk"}).status == 503
        with hog.transaction():
            hog.execute("SELECT")
            assert client.ask("GET", address).status == 503
        assert client.ask("GET", address).json() == task
        assert [report["message"].partition("\n")[0] for report in service.reports()] == [
            "database-unavailable: canceling statement due to lock timeout",
            "database-unavailable: wait timeout expired",
        ]


def test_every_test_of_the_api_passes(cluster: Cluster) -> None:
    with pooler(cluster, size=3) as url:
        subprocess.run(
            [sys.executable, "-m", "pytest", *OPTIONS],
            cwd=BASE_DIR,
            env=os.environ | {"TEST_DATABASE_URL": url, "DATABASE_POOLED": "true"},
            check=True,
        )
