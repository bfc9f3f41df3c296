"""A lock that lets only one process migrate a database at a time; the others wait."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper

LOCK_ID = 0x746F646F  # "todo"; a lock belongs to one database of the server

RETRY_INTERVAL = 0.2
"""Seconds between two attempts to get the lock."""

SILENT_WAIT = 5
"""Seconds after which a process that waits says so."""

HOLDER = """
SELECT activity.pid, application_name, backend_start
FROM pg_locks JOIN pg_stat_activity AS activity USING (pid)
WHERE locktype = 'advisory' AND granted AND classid = 0 AND objid = %s AND objsubid = 1
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


Write = Callable[[str], object]
"""Writes a message for the person who waits."""


@contextmanager
def migration_lock(connection: BaseDatabaseWrapper, write: Write) -> Iterator[None]:
    """Wait for the lock, without a limit, and hold it in the block.

    Who holds it is passed to `write`, for each process that has to be waited for.
    """
    if connection.vendor != "postgresql":
        with _directory_lock(Path(connection.settings_dict["NAME"]).parent, write):
            yield
    elif connection.settings_dict["POOLED"]:
        yield  # a pooler may execute each statement in another session, which would keep the lock
    else:
        with _advisory_lock(connection, write):
            yield


def _wait(acquire: Callable[[], bool], holder: Callable[[], str], write: Write) -> None:
    """Repeat `acquire` until it succeeds; after a while, write what `holder` returns."""
    silent_until, shown = monotonic() + SILENT_WAIT, ""
    while not acquire():
        if monotonic() >= silent_until and (found := holder()) != shown:
            write(f"Waiting for {found}, which migrates this database.")
            shown = found
        sleep(RETRY_INTERVAL)


@contextmanager
def _advisory_lock(connection: BaseDatabaseWrapper, write: Write) -> Iterator[None]:
    """Hold a lock of the session, which ends with the session at the latest.

    It is not waited for in a statement: lock_timeout would cancel that, and a migration that
    creates an index concurrently would wait for its snapshot.
    """
    _wait(
        lambda: _call(connection, "pg_try_advisory_lock"),
        lambda: describe_holder(connection),
        write,
    )
    try:
        yield
    finally:
        with suppress(Error):
            _call(connection, "pg_advisory_unlock")


def _call(connection: BaseDatabaseWrapper, function: str) -> bool:
    """Call a function of the lock; the ORM cannot, without a table."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [LOCK_ID])
        return bool(cursor.fetchone()[0])


def describe_holder(connection: BaseDatabaseWrapper) -> str:
    """Return which session holds the lock.

    The time is that of its start, which only this role and its members may see.
    """
    with connection.cursor() as cursor:
        cursor.execute(HOLDER, [LOCK_ID])
        for pid, application, start in cursor.fetchall():
            since = f", connected at {start:%Y-%m-%dT%H:%M:%SZ}" if start else ""
            return f"the session {pid} ({application or 'unnamed'}{since})"
    return "another session"


@contextmanager
def _directory_lock(directory: Path, write: Write) -> Iterator[None]:
    """Lock the directory: SQLite locks the file itself, and a lock file would stay behind."""
    descriptor = os.open(directory, os.O_RDONLY)

    def acquire() -> bool:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False

    try:
        _wait(acquire, lambda: "another process", write)
        yield
    finally:
        os.close(descriptor)
