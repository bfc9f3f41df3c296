"""The contestants, and how to run them."""

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

SECONDS = 30
"""How long a server may take to start or to stop."""


@dataclass(frozen=True)
class Contestant:
    """A name, and the command that serves on the `PORT` of the environment."""

    name: str
    command: tuple[str, ...]


# All write to /dev/null what they log; gunicorn.conf.py rules both of the gunicorns.
SERVICE = Contestant("this service", ("gunicorn",))
ALTERNATIVE = Contestant(
    "FastAPI + SQLModel",
    (
        *("uvicorn", "benchmarks.peers.fastapi_sqlmodel:app"),
        *("--loop", "uvloop", "--http", "httptools", "--no-access-log"),
    ),
)
CEILING = Contestant("bare psycopg", ("gunicorn", "benchmarks.peers.raw_wsgi:application"))
CONTESTANTS = (SERVICE, ALTERNATIVE, CEILING)


@dataclass(frozen=True)
class Server:
    """A running contestant."""

    contestant: Contestant
    port: int
    process: psutil.Process

    def workers(self) -> list[psutil.Process]:
        """Return the processes that answer requests."""
        return self.process.children(recursive=True)

    def cpu_seconds(self) -> float:
        """Return the processor time that the server has used, the database's not included."""
        times = [process.cpu_times() for process in (self.process, *self.workers())]
        return sum(each.user + each.system for each in times)


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serve(
    contestant: Contestant, database_url: str, *, workers: int = 2, threads: int = 4
) -> Iterator[Server]:
    """Run a contestant until the block ends."""
    port = free_port()
    variables = {
        "DATABASE_URL": database_url,
        "PORT": str(port),
        "UVICORN_PORT": str(port),
        "WEB_CONCURRENCY": str(workers),
        "GUNICORN_THREADS": str(threads),
    }
    program, *arguments = contestant.command
    with TemporaryFile() as errors:
        started = subprocess.Popen(
            [Path(sys.executable).with_name(program), *arguments],
            env=os.environ | SETTINGS | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,  # Ctrl-C is for the benchmarks, which then stop the server
        )
        try:
            _wait_until_it_answers(started, port, errors)
            yield Server(contestant, port, psutil.Process(started.pid))
        finally:
            _stop(started)


def _wait_until_it_answers(
    started: "subprocess.Popen[bytes]", port: int, errors: IO[bytes]
) -> None:
    deadline = time.monotonic() + SECONDS
    while not _answers(port):
        if started.poll() is not None or time.monotonic() > deadline:
            errors.seek(0)
            last_words = b"".join(errors.readlines()[-10:]).decode()
            raise RuntimeError(f"{started.args!r} did not start:\n{last_words}")
        time.sleep(0.1)


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", "/api/nobody/tasks")
        return connection.getresponse().status == 200  # noqa: PLR2004
    except ConnectionRefusedError:
        return False
    finally:
        connection.close()


def _stop(started: "subprocess.Popen[bytes]") -> None:
    family = psutil.Process(started.pid).children(recursive=True) if started.poll() is None else []
    started.terminate()
    try:
        started.wait(SECONDS)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait()
    for orphan in family:
        if orphan.is_running():
            orphan.kill()
