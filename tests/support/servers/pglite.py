"""PGlite: PostgreSQL as WebAssembly in one process of Node, with one connection at a time."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.servers.gunicorn import SECONDS, free_port, listens, wait_until
from todo_project.environment import BASE_DIR

SERVER = BASE_DIR / "tests" / "compatibility" / "node_modules" / ".bin" / "pglite-server"


@contextmanager
def pglite(directory: Path) -> Iterator[str]:
    """Run a server with its files in the directory; yield the URL of its database."""
    port = free_port()
    with (directory / "pglite.log").open("ab") as output:
        process = subprocess.Popen(
            [SERVER, f"--db={directory / 'data'}", f"--port={port}"],
            stdout=output,
            stderr=output,
            process_group=0,  # Ctrl-C interrupts the tests only
        )
    try:
        wait_until(lambda: listens(port))
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres?sslmode=disable"
    finally:
        process.terminate()
        try:
            process.wait(timeout=SECONDS)
        finally:
            process.kill()
