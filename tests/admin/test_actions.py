"""Tests of the actions of the admin's list: in batches, and limited to the tasks it counts."""

import math
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import connection
from django.utils.timezone import now

from tasks.admin.actions import BATCH_SIZE, MAX_LISTED
from tasks.admin.changelist import MAX_COUNT
from tasks.models import Task
from tests.support.admin import LIST_URL, delete_url, deleted_rows
from tests.support.client import API, OWNER
from tests.support.factories import TaskFactory
from tests.support.query_plans import WHOLE, fill, on_tasks, plans, recorded

pytestmark = pytest.mark.django_db


TIME = "%Y-%m-%d %H:%M:%S UTC"


def run_action(admin: API, action: str, tasks: list[Task], query: str = "", **data: str) -> str:
    """Select these tasks, run the action, and return the page that follows."""
    form = {"action": action, "_selected_action": [str(task.id) for task in tasks], **data}
    return admin.post(f"{LIST_URL}?{query}", form, follow=True).content.decode()


def confirmation(page: str) -> dict[str, Any]:
    """Return what the form that asks for confirmation submits."""
    form = page.partition('<form method="post">')[2]
    values: dict[str, Any] = {"_selected_action": []}
    for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form):
        if name == "_selected_action":
            values[name].append(value)
        else:
            values[name] = value
    return values


def create_tasks(count: int) -> list[Task]:
    return Task.objects.bulk_create(Task(user_id=OWNER, title="a") for _ in range(count))


@pytest.mark.parametrize(("action", "completed"), [("complete", True), ("reopen", False)])
def test_action_changes_selected_tasks_only(admin: API, action: str, *, completed: bool) -> None:
    future = now() + timedelta(days=1)
    selected = [TaskFactory.create(completed=not completed, updated_at=future) for _ in range(3)]
    other = TaskFactory.create(completed=not completed, updated_at=future)
    page = run_action(admin, action, selected)
    assert f'<li class="success">3 tasks {"completed" if completed else "reopened"}.</li>' in page
    for task in selected:
        task.refresh_from_db()
        assert task.completed is completed
        assert task.updated_at == future + timedelta(microseconds=1)
    logged = LogEntry.objects.values_list("object_id", "action_flag", "change_message")
    message = "Completed." if completed else "Reopened."
    assert set(logged) == {(str(task.id), CHANGE, message) for task in selected}
    other.refresh_from_db()
    assert (other.completed, other.updated_at) == (not completed, future)


def test_action_on_all_tasks_updates_max_count_tasks_in_batches(admin: API) -> None:
    tasks = create_tasks(MAX_COUNT + 1)
    other = TaskFactory.create(user_id="bob")
    with recorded() as statements:
        page = run_action(admin, "complete", tasks[:1], "q=alice", select_across="1")
    assert f"{MAX_COUNT:,} tasks completed." in page
    assert Task.objects.filter(user_id=OWNER, completed=True).count() == MAX_COUNT
    other.refresh_from_db()
    assert other.completed is False
    updates = [sql for sql, _ in statements if sql.startswith("UPDATE")]
    assert len(updates) == MAX_COUNT / BATCH_SIZE
    logs = [sql for sql, _ in statements if sql.startswith('INSERT INTO "django_admin_log"')]
    columns = [field for field in LogEntry._meta.concrete_fields if not field.primary_key]
    size = connection.ops.bulk_batch_size(columns, range(BATCH_SIZE))  # SQLite has a limit
    assert len(logs) == len(updates) * math.ceil(BATCH_SIZE / size)
    assert LogEntry.objects.count() == MAX_COUNT
    for sql in updates:
        assert sql.partition(" IN ")[2].count("%s") == BATCH_SIZE


def test_delete_action_asks_for_confirmation(admin: API) -> None:
    selected, kept = TaskFactory.create_batch(2), TaskFactory.create()
    page = run_action(admin, "delete_selected", selected)
    assert re.findall("<h1>(.*)</h1>", page) == ["Delete tasks"]
    assert "Delete 2 tasks?" in page
    assert sorted(deleted_rows(page)) == sorted(
        [task.title, OWNER, "no", f"{task.created_at:{TIME}}", f"{task.updated_at:{TIME}}"]
        for task in selected
    )
    assert Task.objects.count() == 3
    admin.handler.enforce_csrf_checks = True  # the form contains the token
    page = admin.post(LIST_URL, confirmation(page), follow=True).content.decode()
    assert "2 tasks deleted." in page
    assert Task.objects.get() == kept
    assert {entry.object_id for entry in LogEntry.objects.all()} == {
        str(task.id) for task in selected
    }


def test_delete_of_one_task_asks_as_for_many(admin: API) -> None:
    updated_at = now() + timedelta(days=1)
    task = TaskFactory.create(completed=True, description=None, updated_at=updated_at)
    page = admin.get(delete_url(task)).content.decode()
    assert re.findall("<h1>(.*)</h1>", page) == ["Delete task"]
    assert "Delete 1 task? This cannot be undone." in page
    times = [f"{time:{TIME}}" for time in (task.created_at, updated_at)]
    assert deleted_rows(page) == [[task.title, OWNER, "yes", *times]]
    kept = TaskFactory.create()
    admin.handler.enforce_csrf_checks = True  # the form contains the token
    page = admin.post(delete_url(task), confirmation(page), follow=True).content.decode()
    assert f"The task “\u2068{task.title}\u2069” was deleted successfully." in page
    assert Task.objects.get() == kept


def test_delete_action_on_all_tasks_lists_some_and_deletes_in_batches(admin: API) -> None:
    tasks = create_tasks(2 * BATCH_SIZE + 1)
    with recorded() as statements:
        page = run_action(admin, "delete_selected", tasks[:1], "q=alice", select_across="1")
    assert "Delete 2,001 tasks?" in page
    assert len(deleted_rows(page)) == MAX_LISTED
    assert f"… and {2001 - MAX_LISTED} more." in page
    assert len(on_tasks(statements)) == 2
    created_after_confirmation = TaskFactory.create()
    with recorded() as statements:
        form = confirmation(page)
        page = admin.post(f"{LIST_URL}?q=alice", form, follow=True).content.decode()
    assert "2,001 tasks deleted." in page
    assert Task.objects.get() == created_after_confirmation
    assert len([sql for sql, _ in statements if sql.startswith('DELETE FROM "tasks"')]) == 3


def test_delete_action_ignores_tasks_deleted_before_confirmation(admin: API) -> None:
    deleted, remaining = TaskFactory.create_batch(2)
    form = confirmation(run_action(admin, "delete_selected", [deleted, remaining]))
    deleted.delete()
    assert "1 task deleted." in admin.post(LIST_URL, form, follow=True).content.decode()
    assert not Task.objects.exists()


@pytest.mark.undistributed(reason="Citus does not show the plans of a prepared statement")
def test_actions_do_not_scan_the_table(admin: API) -> None:
    fill(OWNER)
    selected = [Task.objects.filter(user_id=OWNER)[0]]
    with recorded() as statements:
        run_action(admin, "complete", selected, "q=user-7/", select_across="1")
        run_action(admin, "download", selected, "q=user-7/", select_across="1")
        page = run_action(admin, "delete_selected", selected, "q=user-7/", select_across="1")
        admin.post(f"{LIST_URL}?q=user-7/", confirmation(page))
    about_tasks = [statement for statement in statements if '"tasks"' in statement[0]]
    assert len(about_tasks) == 13
    for statement in about_tasks:
        for plan in plans(statement):
            assert [step for step in plan if WHOLE.match(step)] == [], statement
