"""Whether a write would work: the database is migrated, and the role may change the tables."""

from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import BooleanField, CharField, F, Func, Model, Value

PRIVILEGES = ("INSERT", "UPDATE", "DELETE")


class CurrentSetting(Func):
    """A setting of the session. PostgreSQL only."""

    function = "CURRENT_SETTING"
    output_field = CharField()


class HasTablePrivilege(Func):
    """Whether the role may execute these statements on a table. PostgreSQL only."""

    function = "HAS_TABLE_PRIVILEGE"
    output_field = BooleanField()


class RowSecurityActive(Func):
    """Whether policies decide which rows of a table the role can see. PostgreSQL only."""

    function = "ROW_SECURITY_ACTIVE"
    output_field = BooleanField()


class Never(Func):
    """A condition that no row meets, and that the planner can tell without a row or a shard."""

    template = "1 = 0"
    output_field = BooleanField()


def count_missing_migrations() -> int:
    """Return how many migrations of the code are not applied to the database."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def check_access(model: type[Model]) -> None:
    """Raise DatabaseError unless all columns can be read, and rows created, changed and deleted.

    The query reads nothing; it only checks that the columns exist and may be read. So it needs no
    server of a distributed table, one of which may be down.
    EXPLAIN would not do: SQLite repeats a cached one without looking at the schema.
    """
    rows = model._base_manager.filter(Never())
    list(rows)
    if connection.vendor == "postgresql":
        _check_writes(model)
    else:
        column = model._meta.concrete_fields[0].name
        rows.update(**{column: F(column)})  # SQLite locks the file even if there is no row


def _check_writes(model: type[Model]) -> None:
    """Raise OperationalError unless a write would work, and change all rows that it means."""
    table = model._meta.db_table
    name = Value(connection.ops.quote_name(table))
    [(read_only, row_security, *granted)] = MigrationRecorder(connection).migration_qs.values_list(
        CurrentSetting(Value("transaction_read_only")),
        RowSecurityActive(name),
        *(HasTablePrivilege(name, Value(privilege)) for privilege in PRIVILEGES),
    )[:1]
    missing = [name for name, has in zip(PRIVILEGES, granted, strict=True) if not has]
    if read_only == "on":
        error = "the session is read-only"
    elif row_security:
        error = f"row-level security of the table {table} applies to the role"
    elif missing:
        error = f"permission denied for table {table}: {', '.join(missing)}"
    else:
        return
    connection.errors_occurred = True  # a new session may have other defaults
    raise OperationalError(error)
