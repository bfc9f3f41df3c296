"""The settings of the role that logs in, for one database: new sessions start with them."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from signal import SIGTERM, default_int_handler, signal

from django.db.backends.base.base import BaseDatabaseWrapper

from todo_project.database.catalog import role_settings


def alter_role(connection: BaseDatabaseWrapper, settings: Mapping[str, str | None]) -> None:
    """Change settings of the role, all or none; None removes one."""
    database = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.schema_editor() as editor:
        # Not the role that `options=-c role=...` in the URL may have set: settings of a role
        # apply to those who log in as it.
        editor.execute("SET LOCAL ROLE NONE")
        for name, value in settings.items():
            # The ORM has no equivalent of ALTER ROLE.
            change = (
                f"RESET {name}" if value is None else f"SET {name} = {editor.quote_value(value)}"
            )
            editor.execute(f"ALTER ROLE CURRENT_USER IN DATABASE {database} {change}")


@contextmanager
def without_timeouts(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Let sessions of the role that start in the block have no timeout for statements.

    The coordinator of a Citus opens sessions on its workers with the settings of the role, to
    which it copies ALTER ROLE, and not with those of its own session. While one of them executes a
    part of a migration, the others are idle in the transaction. Afterwards the role has what it
    had, also if the process gets SIGTERM, as KeyboardInterrupt; after SIGKILL, `configure_role`
    sets it.
    """
    timeouts = ("statement_timeout", "idle_in_transaction_session_timeout")
    # A session of its own: the one that migrates must not have sessions on workers yet.
    with closing(connection.copy()) as session:
        before = role_settings(session)
        alter_role(session, dict.fromkeys(timeouts, "0"))
    terminate = signal(SIGTERM, default_int_handler)
    try:
        yield
    finally:
        signal(SIGTERM, terminate)
        with closing(connection.copy()) as session:
            alter_role(session, {name: before.get(name) for name in timeouts})
