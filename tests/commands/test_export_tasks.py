"""Tests of what `export_tasks` writes: the bytes of the API, in the order of the index."""

import re
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from django.core.management import CommandError
from django.db import connection

from tasks.management.commands.export_tasks import UserRange, in_batches, user_ranges
from tasks.models import Task
from tests.support.client import API
from tests.support.commands import export_tasks, seed_tasks
from tests.support.query_plans import fill, plans, recorded
from tests.support.stored_tasks import ROWS, numbered

pytestmark = pytest.mark.django_db


def listed(api: API, *users: str) -> bytes:
    """Return the lists that the API answers, one task a line."""
    bodies = [api.send(200, "GET", f"/api/{quote(user)}/tasks").content for user in users]
    return b"".join(body[1:-1].replace(b"},{", b"}\n{") + b"\n" for body in bodies)


def create(rows: list[dict[str, Any]]) -> None:
    Task.objects.bulk_create(Task(**row) for row in rows)


def test_lines_are_the_bytes_of_the_api(api: API) -> None:
    create(ROWS)
    users = sorted({row["user_id"] for row in ROWS})
    if connection.vendor == "postgresql":  # whose order depends on the collation
        users = list(Task.objects.order_by("user_id").distinct().values_list("user_id", flat=True))
    assert export_tasks() == listed(api, *users)


def test_empty_database_has_no_lines() -> None:
    assert export_tasks() == b""


def test_users_with_few_tasks_share_a_batch(api: API) -> None:
    seed_tasks("--users=3", "--tasks=700", "--yes")
    with recorded() as statements:
        exported = export_tasks()
    assert exported == listed(api, "user-1", "user-2", "user-3")
    assert len(statements) == 1 + 1  # the users, and their tasks


def test_batches_read_each_task_once() -> None:
    fill("user-0")
    with recorded() as statements:
        lines = export_tasks().splitlines()
    assert len(lines) == len(set(lines)) == 100_000
    # The users; 10,000 and 2,500 tasks of user-0, and that there are no more of the range; 100 of
    # each of 875 other users, 99 users at a time.
    assert len(statements) == 1 + 3 + 9


def test_tasks_of_an_exported_user_may_be_created_meanwhile() -> None:
    *rows, last = numbered(10_003)
    create([rows[0] | {"user_id": "a"}, last | {"user_id": "b"}])
    ranges = user_ranges(Task.objects.all())
    assert ranges == [UserRange("a", "b", 2)]
    create([row | {"user_id": "a"} for row in rows[1:]])
    batches = [
        [row["id"].int for row in batch] for batch in in_batches(Task.objects.all(), ranges)
    ]
    newest_first = [*reversed(range(10_002))]
    assert batches == [newest_first[:10_000], newest_first[10_000:], [10_002]]


def test_ties_are_ordered_by_id_across_batches() -> None:
    create(numbered(10_500))
    ids = [UUID(line[7:43].decode()) for line in export_tasks().splitlines()]
    assert ids == [UUID(int=number) for number in reversed(range(10_500))]


@pytest.mark.undistributed(reason="Citus does not show the plans of a prepared statement")
def test_every_batch_is_read_from_its_place_in_the_index() -> None:
    fill("user-0")
    with recorded() as statements:
        assert export_tasks().count(b"\n") == 100_000
    first, older, _, users = {sql: (sql, params) for sql, params in statements[1:]}.values()
    of_user = r"user_id\)?(::text)? ?="
    for statement, start in (
        (first, of_user),
        (older, rf"{of_user}.+ AND \(?(ROW)?\(created_at, ?id\) ?<"),
        (users, r"user_id\)?(::text)? ?>.+ AND \(?(tasks\.)?\(?user_id\)?(::text)? ?<"),
    ):
        for plan in plans(statement):
            [scan] = [step for step in plan if "tasks" in step]
            assert re.search(start, scan)
            assert [step for step in plan if re.search("Sort|TEMP", step)] == []


def test_user_option_exports_one_user(api: API) -> None:
    create(ROWS)
    for user_id in {row["user_id"] for row in ROWS}:
        assert export_tasks("--user", user_id) == listed(api, user_id)
    assert export_tasks("--user=nobody") == b""


@pytest.mark.parametrize("user_id", ["", ".", "a/b", "a\nb", "a" * 256])
def test_invalid_user_is_an_error(user_id: str) -> None:
    with pytest.raises(CommandError) as error:
        export_tasks(f"--user={user_id}")
    assert str(error.value) == (
        'user_id: Must be 1 to 255 characters, neither "." nor "..", without slash and control '
        "characters."
    )


def test_debug_keeps_no_query_log(settings: Any) -> None:
    settings.DEBUG = True
    create(numbered(10_500))
    assert export_tasks().count(b"\n") == 10_500
    assert len(connection.queries) == 1  # after the last batch
