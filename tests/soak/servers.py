"""The servers that fail: a primary with its standby, and the service behind a load balancer."""

import socket
from contextlib import AbstractContextManager, ExitStack
from itertools import count
from pathlib import Path
from random import Random

from tests.support.servers.balancer import balancer
from tests.support.servers.cluster import ROLE, Cluster, primary, standby
from tests.support.servers.gunicorn import Instance, run, wait_until

VARIABLES = {
    "PYTHON_DOTENV_DISABLED": "1",
    "DEBUG": "false",
    "BEHIND_PROXY": "false",
    "SECRET_KEY": "only-for-tests-" * 4,
}

RECONNECT_INTERVAL = "200ms"
"""How often the standby tries to connect; until then no commit is confirmed."""


class Databases:
    """A primary and its standby. Their ports stay the same when they change roles."""

    def __init__(self, servers: ExitStack, *, synchronous: bool = True) -> None:
        """Start both; they are stopped by `servers`."""
        self._servers = servers
        self._synchronous = synchronous
        self._stacks: dict[Cluster, ExitStack] = {}
        ports = unassigned_port(), unassigned_port()
        self.primary = self._start(
            primary(port=ports[0], wal_retrieve_retry_interval=RECONNECT_INTERVAL)
        )
        self.standby = self._start_standby(ports[1])
        hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
        self.url = f"postgresql://{ROLE}@{hosts}/postgres?target_session_attrs=read-write"

    def restart(self) -> None:
        """Kill the primary and start it again."""
        self.primary.kill()
        self.primary.start()

    def disconnect_standby(self) -> None:
        """Stop the replication; from now on a synchronous primary confirms no commit.

        First wait for the standby. After a restart of the primary, its clients see commits that
        were never confirmed and that the standby may not have received yet.
        """
        with self.primary.connect() as connection:
            position = connection.execute("SELECT pg_current_wal_insert_lsn()").fetchone()
            query = "SELECT FROM pg_stat_replication WHERE flush_lsn >= %s AND sync_state = %s"
            values = [*(position or ()), "sync" if self._synchronous else "async"]
            wait_until(lambda: bool(connection.execute(query, values).fetchall()))
        with self.standby.connect() as connection:
            connection.execute("ALTER SYSTEM SET primary_conninfo = ''")
            connection.execute("SELECT pg_reload_conf()")

    def fail_over(self) -> None:
        """Kill the primary, promote the standby, and start a new standby of it."""
        lost = self.primary
        lost.kill()
        self.standby.promote()
        self._stacks.pop(lost).close()
        self.primary = self.standby
        self.standby = self._start_standby(lost.port)

    def _start_standby(self, port: int) -> Cluster:
        return self._start(standby(self.primary, port, synchronous=self._synchronous))

    def _start(self, context: AbstractContextManager[Cluster]) -> Cluster:
        stack = self._servers.enter_context(ExitStack())
        cluster = stack.enter_context(context)
        self._stacks[cluster] = stack
        return cluster


class Service:
    """The service behind a load balancer, which hides that its instances are replaced."""

    def __init__(self, servers: ExitStack, database_url: str, logs: Path) -> None:
        """Start an instance and the load balancer; they are stopped by `servers`."""
        self._servers = servers
        self._variables = VARIABLES | {"DATABASE_URL": database_url}
        self._log_names = (logs / f"instance-{number}.log" for number in count(1))
        self._stack = ExitStack()
        self.instance = self._start()
        self._balancer = servers.enter_context(balancer(self.instance.port))
        self.port = self._balancer.port

    def deploy(self) -> None:
        """Start a new instance, send new connections to it, and stop the old instance."""
        old, old_stack = self.instance, self._stack
        self.instance = self._start()
        self._balancer.target = self.instance.port
        old_stack.close()
        old.log.unlink()  # its access log; `errors` is kept

    def _start(self) -> Instance:
        self._stack = self._servers.enter_context(ExitStack())
        return self._stack.enter_context(run(next(self._log_names), **self._variables))


def unassigned_port() -> int:
    """Return a free port that the kernel assigns to no connection (below 32768 on Linux).

    An assigned port could be taken while its server is down.
    """
    while True:
        port = Random().randrange(20000, 32768)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
