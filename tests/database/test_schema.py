"""Tests of the table: constraints, defaults and indexes."""

from datetime import timedelta
from typing import Any
from unicodedata import category
from uuid import RFC_4122

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import F
from django.utils.timezone import now

from tasks.functions import MicrosecondLater
from tasks.models import FIELDS, WHITE_SPACE, Task
from tests.support.client import API, OWNER, TASKS
from tests.support.factories import TaskFactory

INDEX = "tasks_newest_first"


def insert(**columns: Any) -> None:
    """Insert a row with SQL, without Django's validation and defaults."""
    names = ", ".join(columns)
    placeholders = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO tasks ({names}) VALUES ({placeholders})", [*columns.values()])


@pytest.mark.django_db
def test_inserted_row_gets_defaults() -> None:
    before = now()
    for _ in range(50):
        insert(user_id="alice", title="a")
    tasks = Task.objects.all()
    assert len({task.id for task in tasks}) == 50
    for task in tasks:
        assert task.id.version == 4
        assert task.id.variant == RFC_4122
        assert (task.description, task.completed) == (None, False)
        assert task.created_at == task.updated_at
        millisecond = timedelta(milliseconds=1)  # the precision of SQLite's clock
        assert before - millisecond <= task.created_at <= now() + millisecond


@pytest.mark.django_db
@pytest.mark.parametrize(
    "columns",
    [
        {"title": "a"},
        {"user_id": None, "title": "a"},
        {"user_id": "", "title": "a"},
        {"user_id": "x" * 256, "title": "a"},
        {"user_id": "alice"},
        {"user_id": "alice", "title": None},
        {"user_id": "alice", "title": ""},
        {"user_id": "alice", "title": WHITE_SPACE},
        {"user_id": "alice", "title": "x" * 201},
        {"user_id": "alice", "title": "a", "description": "x" * 1001},
        {"user_id": "alice", "title": "a", "completed": None},
        {"user_id": "alice", "title": "a", "created_at": None},
        {"user_id": "alice", "title": "a", "updated_at": None},
    ],
)
def test_invalid_row_is_rejected(columns: dict[str, Any]) -> None:
    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        insert(**columns)
    assert not Task.objects.exists()


@pytest.mark.django_db
def test_values_of_maximum_length_are_accepted() -> None:
    insert(user_id="ä" * 255, title="🥛" * 200, description="é" * 1000)


def test_white_space_is_that_of_python_and_of_javascript() -> None:
    javascript = "\t\n\v\f\r\u2028\u2029\ufeff"  # and category Zs (ECMA-262 §12.2 and §12.3)
    expected = [
        character
        for character in map(chr, range(0x110000))
        if not character.strip() or character in javascript or category(character) == "Zs"
    ]
    assert "".join(expected) == WHITE_SPACE


OUT_OF_RANGE: dict[str, list[str | float | bytes]] = {
    "postgresql": ["0001-12-31 23:59:59.999999 BC", "4713-01-01 BC", "294276-12-31"],
    "sqlite": ["0000-12-31 23:59:59.999999", "-4713-01-01 00:00:00", "", 2460000.5, b"2026"],
}


@pytest.mark.django_db
@pytest.mark.parametrize("column", ["created_at", "updated_at"])
@pytest.mark.parametrize(
    "time",
    [
        "9999-01-01 00:00:00",
        "9999-12-31 23:59:59.999999",
        "infinity",
        "-infinity",
        *OUT_OF_RANGE[connection.vendor],
    ],
)
def test_time_outside_the_years_1_to_9998_is_rejected(
    column: str, time: str | float | bytes
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(**{"user_id": "alice", "title": "a", column: time})
    task = TaskFactory.create()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE tasks SET {column} = %s", [time])
    assert Task.objects.get() == task


@pytest.mark.django_db
@pytest.mark.parametrize("time", ["0001-01-01T00:00:00", "9998-12-31T23:59:59.999998"])
def test_task_of_the_first_or_last_year_is_listed_and_changed(api: API, time: str) -> None:
    insert(user_id=OWNER, title="a", created_at=time.replace("T", " "))
    Task.objects.update(updated_at=F("created_at"))
    [task] = api.send(200, "GET", TASKS).json()
    assert (task["created_at"], task["updated_at"]) == (f"{time}Z", f"{time}Z")
    url, before = f"{TASKS}/{task['id']}", task["updated_at"]
    assert api.problem(412, "PATCH", url, {"title": "b"}, if_match="")["current"] == task
    changed = api.send(200, "PATCH", url, {"title": "b"}, if_match=f'"{before}"').json()
    assert changed["created_at"] == before < changed["updated_at"]
    assert api.send(200, "GET", TASKS).json() == [changed]


@pytest.mark.django_db
def test_database_writes_timestamps_as_django_does() -> None:
    """SQLite compares timestamps as text, so each instant must have exactly one spelling."""
    for microseconds in (0, 1, 120_000, 999_999):
        timestamp = now().replace(microsecond=microseconds)
        task = TaskFactory.create(
            created_at=timestamp, updated_at=timestamp - timedelta(microseconds=1)
        )
        Task.objects.filter(id=task.id).update(updated_at=MicrosecondLater("updated_at"))
        assert Task.objects.filter(created_at=timestamp, updated_at=timestamp).exists()
    for _ in range(20):
        insert(user_id="bob", title="a")
    for task in Task.objects.filter(user_id="bob"):
        assert connection.vendor == "postgresql" or task.created_at.microsecond % 1000 == 1
        assert Task.objects.filter(id=task.id, created_at=task.created_at).exists()


@pytest.mark.django_db
def test_table_has_one_index_besides_the_primary_key() -> None:
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, "tasks")
    indexes = {name: each for name, each in constraints.items() if each["index"]}
    assert indexes[INDEX]["columns"] == ["user_id", "created_at", "id"]
    assert indexes[INDEX]["orders"] == ["ASC", "DESC", "DESC"]
    assert set(indexes) - {INDEX} <= {"sqlite_autoindex_tasks_1"}


def test_str_is_isolated_title() -> None:
    assert str(Task(title="Buy milk")) == "\u2068Buy milk\u2069"


@pytest.mark.once
def test_defaults_are_those_of_the_database() -> None:
    """The previous release inserts rows too, and a compiled INSERT keeps a default of Python."""
    assert [field.name for field in FIELDS if field.has_default()] == []
