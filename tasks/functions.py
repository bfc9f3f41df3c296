"""Database functions that Django does not bring, for PostgreSQL and SQLite."""

from datetime import timedelta
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField, F, Func, UUIDField, Value
from django.db.models.functions import Greatest, Now
from django.db.models.sql.compiler import SQLCompiler

CompiledSQL = tuple[str, Any]

# What str.strip() removes, so that the database's idea of blank is Python's.
WHITE_SPACE = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


class Clock(Now):
    """The time at which the statement began, in UTC, the same throughout the statement.

    PostgreSQL counts microseconds, SQLite the first one of each millisecond.
    """

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> CompiledSQL:
        """Write the text that Django itself stores, and never a whole second.

        SQLite compares timestamps as text, so each instant must have one spelling, and
        that of a whole second would have no decimals.
        """
        moment = "STRFTIME('%%%%Y-%%%%m-%%%%d %%%%H:%%%%M:%%%%f001', 'NOW')"
        return self.as_sql(compiler, connection, template=moment, **context)


class RandomUUID(Func):
    """A version-4 UUID (RFC 9562 §5.4)."""

    template = "GEN_RANDOM_UUID()"
    output_field = UUIDField()

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> CompiledSQL:
        """Put the version and the variant between random digits, as Django stores a UUID."""
        digits = (
            "LOWER(HEX(RANDOMBLOB(6)) || '4' || SUBSTR(HEX(RANDOMBLOB(2)), 2)"
            " || SUBSTR('89AB', 1 + (RANDOM() & 3), 1) || SUBSTR(HEX(RANDOMBLOB(8)), 2))"
        )
        return self.as_sql(compiler, connection, template=digits, **context)


class Strip(Func):
    """A text without the white space around it, as Python's `str.strip()` leaves it."""

    function = "BTRIM"
    output_field = CharField()

    def __init__(self, expression: str) -> None:
        super().__init__(expression, Value(WHITE_SPACE))

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> CompiledSQL:
        """Use SQLite's name for the function."""
        return self.as_sql(compiler, connection, function="TRIM", **context)


class Fold(Func):
    """A text in which letters that differ only in case are the same, in every script.

    First upper, then lower case, letter by letter: upper case alone leaves the two capital
    and small sharp s apart, lower case alone the two small sigmas.
    """

    output_field = CharField()
    template = "LOWER(UPPER(%(expressions)s))"

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> CompiledSQL:
        """Fold by Unicode, where the server can, and not by the locale of the database."""
        if not connection.folds_by_unicode:  # type: ignore[attr-defined]
            return self.as_sql(compiler, connection, **context)
        collated = 'LOWER(UPPER(%(expressions)s COLLATE "pg_c_utf8"))'
        return self.as_sql(compiler, connection, template=collated, **context)

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> CompiledSQL:
        """Call `fold`: SQLite itself knows the case of ASCII alone."""
        return self.as_sql(compiler, connection, template="FOLD(%(expressions)s)", **context)


def fold(text: str | None) -> str | None:
    """Fold a text as PostgreSQL does, which makes no two letters of one."""
    if text is None:
        return None
    upper = "".join(each if len(up := each.upper()) > 1 else up for each in text)
    return "".join(each.lower()[0] for each in upper)


class Text(Func):
    """A UUID as its text, which is what JSON wants: building the object costs half a list."""

    output_field = CharField()
    template = "%(expressions)s::text"

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> CompiledSQL:
        """Leave it: SQLite keeps no text of this form, but one that Django converts."""
        return self.as_sql(compiler, connection, template="%(expressions)s", **context)


class Row(Func):
    """Several values, compared one after the other: `(a, b) < (c, d)`."""

    template = "(%(expressions)s)"
    output_field = CharField()


# Strictly later than before, also when the clock stepped back or the row is dated
# in the future: `updated_at` is the task's validator.
TICK = Greatest(Clock(), F("updated_at") + timedelta(microseconds=1))
