"""What the admin does to many tasks at once: in batches, and never to more than it lists."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.utils.timezone import now

from tasks.admin.actions import BATCH_SIZE, MAX_LISTED
from tasks.admin.changelist import MAX_COUNT
from tasks.models import Task
from tests.support.client import API, OWNER
from tests.support.factories import TaskFactory
from tests.support.query_plans import WHOLE, fill, on_tasks, plans, recorded

pytestmark = pytest.mark.django_db

LIST = "/admin/tasks/task/"


def act(admin: API, action: str, tasks: list[Task], query: str = "", **fields: str) -> str:
    """Choose an action for these tasks, and return the page that follows."""
    form = {"action": action, "_selected_action": [str(task.id) for task in tasks], **fields}
    return admin.post(f"{LIST}?{query}", form, follow=True).content.decode()


def hidden(page: str) -> dict[str, Any]:
    """Return what the form that asks for a confirmation sends."""
    form = page.partition('<form method="post">')[2]
    fields: dict[str, Any] = {"_selected_action": []}
    for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form):
        if name == "_selected_action":
            fields[name].append(value)
        else:
            fields[name] = value
    return fields


def many(count: int, **columns: Any) -> list[Task]:
    return Task.objects.bulk_create(
        Task(user_id=OWNER, title="a", **columns) for _ in range(count)
    )


@pytest.mark.parametrize(("action", "completed"), [("complete", True), ("reopen", False)])
def test_many_tasks_are_completed_at_once(admin: API, action: str, *, completed: bool) -> None:
    future = now() + timedelta(days=1)
    chosen = [TaskFactory.create(completed=not completed, updated_at=future) for _ in range(3)]
    other = TaskFactory.create(completed=not completed, updated_at=future)
    page = act(admin, action, chosen)
    assert f'<li class="success">3 tasks {"completed" if completed else "reopened"}.</li>' in page
    for task in chosen:
        task.refresh_from_db()
        assert task.completed is completed
        assert task.updated_at == future + timedelta(microseconds=1)
    other.refresh_from_db()
    assert (other.completed, other.updated_at) == (not completed, future)


def test_all_that_the_list_counts_are_completed_in_batches(admin: API) -> None:
    tasks = many(MAX_COUNT + 1)
    other = TaskFactory.create(user_id="bob")
    with recorded() as statements:
        page = act(admin, "complete", tasks[:1], "q=alice", select_across="1")
    assert f"{MAX_COUNT} tasks completed." in page
    assert Task.objects.filter(user_id=OWNER, completed=True).count() == MAX_COUNT
    other.refresh_from_db()
    assert other.completed is False
    updates = [each for each in statements if each[0].startswith("UPDATE")]
    assert len(updates) == MAX_COUNT / BATCH_SIZE
    for sql, _ in updates:
        assert len(re.findall(r"%s", sql.partition(" IN ")[2])) == BATCH_SIZE


def test_a_deletion_is_confirmed_first(admin: API) -> None:
    chosen, kept = TaskFactory.create_batch(2), TaskFactory.create()
    page = act(admin, "delete_selected", chosen)
    assert re.findall("<h1>(.*)</h1>", page) == ["Delete tasks"]
    assert "Delete 2 tasks?" in page
    assert sorted(re.findall("<li>(alice: .*)</li>", page)) == sorted(
        f"alice: {task.title}" for task in chosen
    )
    assert Task.objects.count() == 3
    admin.handler.enforce_csrf_checks = True  # the page brings the token
    page = admin.post(LIST, hidden(page), follow=True).content.decode()
    assert "2 tasks deleted." in page
    assert Task.objects.get() == kept
    assert {entry.object_id for entry in LogEntry.objects.all()} == {
        str(task.id) for task in chosen
    }


def test_a_deletion_of_all_names_some_and_deletes_in_batches(admin: API) -> None:
    tasks = many(2 * BATCH_SIZE + 1)
    with recorded() as statements:
        page = act(admin, "delete_selected", tasks[:1], "q=alice", select_across="1")
    assert "Delete 2001 tasks?" in page
    assert len(re.findall("<li>alice: a</li>", page)) == MAX_LISTED
    assert f"… and {2001 - MAX_LISTED} more." in page
    assert len(on_tasks(statements)) == 2
    late = TaskFactory.create()
    with recorded() as statements:
        page = admin.post(f"{LIST}?q=alice", hidden(page), follow=True).content.decode()
    assert "2001 tasks deleted." in page
    assert Task.objects.get() == late
    deletions = [each for each in statements if each[0].startswith('DELETE FROM "tasks"')]
    assert len(deletions) == 3


def test_what_was_deleted_meanwhile_is_not_missed(admin: API) -> None:
    gone, left = TaskFactory.create_batch(2)
    form = hidden(act(admin, "delete_selected", [gone, left]))
    gone.delete()
    assert "1 task deleted." in admin.post(LIST, form, follow=True).content.decode()
    assert not Task.objects.exists()


def test_no_batch_costs_more_with_more_tasks(admin: API) -> None:
    fill(OWNER)
    chosen = [Task.objects.filter(user_id=OWNER)[0]]
    with recorded() as statements:
        act(admin, "complete", chosen, "q=user-7/", select_across="1")
        page = act(admin, "delete_selected", chosen, "q=user-7/", select_across="1")
        admin.post(f"{LIST}?q=user-7/", hidden(page))
    asked = [each for each in statements if '"tasks"' in each[0]]
    assert len(asked) == 10
    for statement in asked:
        for plan in plans(statement):
            assert [step for step in plan if WHOLE.match(step)] == [], statement
