"""A shortcut to the database connection of the current thread."""

import threading

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

ENABLED = settings.SHORTCUTS

_thread = threading.local()


def thread_connection() -> BaseDatabaseWrapper:
    """Return `connections["default"]`, which Django searches in an `asgiref.local.Local`."""
    if not ENABLED:
        return connections[DEFAULT_DB_ALIAS]
    try:
        connection: BaseDatabaseWrapper = _thread.connection
    except AttributeError:
        connection = _thread.connection = connections[DEFAULT_DB_ALIAS]
    return connection
