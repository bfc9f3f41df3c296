"""Pgpool-II in raw mode, in which 4.3 leaves a transaction open after an autocommitted INSERT."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.servers.cluster import ROLE, SYSTEM_USER, Cluster
from tests.support.servers.gunicorn import free_port, running

CONFIGURATION = """
backend_clustering_mode = 'raw'
backend_hostname0 = '127.0.0.1'
backend_port0 = {cluster.port}
listen_addresses = '127.0.0.1'
port = {port}
num_init_children = 16
socket_dir = '{cluster.directory}'
pcp_listen_addresses = ''
pcp_port = {pcp_port}
pcp_socket_dir = '{cluster.directory}'
wd_ipc_socket_dir = '{cluster.directory}'
logdir = '{cluster.directory}'
pid_file_name = '{cluster.directory}/pgpool.pid'
"""


@contextmanager
def pgpool(cluster: Cluster) -> Iterator[str]:
    """Run the installed Pgpool-II in front of a cluster; yield the URL of the database."""
    program = shutil.which("pgpool", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    assert program, "install pgpool2"
    port = free_port()
    configuration, passwords = cluster.directory / "pgpool.conf", cluster.directory / "pcp.conf"
    configuration.write_text(
        CONFIGURATION.format(cluster=cluster, port=port, pcp_port=free_port())
    )
    passwords.touch()
    command = [program, "-n", "-f", configuration, "-F", passwords]
    with running(command, port, user=SYSTEM_USER, stderr=subprocess.DEVNULL):
        yield f"postgresql://{ROLE}@127.0.0.1:{port}/postgres?sslmode=disable"
