"""The database wrapper, and how it differs from Django's.

SQLite keeps its files open. If the database is deleted or replaced under a running service, what
is then written goes to a file that no path leads to, and is lost when the last connection closes
(https://sqlite.org/howtocorrupt.html#_unlinking_or_renaming_a_database_file_while_in_use).
"""

import os
import sqlite3
from threading import Lock
from typing import Any, NamedTuple

from django.db import OperationalError
from django.db.backends.sqlite3 import base

from todo_project.database.errors import ErrorsWithoutData


class Opened(NamedTuple):
    """Descriptors of a database and its write-ahead log: no other file can get their inodes."""

    database: int | None = None
    log: int | None = None


_opened: dict[str, Opened] = {}
"""What this process, in whichever thread, has opened last at each path where it found a file."""

_lock = Lock()
"""Protects the descriptors."""


class DatabaseWrapper(ErrorsWithoutData, base.DatabaseWrapper):
    """A connection to the file that the path leads to."""

    _identity: tuple[int, int] | None = None

    def __init__(self, *args: Any) -> None:
        """Remember whether there is a file; workers inherit that from the process that starts."""
        super().__init__(*args)
        path = str(self.settings_dict["NAME"])
        if _identify(path):
            _opened.setdefault(path, Opened())

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect, but neither create the file again nor combine it with the log of another.

        A backup may be about to be put back. If the file was replaced, SQLite would apply the
        changes in the log to it.
        """
        path = str(conn_params["database"])
        identity = _identify(path)
        with _lock:
            opened, log = _opened.get(path), _identify(f"{path}-wal")
            if opened and not identity:
                raise OperationalError(f"the file {path} cannot be found")
            is_replaced = opened and _identify(opened.database) != identity
            if opened and is_replaced and log and log == _identify(opened.log):
                raise OperationalError(f"the file {path} was replaced: delete {path}-wal and -shm")
        try:
            connection = super().get_new_connection(conn_params)
            connection.execute("PRAGMA user_version")  # opens the log
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CANTOPEN:
                advice = "make its directory writable, or set DATABASE_URL"
                error.args = (f"the file {path} cannot be opened; {advice}",)
            raise
        self._identity = identity or _identify(path)
        with _lock:
            _remember(path, self._identity)
        return connection

    def is_usable(self) -> bool:
        """Return whether the path still leads to the file. Django asks once a request."""
        return _identify(self.settings_dict["NAME"]) == self._identity


def _remember(path: str, identity: tuple[int, int] | None) -> None:
    """Open the files; keep the descriptor of the database unless it is another one.

    Closing it would release the locks of the connections to it.
    """
    database, log = _opened.get(path, Opened())
    if log is not None:
        os.close(log)
    if _identify(database) != identity:
        database = _open(path)
    _opened[path] = Opened(database, _open(f"{path}-wal"))


def _open(path: str) -> int | None:
    """Return a descriptor of the file; some file systems do not support the log."""
    try:
        return os.open(path, os.O_RDONLY)
    except OSError:
        return None


def _identify(file: str | int | None) -> tuple[int, int] | None:
    """Return the device and the inode of a file, or None if it cannot be found."""
    if file is None:
        return None
    try:
        status = os.stat(file)  # noqa: PTH116 - Path.stat() takes longer
    except OSError:
        return None
    return status.st_dev, status.st_ino
