"""Which errors of a database mean that it is unavailable, rather than that the service has a bug.

They are told apart by class and code, because messages depend on the language of the server.
"""

import sqlite3

from django.db import InterfaceError, InternalError, OperationalError

UNAVAILABLE_ERRORS = (
    OperationalError,  # down, too slow, no connection left
    InterfaceError,
    InternalError,  # read-only (SQLSTATE 25006) or damaged
)

# https://www.postgresql.org/docs/current/errcodes-appendix.html
UNAVAILABLE_SQLSTATES = {
    "3F000",  # invalid_schema_name: a wrong search_path
    "42501",  # insufficient_privilege
    "42703",  # undefined_column: another version of the schema
    "42883",  # undefined_function
    "42P01",  # undefined_table: not migrated, or a wrong search_path
}

UNAVAILABLE_SQLITE_CODES = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
"""Damaged, or not a database. The others are of the classes above (https://sqlite.org/rescode.html)."""


def is_unavailable(error: Exception) -> bool:
    """Return whether the error means that the database is unavailable."""
    cause = error.__cause__  # the driver's error
    return (
        isinstance(error, UNAVAILABLE_ERRORS)
        or getattr(cause, "sqlstate", None) in UNAVAILABLE_SQLSTATES
        or getattr(cause, "sqlite_errorcode", None) in UNAVAILABLE_SQLITE_CODES
    )
