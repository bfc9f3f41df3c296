"""Whether the service may use a table."""

from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import BooleanField, Func, Model, Value

PRIVILEGES = ("INSERT", "UPDATE", "DELETE")


class HasTablePrivilege(Func):
    """Whether the role may execute these statements on a table. PostgreSQL only."""

    function = "HAS_TABLE_PRIVILEGE"
    output_field = BooleanField()


class Never(Func):
    """A condition that no row meets, and that the planner can tell without a row or a shard."""

    template = "1 = 0"
    output_field = BooleanField()


def check_access(model: type[Model]) -> None:
    """Raise DatabaseError unless all columns can be read, and rows created, changed and deleted.

    The query reads nothing; it only checks that the columns exist and may be read. So it needs no
    server of a distributed table, one of which may be down.
    EXPLAIN would not do: SQLite repeats a cached one without looking at the schema.
    """
    list(model._base_manager.filter(Never()))
    if connection.vendor != "postgresql":
        return
    table = model._meta.db_table
    [granted] = MigrationRecorder(connection).migration_qs.values_list(
        *(HasTablePrivilege(Value(connection.ops.quote_name(table)), Value(p)) for p in PRIVILEGES)
    )[:1]
    missing = [name for name, has in zip(PRIVILEGES, granted, strict=True) if not has]
    if missing:
        raise OperationalError(f"permission denied for table {table}: {', '.join(missing)}")
