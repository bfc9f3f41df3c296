"""The implementations to compare, and how to run them."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import psutil

from benchmarks.database import SETTINGS

ROOT = Path(__file__).parent.parent
ENVIRONMENTS = ROOT / ".venv" / "benchmarks"
"""The directory of the environments that `make bench` creates."""

TIMEOUT = 30
"""Seconds that a server may take to start or to stop."""


@dataclass(frozen=True)
class Implementation:
    """A name, and a command that serves the API on the `PORT` of the environment.

    `{port}` and `{workers}` in an argument are replaced. The program comes from an environment in
    `.venv/benchmarks`, or from the search path.
    """

    name: str
    command: tuple[str, ...]
    environment: str = "peers"
    variables: tuple[tuple[str, str], ...] = ()
    directory: Path = ROOT

    @property
    def program(self) -> str:
        """The path of the program; RuntimeError if it is not installed."""
        programs = ENVIRONMENTS / self.environment / "bin"
        found = shutil.which(self.command[0], path=f"{programs}{os.pathsep}{os.environ['PATH']}")
        if not programs.is_dir() or not found:
            raise RuntimeError(f"{self.name}: {self.command[0]} is missing; run `make bench`.")
        return found


def django_peer(name: str, module: str) -> Implementation:
    """Return a Django project on gunicorn."""
    return Implementation(
        name,
        (
            *("gunicorn", "--config", "python:benchmarks.peers.gunicorn_conf"),
            "django.core.wsgi:get_wsgi_application()",
        ),
        variables=(
            ("DJANGO_SETTINGS_MODULE", "benchmarks.peers.settings"),
            ("ROOT_URLCONF", module),
        ),
    )


def granian_peer(name: str, module: str) -> Implementation:
    """Return an ASGI application on granian.

    Its documentation recommends one worker for each core, and its own choice of the threads.
    uvloop is an extra of its package. Nothing here needs WebSockets.
    """
    options = ("--interface", "asgi", "--loop", "uvloop", "--no-ws", "--access-log")
    arguments = ("--port", "{port}", "--workers", "{workers}", f"{module}:app")
    return Implementation(name, ("granian", *options, *arguments))


# All but bare psycopg write one line for each request; the logs go to /dev/null.
SERVICE = Implementation("this service", ("gunicorn",), "service")
SHORTCUTS_OFF = replace(SERVICE, name="SHORTCUTS=false", variables=(("SHORTCUTS", "false"),))
DRF = django_peer("stock DRF", "benchmarks.peers.stock_drf")
NINJA = django_peer("django-ninja", "benchmarks.peers.ninja_api")
# One process for each core is the rule of its documentation. The threads of its ORM limit the
# connections. The admin would only add routes.
BOLT = Implementation(
    "django-bolt",
    (
        *("python", "-m", "django", "runbolt", "--no-admin", "--host", "127.0.0.1"),
        *("--port", "{port}", "--processes", "{workers}"),
    ),
    "bolt",
    (
        ("DJANGO_SETTINGS_MODULE", "benchmarks.peers.bolt_settings"),
        ("ROOT_URLCONF", "benchmarks.peers.bolt"),
    ),
)
LITESTAR = granian_peer("Litestar + asyncpg", "benchmarks.peers.litestar_asyncpg")
FASTAPI = granian_peer("FastAPI + asyncpg", "benchmarks.peers.fastapi_asyncpg")
FASTIFY = Implementation(
    "Fastify + Postgres.js",
    ("node", "benchmarks/peers/fastify.js"),
    variables=(("NODE_ENV", "production"),),  # as Node's documentation recommends
)
CEILING = replace(
    SERVICE,
    name="bare psycopg",
    command=("gunicorn", "benchmarks.peers.bare_psycopg:application"),
)

PEERS = (DRF, NINJA, BOLT, LITESTAR, FASTAPI, FASTIFY)
"""What a user would choose today."""

IMPLEMENTATIONS = (SERVICE, SHORTCUTS_OFF, *PEERS, CEILING)


def baseline(directory: Path) -> Implementation:
    """Return this service as it is in another checkout, which shares the installed packages."""
    return replace(SERVICE, name=f"build {directory.name}", directory=directory)


@dataclass(frozen=True)
class Server:
    """A running implementation."""

    implementation: Implementation
    port: int
    process: psutil.Process

    def workers(self) -> list[psutil.Process]:
        """Return the processes that serve requests."""
        return self.process.children(recursive=True)

    def resident_mb(self) -> float:
        """Return the resident memory of the largest worker, in megabytes."""
        return max(worker.memory_info().rss for worker in self.workers()) / 1_000_000

    def cpu_seconds(self) -> float:
        """Return the CPU time used so far, without that of the database."""
        times = [process.cpu_times() for process in (self.process, *self.workers())]
        return sum(each.user + each.system for each in times)


def free_port() -> int:
    """Return an unused port of the loopback interface."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serve(
    implementation: Implementation, database_url: str, *, workers: int = 2, threads: int = 4
) -> Iterator[Server]:
    """Run an implementation, with `threads` connections for each worker, until the block ends."""
    port = free_port()
    variables = {
        "DATABASE_URL": database_url,
        "PORT": str(port),
        "WEB_CONCURRENCY": str(workers),
        "GUNICORN_THREADS": str(threads),
        "CONNECTIONS": str(threads),
        "DJANGO_BOLT_ORM_THREADS": str(threads),
        "DJANGO_BOLT_EXECUTOR_THREADS": str(threads),
        **dict(implementation.variables),
    }
    arguments = [each.format(port=port, workers=workers) for each in implementation.command[1:]]
    with TemporaryFile() as errors:
        started = subprocess.Popen(
            [implementation.program, *arguments],
            cwd=implementation.directory,
            env=os.environ | SETTINGS | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,  # so that Ctrl-C reaches only this process, which stops it
        )
        try:
            _wait_until_ready(started, port, errors)
            yield Server(implementation, port, psutil.Process(started.pid))
        finally:
            _stop(started)


def _wait_until_ready(started: "subprocess.Popen[bytes]", port: int, errors: IO[bytes]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not _is_ready(port):
        if started.poll() is not None or time.monotonic() > deadline:
            errors.seek(0)
            last_lines = b"".join(errors.readlines()[-10:]).decode()
            raise RuntimeError(f"{started.args!r} did not start:\n{last_lines}")
        time.sleep(0.1)


def _is_ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request("GET", "/api/bench/tasks")
        return connection.getresponse().status == 200  # noqa: PLR2004
    except ConnectionRefusedError:
        return False
    finally:
        connection.close()


def _stop(started: "subprocess.Popen[bytes]") -> None:
    children = (
        psutil.Process(started.pid).children(recursive=True) if started.poll() is None else []
    )
    started.terminate()
    try:
        started.wait(TIMEOUT)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait()
    for child in children:
        if child.is_running():
            child.kill()
