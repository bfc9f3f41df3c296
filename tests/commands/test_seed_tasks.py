"""Tests of the rows that `seed_tasks` creates: reproducible, valid and varied."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import RFC_4122, UUID

import pytest
from django.db import connection

from tasks.api.serializers import CREATE
from tasks.management.commands.seed_tasks import DEADLINES, TITLES
from tasks.models import COLUMNS, DEFAULTS, Task
from tests.support.client import API, stored_rows
from tests.support.commands import seed_tasks, statements_for
from tests.support.query_plans import recorded

pytestmark = pytest.mark.django_db


def seeded_rows(*options: str) -> list[dict[str, Any]]:
    """Return the rows that the command creates in an empty table."""
    Task.objects.all().delete()
    seed_tasks(*options, "--yes")
    return stored_rows()


def share(rows: list[dict[str, Any]], condition: Callable[[dict[str, Any]], bool]) -> float:
    """Return the share of the rows that meet the condition, from 0 to 1."""
    return sum(map(condition, rows)) / len(rows)


def test_rows_are_the_same_on_every_database() -> None:
    seed_tasks("--users=3", "--tasks=1", "--yes")
    assert list(Task.objects.order_by("user_id").values()[1:]) == [
        DEFAULTS
        | {
            "id": UUID("c9639ec7-84b2-48f2-8a00-41ab6e6e0e22"),
            "user_id": "user-2",
            "title": "Book the ferry to Tromsø before Friday",
            "description": None,
            "completed": False,
            "created_at": datetime(2025, 1, 25, 9, 8, 24, 334224, UTC),
            "updated_at": datetime(2025, 1, 25, 9, 8, 24, 334224, UTC),
        },
        DEFAULTS
        | {
            "id": UUID("dae54369-f562-429d-a393-6e5cbbd3904b"),
            "user_id": "user-3",
            "title": "Buy a birthday card 🎂",
            "description": "Ask for a receipt.",
            "completed": True,
            "created_at": datetime(2025, 11, 20, 10, 18, 33, 14109, UTC),
            "updated_at": datetime(2025, 12, 29, 4, 58, 39, 134132, UTC),
        },
    ]


@pytest.mark.parametrize(
    "options", [[], ["--users=3", "--tasks=7"], ["--users=3", "--tasks=7", "--seed=-2"]]
)
def test_same_arguments_give_the_same_rows(options: list[str]) -> None:
    assert seeded_rows(*options) == seeded_rows(*options)


def test_other_seed_gives_other_rows() -> None:
    ids = [row["id"] for seed in (1, 2, -2) for row in seeded_rows(f"--seed={seed}")]
    assert len(set(ids)) == 3 * 1000


def test_default_is_20_users_with_50_tasks_each() -> None:
    output = seed_tasks("--yes")
    assert re.fullmatch(
        r"Created 1000 tasks for 20 users, user-1 to user-20, in \d{1,2}\.\d s\.\n", output
    )
    owners = Counter(Task.objects.values_list("user_id", flat=True))
    assert owners == {f"user-{number}": 50 for number in range(1, 21)}


def test_rows_are_valid_for_the_api(api: API) -> None:
    for row in seeded_rows():
        body = {name: row[name] for name in ("title", "description", "completed")}
        assert CREATE.run_validation(body) == body
        assert (row["id"].version, row["id"].variant) == (4, RFC_4122)
        assert datetime(2025, 1, 1, tzinfo=UTC) <= row["created_at"] <= row["updated_at"]
        assert row["updated_at"] <= datetime(2026, 1, 1, tzinfo=UTC)
    assert len(api.send(200, "GET", "/api/user-20/tasks").json()) == 50


def test_rows_are_varied() -> None:
    rows = seeded_rows()
    assert {row["title"] for row in rows} == {
        title + deadline for title in TITLES for deadline in DEADLINES
    }
    assert {row["created_at"].month for row in rows} == set(range(1, 13))
    assert {row["title"].isascii() for row in rows} == {True, False}
    assert share(rows, lambda row: row["completed"]) == pytest.approx(1 / 3, abs=0.02)
    assert share(rows, lambda row: row["description"] is not None) == pytest.approx(
        1 / 3, abs=0.02
    )
    # A task changed when it was completed; of the others, a third changed, too.
    assert share(rows, lambda row: row["updated_at"] != row["created_at"]) == pytest.approx(
        1 / 3 + 2 / 3 / 3, abs=0.02
    )


def test_rows_are_inserted_in_batches_in_one_transaction() -> None:
    with recorded() as statements:
        seed_tasks("--users=5", "--tasks=500", "--yes")
    inserts = sum(statements_for(rows, len(COLUMNS)) for rows in (1000, 1000, 500))
    assert [sql.split(maxsplit=1)[0] for sql, _ in statements] == [
        "SAVEPOINT",
        "SELECT",
        *["INSERT"] * inserts,
        "RELEASE",
    ]
    assert Task.objects.count() == 2500


def test_interrupted_run_creates_no_rows() -> None:
    inserts = 0

    def interrupt_second_insert(execute: Callable[..., Any], sql: str, *call: Any) -> Any:
        nonlocal inserts
        if sql.startswith("INSERT"):
            inserts += 1
            if inserts == 2:
                raise KeyboardInterrupt
        return execute(sql, *call)

    with pytest.raises(KeyboardInterrupt), connection.execute_wrapper(interrupt_second_insert):
        seed_tasks("--users=5", "--tasks=500", "--yes")
    assert stored_rows() == []
