"""The service as it runs in production: gunicorn, on a port of its own."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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
            stderr=subprocess.PIPE,
            text=True,
        )
    try:
        assert server.stderr
        started = any("Booting worker" in line for line in server.stderr)
        assert started, f"gunicorn did not start; see {log}"
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.communicate(timeout=SECONDS)
