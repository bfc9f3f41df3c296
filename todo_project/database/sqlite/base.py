"""The database wrapper, and how it differs from Django's.

SQLite keeps its files open. If the database is deleted or replaced under a running service, what
is then written goes to a file that no path leads to, and is lost when the last connection closes
(https://sqlite.org/howtocorrupt.html#_unlinking_or_renaming_a_database_file_while_in_use).
"""

import os
from contextlib import suppress
from threading import Lock
from typing import Any, NamedTuple

from django.db import OperationalError
from django.db.backends.sqlite3 import base


class Opened(NamedTuple):
    """Descriptors of a database and its write-ahead log; no other file can get their inodes."""

    database: int
    log: int


_opened: dict[str, Opened] = {}
"""What this process, in whichever thread, has opened last at each path."""

_lock = Lock()


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to the file that the path leads to."""

    _identity: tuple[int, int] | None = None

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect, but neither create the file nor combine it with the log of another.

        Only `migrate` creates the file: a backup may be about to be put back. If the file was
        replaced, SQLite would apply the changes in the log to it.
        """
        path = str(conn_params["database"])
        log = f"{path}-wal"
        with _lock:
            self._identity = _identify(path)
            if not self._identity:
                raise OperationalError(f"the file {path} does not exist")
            opened = _opened.get(path)
            is_same = opened and _identify(opened.database) == self._identity
            if opened and not is_same and _identify(opened.log) == _identify(log):
                raise OperationalError(f"the file {path} was replaced: delete {log} and -shm")
            connection = super().get_new_connection(conn_params)
            connection.execute("PRAGMA user_version")  # opens the log
            if opened:
                os.close(opened.log)
            # Closing the descriptor of a database would release the locks of its connections.
            database = opened.database if opened and is_same else os.open(path, os.O_RDONLY)
            _opened[path] = Opened(database, os.open(log, os.O_RDONLY))
        return connection

    def is_usable(self) -> bool:
        """Return whether the path still leads to the file. Django asks once a request: 2 µs."""
        return _identify(self.settings_dict["NAME"]) == self._identity


def _identify(file: str | int) -> tuple[int, int] | None:
    """Return the device and the inode of a file, which need not exist."""
    with suppress(FileNotFoundError):
        status = os.stat(file)  # noqa: PTH116 - Path.stat() takes longer
        return status.st_dev, status.st_ino
    return None
