"""Tests of the migrations: each is reversible, and rows of the previous release are repaired."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.models import Index
from django.utils.timezone import now

from tasks.models import Task
from tests.support.client import API, OWNER, TASKS
from todo_project.database.catalog import invalid_objects
from todo_project.database.operations import AddIndexConcurrently

INITIAL, NOT_VALID, REPAIRED = "0001", "0002", "0003"
FIRST_DAY, LAST_DAY = datetime(1, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)
TOO_EARLY = {"postgresql": "-infinity", "sqlite": "-0044-03-15 00:00:00"}[connection.vendor]
TOO_LATE = "9999-12-31 23:59:59.999999"


InitialTask = (
    MigrationLoader(None).project_state(("tasks", "0001_initial")).apps.get_model("tasks", "Task")
)
"""The model with the columns that the table has after every migration."""


def migrate(*target: str) -> None:
    call_command("migrate", "tasks", *target, database="default", verbosity=0)


def insert(title: str, **columns: Any) -> None:
    """Insert a row with SQL: the table may not have the constraints of the model."""
    columns |= {"user_id": OWNER, "title": title}
    placeholders = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO tasks ({', '.join(columns)}) VALUES ({placeholders})",
            [*columns.values()],
        )


@pytest.fixture
def old_schema(transactional_db: None) -> Iterator[None]:
    """Migrate to the schema of the previous release; apply all migrations after the test."""
    migrate(INITIAL)
    yield
    Task.objects.all().delete()
    migrate()


def constraints() -> dict[str, bool]:
    """Return the names of the check constraints, and whether each is validated."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, convalidated FROM pg_constraint"
            " WHERE conrelid = 'tasks'::regclass AND contype = 'c'"
        )
        return dict(cursor.fetchall())


@pytest.mark.django_db(transaction=True)
def test_migrations_can_be_reversed_and_applied_again() -> None:
    migrate("zero")
    assert "tasks" not in connection.introspection.table_names()
    migrate()
    insert("a")


@pytest.mark.django_db
def test_model_has_no_missing_migrations() -> None:
    call_command("makemigrations", "--check", "--dry-run", stdout=StringIO())


@pytest.mark.django_db(transaction=True)
def test_reversed_and_repeated_migrations_keep_rows() -> None:
    insert("\u3000a", description=" b ")
    before = list(InitialTask.objects.values())
    for target in (REPAIRED, NOT_VALID, INITIAL, NOT_VALID, INITIAL):
        migrate(target)
        assert list(InitialTask.objects.values()) == before
    migrate()
    [after] = InitialTask.objects.values()
    changed = {"title": "a", "updated_at": after["updated_at"]}
    assert after == before[0] | changed
    assert after["updated_at"] > before[0]["updated_at"]


def test_invalid_rows_of_the_previous_release_are_repaired(old_schema: None) -> None:
    valid = now() - timedelta(days=1)
    insert("valid", created_at=valid, updated_at=valid)
    insert("\ufeff \ufeff", created_at=valid, updated_at=valid)
    insert("\ufeffBuy milk\ufeff", created_at=TOO_EARLY, updated_at=TOO_LATE)
    insert("late", created_at="infinity", updated_at="-infinity")
    start = now()
    migrate()
    late, first, untitled, milk = Task.objects.order_by("-created_at", "title")
    assert [task.title for task in (late, first, untitled, milk)] == [
        "late",
        "Untitled",
        "valid",
        "Buy milk",
    ]
    assert (untitled.created_at, untitled.updated_at) == (valid, valid)
    assert first.created_at == valid
    assert (late.created_at, milk.created_at) == (LAST_DAY, FIRST_DAY)
    assert milk.updated_at == LAST_DAY + timedelta(microseconds=1)
    millisecond = timedelta(milliseconds=1)  # the precision of SQLite's clock
    for task in (first, late):
        assert start - millisecond <= task.updated_at <= now() + millisecond


def test_repaired_rows_are_listed_and_changed(api: API, old_schema: None) -> None:
    insert("a", created_at=TOO_LATE, updated_at=TOO_LATE)
    insert("b", created_at=TOO_EARLY, updated_at=TOO_EARLY)
    migrate()
    tasks = api.send(200, "GET", TASKS).json()
    assert [task["title"] for task in tasks] == ["a", "b"]
    for task in tasks:
        changed = api.send(200, "PATCH", f"{TASKS}/{task['id']}", {"completed": True}).json()
        assert changed["updated_at"] > task["updated_at"]


def test_rows_that_are_valid_stay_as_they_are(old_schema: None) -> None:
    for title in ("Buy \ufeff milk", "\u200ba", "🥛"):
        insert(title, created_at="0001-01-01 00:00:00", updated_at="9998-12-31 23:59:59.999999")
    before = list(InitialTask.objects.order_by("title").values())
    migrate()
    assert list(InitialTask.objects.order_by("title").values()) == before


@pytest.mark.once
def test_constraints_apply_to_new_rows_before_existing_rows_are_validated(
    old_schema: None,
) -> None:
    insert("old", created_at="infinity")
    old = constraints()
    migrate(NOT_VALID)
    added = ("tasks_created_at_range", "tasks_updated_at_range", "tasks_title_not_blank")
    assert constraints() == old | dict.fromkeys(added, False)
    insert("new")
    for row in ({"title": "\ufeff"}, {"title": "a", "updated_at": "infinity"}):
        with pytest.raises(IntegrityError):
            insert(**row)
    migrate()
    assert constraints() == old | dict.fromkeys(added, True)


@pytest.mark.django_db(transaction=True)
@pytest.mark.undistributed(reason="a unique index has to contain the user")
@pytest.mark.parametrize("is_left_behind", [False, connection.vendor == "postgresql"])
def test_index_is_created_and_replaces_that_of_a_failed_migration(*, is_left_behind: bool) -> None:
    operation = AddIndexConcurrently("task", Index(fields=["title"], name="tasks_title"))
    before = MigrationLoader(connection).project_state()
    after = before.clone()
    operation.state_forwards("tasks", after)
    if is_left_behind:
        insert("a")
        insert("a")
        with connection.cursor() as cursor, pytest.raises(IntegrityError):
            cursor.execute("CREATE UNIQUE INDEX CONCURRENTLY tasks_title ON tasks (title)")
        assert invalid_objects(connection, "tasks") == {"tasks_title"}
    with connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("tasks", editor, before, after)
    with connection.cursor() as cursor:
        created = connection.introspection.get_constraints(cursor, "tasks")["tasks_title"]
    assert (created["columns"], created["unique"]) == (["title"], False)
    if connection.vendor == "postgresql":
        assert invalid_objects(connection, "tasks") == set()
    with connection.schema_editor(atomic=False) as editor:
        operation.database_backwards("tasks", editor, after, before)
    with connection.cursor() as cursor:
        assert "tasks_title" not in connection.introspection.get_constraints(cursor, "tasks")
