"""The database wrapper, and how it differs from Django's.

Django pings a persistent connection at its first use in a request, which is a round trip. A
server that closes a connection notifies its socket, so polling the socket is enough; only a
connection that was idle for long is pinged. This module is the only one that depends on the
internals of psycopg and of Django's wrapper.
"""

from functools import partial
from math import inf
from select import POLLIN, poll
from time import monotonic
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from django.db.backends.utils import CursorWrapper
from psycopg.pq import Format

TRUSTED_IDLE_TIME = 30.0
"""Seconds after its last use for which a connection with a quiet socket is not pinged."""

PING_TIMEOUT = 3
"""Seconds to wait for the response to a ping; a new connection is no slower than that."""

PG_C_UTF8_VERSION = 170000
"""The server version that introduced the collation `pg_c_utf8`."""

FastTimestamptzLoader: Any = psycopg.adapters.get_loader(
    psycopg.adapters.types["timestamptz"].oid, Format.TEXT
)
"""psycopg's own loader, in C. Django's, in Python, takes half the time of a long list."""


class KeptCursor(CursorWrapper):
    """A cursor for one statement after the other."""

    cursor: Any

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the rows, and drop the result; the types of its columns stay known.

        Django's wrapper would define a function for each call.
        """
        with self.db.wrap_database_errors:
            rows: list[tuple[Any, ...]] = self.cursor.fetchall()
        self.cursor._reset(reset_query=False)
        self.cursor._tx.set_pgresult(None)
        return rows

    def close(self) -> None:
        """Stay open until the connection is closed."""


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to PostgreSQL in UTC."""

    health_check_enabled: bool
    health_check_done: bool
    used_at = -TRUSTED_IDLE_TIME
    _kept_cursor: "KeptCursor | None" = None

    @property
    def has_unicode_collation(self) -> bool:
        """Whether the server has `pg_c_utf8`, which maps the case of all scripts."""
        self.ensure_connection()
        encoding = self.connection.info.parameter_status("server_encoding")
        return bool(self.pg_version >= PG_C_UTF8_VERSION and encoding == "UTF8")

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect; limit the wait for any response, and load timestamps with the fast loader."""
        response_timeout = conn_params.pop("response_timeout")  # seconds, or None
        connection = super().get_new_connection(conn_params)
        connection.wait = partial(connection.wait, timeout=response_timeout)
        connection.adapters.register_loader("timestamptz", FastTimestamptzLoader)
        self.used_at = monotonic()
        self._poller = poll()
        self._poller.register(connection.fileno(), POLLIN)
        return connection

    def create_cursor(self, name: str | None = None) -> Any:
        """Create a cursor, without registering Django's loader for a time zone: it is UTC."""
        if name is None:
            return self.connection.cursor()
        return self.connection.cursor(name, scrollable=False, withhold=self.connection.autocommit)

    def kept_cursor(self) -> Any:
        """Return a cursor that is made once, for one statement after the other.

        Making one is a third of a query, and a new one does not know how to load the columns.
        """
        self.close_if_health_check_failed()
        self.ensure_connection()
        if self.queries_logged:
            return self.cursor()
        if self._kept_cursor is None or self._kept_cursor.cursor.connection is not self.connection:
            self._kept_cursor = KeptCursor(self.create_cursor(), self)
        return self._kept_cursor

    def is_usable(self) -> bool:
        """Ping the server, with a shorter timeout than that of a query."""
        wait = self.connection.wait
        self.connection.wait = partial(wait, timeout=PING_TIMEOUT)
        try:
            return bool(super().is_usable())
        finally:
            self.connection.wait = wait

    def close_if_unusable_or_obsolete(self) -> None:
        """After an error, check the connection at the next query and not at the next request.

        A request that does not use the database, such as `/healthz`, must not ping it.
        """
        if self.errors_occurred:
            self.errors_occurred = False
            self.used_at = -inf
        super().close_if_unusable_or_obsolete()

    def close_if_health_check_failed(self) -> None:
        """Check the connection before the first query of a request."""
        if self.connection is None or not self.health_check_enabled or self.health_check_done:
            return
        now = monotonic()
        if now - self.used_at < TRUSTED_IDLE_TIME and self._is_quiet():
            self.health_check_done = True
        else:
            super().close_if_health_check_failed()
        self.used_at = now

    def _is_quiet(self) -> bool:
        """Return whether the server has sent nothing, such as a notice that it closes."""
        return not (self.connection.closed or self._poller.poll(0))
