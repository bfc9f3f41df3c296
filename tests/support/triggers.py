"""Triggers: let the database treat an UPDATE of tasks in another way."""

from django.db import connection

POSTGRESQL = (
    "CREATE FUNCTION on_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} END $$",
    "CREATE TRIGGER on_update BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION on_update()",
)
SQLITE = ("CREATE TRIGGER on_update BEFORE UPDATE ON tasks BEGIN {} END",)


def on_update(*, postgresql: str, sqlite: str = "") -> None:
    """Run this statement before each UPDATE of a task, until the transaction ends."""
    body = {"postgresql": postgresql, "sqlite": sqlite}[connection.vendor]
    with connection.cursor() as cursor:
        for statement in {"postgresql": POSTGRESQL, "sqlite": SQLITE}[connection.vendor]:
            cursor.execute(statement.format(body))


def ignore_updates() -> None:
    """Let each UPDATE of a task succeed without an effect, as if no row matched."""
    on_update(postgresql="RETURN NULL;", sqlite="SELECT RAISE(IGNORE);")
