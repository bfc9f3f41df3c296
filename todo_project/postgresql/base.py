"""The database wrapper: what it does otherwise than Django's own.

Django pings a persistent connection once a request, which is a round trip. A server that
closes a connection says so on the socket; only a silent death needs the ping to be seen.
"""

from functools import partial
from select import POLLIN, poll
from time import monotonic
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg.pq import Format

TRUSTED = 30.0
"""Seconds after its last use in which a connection with a quiet socket is believed to live."""

PG_C_UTF8 = 170000
"""The version that brought the collation."""

PING_TIMEOUT = 3
"""Seconds for the answer to a ping; one that comes later costs no more than a new connection."""

FastTimestamptzLoader: Any = psycopg.adapters.get_loader(
    psycopg.adapters.types["timestamptz"].oid, Format.TEXT
)
"""psycopg's own, in C. Django replaces it by one in Python, half the cost of a list."""


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to PostgreSQL, in UTC."""

    health_check_enabled: bool
    health_check_done: bool
    used_at = -TRUSTED

    @property
    def folds_by_unicode(self) -> bool:
        """Whether the server has `pg_c_utf8`: the case of all scripts, in each locale."""
        self.ensure_connection()
        encoding = self.connection.info.parameter_status("server_encoding")
        return bool(self.pg_version >= PG_C_UTF8 and encoding == "UTF8")

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect, read times with the fast loader, and wait for no answer for ever."""
        answer_timeout = conn_params.pop("answer_timeout")  # seconds
        connection = super().get_new_connection(conn_params)
        connection.wait = partial(connection.wait, timeout=answer_timeout)
        connection.adapters.register_loader("timestamptz", FastTimestamptzLoader)
        self.used_at = monotonic()
        return connection

    def create_cursor(self, name: str | None = None) -> Any:
        """Open a cursor, without Django's look at the loader's time zone: it is UTC."""
        if name is None:
            return self.connection.cursor()
        return self.connection.cursor(name, scrollable=False, withhold=self.connection.autocommit)

    def is_usable(self) -> bool:
        """Ping the server, with less patience than for other answers."""
        wait = self.connection.wait
        self.connection.wait = partial(wait, timeout=PING_TIMEOUT)
        try:
            return bool(super().is_usable())
        finally:
            self.connection.wait = wait

    def close_if_health_check_failed(self) -> None:
        """Before the first query of a request, make sure that the connection lives."""
        if self.connection is None or not self.health_check_enabled or self.health_check_done:
            return
        now = monotonic()
        if now - self.used_at < TRUSTED and _is_quiet(self.connection):
            self.health_check_done = True
        else:
            super().close_if_health_check_failed()
        self.used_at = now


def _is_quiet(connection: Any) -> bool:
    """Tell whether the server has nothing to say, such as that it closes the connection."""
    if connection.closed:
        return False
    listener = poll()
    listener.register(connection.fileno(), POLLIN)
    return not listener.poll(0)
