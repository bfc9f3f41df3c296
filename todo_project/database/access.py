"""Whether a write would work: the database is migrated, and the role may change the tables."""

from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import BooleanField, CharField, Count, F, Func, Model, Value

from todo_project.database.catalog import citus_group

PRIVILEGES = ("INSERT", "UPDATE", "DELETE")


class SessionFunc(Func):
    """A function of the session and not of a row, so that an aggregate query may compute it."""

    contains_aggregate = True


class CurrentSetting(SessionFunc):
    """A setting of the session. PostgreSQL only."""

    function = "CURRENT_SETTING"
    output_field = CharField()


class HasTablePrivilege(SessionFunc):
    """Whether the role may execute these statements on a table. PostgreSQL only."""

    function = "HAS_TABLE_PRIVILEGE"
    output_field = BooleanField()


class RowSecurityActive(SessionFunc):
    """Whether policies decide which rows of a table the role can see. PostgreSQL only."""

    function = "ROW_SECURITY_ACTIVE"
    output_field = BooleanField()


class Never(Func):
    """A condition that no row meets, and that the planner can tell without a row or a shard."""

    template = "1 = 0"
    output_field = BooleanField()


def count_missing_migrations() -> int:
    """Return how many migrations of the code are not applied to the database.

    On a worker of Citus it is 0: only the coordinator has the table that says so. `check_access`
    finds a column that is missing there.
    """
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    is_worker = missing and connection.vendor == "postgresql" and citus_group(connection)
    return 0 if is_worker else missing


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
    # An aggregate of no rows is one row, and needs no other table: a worker of Citus has none.
    session = model._base_manager.filter(Never()).aggregate(
        Count("pk"),
        read_only=CurrentSetting(Value("transaction_read_only")),
        row_security=RowSecurityActive(name),
        **{each: HasTablePrivilege(name, Value(each)) for each in PRIVILEGES},
    )
    missing = [each for each in PRIVILEGES if not session[each]]
    if session["read_only"] == "on":
        error = "the session is read-only"
    elif session["row_security"]:
        error = f"row-level security of the table {table} applies to the role"
    elif missing:
        error = f"permission denied for table {table}: {', '.join(missing)}"
    else:
        return
    connection.errors_occurred = True  # a new session may have other defaults
    raise OperationalError(error)
