"""What PostgreSQL says about a database: encoding, settings, indexes, constraints, Citus.

The ORM has no equivalent. All connections are to PostgreSQL: SQLite has nothing of the kind.
"""

from secrets import randbits
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from todo_project.database.url import SESSION_SETTINGS, describe_database

SETTINGS = """
SELECT lower(name), current_setting(name) FROM pg_settings
WHERE lower(name) = ANY(%s) AND source NOT IN ('client', 'session') ORDER BY 1
"""
"""Those that neither the startup parameters nor a pooler's SET have given to the session."""

INVALID = """
SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE indrelid = to_regclass(%s) AND NOT indisvalid
UNION ALL
SELECT conname FROM pg_constraint WHERE conrelid = to_regclass(%s) AND NOT convalidated
"""

ROLE_SETTINGS = """
SELECT split_part(setting, '=', 1), substring(setting FROM '=(.*)')
FROM pg_db_role_setting, unnest(setconfig) AS setting
WHERE setrole = (SELECT oid FROM pg_roles WHERE rolname = session_user)
AND setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
"""

NODES = "SELECT nodeid, nodename, nodeport FROM pg_dist_node ORDER BY nodeid"


def encoding_problem(connection: BaseDatabaseWrapper) -> str | None:
    """Return what is wrong with the encoding of the database, or None if it is UTF-8."""
    [(encoding,)] = _fetch(connection, "SHOW server_encoding")
    if encoding == "UTF8":
        return None
    return f"The encoding of {describe_database(connection)} is {encoding}, and must be UTF8."


def missing_settings(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the settings of the session that differ from those of the service and of its URL."""
    return [
        f"{name}={value}"
        for name, value in _fetch(connection, SETTINGS, [*SESSION_SETTINGS])
        # PostgreSQL shows the order of day and month, too: "ISO, MDY".
        if value.partition(",")[0] != SESSION_SETTINGS[name]
    ]


def invalid_objects(connection: BaseDatabaseWrapper, table: str) -> set[str]:
    """Return the names of the indexes and constraints of a table that are not valid."""
    name = connection.ops.quote_name(table)
    return {invalid for (invalid,) in _fetch(connection, INVALID, name, name)}


def role_settings(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """Return the settings that the role which has logged in has for this database."""
    return dict(_fetch(connection, ROLE_SETTINGS))


def citus_group(connection: BaseDatabaseWrapper) -> int | None:
    """Return 0 on the coordinator of a Citus, another number on a worker, None without Citus."""
    [(table,)] = _fetch(connection, "SELECT to_regclass('pg_dist_local_group')::text")
    if table is None:
        return None
    [(group,)] = _fetch(connection, "SELECT groupid FROM pg_dist_local_group")
    return int(group)


def is_same_database(connection: BaseDatabaseWrapper, direct: BaseDatabaseWrapper) -> bool:
    """Return whether a lock that the direct connection holds excludes the other connection.

    Identifiers would not do: two branches at Neon have the same. A worker of Citus and its
    coordinator are two servers, but know the same servers.
    """
    if citus_group(connection) and citus_group(direct) == 0:
        return _fetch(connection, NODES) == _fetch(direct, NODES)
    key = randbits(63)
    _fetch(direct, "SELECT pg_advisory_lock(%s)", key)
    try:
        [(is_free,)] = _fetch(connection, "SELECT pg_try_advisory_xact_lock(%s)", key)
    finally:
        _fetch(direct, "SELECT pg_advisory_unlock(%s)", key)
    return not is_free


def _fetch(connection: BaseDatabaseWrapper, sql: str, *params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())
