"""The whole API through a pooler in transaction mode, as at Neon."""

import os
import subprocess
import sys
from contextlib import ExitStack

import psycopg

from tests.e2e.cluster import Cluster
from tests.e2e.pooler import pooler
from todo_project.environment import BASE_DIR

# But those that run `once`, which look at a connection of their own, and those of the checks,
# which look at the settings. The databases stay: a pooler keeps connections to them, so that
# they cannot be dropped.
OPTIONS = "-n2", "-m", "not once and not e2e", "--ignore=tests/test_checks.py", "--reuse-db"


def test_connections_share_those_of_the_server(cluster: Cluster) -> None:
    with pooler(cluster, size=2) as url, ExitStack() as stack:
        clients = [stack.enter_context(psycopg.connect(url, autocommit=True)) for _ in range(5)]
        query = "SELECT pg_backend_pid()"
        assert len({client.execute(query).fetchall()[0] for client in clients}) == 1


def test_every_test_of_the_api_passes(cluster: Cluster) -> None:
    with pooler(cluster, size=3) as url:
        subprocess.run(
            [sys.executable, "-m", "pytest", *OPTIONS],
            cwd=BASE_DIR,
            env=os.environ | {"TEST_DATABASE_URL": url, "DATABASE_POOLED": "true"},
            check=True,
        )
