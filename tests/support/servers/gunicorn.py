"""The service as it runs in production: gunicorn, on a free port."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.db import connection

from tests.support.processes import run_python
from todo_project.environment import BASE_DIR

GUNICORN = (sys.executable, "-m", "gunicorn")

SECONDS = 30
"""The maximum time for a server to start or to stop."""


@dataclass(frozen=True)
class Instance:
    """A running gunicorn. `log` is its standard output, `errors` its standard error."""

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path
    errors: Path

    @property
    def workers(self) -> list[int]:
        """Return the process ids of its workers."""
        return children(self.process.pid)

    @property
    def address(self) -> str:
        """Return its base URL."""
        return f"http://127.0.0.1:{self.port}"

    def reports(self) -> list[dict[str, Any]]:
        """Return the JSON lines that the service, as opposed to gunicorn, wrote to `errors`."""
        lines = self.errors.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


def children(pid: int) -> list[int]:
    """Return the ids of the child processes. Requires Linux."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def database_url() -> str:
    """Return the URL of the database of the running test."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    url = urlsplit(os.environ["DATABASE_URL"])
    return url._replace(path=f"/{name}").geturl()


def free_port() -> int:
    """Return a free port of the loopback interface."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def manage(url: str, *command: str, **variables: str) -> None:
    """Run a command of manage.py on the database at this URL."""
    run_python("manage.py", *command, **{"DATABASE_URL": url} | variables)


def wait_until(condition: Callable[[], bool], seconds: float = SECONDS) -> None:
    """Return as soon as the condition is true; raise TimeoutError after these seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"The condition is still false after {seconds} s.")
        time.sleep(0.02)


def listens(port: int) -> bool:
    """Return whether a server listens on the port of the loopback interface."""
    with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


@contextmanager
def running(
    command: Sequence[Any],
    *ports: int,
    stop: signal.Signals = signal.SIGTERM,
    **options: Any,
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a server until the end of the block, which begins once it listens on its ports.

    The options are those of Popen.
    """
    # In a process group of its own: Ctrl-C interrupts the tests only.
    process = subprocess.Popen(command, process_group=0, **options)
    try:
        wait_until(lambda: all(map(listens, ports)))
        yield process
    finally:
        process.send_signal(stop)
        try:
            process.wait(timeout=SECONDS)
        finally:
            process.kill()  # unless it has ended


@contextmanager
def run(log: Path, prefix: Sequence[str] = (), **variables: str) -> Iterator[Instance]:
    """Run the service with these environment variables added; stop it at the end.

    Without PORT it listens on a free port. `prefix` is the start of its command line.
    """
    port, errors = int(variables.get("PORT") or free_port()), log.with_suffix(".errors")
    url = variables.get("DATABASE_URL") or database_url()
    environ = os.environ | {"PORT": str(port), "DATABASE_URL": url} | variables
    with (
        log.open("ab") as output,
        errors.open("ab") as error_output,
        running(
            [*prefix, *GUNICORN],
            port,
            cwd=BASE_DIR,
            env=environ,
            stdout=output,
            stderr=error_output,
        ) as process,
    ):
        yield Instance(process, port, log, errors)


@contextmanager
def serve(log: Path, **variables: str) -> Iterator[str]:
    """Run the service, and yield its base URL."""
    with run(log, **variables) as instance:
        yield instance.address
