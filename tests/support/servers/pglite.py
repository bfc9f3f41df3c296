"""PGlite: PostgreSQL as WebAssembly in one process of Node, with one connection at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.servers.gunicorn import free_port, running
from todo_project.environment import BASE_DIR

SERVER = BASE_DIR / "tests" / "compatibility" / "node_modules" / ".bin" / "pglite-server"


@contextmanager
def pglite(directory: Path) -> Iterator[str]:
    """Run a server with its files in the directory; yield the URL of its database."""
    port = free_port()
    command = [SERVER, f"--db={directory / 'data'}", f"--port={port}"]
    with (
        (directory / "pglite.log").open("ab") as output,
        running(command, port, stdout=output, stderr=output),
    ):
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres?sslmode=disable"
