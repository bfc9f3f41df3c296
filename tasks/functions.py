"""Database functions that Django does not provide, for PostgreSQL and SQLite."""

from datetime import timedelta
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField, DateTimeField, Func, UUIDField, Value
from django.db.models.functions import Greatest, Now
from django.db.models.sql.compiler import SQLCompiler

CompiledSQL = tuple[str, Any]


class StatementTimestamp(Now):
    """The UTC time at which the current statement started, constant within the statement.

    PostgreSQL returns microseconds. SQLite returns milliseconds, plus one microsecond.
    """

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> CompiledSQL:
        """Return the text form in which Django stores timestamps.

        SQLite compares timestamps as text, so each instant must have exactly one spelling.
        Django omits the decimals of a whole second; the added microsecond avoids that form.
        """
        timestamp = "STRFTIME('%%%%Y-%%%%m-%%%%d %%%%H:%%%%M:%%%%f001', 'NOW')"
        return self.as_sql(compiler, connection, template=timestamp, **context)


class RandomUUID(Func):
    """A version-4 UUID (RFC 9562 §5.4)."""

    template = "GEN_RANDOM_UUID()"
    output_field = UUIDField()

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> CompiledSQL:
        """Assemble 32 hexadecimal digits, the form in which Django stores a UUID on SQLite."""
        digits = (
            "LOWER(HEX(RANDOMBLOB(6)) || '4' || SUBSTR(HEX(RANDOMBLOB(2)), 2)"
            " || SUBSTR('89AB', 1 + (RANDOM() & 3), 1) || SUBSTR(HEX(RANDOMBLOB(8)), 2))"
        )
        return self.as_sql(compiler, connection, template=digits, **context)


class Trim(Func):
    """A string without the given characters at its start and end."""

    function = "BTRIM"
    output_field = CharField()

    def __init__(self, expression: str, characters: str) -> None:
        super().__init__(expression, Value(characters))

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> CompiledSQL:
        """Use SQLite's name for the function."""
        return self.as_sql(compiler, connection, function="TRIM", **context)


class CaseFold(Func):
    """A string folded for case-insensitive comparison, for every script.

    Each character is converted to upper case and then to lower case: upper case alone keeps
    the two forms of sharp s apart, lower case alone the two forms of small sigma.
    """

    output_field = CharField()

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> CompiledSQL:
        """Use Unicode case mapping where the server has it, else the database's locale.

        A Turkish locale pairs i and I with a dotted capital and a dotless small letter, so all
        four are mapped to i before, ASCII letters by the collation "C". ICU maps sharp s to SS,
        but not its capital, and a sigma by its place in a word, within which a search may end.
        """
        if connection.has_unicode_collation:  # type: ignore[attr-defined]
            collated = 'LOWER(UPPER(%(expressions)s COLLATE "pg_c_utf8"))'
        else:
            ascii_folded = 'LOWER(%(expressions)s COLLATE "C")'
            paired = f"TRANSLATE({ascii_folded}, '\u0131\u0130\u00df', 'ii\u1e9e')"
            folded = f'LOWER(UPPER({paired} COLLATE "default"))'
            collated = f"TRANSLATE({folded}, '\u03c2', '\u03c3')"
        return self.as_sql(compiler, connection, template=collated, **context)

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> CompiledSQL:
        """Call `casefold`: SQLite's own functions map ASCII letters only."""
        return self.as_sql(compiler, connection, template="CASEFOLD(%(expressions)s)", **context)


def casefold(text: str | None) -> str | None:
    """Fold a string as PostgreSQL does: one character never becomes two."""
    if text is None:
        return None
    upper = "".join(each if len(up := each.upper()) > 1 else up for each in text)
    return "".join(each.lower()[0] for each in upper)


class Conversion(Func):
    """A conversion by PostgreSQL that saves time in Python; SQLite returns the value as stored."""

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> CompiledSQL:
        """Leave the value as it is. Django reads UUIDs and times from the text in SQLite."""
        return self.as_sql(compiler, connection, template="%(expressions)s", **context)


class AsText(Conversion):
    """A UUID cast to text. Building `UUID` objects would take half the time of a long list."""

    output_field = CharField()
    template = "%(expressions)s::text"


class InUTC(Conversion):
    """A time in UTC, without time zone.

    The driver and the JSON serializer take half the time for it that one with a time zone takes.
    """

    output_field = DateTimeField()
    template = "(%(expressions)s AT TIME ZONE 'UTC')"


class RowValue(Func):
    """A row value, compared column by column: `(a, b) < (c, d)`."""

    template = "(%(expressions)s)"
    output_field = CharField()


class MicrosecondLater(Func):
    """A time plus one microsecond.

    In PostgreSQL the sum of a time and an interval depends on the time zone of the session, which
    makes it STABLE. Calculated in UTC it is IMMUTABLE, as Citus requires of what an UPDATE of a
    distributed table computes from a column
    (https://github.com/citusdata/citus/issues/1384).
    """

    output_field = DateTimeField()
    template = (
        "((%(expressions)s AT TIME ZONE 'UTC') + INTERVAL '1 microsecond') AT TIME ZONE 'UTC'"
    )

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> CompiledSQL:
        """Add as Django does."""
        [time] = self.get_source_expressions()
        later = (time + timedelta(microseconds=1)).resolve_expression(compiler.query)
        return compiler.compile(later)


NEXT_UPDATED_AT = Greatest(StatementTimestamp(), MicrosecondLater("updated_at"))
"""The `updated_at` of a changed task.

Strictly later than the current one, even when the clock was set back or the row is dated in the
future, because `updated_at` is the task's entity tag.
"""
