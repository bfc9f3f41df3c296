"""Results that arrive in chunks: a long one is never in memory as a whole.

psycopg has `Cursor.stream` for that, but it prepares no statements and returns single rows.
"""

from collections.abc import Generator
from typing import Any

import psycopg
from psycopg import capabilities
from psycopg._preparing import Prepare
from psycopg.generators import execute, fetch_many, send
from psycopg.pq import ExecStatus, TransactionStatus


class ChunkedCursor(psycopg.Cursor[Any]):
    """A cursor that receives the rows in chunks if it has a `chunk_size`.

    Then `fetchmany` returns a chunk, whatever the size, and `close` receives the rest of the
    result and drops it. To cancel the statement would take less time, but a pooler may have lent
    its connection to another client by the time it gets the request.
    """

    chunk_size = 0
    """The number of rows to receive at a time, or 0 for all of them."""

    @property
    def is_receiving(self) -> bool:
        """Whether there is a chunk, and the end of the result has not been received."""
        return bool(self.chunk_size and self.pgresult)

    def fetchmany(self, size: int = 0) -> list[Any]:
        """Return the next rows, or none at the end."""
        if not self.chunk_size:
            return super().fetchmany(size)
        if not self.pgresult:
            return []
        rows = self._tx.load_rows(0, self.pgresult.ntuples, self._make_row)
        self.receive()
        return rows

    def receive(self) -> None:
        """Replace the chunk by the next one; after the last one there is none."""
        self._drop_chunk()
        if self._pgconn.transaction_status == TransactionStatus.ACTIVE:
            self._conn.wait(self._receive_gen(first=False))

    def discard(self) -> None:
        """Receive the rest of the result, so that the connection is ready for a statement."""
        while self.is_receiving:
            self.receive()

    def close(self) -> None:
        """Discard the rest of the result, and close the cursor."""
        self.discard()
        super().close()

    def _drop_chunk(self) -> None:
        self.pgresult = None
        self._tx.set_pgresult(None, set_loaders=False)

    def _receive_gen(self, *, first: bool) -> Generator[Any, Any, None]:
        try:
            chunk = yield from self._stream_fetchone_gen(first)
        except psycopg.Error:
            yield from fetch_many(self._pgconn)  # the end of the response
            raise
        if not chunk:
            self._drop_chunk()
        elif chunk.status == ExecStatus.TUPLES_CHUNK and chunk.ntuples < self.chunk_size:
            # It is the last one. To wait for the end separately would take 2 % of a list of 100.
            self._check_results((yield from fetch_many(self._pgconn)))

    def _maybe_prepare_gen(self, pgq: Any, **options: Any) -> Generator[Any, Any, None]:
        if self.chunk_size:
            return self._send_gen(pgq)
        return super()._maybe_prepare_gen(pgq, **options)

    def _send_gen(self, pgq: Any) -> Generator[Any, Any, None]:
        """Prepare the statement if psycopg would, send it, and receive the first chunk.

        What psycopg sends after a statement, to deallocate others, is sent before.
        """
        prepared = self._conn._prepared
        state, name = prepared.get(pgq)
        if state is Prepare.SHOULD:
            self._send_prepare(name, pgq)
            self._check_results((yield from execute(self._pgconn)))
        if prepared.maybe_add_to_cache(pgq, state, name):
            prepared._rotate()
        yield from prepared.maintain_gen(self._conn)
        if state is Prepare.NO:
            self._execute_send(pgq, force_extended=True)
        else:
            self._send_query_prepared(name, pgq)
        if capabilities.has_stream_chunked():
            self._pgconn.set_chunked_rows_mode(self.chunk_size)
        else:  # before libpq 17
            self._pgconn.set_single_row_mode()
        yield from send(self._pgconn)
        yield from self._receive_gen(first=True)
