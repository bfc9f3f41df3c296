"""The SQL statements of the service, and how the database plans them where there are many rows."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection

from todo_project.database.url import SESSION_SETTINGS

Statement = tuple[str, tuple[Any, ...]]
"""The SQL, and the values of its parameters."""

SLOW = re.compile("Seq Scan|Sort|Incremental Sort|SCAN|USE TEMP B-TREE")
"""How the step of a plan begins that costs more with each row in the table."""

WHOLE = re.compile("Seq Scan|SCAN tasks$|USE TEMP B-TREE")
"""How a step begins that reads or sorts the whole table: no LIMIT ends it early."""

INDEX, KEY = "the index", "the key"
INDEXES = {"tasks_newest_first": INDEX, "tasks_pkey": KEY, "sqlite_autoindex_tasks_1": KEY}

FILL = """
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100000)
INSERT INTO tasks (user_id, title, description, completed, created_at, updated_at)
SELECT CASE n %% 8 WHEN 0 THEN %s ELSE 'user-' || (n %% 1000) END,
       'Task ' || n, 'Buy milk', n %% 3 = 0, {moment}, {moment}
FROM numbers
"""
MOMENTS = {
    "postgresql": "TIMESTAMPTZ '2026-01-01Z' + n * INTERVAL '1 second'",
    "sqlite": "DATETIME('2026-01-01', n || ' seconds')",
}


def fill(user_id: str) -> None:
    """Store 100,000 tasks: 12,500 of this user, and some 100 of each of 875 others."""
    with connection.cursor() as cursor:
        cursor.execute(FILL.format(moment=MOMENTS[connection.vendor]), [user_id])
        if connection.vendor == "postgresql":
            # Look at every row: a sample is never the same.
            cursor.execute("SET LOCAL default_statistics_target = 1000")
            # Behind a pooler it is the role that has it, and not in a database of tests.
            cursor.execute(f"SET LOCAL random_page_cost = {SESSION_SETTINGS['random_page_cost']}")
        cursor.execute("ANALYZE tasks")


@contextmanager
def recorded() -> Iterator[list[Statement]]:
    """Collect the statements that are executed."""
    statements: list[Statement] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, *others: Any) -> Any:
        statements.append((sql, tuple(params or ())))
        return execute(sql, params, *others)

    with connection.execute_wrapper(note):
        yield statements


def on_tasks(statements: list[Statement]) -> list[str]:
    """Return the SQL of those statements that are about tasks."""
    return [sql for sql, _ in statements if '"tasks"' in sql]


def plans(statement: Statement) -> list[list[str]]:
    """Return the plans that the database may choose, each as its steps."""
    if connection.vendor == "postgresql":
        return [_postgresql(statement, mode) for mode in ("custom", "generic")]
    sql, params = statement
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
        return [[step for *_, step in cursor.fetchall()]]


def starts_after_a_row(plan: list[str]) -> bool:
    """Tell whether an index is entered at a task, instead of read up to it."""
    return "(created_at,id)<" in "".join(plan).replace(" ", "")


def lookups(plan: list[str]) -> set[str]:
    """Return which indexes a plan uses."""
    return {each for name, each in INDEXES.items() if name in " ".join(plan)}


def _postgresql(statement: Statement, mode: str) -> list[str]:
    """Plan for these values, or for any: a prepared statement may turn to the latter."""
    sql, params = statement
    numbers = iter(range(1, len(params) + 1))
    prepared = re.sub("%s", lambda _: f"${next(numbers)}", sql)
    places = f"({', '.join(['%s'] * len(params))})" if params else ""
    cursor = psycopg.ClientCursor(connection.connection)
    cursor.execute(f"SET LOCAL plan_cache_mode = force_{mode}_plan")
    cursor.execute(f"PREPARE audited AS {prepared}")
    cursor.execute(f"EXPLAIN (FORMAT JSON) EXECUTE audited {places}", params)
    [(explained,)] = cursor.fetchall()
    cursor.execute("DEALLOCATE audited")
    return list(_steps(explained[0]["Plan"]))


def _steps(node: dict[str, Any]) -> Iterator[str]:
    name = node.get("Index Name") or node.get("Relation Name", "")
    yield f"{node['Node Type']} {name} {node.get('Index Cond', '')}".strip()
    for child in node.get("Plans", []):
        yield from _steps(child)
