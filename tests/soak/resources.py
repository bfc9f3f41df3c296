"""What the service uses: memory and open files of its workers, and sessions of the database."""

import re
from dataclasses import dataclass
from time import time

from psutil import Process

from tests.soak.servers import Databases, Service
from tests.support.servers.cluster import Cluster
from tests.support.servers.gunicorn import wait_until

APPLICATION_NAME = "todo-api"
"""The name of the sessions of the service (todo_project/database/url.py)."""


@dataclass(frozen=True)
class Resources:
    """One number per worker, or per session."""

    ages: list[float]
    """Seconds since the start of the worker."""
    memory: list[int]
    """Resident bytes."""
    files: list[int]
    """Open file descriptors."""
    statements: list[int]
    """Prepared statements of each session, including the unnamed statement."""


def measure(service: Service, databases: Databases) -> Resources:
    """Measure all workers of the instance, and all sessions of the service."""
    workers = [Process(pid) for pid in service.instance.workers]
    return Resources(
        ages=[time() - worker.create_time() for worker in workers],
        memory=[worker.memory_info().rss for worker in workers],
        files=[worker.num_fds() for worker in workers],
        statements=count_statements(databases.primary),
    )


def count_statements(cluster: Cluster) -> list[int]:
    """Return the number of prepared statements of each session of the service.

    `pg_prepared_statements` shows only those of its own session. But a session can be told to log
    its memory contexts, and each statement has one of the name CachedPlanSource.
    """
    log = cluster.directory / "log"
    offset = log.stat().st_size
    with cluster.connect() as connection:
        query = (
            "SELECT pid FROM pg_stat_activity WHERE application_name = %s"
            " AND pg_log_backend_memory_contexts(pid)"
        )
        sessions = [pid for (pid,) in connection.execute(query, [APPLICATION_NAME]).fetchall()]

    def logged(text: str) -> list[int]:
        lines = log.read_bytes()[offset:].decode(errors="replace")
        return [int(pid) for pid in re.findall(rf"\[(\d+)\] LOG: .*{text}", lines)]

    wait_until(lambda: set(logged("Grand total")) >= set(sessions))
    statements = logged("; CachedPlanSource:")
    return [statements.count(pid) for pid in sessions]
