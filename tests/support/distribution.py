"""The table of tasks, distributed by `user_id` with the SQL of docs/scaling.md.

The tests run on hash partitions if `TEST_PARTITIONS` is true, and on shards if the database at
`TEST_DATABASE_URL` has the extension citus.
"""

import os
from functools import cache
from typing import Any

import psycopg
from django.db import connections

from tests.support.documentation import SCALING, code_blocks

IS_EXTENSION_INSTALLED = "SELECT FROM pg_extension WHERE extname = 'citus'"
IS_PLAIN_TABLE = "SELECT FROM pg_class WHERE oid = to_regclass('tasks') AND relkind = 'r'"
IS_SHARDED = "SELECT FROM pg_dist_partition WHERE logicalrelid = 'tasks'::regclass"
NODES = "SELECT groupid = 0, nodename, nodeport FROM pg_dist_node ORDER BY groupid"


def documented_sql(word: str) -> list[str]:
    """Return the statements of the block of docs/scaling.md that contains this word."""
    [block] = [block for block in code_blocks(SCALING, "sql") if word in block]
    return [statement.strip() for statement in block.split(";") if statement.strip()]


def partitioning() -> list[str]:
    """Return the statements that partition the table, to be executed in one transaction."""
    begin, *statements, commit = documented_sql("PARTITION BY HASH")
    assert (begin, commit) == ("BEGIN", "COMMIT")
    return statements


def is_distributed() -> bool:
    """Return whether the tests run on a distributed table."""
    return _has_partitions() or bool(citus_nodes())


def distribute(*, using: str, **_: Any) -> None:
    """Distribute the table after migrations; the signal `post_migrate` calls it for each app."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(IS_PLAIN_TABLE)
        if not cursor.fetchall():
            return
        if _has_partitions():
            cursor.execute(";".join(partitioning()))
        elif nodes := citus_nodes():
            _shard(cursor, connection.settings_dict["NAME"], nodes)


def _has_partitions() -> bool:
    return os.environ.get("TEST_PARTITIONS") == "true"


@cache
def citus_nodes() -> list[tuple[bool, str, int]]:
    """Return whether it is the coordinator, the host and the port of each server of a Citus."""
    url = os.environ["TEST_DATABASE_URL"]
    if url.startswith("sqlite"):
        return []
    with psycopg.connect(url) as session:
        is_installed = session.execute(IS_EXTENSION_INSTALLED).fetchall()
        return session.execute(NODES).fetchall() if is_installed else []


def _shard(cursor: Any, database: str, nodes: list[tuple[bool, str, int]]) -> None:
    """Add the workers to this database, unless it has them, and shard the table."""
    cursor.execute(IS_EXTENSION_INSTALLED)
    if not cursor.fetchall():
        cursor.execute("CREATE EXTENSION citus")
        for is_coordinator, host, port in nodes:
            if is_coordinator:
                cursor.execute("SELECT citus_set_coordinator_host(%s, %s)", [host, port])
            else:
                _create_database(database, host=host, port=port)
                cursor.execute("SELECT citus_add_node(%s, %s)", [host, port])
    cursor.execute(IS_SHARDED)
    if not cursor.fetchall():
        for statement in documented_sql("create_distributed_table"):
            # Two processes of pytest-xdist cannot distribute at the same time without blocking
            # writes: the replication slots would have the same name.
            cursor.execute(statement.replace("_concurrently", ""))


def _create_database(name: str, **worker: Any) -> None:
    """Create a database of this name on a worker, with the extension; replace an old one."""
    url = os.environ["TEST_DATABASE_URL"]
    with psycopg.connect(url, autocommit=True, **worker) as session:
        session.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        session.execute(f"CREATE DATABASE {name}")
    with psycopg.connect(url, autocommit=True, dbname=name, **worker) as session:
        session.execute("CREATE EXTENSION citus")
