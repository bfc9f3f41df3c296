"""The database wrapper, and how it differs from Django's.

Django pings a persistent connection at its first use in a request, which is a round trip. A
server that closes a connection notifies its socket, so polling the socket is enough; only a
connection that was idle for long is pinged. After an error it is replaced: its session may have
outlived a change of the database, the role or the server. This module and `chunks` are the only
ones that depend on the internals of psycopg, and this one on those of Django's wrapper.
"""

from functools import partial
from math import inf
from random import uniform
from select import POLLIN, poll
from time import monotonic
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from django.db.backends.utils import CursorWrapper
from psycopg.errors import FeatureNotSupported
from psycopg.pq import Format, TransactionStatus

from todo_project.database.errors import ErrorsWithoutData
from todo_project.database.postgresql.chunks import ChunkedCursor
from todo_project.database.postgresql.connecting import connect_within, divide_timeout
from todo_project.database.url import CONNECT_TIMEOUT, REQUEST_TIMEOUT

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

IDLE = TransactionStatus.IDLE

NOT_COMMITTED = "a statement in autocommit mode was not committed; is Pgpool-II in raw mode?"


class Cursor(ChunkedCursor):
    """The cursor of psycopg that executes all statements."""

    def execute(
        self,
        query: Any,
        params: Any = None,
        *,
        prepare: bool | None = None,
        binary: bool | None = None,
    ) -> "Cursor":
        """Execute a statement; repeat it if its plan was invalid, and check that it committed.

        The result of a prepared statement must not change its types, as by ALTER TABLE. Then
        PostgreSQL executes nothing (0A000), and outside a transaction nothing else is lost.
        """
        try:
            super().execute(query, params, prepare=prepare, binary=binary)
        except FeatureNotSupported:
            connection = self.connection
            if not connection.prepare_threshold or connection.pgconn.transaction_status != IDLE:
                raise
            # psycopg forgets its prepared statements, too.
            self.connection.execute("DEALLOCATE ALL")
            super().execute(query, params, prepare=prepare, binary=binary)
        if self.connection.pgconn.transaction_status != IDLE:
            self._check_committed()
        return self

    def receive(self) -> None:
        """Receive the next chunk; after the last one, check that the statement committed."""
        super().receive()
        if self.connection.pgconn.transaction_status != IDLE:
            self._check_committed()

    def _check_committed(self) -> None:
        # libpq knows the status from the last response of the server.
        if self.connection.autocommit and not self.is_receiving:
            self.connection.close()
            raise psycopg.OperationalError(NOT_COMMITTED)


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

    def fetchmany(self, size: int) -> list[tuple[Any, ...]]:
        """Return the next rows."""
        with self.db.wrap_database_errors:
            rows: list[tuple[Any, ...]] = self.cursor.fetchmany(size)
        return rows

    def close(self) -> None:
        """Stay open until the connection is closed, ready for the next statement."""
        if self.cursor.is_receiving:
            with self.db.wrap_database_errors:
                self.cursor.discard()


class DatabaseWrapper(ErrorsWithoutData, base.DatabaseWrapper):
    """A connection to PostgreSQL in UTC."""

    health_check_enabled: bool
    health_check_done: bool
    used_at = -TRUSTED_IDLE_TIME
    deadline = inf
    """When the current request must be done with the database."""
    _kept_cursor: "KeptCursor | None" = None

    @property
    def has_unicode_collation(self) -> bool:
        """Whether the server has `pg_c_utf8`, which maps the case of all scripts."""
        self.ensure_connection()
        encoding = self.connection.info.parameter_status("server_encoding")
        return bool(self.pg_version >= PG_C_UTF8_VERSION and encoding == "UTF8")

    def connect(self) -> None:
        """Connect, and choose an age at which threads do not all reconnect at once."""
        super().connect()
        max_age = self.settings_dict["CONN_MAX_AGE"]
        self.close_at = monotonic() + uniform(max_age / 2, max_age)  # noqa: S311

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect; limit the wait for any response, and load timestamps with the fast loader."""
        response_timeout = conn_params.pop("response_timeout")  # seconds, or None
        connect = super().get_new_connection
        seconds = min(CONNECT_TIMEOUT, self.deadline - monotonic())
        connection: Any = connect_within(
            seconds,
            lambda: connect(divide_timeout(conn_params, seconds) | {"cursor_factory": Cursor}),
        )
        if response_timeout:
            connection.wait = partial(self._wait, connection.wait, timeout=response_timeout)
        connection.adapters.register_loader("timestamptz", FastTimestamptzLoader)
        self.used_at = monotonic()
        self._poller = poll()
        self._poller.register(connection.fileno(), POLLIN)
        return connection

    def _wait(self, wait: Any, generator: Any, timeout: float) -> Any:
        """Wait for a response, at most until the deadline of the request."""
        remaining = self.deadline - monotonic()
        if remaining <= 0:
            raise psycopg.OperationalError(
                f"the request has used the database for {REQUEST_TIMEOUT} s"
            )
        return wait(generator, timeout=timeout if timeout < remaining else remaining)

    def create_cursor(self, name: str | None = None) -> Any:
        """Create a cursor, without registering Django's loader for a time zone: it is UTC."""
        if name is None:
            return self.connection.cursor()
        return self.connection.cursor(name, scrollable=False, withhold=self.connection.autocommit)

    def kept_cursor(self, chunk_size: int) -> Any:
        """Return a cursor that is made once, for one statement after the other.

        Making one is a third of a query, and a new one does not know how to load the columns.
        With a `chunk_size` it receives the next result in chunks of so many rows.
        """
        self.close_if_health_check_failed()
        self.ensure_connection()
        cursor: Any = self._kept_cursor
        if self.queries_logged:
            cursor = self.cursor()
        elif cursor is None or cursor.cursor.connection is not self.connection:
            cursor = self._kept_cursor = KeptCursor(self.create_cursor(), self)
        cursor.cursor.chunk_size = chunk_size
        return cursor

    def is_usable(self) -> bool:
        """Ping the server, with a shorter timeout than that of a query."""
        wait = self.connection.wait
        self.connection.wait = partial(wait, timeout=PING_TIMEOUT)
        try:
            return bool(super().is_usable())
        finally:
            self.connection.wait = wait

    def close_if_unusable_or_obsolete(self) -> None:
        """Start a request: set its deadline, and close a connection that failed or is too old.

        A session keeps the defaults and the role with which it has started. So an error can be of
        the session: a read-only one, a wrong `search_path`, a role without rights. Only errors of
        the data are not. A ping instead would delay requests that do not use the database, such as
        `/healthz`.
        """
        self.deadline = monotonic() + REQUEST_TIMEOUT
        if self.errors_occurred:
            self.errors_occurred = False
            self.close()
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
