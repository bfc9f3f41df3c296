"""A lock that lets only one process migrate a database at a time; the others wait."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep

from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper

LOCK_ID = 0x746F646F  # "todo"; a lock belongs to one database of the server

RETRY_INTERVAL = 0.2
"""Seconds between two attempts to get the lock of PostgreSQL."""


@contextmanager
def migration_lock(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Wait for the lock, without a limit, and hold it in the block."""
    if connection.vendor != "postgresql":
        with _directory_lock(Path(connection.settings_dict["NAME"]).parent):
            yield
    elif connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"]:
        yield  # a pooler may execute each statement in another session, which would keep the lock
    else:
        with _advisory_lock(connection):
            yield


@contextmanager
def _advisory_lock(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Hold a lock of the session, which ends with the session at the latest.

    It is not waited for in a statement: lock_timeout would cancel that, and a migration that
    creates an index concurrently would wait for its snapshot.
    """
    while not _call(connection, "pg_try_advisory_lock"):
        sleep(RETRY_INTERVAL)
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


@contextmanager
def _directory_lock(directory: Path) -> Iterator[None]:
    """Lock the directory: SQLite locks the file itself, and a lock file would stay behind."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
