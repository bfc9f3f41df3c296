"""Tests of the CSV of the admin's list, whose text no spreadsheet may compute."""

import csv
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Permission, User

from tasks.admin.changelist import MAX_COUNT
from tasks.models import COLUMNS, Task
from tests.support.admin import LIST_URL
from tests.support.client import API, OWNER
from tests.support.factories import TaskFactory
from tests.support.query_plans import on_tasks, recorded

pytestmark = pytest.mark.django_db

HEADER = [name for name in COLUMNS if name != "description"]


def download(admin: API, *selected: Task, query: str = "", **data: str) -> Any:
    ids = [str(task.id) for task in selected]
    form = {"action": "download", "_selected_action": ids, **data}
    return admin.post(f"{LIST_URL}?{query}", form)


def parse(response: Any) -> list[dict[str, str]]:
    """Return the rows by the names of their columns."""
    assert response.status_code == 200
    header, *rows = csv.reader(response.content.decode("utf-8-sig").splitlines(keepends=True))
    assert header == HEADER
    return [dict(zip(header, row, strict=True)) for row in rows]


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
    assert response.content.decode().startswith(f"\ufeff{','.join(HEADER)}\r\n")
    [row] = parse(response)
    assert row == row | {
        "id": "00000000-0000-0000-0000-000000000001",
        "user_id": "Zoë",
        "title": 'Milk, "oat"; 2\nbottles',
        "completed": "yes",
        "created_at": "2026-02-06 00:00:00+00:00",
        "updated_at": "2026-02-07 01:00:00+00:00",
    }


def test_csv_of_all_contains_what_the_search_and_the_filter_find(admin: API) -> None:
    selected = TaskFactory.create(title="Oat milk", completed=True)
    TaskFactory.create(title="Soy milk")
    TaskFactory.create(title="Bread", completed=True)
    TaskFactory.create(title="Milk", user_id="bob", completed=True)
    query = f"q={OWNER}/milk&completed=1"
    with recorded() as statements:
        response = download(admin, selected, query=query, select_across="1")
    [row] = parse(response)
    assert (row["user_id"], row["title"], row["completed"]) == (OWNER, "Oat milk", "yes")
    _, sql = on_tasks(statements)  # the list counts, and one statement reads
    assert re.findall(r'"tasks"\."(\w+)"', sql.partition(" FROM ")[0]) == HEADER


def test_csv_contains_at_most_max_count_tasks(admin: API) -> None:
    tasks = Task.objects.bulk_create(
        Task(user_id=OWNER, title=f"Task {number}") for number in range(MAX_COUNT + 1)
    )
    assert len(parse(download(admin, tasks[0], select_across="1"))) == MAX_COUNT


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
    [row] = parse(download(admin, TaskFactory.create(title=title)))
    assert row["title"] == cell


def test_formula_in_a_user_id_has_an_apostrophe_before_it(admin: API) -> None:
    [row] = parse(download(admin, TaskFactory.create(user_id="=1+1")))
    assert row["user_id"] == "'=1+1"


def test_user_who_may_only_view_tasks_can_download_them(api: API) -> None:
    task = TaskFactory.create(title="Milk")
    user = User.objects.create_user("viewer", is_staff=True)
    create_permissions(apps.get_app_config("tasks"), verbosity=0)
    user.user_permissions.add(Permission.objects.get(codename="view_task"))
    api.force_login(user)
    api.handler.enforce_csrf_checks = False
    [row] = parse(download(api, task))
    assert row["title"] == "Milk"
