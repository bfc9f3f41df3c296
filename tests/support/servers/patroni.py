"""A PostgreSQL cluster that Patroni fails over, with etcd as its store, all on this machine."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from urllib.error import URLError
from urllib.request import Request, urlopen

import psycopg
import yaml

from tests.support.documentation import SCALING, code_blocks
from tests.support.servers.cluster import PROGRAMS, ROLE
from tests.support.servers.gunicorn import (
    SECONDS,
    children,
    free_port,
    listens,
    running,
    wait_until,
)

[DOCUMENTED] = code_blocks(SCALING, "yaml")
FAILOVER = yaml.safe_load(DOCUMENTED)["bootstrap"]["dcs"] | {
    "ttl": 20,  # s; a node that is silent for so long loses the leadership. 20 is the minimum
    "loop_wait": 1,
    "retry_timeout": 5,
    "primary_start_timeout": 0,  # fail over at once instead of restarting a killed primary
}

HBA = ["host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"]


@dataclass(frozen=True)
class Node:
    """A Patroni and its PostgreSQL."""

    name: str
    directory: Path
    port: int
    api_port: int
    patroni: "subprocess.Popen[bytes]"

    @property
    def postmaster(self) -> int:
        """Return the process id of the server."""
        return int((self.directory / "data" / "postmaster.pid").read_text().split()[0])

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Suspend every process; the kernel still accepts what clients send."""
        postmaster = self.postmaster
        processes = [self.patroni.pid, *children(self.patroni.pid), *children(postmaster)]
        for process in {*processes, postmaster}:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in {*processes, postmaster}:
                os.kill(process, signal.SIGCONT)

    def connect(self) -> psycopg.Connection:
        """Connect to the server as a superuser, in autocommit mode."""
        url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        return psycopg.connect(url, autocommit=True, connect_timeout=2)

    def answers(self, endpoint: str) -> bool:
        """Return whether Patroni's health check responds with 200."""
        try:
            with urlopen(f"http://127.0.0.1:{self.api_port}/{endpoint}", timeout=2):
                return True
        except (URLError, TimeoutError):
            return False

    def post(self, endpoint: str, **body: str) -> None:
        """Send a command to Patroni."""
        url = f"http://127.0.0.1:{self.api_port}/{endpoint}"
        with urlopen(Request(url, json.dumps(body).encode(), method="POST"), timeout=SECONDS):
            pass


@dataclass(frozen=True)
class HighAvailabilityCluster:
    """The nodes."""

    nodes: list[Node]
    etcd: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        """Return the URL of the database, with all hosts."""
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        options = "target_session_attrs=read-write&connect_timeout=2"
        return f"postgresql://{ROLE}@{hosts}/postgres?{options}"

    def leader(self) -> Node:
        """Return the primary as soon as it has a synchronous standby, which can take over."""
        wait_until(lambda: any(node.answers("synchronous") for node in self.nodes), 2 * SECONDS)
        wait_until(lambda: any(node.answers("primary") for node in self.nodes), 2 * SECONDS)
        [leader] = [node for node in self.nodes if node.answers("primary")]
        return leader

    def wait_for_leader(self, other_than: Node) -> None:
        """Return as soon as another node is the primary."""
        others = [node for node in self.nodes if node != other_than]
        wait_until(lambda: any(node.answers("primary") for node in others))


@contextmanager
def patroni_cluster(size: int = 3) -> Iterator[HighAvailabilityCluster]:
    """Run etcd and so many nodes, with the role of the service."""
    directory = Path(mkdtemp(prefix="todo-"))
    try:
        with ExitStack() as stack:
            etcd_port = free_port()
            etcd = stack.enter_context(_etcd(directory, etcd_port))
            nodes = [
                stack.enter_context(_node(f"node-{number}", directory, etcd_port))
                for number in range(size)
            ]
            cluster = HighAvailabilityCluster(nodes, etcd)
            with cluster.leader().connect() as connection:
                connection.execute(f"CREATE ROLE {ROLE} LOGIN")
                connection.execute(f"GRANT ALL ON SCHEMA public TO {ROLE}")
            yield cluster
    finally:
        shutil.rmtree(directory)


@contextmanager
def _etcd(directory: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    client, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{free_port()}"
    command = [
        *("etcd", "--data-dir", f"{directory}/etcd", "--initial-cluster", f"default={peer}"),
        *("--listen-client-urls", client, "--advertise-client-urls", client),
        *("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer),
    ]
    with _process(command, directory / "etcd.log") as process:
        wait_until(lambda: listens(port))
        yield process


@contextmanager
def _node(name: str, directory: Path, etcd_port: int) -> Iterator[Node]:
    home = directory / name
    home.mkdir()
    port, api_port = free_port(), free_port()
    api, server = f"127.0.0.1:{api_port}", f"127.0.0.1:{port}"
    configuration = {
        "scope": "todo",
        "name": name,
        "restapi": {"listen": api, "connect_address": api},
        "etcd3": {"host": f"127.0.0.1:{etcd_port}"},
        "bootstrap": {
            "dcs": FAILOVER,
            "initdb": [{"encoding": "UTF8"}, {"locale": "C"}, {"auth": "trust"}],
        },
        "postgresql": {
            "listen": server,
            "connect_address": server,
            "data_dir": str(home / "data"),
            "bin_dir": str(PROGRAMS),
            "pgpass": str(home / "pgpass"),
            "authentication": {
                "superuser": {"username": "postgres"},
                "replication": {"username": "replicator"},
            },
            "parameters": {"unix_socket_directories": str(home)},
            "pg_hba": HBA,
            # Without pg_rewind, which the wheel does not have.
            "remove_data_directory_on_diverged_timelines": True,
        },
    }
    file = home / "patroni.yml"
    file.write_text(json.dumps(configuration))  # JSON is YAML
    command = [Path(sys.executable).with_name("patroni"), file]
    with _process(command, home / "log") as process:
        yield Node(name, home, port, api_port, process)


@contextmanager
def _process(command: Sequence[str | Path], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a program until the end of the block, so that it does not see that it is root.

    PostgreSQL does not start as root, and another user might have no access to the interpreter.
    """
    user = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
    with (
        log.open("wb") as output,
        running(
            [*([] if os.geteuid() else user), *command],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=log.parent,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        ) as process,
    ):
        yield process
