"""The implementations to compare, and how to run them."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import psutil

from benchmarks.database import SETTINGS

TIMEOUT = 30
"""Seconds that a server may take to start or to stop."""


@dataclass(frozen=True)
class Implementation:
    """A name, and a command that serves the API on the `PORT` of the environment."""

    name: str
    command: tuple[str, ...]
    directory: Path = Path(__file__).parent.parent


# The logs of all go to /dev/null. gunicorn.conf.py configures the first and the last.
SERVICE = Implementation("this service", ("gunicorn",))
ALTERNATIVE = Implementation(
    "FastAPI + SQLModel",
    (
        *("uvicorn", "benchmarks.peers.fastapi_sqlmodel:app"),
        *("--loop", "uvloop", "--http", "httptools", "--no-access-log"),
    ),
)
CEILING = Implementation("bare psycopg", ("gunicorn", "benchmarks.peers.raw_wsgi:application"))
IMPLEMENTATIONS = (SERVICE, ALTERNATIVE, CEILING)


def baseline(directory: Path) -> Implementation:
    """Return this service as it is in another checkout, which shares the installed packages."""
    return Implementation("baseline", SERVICE.command, directory)


@dataclass(frozen=True)
class Server:
    """A running implementation."""

    implementation: Implementation
    port: int
    process: psutil.Process

    def workers(self) -> list[psutil.Process]:
        """Return the processes that serve requests."""
        return self.process.children(recursive=True)

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
    """Run an implementation until the block ends."""
    port = free_port()
    variables = {
        "DATABASE_URL": database_url,
        "PORT": str(port),
        "UVICORN_PORT": str(port),
        "WEB_CONCURRENCY": str(workers),
        "GUNICORN_THREADS": str(threads),
    }
    program, *arguments = implementation.command
    with TemporaryFile() as errors:
        started = subprocess.Popen(
            [Path(sys.executable).with_name(program), *arguments],
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
