"""The service as it runs in production: gunicorn, on a port of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from django.db import connection

from todo_project.environment import BASE_DIR

SECONDS = 30
"""How long a server may take to start or to stop."""


def database_url() -> str:
    """Return the URL of the database that the running test uses."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    url = urlsplit(os.environ["DATABASE_URL"])
    return url._replace(path=f"/{name}").geturl()


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    """Wait until somebody listens on the port of the loopback interface."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)
    raise TimeoutError(f"nobody listens on port {port}")


@contextmanager
def serve(log: Path, **variables: str) -> Iterator[str]:
    """Run the service, and yield its address; its output goes to the file `log`."""
    port = str(free_port())
    environ = os.environ | {"PORT": port, "DATABASE_URL": database_url()} | variables
    with log.open("ab") as output:
        server = subprocess.Popen(
            [Path(sys.executable).with_name("gunicorn")],
            cwd=BASE_DIR,
            env=environ,
            stdout=output,
            stderr=subprocess.DEVNULL,
        )
    try:
        wait_for(int(port))
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=SECONDS)
