"""Tests of the service behind PgBouncer in transaction mode, as at Neon."""

import os
import re
import subprocess
import sys
from contextlib import ExitStack, closing
from itertools import cycle
from pathlib import Path
from secrets import token_urlsafe

import psycopg

from tests.support.servers.cluster import Cluster
from tests.support.servers.gunicorn import manage, run
from tests.support.servers.http_client import Client, create_task, statuses
from tests.support.servers.pooler import pooler, supports_prepared_statements
from todo_project.environment import BASE_DIR

# Not run: tests marked `once`, some of which inspect their connection; test_checks.py, which
# expects the settings of a direct connection; and the tests in a browser. `--reuse-db` keeps the
# test databases, which cannot be dropped while the pooler is connected to them.
OPTIONS = (
    "-n2",
    "-m",
    "not once and not e2e",
    "--reuse-db",
    "--ignore=tests/deployment/test_checks.py",
    "--ignore=tests/browser",
)


def test_clients_share_server_connections(cluster: Cluster) -> None:
    with pooler(cluster, size=2) as url, ExitStack() as stack:
        clients = [stack.enter_context(psycopg.connect(url, autocommit=True)) for _ in range(5)]
        query = "SELECT pg_backend_pid()"
        assert len({client.execute(query).fetchall()[0] for client in clients}) == 1


def test_timeouts_apply_behind_pooler(cluster: Cluster, tmp_path: Path) -> None:
    one_connection = {"WEB_CONCURRENCY": "1", "GUNICORN_THREADS": "1"}
    manage(cluster.url, "configure_role")  # applies to connections opened from now on
    with (
        pooler(cluster, size=1) as url,
        run(
            tmp_path / "log", DATABASE_URL=url, DATABASE_POOLED="true", **one_connection
        ) as service,
        closing(Client(service.port)) as client,
        cluster.connect() as other,
        psycopg.connect(url, autocommit=True) as only_server_connection,
    ):
        task = create_task(client, "alice").json()
        task_url = f"/api/alice/tasks/{task['id']}"
        with other.transaction():
            other.execute("SELECT FROM tasks WHERE id = %s FOR UPDATE", [task["id"]])
            assert client.send("PATCH", task_url, {"title": "Buy oat milk"}).status == 503
        with only_server_connection.transaction():
            only_server_connection.execute("SELECT")
            assert client.send("GET", task_url).status == 503
        assert client.send("GET", task_url).json() == task
        assert [report["message"].partition("\n")[0] for report in service.reports()] == [
            "database-unavailable: canceling statement due to lock timeout",
            "database-unavailable: wait timeout expired",
        ]


def test_instances_share_prepared_statement_if_pooler_supports_it(
    cluster: Cluster, tmp_path: Path
) -> None:
    variables = {"DATABASE_POOLED": "true", "DATABASE_PREPARE": "true"}
    one_connection = {"WEB_CONCURRENCY": "1", "GUNICORN_THREADS": "1"}
    results = []
    with pooler(cluster, size=1) as url:
        for log in (tmp_path / "first", tmp_path / "second"):
            with (
                run(log, DATABASE_URL=url, **variables, **one_connection) as service,
                closing(Client(service.port)) as client,
            ):
                found = statuses(client, *["/api/alice/tasks"] * 3)  # the third time prepares it
                results.append([*found, *(report["message"] for report in service.reports())])
        with psycopg.connect(url) as only_server_connection:
            prepared = only_server_connection.execute("SELECT FROM pg_prepared_statements")
            assert prepared.rowcount == 1
    works = [200, 200, 200]
    fails = [200, 200, 500, 'internal-error: prepared statement "_pg3_0" already exists']
    assert results == [works, works if supports_prepared_statements() else fails]


def test_check_reports_pooler_that_lets_clients_execute_statements_of_others(
    cluster: Cluster,
) -> None:
    variables = {
        "DATABASE_POOLED": "true",
        "DATABASE_PREPARE": "true",
        "SILENCED_SYSTEM_CHECKS": "todo.W010",
    }
    with pooler(cluster, size=3) as url:
        completed = subprocess.run(
            [sys.executable, "manage.py", "check", "--deploy"],
            cwd=BASE_DIR,
            env=os.environ | {"DATABASE_URL": url, "SECRET_KEY": token_urlsafe(64)} | variables,
            capture_output=True,
            text=True,
            check=False,
        )
    reported = re.findall(r"\((todo\.E\d+)\).*(data loss)", completed.stderr)
    expected = [] if supports_prepared_statements() else [("todo.E004", "data loss")]
    assert (completed.returncode, reported) == (len(expected), expected)


def test_undeclared_pooler_with_the_name_of_one_mixes_no_statements(
    cluster: Cluster, tmp_path: Path
) -> None:
    with (
        pooler(cluster, size=2) as url,
        run(tmp_path / "log", DATABASE_URL=renamed(url)) as service,
        ExitStack() as stack,
    ):
        clients = [stack.enter_context(closing(Client(service.port))) for _ in range(8)]
        tasks = [create_task(client, "carol").json() for client in clients * 5]
        for task, client in zip(tasks, cycle(clients), strict=False):
            found = statuses(client, f"/api/carol/tasks/{task['id']}", "/api/carol/tasks")
            assert found == [200, 200]
            assert client.send("DELETE", f"/api/dave/tasks/{task['id']}").status == 404
        assert len(clients[0].send("GET", "/api/carol/tasks").json()) == len(tasks)
        assert service.reports() == []


def renamed(url: str) -> str:
    """Return the URL with a host name of the kind that operators for Kubernetes use."""
    name = url.replace("127.0.0.1", "todo-pooler.default.svc")
    return f"{name}?hostaddr=127.0.0.1&sslmode=disable"


def test_suite_passes_behind_pooler(cluster: Cluster) -> None:
    prepare = str(supports_prepared_statements()).lower()
    with pooler(cluster, size=3) as url:
        subprocess.run(
            [sys.executable, "-m", "pytest", *OPTIONS],
            cwd=BASE_DIR,
            env=os.environ
            | {"TEST_DATABASE_URL": url, "DATABASE_POOLED": "true", "DATABASE_PREPARE": prepare},
            check=True,
        )
