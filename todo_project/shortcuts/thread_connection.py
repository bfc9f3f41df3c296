"""The database connection of the current thread, as each request needs it several times."""

import threading

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

_thread = threading.local()


def thread_connection() -> BaseDatabaseWrapper:
    """Return `connections["default"]`, which takes a microsecond to find it each time."""
    try:
        connection: BaseDatabaseWrapper = _thread.connection
    except AttributeError:
        connection = _thread.connection = connections[DEFAULT_DB_ALIAS]
    return connection
