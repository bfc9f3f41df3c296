"""Record SQL statements, and get their query plans for a table with many rows."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection

from tasks.models import COLUMNS
from todo_project.database.url import SESSION_SETTINGS

Statement = tuple[str, tuple[Any, ...]]
"""SQL with placeholders, and the values of its parameters."""

SLOW = re.compile("Seq Scan|Sort|Incremental Sort|SCAN|USE TEMP B-TREE")
"""Matches a plan step whose cost grows with the table."""

WHOLE = re.compile("Seq Scan|SCAN tasks$|USE TEMP B-TREE")
"""Matches a plan step that reads or sorts the whole table, even under a LIMIT."""

INDEX, KEY = "index of the list", "primary key"
INDEXES = {"tasks_newest_first": INDEX, "tasks_pkey": KEY, "sqlite_autoindex_tasks_1": KEY}

EXPRESSION_FIELDS = ("Output", "Filter", "Index Cond", "Recheck Cond", "Sort Key")
"""The fields of a node of a verbose plan that contain expressions."""

COLUMN = re.compile(rf"\b(?:{'|'.join(COLUMNS)})\b")
BARE_COLUMN = re.compile(r"(?:tasks\.)?\w+(?: DESC)?")
"""Matches an expression that is a column and computes nothing."""

FILL = """
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100000)
INSERT INTO tasks (user_id, title, description, completed, created_at, updated_at)
SELECT CASE n %% 8 WHEN 0 THEN %s ELSE 'user-' || (n %% 1000) END,
       'Task ' || n, 'Buy milk', n %% 3 = 0, {timestamp}, {timestamp}
FROM numbers
"""
TIMESTAMPS = {
    "postgresql": "TIMESTAMPTZ '2026-01-01Z' + n * INTERVAL '1 second'",
    "sqlite": "DATETIME('2026-01-01', n || ' seconds')",
}


def fill(user_id: str) -> None:
    """Create 100,000 tasks: 12,500 of this user, and 100 of each of 875 other users."""
    with connection.cursor() as cursor:
        cursor.execute(FILL.format(timestamp=TIMESTAMPS[connection.vendor]), [user_id])
        if connection.vendor == "postgresql":
            # Analyze every row: with a sample, the plans could differ from run to run.
            cursor.execute("SET LOCAL default_statistics_target = 1000")
            # Behind a pooler the role has this setting, but not in a test database.
            cursor.execute(f"SET LOCAL random_page_cost = {SESSION_SETTINGS['random_page_cost']}")
        cursor.execute("ANALYZE tasks")


@contextmanager
def recorded() -> Iterator[list[Statement]]:
    """Collect the statements that are executed in the block."""
    statements: list[Statement] = []

    def record(execute: Callable[..., Any], sql: str, params: Any, *others: Any) -> Any:
        statements.append((sql, tuple(params or ())))
        return execute(sql, params, *others)

    with connection.execute_wrapper(record):
        yield statements


def on_tasks(statements: list[Statement]) -> list[str]:
    """Return the SQL of the statements on the table of tasks."""
    return [sql for sql, _ in statements if '"tasks"' in sql]


def plans(statement: Statement) -> list[list[str]]:
    """Return the plans that the database may choose, each as a list of steps.

    PostgreSQL plans a prepared statement for the given values or, later, for any values.
    """
    if connection.vendor == "postgresql":
        return [_postgresql(statement, mode) for mode in ("custom", "generic")]
    sql, params = statement
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
        return [[step for *_, step in cursor.fetchall()]]


def seeks_to_cursor(plan: list[str]) -> bool:
    """Return whether the index scan starts at the cursor instead of at the newest task."""
    return "(created_at,id)<" in "".join(plan).replace(" ", "")


def indexes(plan: list[str]) -> set[str]:
    """Return the indexes that a plan uses: INDEX, KEY, or both."""
    return {each for name, each in INDEXES.items() if name in " ".join(plan)}


def partitions(statement: Statement, mode: str) -> set[str]:
    """Return the tables that a plan (`custom` or `generic`) scans."""
    nodes = _nodes(_explain(statement, mode, "FORMAT JSON"))
    return {
        each["Relation Name"]
        for each in nodes
        if each["Node Type"].endswith("Scan") and "Relation Name" in each
    }


def rows_read(statement: Statement) -> int:
    """Execute a statement; return how many rows it has read from tables, of all partitions."""
    nodes = _nodes(_explain(statement, "custom", "ANALYZE, FORMAT JSON"))
    scans = [each for each in nodes if each["Node Type"].endswith("Scan")]
    return sum(round(each["Actual Rows"] * each["Actual Loops"]) for each in scans)


def computed_expressions(statement: Statement) -> set[str]:
    """Return what PostgreSQL computes from columns of tasks in order to execute the statement.

    The values of the parameters are constants in it.
    """
    nodes = _nodes(_explain(statement, "custom", "VERBOSE, FORMAT JSON"))
    values = (node.get(field, []) for node in nodes for field in EXPRESSION_FIELDS)
    found = {each for value in values for each in ([value] if isinstance(value, str) else value)}
    return {each for each in found if COLUMN.search(each) and not BARE_COLUMN.fullmatch(each)}


def _postgresql(statement: Statement, mode: str) -> list[str]:
    return list(map(_step, _nodes(_explain(statement, mode, "FORMAT JSON"))))


def _explain(statement: Statement, mode: str, options: str) -> dict[str, Any]:
    """Return the plan of a prepared statement: `custom` for its values, `generic` for any."""
    sql, params = statement
    numbers = iter(range(1, len(params) + 1))
    prepared = re.sub("%s", lambda _: f"${next(numbers)}", sql)
    placeholders = f"({', '.join(['%s'] * len(params))})" if params else ""
    cursor = psycopg.ClientCursor(connection.connection)
    cursor.execute(f"SET LOCAL plan_cache_mode = force_{mode}_plan")
    cursor.execute(f"PREPARE planned AS {prepared}")
    cursor.execute(f"EXPLAIN ({options}) EXECUTE planned {placeholders}", params)
    [(explained,)] = cursor.fetchall()
    cursor.execute("DEALLOCATE planned")
    plan: dict[str, Any] = explained[0]["Plan"]
    return plan


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", []):
        yield from _nodes(child)


def _step(node: dict[str, Any]) -> str:
    name = node.get("Index Name") or node.get("Relation Name", "")
    return f"{node['Node Type']} {name} {node.get('Index Cond', '')}".strip()
