"""Tests of PUT and PATCH on a task."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils.timezone import now

from tasks.api.examples import ALL_FIELDS
from tasks.api.serializers import WRITABLE
from tasks.models import FIELDS, Task
from tests.support.client import API, TASKS, task_url
from tests.support.factories import TaskFactory

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.parametrize("method", ["PUT", "PATCH"]),
]


def updated_at(task: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(task["updated_at"])


def test_only_the_given_fields_change(api: API, method: str) -> None:
    task = TaskFactory.create(title="a")
    before = api.send(200, "GET", task_url(task)).json()
    for name, value in ALL_FIELDS.items():
        etag = f'"{before["updated_at"]}"'
        after = api.send(200, method, task_url(task), {name: value}, if_match=etag).json()
        assert updated_at(after) > updated_at(before)
        assert after == before | {name: value, "updated_at": after["updated_at"]}
        assert api.send(200, "GET", task_url(task)).json() == after
        before = after


@pytest.mark.parametrize("name", WRITABLE)
def test_null_clears_a_nullable_field(api: API, method: str, name: str) -> None:
    created = api.send(201, "POST", TASKS, ALL_FIELDS)
    if {field.name: field for field in FIELDS}[name].null:
        response = api.send(200, method, created["Location"], {name: None})
        assert response.json()[name] is None
    else:
        [error] = api.problem(400, method, created["Location"], {name: None})["errors"]
        assert (error["pointer"], error["code"]) == (f"#/{name}", "null")


def test_empty_object_changes_nothing(api: API, task: Task, method: str) -> None:
    before = api.send(200, "GET", task_url(task)).json()
    assert api.send(200, method, task_url(task), {}).json() == before


def test_complete_task_as_body_is_accepted(api: API, task: Task, method: str) -> None:
    before = api.send(200, "GET", task_url(task)).json()
    after = api.send(200, method, f"{task_url(task)}/", before).json()
    assert after == before | {"updated_at": after["updated_at"]}


def test_title_is_trimmed(api: API, task: Task, method: str) -> None:
    assert api.send(200, method, task_url(task), {"title": " c "}).json()["title"] == "c"


def test_updated_at_in_the_future_becomes_later(api: API, method: str) -> None:
    future = now() + timedelta(days=365)
    task = TaskFactory.create(updated_at=future)
    first = api.send(200, method, task_url(task), {"title": "b"}).json()
    second = api.send(200, method, task_url(task), {"title": "b"}).json()
    assert updated_at(first) == future + timedelta(microseconds=1)
    assert updated_at(second) == future + timedelta(microseconds=2)


def test_updated_at_is_the_time_of_the_update(api: API, task: Task, method: str) -> None:
    old = datetime(2020, 1, 1, tzinfo=UTC)
    Task.objects.update(updated_at=old, created_at=old)
    before = now()
    after = api.send(200, method, task_url(task), {"title": "b"}).json()
    millisecond = timedelta(milliseconds=1)  # the precision of SQLite's clock
    assert before - millisecond <= updated_at(after) <= now() + millisecond
    assert datetime.fromisoformat(after["created_at"]) == old
