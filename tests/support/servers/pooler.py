"""PgBouncer in transaction mode, as Neon runs it in front of a database."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.servers.cluster import ROLE, SYSTEM_USER, Cluster
from tests.support.servers.gunicorn import SECONDS, free_port, listens, wait_until

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


@contextmanager
def pooler(cluster: Cluster, size: int) -> Iterator[str]:
    """Run a pooler with at most `size` server connections; yield the URL of the database."""
    program = shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    assert program, "install pgbouncer"
    port = free_port()
    configuration, users = cluster.directory / "pgbouncer.ini", cluster.directory / "users"
    users.write_text(f'"{ROLE}" ""')
    configuration.write_text(
        CONFIGURATION.format(cluster=cluster, port=port, users=users, size=size)
    )
    process = subprocess.Popen([program, "-q", configuration], user=SYSTEM_USER)
    try:
        wait_until(lambda: listens(port))
        yield f"postgresql://{ROLE}@127.0.0.1:{port}/postgres"
    finally:
        process.terminate()
        process.wait(timeout=SECONDS)
