"""`seed_tasks` fills a database with sample tasks: the same ones, wherever it runs."""

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from io import StringIO
from typing import Any
from uuid import RFC_4122, UUID

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tasks.api.serializers import CREATE
from tasks.models import Task
from tests.support.client import API, stored_rows
from tests.support.factories import TaskFactory


def seed(*options: str) -> str:
    """Run the command as from a shell; return what it prints."""
    output = StringIO()
    call_command("seed_tasks", *options, stdout=output)
    return output.getvalue()


def digest() -> str:
    """Return a hash of every member of every task."""
    return sha256(orjson.dumps(stored_rows())).hexdigest()


@contextmanager
def statements(interrupt: int = 0) -> Iterator[list[str]]:
    """Collect the first word of each statement; press Ctrl-C at an INSERT, if told which."""
    words: list[str] = []

    def listen(execute: Callable[..., Any], sql: str, *others: Any) -> Any:
        words.append(sql.split(maxsplit=1)[0])
        if words[-1] == "INSERT" and words.count("INSERT") == interrupt:
            raise KeyboardInterrupt
        return execute(sql, *others)

    with connection.execute_wrapper(listen):
        yield words


class Terminal(StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> str:
    """Return how the database is to be called, whose URL holds secrets."""
    shown = {"NAME": "todo", "HOST": "db.example.com"}
    hidden = {"USER": "alice", "PASSWORD": "secret", "PORT": "5432"}
    for name, value in (shown | hidden).items():
        monkeypatch.setitem(connection.settings_dict, name, value)
    return f"todo on {'db.example.com' if connection.vendor == 'postgresql' else 'this machine'}"


@pytest.mark.django_db
def test_the_rows_are_known_beforehand() -> None:
    seed("--users=3", "--tasks=1", "--yes")
    assert list(Task.objects.order_by("user_id").values()[1:]) == [
        {
            "id": UUID("c9639ec7-84b2-48f2-8a00-41ab6e6e0e22"),
            "user_id": "user-2",
            "title": "Book the ferry to Tromsø before Friday",
            "description": None,
            "completed": False,
            "created_at": datetime(2025, 1, 25, 9, 8, 24, 334224, UTC),
            "updated_at": datetime(2025, 1, 25, 9, 8, 24, 334224, UTC),
        },
        {
            "id": UUID("dae54369-f562-429d-a393-6e5cbbd3904b"),
            "user_id": "user-3",
            "title": "Buy a birthday card 🎂",
            "description": "Ask for a receipt.",
            "completed": True,
            "created_at": datetime(2025, 11, 20, 10, 18, 33, 14109, UTC),
            "updated_at": datetime(2025, 12, 29, 4, 58, 39, 134132, UTC),
        },
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], "583d72a2b9465bffc8804184851db8135eea9c4cb9d5037f2867411509fe26a4"),
        (
            ["--users=3", "--tasks=7"],
            "9fe21d841717be9a8fd04c80c70065fa90feb481aec50bf381be2e4dd62a4158",
        ),
        (
            ["--users=3", "--tasks=7", "--seed=-2"],
            "ff6635d79b03c123d4246d05f2f31a6d22734e047d254974f86b537a3d61c358",
        ),
    ],
)
def test_the_same_arguments_make_the_same_rows(options: list[str], expected: str) -> None:
    seed(*options, "--yes")
    assert digest() == expected


@pytest.mark.django_db
def test_there_are_20_users_with_50_tasks_each() -> None:
    assert re.fullmatch(r"Created 1000 tasks for 20 users in \d{1,2}\.\d s\.\n", seed("--yes"))
    owners = Counter(Task.objects.values_list("user_id", flat=True))
    assert owners == {f"user-{number}": 50 for number in range(1, 21)}


@pytest.mark.django_db
def test_every_row_keeps_the_rules_of_the_api(api: API) -> None:
    seed("--yes")
    for row in stored_rows():
        body = {name: row[name] for name in ("title", "description", "completed")}
        assert CREATE.run_validation(body) == body
        assert (row["id"].version, row["id"].variant) == (4, RFC_4122)
        assert datetime(2025, 1, 1, tzinfo=UTC) <= row["created_at"] <= row["updated_at"]
        assert row["updated_at"] <= datetime(2026, 1, 1, tzinfo=UTC)
    assert len(api.send(200, "GET", "/api/user-20/tasks").json()) == 50


@pytest.mark.django_db
def test_the_rows_are_as_mixed_as_real_ones() -> None:
    seed("--yes")
    rows = stored_rows()
    assert {
        "completed": sum(row["completed"] for row in rows),
        "described": sum(row["description"] is not None for row in rows),
        "changed": sum(row["updated_at"] != row["created_at"] for row in rows),
        "beyond ASCII": sum(not row["title"].isascii() for row in rows),
        "titles": len({row["title"] for row in rows}),
        "months": len({row["created_at"].month for row in rows}),
    } == {
        "completed": 332,
        "described": 336,
        "changed": 547,
        "beyond ASCII": 514,
        "titles": 80,
        "months": 12,
    }


@pytest.mark.django_db
def test_it_stores_batches_in_one_transaction() -> None:
    with statements() as words:
        seed("--users=5", "--tasks=500", "--yes")
    # SQLite takes 999 values in a statement, which are 142 tasks.
    inserts = {"postgresql": 1 + 1 + 1, "sqlite": 8 + 8 + 4}[connection.vendor]
    assert words == ["SAVEPOINT", "SELECT", *["INSERT"] * inserts, "RELEASE"]
    assert Task.objects.count() == 2500


@pytest.mark.django_db
def test_an_interrupted_run_leaves_nothing() -> None:
    with pytest.raises(KeyboardInterrupt), statements(interrupt=2):
        seed("--users=5", "--tasks=500", "--yes")
    assert stored_rows() == []


@pytest.mark.django_db
def test_with_debug_it_needs_no_yes_and_remembers_no_statement(settings: Any) -> None:
    settings.DEBUG = True
    seed("--users=1", "--tasks=1")
    assert [query["sql"].split(maxsplit=1)[0] for query in connection.queries] == ["RELEASE"]
    assert Task.objects.count() == 1


def test_without_debug_it_names_the_database_and_does_not_touch_it(database: str) -> None:
    with pytest.raises(CommandError) as refusal:
        seed()
    assert str(refusal.value) == (
        f"DEBUG is false, and the database is {database}. To fill it with sample tasks, add --yes."
    )


@pytest.mark.parametrize("option", ["users", "tasks"])
@pytest.mark.parametrize("number", [0, -1])
def test_a_number_is_1_or_more(option: str, number: int) -> None:
    with pytest.raises(CommandError, match=f"^--{option} must be 1 or more, not {number}.$"):
        seed(f"--{option}={number}", "--yes")


def test_it_refuses_a_database_with_tasks(task: Task, database: str) -> None:
    before = stored_rows()
    with pytest.raises(CommandError) as refusal:
        seed("--yes")
    assert str(refusal.value) == f"There are tasks in {database}. To add to them, add --append."
    assert stored_rows() == before


@pytest.mark.django_db
def test_what_is_appended_equals_a_greater_run() -> None:
    seed("--users=9", "--tasks=2", "--yes", "--append")
    seed("--users=3", "--tasks=2", "--yes", "--append")
    appended = stored_rows()
    Task.objects.all().delete()
    seed("--users=12", "--tasks=2", "--yes")
    assert stored_rows() == appended


def test_what_is_appended_leaves_the_tasks_alone(task: Task) -> None:
    before = stored_rows()
    with statements() as words:
        seed("--users=2", "--tasks=1", "--yes", "--append")
    assert words == ["SAVEPOINT", "SELECT", "INSERT", "RELEASE"]
    assert [row for row in stored_rows() if not row["user_id"].startswith("user-")] == before
    assert Task.objects.count() == 3


@pytest.mark.django_db
def test_the_numbers_go_on_from_the_last_user_of_this_form() -> None:
    users = [
        "user-9",
        "user-10",
        "user-012",
        "user-13\n",
        "user-x",
        "user-",
        "a-user-14",
        "user-15b",
    ]
    users += ["user-9999999999", "user-٩٩"]
    for user in users:
        TaskFactory.create(user_id=user)
    seed("--users=2", "--tasks=1", "--yes", "--append")
    owners = set(Task.objects.values_list("user_id", flat=True))
    assert owners - set(users) == {"user-11", "user-12"}


@pytest.mark.django_db
def test_it_shows_its_progress_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    seed("--users=2", "--tasks=3", "--yes")
    shown = terminal.getvalue()
    assert set(re.findall(r"\d+/\d+", shown)) == {"0/6", "6/6"}
    assert set(re.findall(r"[a-z]+/s", shown)) == {"tasks/s"}


@pytest.mark.django_db
def test_it_is_quiet_on_a_terminal_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    seed("--users=2", "--tasks=3", "--yes", "--verbosity=0")
    assert terminal.getvalue() == ""


@pytest.mark.django_db
def test_it_is_quiet_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    seed("--users=2", "--tasks=3", "--yes")
    assert capsys.readouterr() == ("", "")


def test_a_seed_is_a_number() -> None:
    with pytest.raises(CommandError, match="argument --seed: invalid int value: 'x'"):
        seed("--seed=x", "--yes")
