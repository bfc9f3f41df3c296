"""Tests of what `import_tasks` stores: all members as they are, and nothing twice."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from tasks.models import COLUMNS, Task
from tests.support.client import stored_rows
from tests.support.commands import export_tasks, import_tasks, statements_for
from tests.support.query_plans import recorded
from tests.support.stored_tasks import ROWS, TIE, numbered, write
from todo_project.database.url import describe_database
from todo_project.http.json import dumps

pytestmark = pytest.mark.django_db

DIFFERS = "The id belongs to a stored task that differs."


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the path of a file with ROWS."""
    return write(tmp_path / "tasks.jsonl")


def summary(lines: int, created: int, there: int) -> str:
    database = describe_database(connection)
    return (
        f"Lines 1 to {lines} are stored in {database}: created {created}, already there {there}.\n"
    )


def test_all_members_are_stored_as_they_are(file: Path) -> None:
    assert import_tasks(file) == (summary(10, 10, 0), "")
    assert stored_rows() == ROWS
    assert sorted(export_tasks().splitlines()) == sorted(file.read_bytes().splitlines())


def test_other_spelling_of_json_is_the_same_task(file: Path) -> None:
    half = TIE.replace(microsecond=500_000)
    exported = dumps(ROWS[0] | {"id": UUID(int=0xABC), "title": "Café 🎂", "updated_at": half})
    members = dict(reversed(json.loads(exported).items()))
    members |= {"id": members["id"].upper(), "updated_at": "2026-02-06T10:30:00.5Z"}
    line = f"\t{json.dumps(members, separators=(' ,', ' : '))} \r\n"  # escapes é and 🎂
    file.write_text(line * 2, newline="")
    assert import_tasks(file) == (summary(2, 1, 1), "")
    assert export_tasks() == exported + b"\n"


def test_last_line_needs_no_line_end(file: Path) -> None:
    file.write_bytes(file.read_bytes().rstrip())
    assert import_tasks(file) == (summary(10, 10, 0), "")


def test_empty_file_stores_nothing(file: Path) -> None:
    file.write_bytes(b"")
    output = "No line is stored in {}: created 0, already there 0.\n"
    assert import_tasks(file) == (output.format(describe_database(connection)), "")


def test_repeated_import_creates_nothing(file: Path) -> None:
    import_tasks(file)
    assert import_tasks(file) == (summary(10, 0, 10), "")
    assert stored_rows() == ROWS


def test_only_missing_tasks_are_created(file: Path) -> None:
    import_tasks(file)
    Task.objects.filter(user_id="alice").delete()
    assert import_tasks(file) == (summary(10, 6, 4), "")
    assert stored_rows() == ROWS


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            {"user_id": "bob"},
            marks=pytest.mark.undistributed(
                reason="an id is unique among the tasks of a user, not of all users"
            ),
        ),
        {"title": "Other"},
        {"description": None},
        {"completed": True},
        {"created_at": TIE + timedelta(microseconds=1)},
        {"updated_at": TIE + timedelta(microseconds=1)},
    ],
)
def test_task_that_differs_is_a_conflict_and_kept(change: dict[str, Any], file: Path) -> None:
    import_tasks(file)
    changed = [ROWS[0], ROWS[0] | change, ROWS[2] | change, ROWS[3]]
    assert import_tasks(write(file, changed)) == (
        summary(4, 0, 2),
        f"Line 2: {DIFFERS}\nLine 3: {DIFFERS}\nConflicts: 2. The stored tasks were kept.\n",
    )
    assert stored_rows() == ROWS


def test_lines_after_a_conflict_are_stored(file: Path) -> None:
    rows = numbered(2500)
    import_tasks(write(file, [rows[1200] | {"title": "Other"}]))
    before = stored_rows()
    assert import_tasks(write(file, rows)) == (
        summary(2500, 2499, 0),
        f"Line 1201: {DIFFERS}\nConflicts: 1. The stored tasks were kept.\n",
    )
    assert stored_rows() == rows[:1200] + before + rows[1201:]


def test_same_id_twice_in_a_file_is_stored_once(file: Path) -> None:
    rows = [ROWS[0], ROWS[0], ROWS[0] | {"title": "Other"}]
    assert import_tasks(write(file, rows)) == (
        summary(3, 1, 1),
        f"Line 3: {DIFFERS}\nConflicts: 1. The stored tasks were kept.\n",
    )
    assert stored_rows() == ROWS[:1]


def test_each_batch_is_one_transaction(file: Path) -> None:
    write(file, numbered(2500))
    with recorded() as statements:
        import_tasks(file)
        import_tasks(file)
    batches = (1000, 1000, 500)
    inserts = [["INSERT"] * statements_for(rows, len(COLUMNS)) for rows in batches]
    created = [["SAVEPOINT", *insert, "RELEASE"] for insert in inserts]
    there = [["SAVEPOINT", *insert, "SELECT", "RELEASE"] for insert in inserts]
    executed = [sql.split(maxsplit=1)[0] for sql, _ in statements]
    assert executed == [each for batch in created + there for each in batch]


def test_debug_keeps_no_query_log(settings: Any, file: Path) -> None:
    settings.DEBUG = True
    import_tasks(file)
    assert connection.queries == []
