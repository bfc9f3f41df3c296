"""Tests of the rules that Citus sets for a table that is distributed by `user_id`, without Citus.

docs/scaling.md lists the rules and their sources.
"""

import re
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction

from tasks.models import Task
from tests.support.admin import ADD_URL, LIST_URL, change_url, delete_url, submit
from tests.support.api_requests import REQUESTS
from tests.support.client import API, OWNER
from tests.support.documentation import SCALING, code_blocks
from tests.support.factories import TaskFactory
from tests.support.query_plans import Statement, computed_expressions, recorded

pytestmark = [
    pytest.mark.once,
    pytest.mark.django_db,
    pytest.mark.undistributed(reason="they test a table that is not distributed yet"),
]

INITIAL = "0001"
NOT_IMMUTABLE = "42P17"  # invalid_object_definition

WORD = re.compile(r"\b[A-Z][A-Z_]+\b")
"""A keyword or a function of SQL, as the ORM spells it."""

QUOTED = re.compile("\"[^\"]*\"|'[^']*'")

PROPAGATED = re.compile(
    r'ALTER TABLE "tasks" (ADD|DROP|VALIDATE) CONSTRAINT "\w+"'
    r'|ALTER TABLE "tasks" (ADD|DROP|ALTER) COLUMN'
    r'|(CREATE|DROP) INDEX CONCURRENTLY "\w+"'
)
"""The changes of a schema that docs/scaling.md allows in a migration."""

SEARCHES = ("", "q=alice", "q=alice/MILK", "q=alice&completed=1", "q={id}")


def is_immutable(expression: str) -> bool:
    """Return whether PostgreSQL accepts an index on the expression, which must be IMMUTABLE.

    The time of the statement is not computed from a column: a constant replaces it.
    """
    constant = expression.replace("statement_timestamp()", "'2026-01-01Z'::timestamptz")
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"CREATE INDEX ON tasks (({constant}))")
            transaction.set_rollback(True)
    except ProgrammingError as error:
        if getattr(error.__cause__, "sqlstate", None) != NOT_IMMUTABLE:
            raise
        return False
    return True


def on_tasks(statements: list[Statement], start: str = "") -> list[Statement]:
    """Return the statements on the table of tasks that start with this pattern."""
    return [each for each in statements if re.match(start, each[0]) and '"tasks"' in each[0]]


def computed_by(statements: list[Statement]) -> set[str]:
    """Return what the statements that read or write tasks compute from columns."""
    data = on_tasks(statements, "SELECT|INSERT|UPDATE|DELETE")
    return set().union(*map(computed_expressions, data))


def mutable_expressions(statements: list[Statement]) -> set[str]:
    """Return what the statements compute from columns and is not IMMUTABLE."""
    return {each for each in computed_by(statements) if not is_immutable(each)}


def api_statements(api: API) -> Iterator[Statement]:
    for request in REQUESTS.values():
        yield from request.send(api)


def admin_statements(admin: API) -> list[Statement]:
    """Return the statements of the pages and the actions of the admin."""
    tasks = TaskFactory.create_batch(4, user_id=OWNER, title="Buy milk")
    with recorded() as statements:
        for query in SEARCHES:
            assert admin.get(f"{LIST_URL}?{query.format(id=tasks[0].id)}").status_code == 200
        assert submit(admin, ADD_URL, user_id=OWNER, title="New") == []
        assert submit(admin, change_url(tasks[0]), title="New", completed="on") == []
        for action in ("complete", "reopen", "download", "delete_selected"):
            form = {"action": action, "_selected_action": [str(tasks[1].id), str(tasks[2].id)]}
            if action == "delete_selected":
                form["asked_at"] = "2100-01-01T00:00:00+00:00"
            status = 200 if action == "download" else 302
            assert admin.post(LIST_URL, form).status_code == status
        assert admin.post(delete_url(tasks[3]), {"post": "yes"}).status_code == 302
    assert Task.objects.count() == 2
    return statements


def migration_statements(rows: int) -> list[Statement]:
    """Return the statements of all migrations after the first, on a table with these rows."""
    call_command("migrate", "tasks", INITIAL, database="default", verbosity=0)
    try:
        TaskFactory.create_batch(rows, title=" Untrimmed ")
        with recorded() as statements:
            call_command("migrate", "tasks", database="default", verbosity=0)
        return statements
    finally:
        Task.objects.all().delete()
        call_command("migrate", "tasks", database="default", verbosity=0)


def test_sum_of_time_and_interval_is_not_immutable() -> None:
    later = "GREATEST(STATEMENT_TIMESTAMP(), updated_at + INTERVAL '1 microsecond')"
    statement = (f'UPDATE "tasks" SET updated_at = {later} WHERE user_id = %s', (OWNER,))
    assert mutable_expressions([statement]) == {
        "GREATEST(statement_timestamp(), (updated_at + '00:00:00.000001'::interval))"
    }


def test_api_computes_only_immutable_expressions_from_columns(api: API) -> None:
    statements = [*api_statements(api)]
    assert any("updated_at AT TIME ZONE" in each for each in computed_by(statements))
    assert mutable_expressions(statements) == set()


def test_admin_computes_only_immutable_expressions_from_columns(admin: API) -> None:
    assert mutable_expressions(admin_statements(admin)) == set()


@pytest.mark.django_db(transaction=True)
def test_migrations_compute_only_immutable_expressions_from_columns() -> None:
    statements = migration_statements(rows=1)
    with transaction.atomic():
        assert mutable_expressions(statements) == set()


def test_api_uses_only_the_listed_words_of_sql(api: API) -> None:
    sql = " ".join(QUOTED.sub("", sql) for sql, _ in api_statements(api))
    [listed] = [block for block in code_blocks(SCALING, "text") if "SELECT" in block]
    # Only PostgreSQL before 17, which has no collation for Unicode, needs TRANSLATE, and only
    # Django before 6.1 inserts a column with the value DEFAULT.
    assert {*WORD.findall(sql), "TRANSLATE", "DEFAULT"} == set(listed.split())


def test_constraints_are_immutable_and_named_for_the_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, contype::text, pg_get_expr(conbin, conrelid) FROM pg_constraint"
            " WHERE 'tasks'::regclass IN (conrelid, confrelid) AND contype <> 'n'"
        )
        constraints = cursor.fetchall()
    assert {kind for _, kind, _ in constraints} == {"c", "p"}  # neither foreign nor unique keys
    assert [name for name, _, _ in constraints if not name.startswith("tasks_")] == []
    checks = [expression for _, kind, expression in constraints if kind == "c"]
    assert [each for each in checks if not is_immutable(each)] == []


def test_table_uses_no_sequence() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef"
            " WHERE adrelid = 'tasks'::regclass ORDER BY adnum"
        )
        defaults = [default for (default,) in cursor.fetchall()]
    timestamp = "statement_timestamp()"
    assert defaults == ["gen_random_uuid()", "false", timestamp, timestamp]


@pytest.mark.django_db(transaction=True)
def test_migrations_change_the_schema_in_ways_that_citus_propagates() -> None:
    changes = on_tasks(migration_statements(rows=0), "ALTER|CREATE|DROP")
    assert [sql for sql, _ in changes if not PROPAGATED.match(sql)] == []


@pytest.mark.django_db(transaction=True)
def test_migrations_take_as_many_statements_for_many_rows_as_for_one() -> None:
    one, many = (on_tasks(migration_statements(rows)) for rows in (1, 20))
    assert [sql for sql, _ in one] == [sql for sql, _ in many]
