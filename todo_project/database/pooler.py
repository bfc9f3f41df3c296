"""Whether a pooler keeps the prepared statements of its clients apart.

psycopg names them `_pg3_0`, `_pg3_1`, … in every client. A pooler that lends one server connection
to several clients must rename them, as PgBouncer does with `max_prepared_statements`. Otherwise a
name means the statement of another client, which PostgreSQL executes with the parameters of this
one: a read can delete a row (https://www.pgbouncer.org/config.html#max_prepared_statements).
"""

from contextlib import closing

from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.pq import ExecStatus

NAME = b"todo_check"
"""The name of both statements: one that no client uses, as it can stay behind on the server."""

ROUNDS = 3
"""How often each client executes its statement: some poolers take another connection each time."""


def prepared_statement_error(connection: BaseDatabaseWrapper) -> str:
    """Let two clients prepare different statements under one name; return what fails, or "".

    Raises DatabaseError if the database is unavailable.
    """
    with closing(connection.copy()) as first, closing(connection.copy()) as second:
        clients = []
        for client, query in ((first, b"SELECT 'first'"), (second, b"SELECT 'second'")):
            client.ensure_connection()
            clients.append((client.connection.pgconn, query))
        for pgconn, query in clients:
            result = pgconn.prepare(NAME, query)
            if result.status != ExecStatus.COMMAND_OK:
                return str(result.error_message.decode())
        for pgconn, query in clients * ROUNDS:
            result = pgconn.exec_prepared(NAME, None)
            if result.status != ExecStatus.TUPLES_OK:
                return str(result.error_message.decode())
            if result.get_value(0, 0) not in query:
                return "one client executed the statement of the other"
    return ""
