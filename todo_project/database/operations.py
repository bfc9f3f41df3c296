"""Operations of migrations that add a check constraint or an index without blocking writes.

On PostgreSQL, a constraint that is `NOT VALID` applies to what is written from now on; the
existing rows are validated later, while others write. SQLite has no such state: there a constraint
is added, with a new table, when it is validated.
"""

from typing import Any

from django.contrib.postgres import operations
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState

from todo_project.database.catalog import invalid_objects


class AddConstraintNotValid(operations.AddConstraintNotValid):
    """Add a constraint that applies to new and changed rows only."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Add the constraint, except on SQLite."""
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class ValidateConstraint(operations.ValidateConstraint):
    """Validate the existing rows; fail if one of them violates the constraint."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Validate the constraint; on SQLite, add it."""
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model: Any = to_state.apps.get_model(app_label, self.model_name)
        [constraint] = [each for each in model._meta.constraints if each.name == self.name]
        schema_editor.add_constraint(model, constraint)


class AddIndexConcurrently(operations.AddIndexConcurrently):
    """Create an index while others write; replace one that a failed attempt has left behind."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Create the index, after dropping an invalid one of that name; on SQLite, create it."""
        state = (app_label, schema_editor, from_state, to_state)
        connection: Any = schema_editor.connection
        if connection.vendor != "postgresql":
            migrations.AddIndex.database_forwards(self, *state)
            return
        model: Any = to_state.apps.get_model(app_label, self.model_name)
        if self.index.name in invalid_objects(connection, model._meta.db_table):
            super().database_backwards(*state)
        super().database_forwards(*state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Drop the index; SQLite cannot do so concurrently."""
        state = (app_label, schema_editor, from_state, to_state)
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(*state)
        else:
            migrations.AddIndex.database_backwards(self, *state)
