"""Tests of migrations and of a worker on a real Citus: see CONTRIBUTING.md."""

import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection

from tests.support.client import OWNER
from tests.support.commands import export_tasks
from tests.support.distribution import citus_nodes
from tests.support.factories import TaskFactory
from tests.support.servers.gunicorn import database_url, manage, run
from tests.support.servers.http_client import Client, create_task
from todo_project.database.role import alter_role, without_timeouts

pytestmark = [
    pytest.mark.once,
    pytest.mark.citus,
    pytest.mark.django_db(transaction=True),
]

CANCELED = "57014"
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


def worker_url() -> str:
    """Return the URL of the database of the tests on a worker."""
    host, port = next((host, port) for first, host, port in citus_nodes() if not first)
    url = urlsplit(database_url())
    user, at, _ = url.netloc.rpartition("@")
    return url._replace(netloc=f"{user}{at}{host}:{port}").geturl()


@pytest.fixture
def impatient_role(transactional_db: None) -> Iterator[None]:
    """Limit each statement of the role to 0.1 s."""
    alter_role(connection, {"statement_timeout": "100ms"})
    yield
    alter_role(connection, {"statement_timeout": None})


def statement_on_worker() -> str:
    """Execute a statement of 0.5 s on a worker, as a migration would; return its SQLSTATE."""
    with psycopg.connect(database_url(), options="-c statement_timeout=0") as session:
        try:
            session.execute("SELECT pg_sleep(0.5) FROM tasks WHERE user_id = %s", [OWNER])
        except psycopg.Error as error:
            return str(error.sqlstate)
    return ""


@pytest.mark.usefixtures("impatient_role")
def test_migration_may_take_longer_on_a_worker_than_the_timeout_of_the_role() -> None:
    TaskFactory.create(user_id=OWNER)
    assert statement_on_worker() == CANCELED
    with without_timeouts(connection):
        assert statement_on_worker() == ""
    assert statement_on_worker() == CANCELED


def test_worker_serves_the_api_is_ready_and_cannot_be_migrated(tmp_path: Path) -> None:
    with (
        run(tmp_path / "log", DATABASE_URL=worker_url()) as service,
        closing(Client(service.port)) as client,
    ):
        assert client.send("GET", "/readyz").status == 200
        users = sorted(f"user-{number}" for number in range(20))
        created = [create_task(client, user_id).body for user_id in users]
    assert export_tasks().splitlines() == created
    with pytest.raises(subprocess.CalledProcessError):
        manage(worker_url(), "migrate")
    with psycopg.connect(worker_url()) as session:
        assert session.execute(TABLES).fetchall() == [("tasks",)]
