"""Tests of the options of `seed_tasks`, its safeguards and its progress bar."""

import re
from typing import Any

import pytest
from django.core.management import CommandError
from django.db import connection

from tasks.models import Task
from tests.support.client import stored_rows
from tests.support.commands import attach_terminal, seed_tasks
from tests.support.factories import TaskFactory
from tests.support.query_plans import recorded


@pytest.fixture
def database_description(monkeypatch: pytest.MonkeyPatch) -> str:
    """Configure a database with a secret password; return how messages describe it."""
    shown = {"NAME": "todo", "HOST": "db.example.com"}
    hidden = {"USER": "alice", "PASSWORD": "secret", "PORT": "5432"}
    for name, value in (shown | hidden).items():
        monkeypatch.setitem(connection.settings_dict, name, value)
    return f"todo on {'db.example.com' if connection.vendor == 'postgresql' else 'this machine'}"


@pytest.mark.django_db
def test_debug_needs_no_yes_and_keeps_no_query_log(settings: Any) -> None:
    settings.DEBUG = True
    seed_tasks("--users=1", "--tasks=1")
    assert [query["sql"].split(maxsplit=1)[0] for query in connection.queries] == ["RELEASE"]
    assert Task.objects.count() == 1


def test_missing_yes_without_debug_is_an_error_before_any_statement(
    database_description: str,
) -> None:
    with pytest.raises(CommandError) as error:
        seed_tasks()
    assert str(error.value) == (
        f"DEBUG is false, and the database is {database_description}. "
        "To fill it with sample tasks, add --yes (with make: SEED=--yes)."
    )


@pytest.mark.parametrize("option", ["users", "tasks"])
@pytest.mark.parametrize("number", [0, -1])
def test_number_below_1_is_an_error(option: str, number: int) -> None:
    with pytest.raises(CommandError, match=f"^--{option} must be 1 or more, not {number}.$"):
        seed_tasks(f"--{option}={number}", "--yes")


def test_seed_that_is_no_integer_is_an_error() -> None:
    with pytest.raises(CommandError, match="argument --seed: invalid int value: 'x'"):
        seed_tasks("--seed=x", "--yes")


def test_database_with_tasks_is_an_error(task: Task, database_description: str) -> None:
    before = stored_rows()
    with pytest.raises(CommandError) as error:
        seed_tasks("--yes")
    assert str(error.value) == (
        f"There are tasks in {database_description}. To add to them, add --append."
    )
    assert stored_rows() == before


@pytest.mark.django_db
def test_appended_rows_equal_those_of_one_larger_run() -> None:
    seed_tasks("--users=9", "--tasks=2", "--yes", "--append")
    seed_tasks("--users=3", "--tasks=2", "--yes", "--append")
    appended = stored_rows()
    Task.objects.all().delete()
    seed_tasks("--users=12", "--tasks=2", "--yes")
    assert stored_rows() == appended


def test_append_does_not_change_existing_tasks(task: Task) -> None:
    before = stored_rows()
    with recorded() as statements:
        seed_tasks("--users=2", "--tasks=1", "--yes", "--append")
    assert [sql.split(maxsplit=1)[0] for sql, _ in statements] == [
        "SAVEPOINT",
        "SELECT",
        "INSERT",
        "RELEASE",
    ]
    assert [row for row in stored_rows() if not row["user_id"].startswith("user-")] == before
    assert Task.objects.count() == 3


@pytest.mark.django_db
def test_append_continues_after_the_last_seeded_user() -> None:
    others = {"user-012", "user-13\n", "user-x", "user-", "a-user-14", "user-15b", "user-٩٩"}
    users = {"user-9", "user-10", "user-9999999999"} | others
    for user in users:
        TaskFactory.create(user_id=user)
    seed_tasks("--users=2", "--tasks=1", "--yes", "--append")
    owners = set(Task.objects.values_list("user_id", flat=True))
    assert owners - users == {"user-11", "user-12"}


@pytest.mark.django_db
def test_terminal_shows_progress_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = attach_terminal(monkeypatch)
    seed_tasks("--users=2", "--tasks=3", "--yes")
    output = terminal.getvalue()
    assert set(re.findall(r"\d+/\d+", output)) == {"0/6", "6/6"}
    assert set(re.findall(r"[a-z]+/s", output)) == {"tasks/s"}


@pytest.mark.django_db
def test_verbosity_0_and_no_terminal_show_no_progress_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seed_tasks("--users=2", "--tasks=3", "--yes", "--append")
    assert capsys.readouterr() == ("", "")
    terminal = attach_terminal(monkeypatch)
    seed_tasks("--users=2", "--tasks=3", "--yes", "--append", "--verbosity=0")
    assert terminal.getvalue() == ""
