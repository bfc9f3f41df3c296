"""Tests of lines that `import_tasks` rejects, and of what is stored after an error."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.core.management import call_command
from django.db import OperationalError, connection

from tests.support.client import stored_rows
from tests.support.commands import import_tasks, statements_for
from tests.support.stored_tasks import ROWS, numbered, write
from todo_project.database.url import describe_database
from todo_project.http.json import dumps

TASK: dict[str, Any] = orjson.loads(dumps(ROWS[0]))

BOM = "UTF-8 byte order mark (BOM) is not supported"
NOT_A_STRING = "Not a valid string."
ID = "Must be a UUID as 8-4-4-4-12 hexadecimal digits."
USER_ID = (
    'Must be 1 to 255 characters, neither "." nor "..", without slash and control characters.'
)
TIME = "Must be a UTC time from the year 1 to 9998, as 2026-02-06T10:30:00.123456Z."

INVALID_MEMBERS = [
    ("id", None, "This field may not be null."),
    ("id", 1, ID),
    ("id", "0198f5c26a1e7c3a9d1b3f1f6c1b2a44", ID),
    ("id", "{0198f5c2-6a1e-7c3a-9d1b-3f1f6c1b2a44}", ID),
    ("user_id", 1, NOT_A_STRING),
    ("user_id", "", "This field may not be blank."),
    ("user_id", "..", USER_ID),
    ("user_id", "a/b", USER_ID),
    ("user_id", "a" * 256, USER_ID),
    ("title", None, "This field may not be null."),
    ("title", 1, NOT_A_STRING),
    ("title", " \ufeff", "This field may not be blank."),
    ("title", "a" * 201, "Ensure this field has no more than 200 characters."),
    ("title", "a\0", "Null characters are not allowed."),
    ("title", "\ufeffBuy milk", "Must not start or end with white space."),
    ("description", ["a"], NOT_A_STRING),
    ("description", "a" * 1001, "Ensure this field has no more than 1000 characters."),
    ("description", "\0", "Null characters are not allowed."),
    ("completed", 1, "Must be a valid boolean."),
    ("completed", None, "This field may not be null."),
    ("created_at", None, "This field may not be null."),
    ("created_at", 1770373800, TIME),
    ("created_at", "2026-02-06", TIME),
    ("created_at", "2026-02-06T10:30:00", TIME),
    ("created_at", "2026-02-06T10:30:00+00:00", TIME),
    ("created_at", "2026-02-06 10:30:00Z", TIME),
    ("created_at", "2026-02-06T10:30:00.1234567Z", TIME),
    ("created_at", "2026-02-30T10:30:00Z", TIME),
    ("created_at", "0000-01-01T00:00:00Z", TIME),
    ("created_at", "٢٠٢٦-02-06T10:30:00Z", TIME),
    ("updated_at", "9999-01-01T00:00:00Z", TIME),
]

INVALID_LINES = [
    (b"", "Not JSON: Input is a zero-length, empty document at column 1."),
    (b"\xef\xbb\xbf" + dumps(TASK), f"Not JSON: {BOM} at column 1."),
    (dumps(TASK)[:-1], f"Not JSON: unexpected end of data at column {len(dumps(TASK))}."),
    (
        b'{"title": "\xff"}',
        "Not JSON: str is not valid UTF-8: surrogates not allowed at column 1.",
    ),
    (dumps([TASK]), "Not a JSON object."),
    (dumps(TASK | {"owner": "a"}), "owner: There is no such field."),
    (b" " * 70_000 + dumps(TASK), "The line is longer than 65536 bytes."),
    *(
        (
            dumps({key: TASK[key] for key in TASK if key != name}),
            f"{name}: This field is required.",
        )
        for name in TASK
    ),
    *((dumps(TASK | {name: value}), f"{name}: {text}") for name, value, text in INVALID_MEMBERS),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tasks.jsonl"


def report(lines: str, created: int) -> str:
    database = describe_database(connection)
    return f"{lines} stored in {database}: created {created}, already there 0.\n"


@pytest.mark.django_db
@pytest.mark.parametrize(("line", "reason"), INVALID_LINES, ids=lambda each: repr(each)[:40])
def test_invalid_line_is_an_error_and_nothing_is_stored(
    line: bytes, reason: str, file: Path
) -> None:
    file.write_bytes(dumps(ROWS[1]) + b"\n" + line + b"\n")
    assert import_tasks(file) == (report("No line is", 0), f"Line 2: {reason}\n")
    assert stored_rows() == []


@pytest.mark.django_db
def test_batches_before_an_invalid_line_are_stored(file: Path) -> None:
    rows = numbered(2500)
    write(file, [*rows[:2100], {}, *rows[2101:]])
    output, errors = import_tasks(file)
    assert output == report("Lines 1 to 2000 are", 2000)
    assert (
        errors
        == "Line 2101: " + "; ".join(f"{name}: This field is required." for name in TASK) + "\n"
    )
    assert [row["id"].int for row in stored_rows()] == [*range(2000)]


@contextmanager
def second_batch_raises(error: type[BaseException]) -> Iterator[None]:
    """Raise the error at the last INSERT of the second batch."""
    failing = 2 * statements_for(1000, len(TASK))
    numbers = count(1)

    def fail(execute: Callable[..., Any], sql: str, *call: Any) -> Any:
        if sql.startswith("INSERT") and next(numbers) == failing:
            raise error("The connection is lost.")
        return execute(sql, *call)

    with connection.execute_wrapper(fail):
        yield


@pytest.mark.django_db
def test_batches_before_a_lost_connection_are_stored(file: Path) -> None:
    write(file, numbered(2500))
    with second_batch_raises(OperationalError):
        assert import_tasks(file) == (
            report("Lines 1 to 1000 are", 1000),
            "DATABASE_URL: The connection is lost.\n",
        )
    assert [row["id"].int for row in stored_rows()] == [*range(1000)]


@pytest.mark.django_db
def test_batches_before_an_interruption_are_stored(file: Path) -> None:
    write(file, numbered(2500))
    output = StringIO()
    with second_batch_raises(KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        call_command("import_tasks", str(file), database="default", stdout=output)
    assert output.getvalue() == report("Lines 1 to 1000 are", 1000)
    assert [row["id"].int for row in stored_rows()] == [*range(1000)]


def test_dry_run_does_not_use_the_database(file: Path) -> None:
    write(file, numbered(1500))
    assert import_tasks(file, "--dry-run") == (
        "All 1500 lines are valid. Nothing was stored.\n",
        "",
    )
    file.write_bytes(file.read_bytes() + b"[]\n")
    assert import_tasks(file, "--dry-run") == ("", "Line 1501: Not a JSON object.\n")


@pytest.mark.django_db
def test_without_file_lines_are_read_from_stdin(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_bytes(dumps(TASK))
    with file.open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert import_tasks() == (report("Lines 1 to 1 are", 1), "")
    assert stored_rows() == ROWS[:1]


def test_missing_file_is_an_error(file: Path) -> None:
    assert import_tasks(file) == (report("No line is", 0), f"{file}: No such file or directory\n")
