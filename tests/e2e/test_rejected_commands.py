"""Tests of commands on a server that rejects them: each ends with one line."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.support.servers.cluster import ROLE, Cluster, primary, standby
from tests.support.servers.gunicorn import manage
from todo_project.environment import BASE_DIR

PREFIX = "CommandError: DATABASE_URL: "


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """Run a server that is not migrated."""
    with primary() as cluster:
        yield cluster


def run(url: str, command: str) -> tuple[int, str, str]:
    """Run a command; return the exit code, standard output and standard error."""
    finished = subprocess.run(
        [sys.executable, "manage.py", command],
        env=os.environ | {"DATABASE_URL": url},
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    return finished.returncode, finished.stdout, finished.stderr


def test_commands_on_a_standby(server: Cluster) -> None:
    commands = {"configure_role": "ALTER ROLE", "migrate": "CREATE TABLE"}
    with standby(server, synchronous=False) as cluster:
        errors = [run(cluster.url, command)[2] for command in commands]
    assert errors == [
        f"{PREFIX}cannot execute {statement} in a read-only transaction\n"
        for statement in commands.values()
    ]


def test_commands_that_pg_hba_rejects(server: Cluster) -> None:
    manage(server.url, "migrate", "-v", "0")
    rules = server.directory / "pg_hba.conf"
    rules.write_text(f"host all {ROLE} 127.0.0.1/32 reject\n{rules.read_text()}")
    with server.connect() as connection:
        connection.execute("SELECT pg_reload_conf()")
    message = (
        f'{PREFIX}connection failed: connection to server at "127.0.0.1", port {server.port} '
        'failed: FATAL:  pg_hba.conf rejects connection for host "127.0.0.1", user "todo", '
        'database "postgres", no encryption\n'
    )
    for command in ("configure_role", "migrate", "axes_reset"):
        assert run(server.url, command) == (1, "", message)
