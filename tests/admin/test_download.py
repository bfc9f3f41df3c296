"""Tests of the CSV of the admin's list, whose text no spreadsheet may compute."""

import csv
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Permission, User

from tasks.admin.changelist import MAX_COUNT
from tasks.models import Task
from tests.support.admin import LIST_URL
from tests.support.client import API, OWNER
from tests.support.factories import TaskFactory
from tests.support.query_plans import on_tasks, recorded

pytestmark = pytest.mark.django_db

HEADER = ["id", "user_id", "title", "completed", "created_at", "updated_at"]


def download(admin: API, *selected: Task, query: str = "", **data: str) -> Any:
    ids = [str(task.id) for task in selected]
    form = {"action": "download", "_selected_action": ids, **data}
    return admin.post(f"{LIST_URL}?{query}", form)


def parse(response: Any) -> list[list[str]]:
    assert response.status_code == 200
    return list(csv.reader(response.content.decode("utf-8-sig").splitlines(keepends=True)))


def test_csv_contains_the_selected_tasks(admin: API) -> None:
    created_at, updated_at = datetime(2026, 2, 6, tzinfo=UTC), datetime(2026, 2, 7, 1, tzinfo=UTC)
    task = TaskFactory.create(
        id=UUID(int=1),
        user_id="Zoë",
        title='Milk, "oat"; 2\nbottles',
        description="Not in the list",
        completed=True,
        created_at=created_at,
        updated_at=updated_at,
    )
    TaskFactory.create()
    response = download(admin, task)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="tasks.csv"'
    assert response.content.decode() == (
        "\ufeffid,user_id,title,completed,created_at,updated_at\r\n"
        '00000000-0000-0000-0000-000000000001,Zoë,"Milk, ""oat""; 2\nbottles",yes,'
        "2026-02-06 00:00:00+00:00,2026-02-07 01:00:00+00:00\r\n"
    )


def test_csv_of_all_contains_what_the_search_and_the_filter_find(admin: API) -> None:
    selected = TaskFactory.create(title="Oat milk", completed=True)
    TaskFactory.create(title="Soy milk")
    TaskFactory.create(title="Bread", completed=True)
    TaskFactory.create(title="Milk", user_id="bob", completed=True)
    query = f"q={OWNER}/milk&completed=1"
    with recorded() as statements:
        response = download(admin, selected, query=query, select_across="1")
    header, *rows = parse(response)
    assert header == HEADER
    assert [row[2:4] for row in rows] == [["Oat milk", "yes"]]
    _, sql = on_tasks(statements)  # the list counts, and one statement reads
    assert re.findall(r'"tasks"\."(\w+)"', sql.partition(" FROM ")[0]) == HEADER


def test_csv_contains_at_most_max_count_tasks(admin: API) -> None:
    tasks = Task.objects.bulk_create(
        Task(user_id=OWNER, title=f"Task {number}") for number in range(MAX_COUNT + 1)
    )
    rows = parse(download(admin, tasks[0], select_across="1"))
    assert len(rows) == 1 + MAX_COUNT


@pytest.mark.parametrize(
    ("title", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\uff1d1", "'\uff1d1"),
        ("'=1", "''=1"),
        ('"=1"', '"\'=1"'),
        ("a;=1", "a;'=1"),
        ('a;"=1"', 'a;"\'=1"'),
        ("a\t=1", "a\t'=1"),
        ("a\n @b", "a\n '@b"),
        ("a\u3000;\u2003=1", "a\u3000;\u2003'=1"),
        ("a = b - c", "a = b - c"),
        ("a, -b", "a, -b"),
        ("a;b", "a;b"),
    ],
)
def test_formula_has_an_apostrophe_before_it(admin: API, title: str, cell: str) -> None:
    _, row = parse(download(admin, TaskFactory.create(title=title)))
    assert row[2] == cell


def test_formula_in_a_user_id_has_an_apostrophe_before_it(admin: API) -> None:
    _, row = parse(download(admin, TaskFactory.create(user_id="=1+1", title="=1+1")))
    assert row[1:3] == ["'=1+1", "'=1+1"]


def test_user_who_may_only_view_tasks_can_download_them(api: API) -> None:
    task = TaskFactory.create(title="Milk")
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_task"))
    api.force_login(user)
    api.handler.enforce_csrf_checks = False
    _, row = parse(download(api, task))
    assert row[2] == "Milk"
