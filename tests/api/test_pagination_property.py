"""A property of pagination: a sequence of pages contains each task once, in order."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tasks.models import Task
from tasks.queries import UserTasks
from tests.support.client import API, OWNER, STRANGER, TASKS
from tests.support.factories import TaskFactory
from tests.support.pages import next_url

tasks = st.fixed_dictionaries(
    {
        "user_id": st.sampled_from([OWNER, OWNER, OWNER, STRANGER]),
        "title": st.sampled_from(["milk", "MILK bread", "bread"]),
        "completed": st.booleans(),
        "created_at": st.integers(0, 3).map(
            lambda minute: datetime(2026, 2, 6, 12, minute, tzinfo=UTC)
        ),
    }
)
filters = st.fixed_dictionaries(
    {},
    optional={"completed": st.sampled_from(["true", "false"]), "search": st.just("Milk")},
)
changes = st.one_of(
    st.tuples(st.just("create"), tasks),
    st.tuples(st.just("delete"), st.integers(0, 99)),
    st.tuples(st.just("update"), st.integers(0, 99)),
)
Change = tuple[str, Any]


class PaginationTests(TestCase):
    """Pages that are read while tasks are created, updated and deleted."""

    @settings(max_examples=100, deadline=None)
    @given(
        existing=st.lists(tasks, max_size=12),
        limit=st.integers(1, 5),
        filters=filters,
        changes=st.lists(st.lists(changes, max_size=3), max_size=12),
    )
    def test_pages_contain_each_remaining_task_once_in_order(
        self,
        existing: list[dict[str, Any]],
        limit: int,
        filters: dict[str, str],
        changes: list[list[Change]],
    ) -> None:
        for fields in existing:
            TaskFactory.create(**fields)
        before = list_ids(filters)
        listed = list_pages(limit, filters, changes)
        after = list_ids(filters)
        ids = [task["id"] for task in listed]
        assert len(set(ids)) == len(ids)
        assert before & after <= set(ids)
        assert listed == sorted(
            listed,
            key=lambda task: (datetime.fromisoformat(task["created_at"]), task["id"]),
            reverse=True,
        )


def list_ids(filters: dict[str, str]) -> set[str]:
    response = API().send(200, "GET", f"{TASKS}?{urlencode(filters)}")
    return {task["id"] for task in response.json()}


def list_pages(
    limit: int, filters: dict[str, str], changes: list[list[Change]]
) -> list[dict[str, Any]]:
    """Return the tasks of all pages; after each page, apply the last of the changes."""
    tasks: list[dict[str, Any]] = []
    url: str | None = f"{TASKS}?{urlencode({'limit': limit, **filters})}"
    while url:
        response = API().send(200, "GET", url)
        assert len(response.json()) <= limit
        tasks += response.json()
        url = next_url(response)
        for kind, value in changes.pop() if changes else []:
            apply(kind, value)
    return tasks


def apply(kind: str, value: Any) -> None:
    """Create a task with these fields, or update or delete the task with this number."""
    if kind == "create":
        TaskFactory.create(**value)
        return
    stored = list(Task.objects.order_by("id"))
    if not stored:
        return
    task = stored[value % len(stored)]
    if kind == "delete":
        task.delete()
    else:
        UserTasks(task.user_id).update(task.id, description="edited")
