"""Tests of results that arrive in chunks from PostgreSQL."""

import re
from collections.abc import Callable
from time import monotonic
from typing import Any

import psycopg
import pytest
from django.db import DataError, OperationalError, close_old_connections, connection
from psycopg import capabilities

from tests.support.servers.gunicorn import database_url
from todo_project.database.postgresql.base import NOT_COMMITTED

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

SERIES = "SELECT number FROM generate_series(1, %s) AS number"
FAILING = "SELECT 1 / (250 - number) FROM generate_series(1, %s) AS number"


def sizes(statement: str, count: int, meanwhile: Callable[[], Any] = int) -> list[int]:
    """Return the numbers of rows in the chunks of a result; call `meanwhile` before the first."""
    wrapper: Any = connection
    found = []
    with wrapper.kept_cursor(100) as cursor:
        cursor.execute(statement, [count])
        meanwhile()
        while rows := cursor.fetchmany(100):
            found.append(len(rows))
    return found


def prepared() -> list[str]:
    """Return the statements that are prepared in the session."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements ORDER BY name")
        return [statement for (statement,) in cursor.fetchall()]


def test_rows_arrive_in_chunks() -> None:
    for count, expected in {0: [], 1: [1], 99: [99], 100: [100], 250: [100, 100, 50]}.items():
        for _ in range(4):
            assert sizes(SERIES, count) == expected


def test_rows_arrive_one_by_one_before_libpq_17(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capabilities, "has_stream_chunked", lambda: False)
    assert sizes(SERIES, 3) == [1, 1, 1]


def test_statement_is_prepared_like_any_other() -> None:
    connection.close()
    for _ in range(4):
        sizes(SERIES, 250)
    assert prepared().count("SELECT number FROM generate_series(1, $1) AS number") == 1


def test_prepared_statements_are_deallocated_beyond_the_maximum() -> None:
    connection.close()
    connection.ensure_connection()
    connection.connection.prepared_max = 2
    for number in range(5):
        for _ in range(4):
            assert sizes(f"{SERIES} OFFSET {number}", 250) == [100, 100, 50 - number]
    sizes(f"{SERIES} OFFSET 5", 250)
    assert [each[-1] for each in prepared() if "generate_series" in each] == ["3", "4"]
    connection.close()


def test_rest_is_discarded_and_the_connection_is_ready() -> None:
    wrapper: Any = connection
    connection.ensure_connection()
    used = connection.connection
    with wrapper.kept_cursor(100) as cursor:
        cursor.execute(SERIES, [10_000])
        assert len(cursor.fetchmany(100)) == 100
    with wrapper.cursor() as cursor:
        cursor.cursor.chunk_size = 100
        cursor.execute(SERIES, [10_000])
    assert sizes(SERIES, 250) == [100, 100, 50]
    assert connection.connection is used


def test_error_in_the_middle_of_a_result_leaves_the_connection_ready() -> None:
    connection.ensure_connection()
    used = connection.connection
    for count in (250, 300, 1000) * 2:  # in the last row, and before it
        with pytest.raises(DataError, match="SQLSTATE 22012"):
            sizes(FAILING, count)
        assert sizes(SERIES, 1) == [1]
    assert connection.connection is used


def test_statement_that_cannot_be_prepared_leaves_the_connection_ready() -> None:
    for _ in range(4):
        with pytest.raises(DataError, match="SQLSTATE 22P02"):
            sizes("SELECT 'x'::int + %s", 1)
    assert sizes(SERIES, 1) == [1]


def test_connection_that_breaks_in_the_middle_of_a_result_is_replaced() -> None:
    connection.ensure_connection()

    def terminate() -> None:
        pid = connection.connection.info.backend_pid
        with psycopg.connect(database_url(), autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    with pytest.raises(OperationalError):
        sizes("SELECT repeat('x', 10000) FROM generate_series(1, %s)", 10_000, terminate)
    close_old_connections()
    assert sizes(SERIES, 1) == [1]


def test_connection_in_a_transaction_after_a_result_is_closed() -> None:
    connection.ensure_connection()
    connection.connection.pgconn.exec_(b"BEGIN")
    with pytest.raises(OperationalError, match=re.escape(NOT_COMMITTED)):
        sizes(SERIES, 250)
    close_old_connections()
    assert sizes(SERIES, 1) == [1]


def test_wait_for_a_chunk_ends_at_the_deadline_of_the_request() -> None:
    wrapper: Any = connection

    def reach_deadline() -> None:
        wrapper.deadline = monotonic()

    with pytest.raises(OperationalError, match="the request has used the database"):
        sizes(SERIES, 250, reach_deadline)
    close_old_connections()
    assert sizes(SERIES, 1) == [1]
