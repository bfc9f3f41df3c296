"""Errors of the database: which mean that it is unavailable, and what their messages may contain.

They are told apart by class and code, because messages depend on the language of the server.
"""

import sqlite3
from functools import cached_property
from typing import Any

import psycopg
from django.db import InterfaceError, InternalError, OperationalError
from django.db.utils import DatabaseErrorWrapper

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


class ErrorsWithoutData:
    """A database wrapper whose errors have no data of users in their messages.

    Where an error is printed, its message has been replaced, whatever prints it: the log, a
    traceback of a command, or a package.
    """

    @cached_property
    def wrap_database_errors(self) -> DatabaseErrorWrapper:
        """Return what all calls of the driver are wrapped in."""
        return _ErrorWrapper(self)


class _ErrorWrapper(DatabaseErrorWrapper):
    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        if exc_type is None:
            return
        error = exc_value
        while error:
            if isinstance(error, (psycopg.Error, sqlite3.Error)):
                error.args = (_message(error),)
            error = error.__context__
        super().__exit__(exc_type, exc_value, traceback)


def _message(error: psycopg.Error | sqlite3.Error) -> str:
    """Return the primary message of the server, or only the code if that may quote data.

    The other fields quote a failing row (DETAIL), and parameters if the server logs those of
    errors (CONTEXT). The primary message names objects of the schema; that of a DataError (class
    22) quotes a value, and that of a trigger is anything. SQLite quotes a text that it
    cannot decode.
    """
    if isinstance(error, sqlite3.Error):
        return str(error).partition(" with text ")[0]
    is_raised = error.diag.source_function == "exec_stmt_raise"
    is_raised |= (error.sqlstate or "").startswith("P0")
    if is_raised or isinstance(error, psycopg.DataError):
        return f"SQLSTATE {error.sqlstate or 'unknown'}"
    return error.diag.message_primary or str(error)
