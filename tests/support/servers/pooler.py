"""PgBouncer in transaction mode, as Neon runs it in front of a database.

It is the program that the environment variable PGBOUNCER names, or else the installed one.
"""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.servers.cluster import ROLE, SYSTEM_USER, Cluster
from tests.support.servers.gunicorn import free_port, running

CONFIGURATION = """
[databases]
* = host=127.0.0.1 port={cluster.port}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = transaction
default_pool_size = {size}
"""
PREPARED_STATEMENTS = "max_prepared_statements = 200\n"
"""An option that is an error before 1.21, and off by default before 1.24."""


def program() -> str:
    """Return the path of PgBouncer."""
    directories = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
    found = os.environ.get("PGBOUNCER") or shutil.which("pgbouncer", path=directories)
    assert found, "install pgbouncer"
    return found


def supports_prepared_statements() -> bool:
    """Return whether PgBouncer is 1.22 or later; Debian 12 has 1.18.

    1.21 does not support DEALLOCATE ALL, which psycopg executes after a rollback
    (https://www.psycopg.org/psycopg3/docs/advanced/prepare.html).
    """
    shown = subprocess.check_output([program(), "--version"], text=True)
    [(major, minor)] = re.findall(r"^PgBouncer (\d+)\.(\d+)", shown)
    return (int(major), int(minor)) >= (1, 22)


@contextmanager
def pooler(cluster: Cluster, size: int) -> Iterator[str]:
    """Run a pooler with at most `size` server connections; yield the URL of the database."""
    port = free_port()
    configuration, users = cluster.directory / "pgbouncer.ini", cluster.directory / "users"
    users.write_text(f'"{ROLE}" ""')
    configuration.write_text(
        CONFIGURATION.format(cluster=cluster, port=port, users=users, size=size)
        + (PREPARED_STATEMENTS if supports_prepared_statements() else "")
    )
    command = [program(), "-q", configuration]
    # Since 1.23, SIGTERM waits until all clients have disconnected.
    with running(command, port, stop=signal.SIGKILL, user=SYSTEM_USER):
        yield f"postgresql://{ROLE}@127.0.0.1:{port}/postgres"
