"""Statements that the ORM compiles once, to be executed many times with new values.

Building and compiling a query costs several times what executing it costs; the few queries
of a hot path differ in nothing but their values.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression, Field
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLCompiler
from django.db.utils import DEFAULT_DB_ALIAS


class Parameter(Expression):
    """A place in a query whose value is given at each execution, by name."""

    def __init__(self, name: str, output_field: "Field[Any, Any]") -> None:
        super().__init__(output_field)
        self.name = name

    def as_sql(  # type: ignore[override]
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, list["Parameter"]]:
        """Leave the place open: stand in for the value."""
        return "%s", [self]

    def adapt(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        """Return the value as the database driver takes it."""
        return self.output_field.get_db_prep_value(value, connection)


class Statement:
    """A compiled SELECT, INSERT, UPDATE or DELETE."""

    def __init__(
        self,
        query: Query,
        columns: Sequence["Field[Any, Any]"] = (),
        *,
        returning: bool = False,
    ) -> None:
        """Compile the query.

        `columns` are the fields of the rows that it answers; none for a count of rows. An
        INSERT, UPDATE or DELETE answers rows only when `returning`.
        """
        connection = connections[DEFAULT_DB_ALIAS]
        compiler = query.get_compiler(connection=connection)
        compiled = compiler.as_sql()
        [(self.sql, params)] = compiled if isinstance(compiled, list) else [compiled]
        if returning:
            self.sql += " " + connection.ops.return_insert_columns(columns)[0]  # type: ignore[attr-defined]
        self.places: list[Any] = list(params)
        self.converters = compiler.get_converters([field.cached_col for field in columns])

    def execute(self, values: Mapping[str, Any]) -> list[Sequence[Any]]:
        """Execute with these values; return the rows, each with a value for each column."""
        connection = connections[DEFAULT_DB_ALIAS]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self._fill(values, connection))
            rows: list[Sequence[Any]] = cursor.fetchall()
        return [self._convert(row, connection) for row in rows] if self.converters else rows

    def count(self, values: Mapping[str, Any]) -> int:
        """Execute with these values; return how many rows it changed."""
        connection = connections[DEFAULT_DB_ALIAS]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self._fill(values, connection))
            changed: int = cursor.rowcount
        return changed

    def _fill(self, values: Mapping[str, Any], connection: BaseDatabaseWrapper) -> list[Any]:
        return [
            place.adapt(values[place.name], connection) if isinstance(place, Parameter) else place
            for place in self.places
        ]

    def _convert(self, row: Sequence[Any], connection: BaseDatabaseWrapper) -> list[Any]:
        converted = list(row)
        for position, (converters, expression) in self.converters.items():
            for converter in converters:
                converted[position] = converter(converted[position], expression, connection)
        return converted
